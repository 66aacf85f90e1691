"""Checks of week 9's autoencoder: its losses by hand, its parts by what they do, and a training.

Networks to decode with are built over there, of known weights; what they give is computed here.
"""

import numpy as np
import pytest

from course.grading import expect
from course.language import say
from datasets.mnist import enlarged_digits

SECONDS = 60  # for a check that builds or trains a network
SIZE = 28


def keras_of(submission, rng):
    """Keras over there, with its randomness seeded."""
    keras = submission.module("keras")
    keras.utils.set_random_seed(int(rng.integers(100_000)))
    return keras


def normal(rng, *shape):
    return rng.normal(size=shape).astype("float32")


# -- sample_latent ---------------------------------------------------------------------------------


def expect_samples(submission, mean, log_var, epsilon):
    expect.equal(
        submission.sample_latent(mean, log_var, epsilon),
        mean + np.exp(log_var / 2) * epsilon,
        rtol=1e-3,
        atol=1e-5,
    )


@pytest.mark.exercise("sample_latent")
def test_mean_and_deviation(submission, rng):
    """Noise of 0 gives the mean; noise of 1 lies one standard deviation above it."""
    mean = np.array([[1.0, -2.0], [0.5, 0.0], [3.0, 1.0]], "float32")
    log_var = np.log(np.array([[4.0, 0.25], [1.0, 9.0], [0.01, 16.0]], "float32"))
    expect_samples(submission, mean, log_var, np.zeros((3, 2), "float32"))
    expect_samples(submission, mean, log_var, np.ones((3, 2), "float32"))
    expect_samples(submission, mean, log_var, -2 * np.ones((3, 2), "float32"))


@pytest.mark.exercise("sample_latent")
def test_noise_of_its_own(submission, rng):
    """Every number of every row takes the noise that stands in its place."""
    for shape in ((4, 3), (1, 5), (6, 1)):
        expect_samples(submission, normal(rng, *shape), normal(rng, *shape), normal(rng, *shape))


# -- kl_divergence ---------------------------------------------------------------------------------


def divergence(mean, log_var):
    return np.sum(mean**2 + np.exp(log_var) - log_var - 1, axis=1) / 2


def expect_divergence(submission, mean, log_var):
    expect.equal(
        submission.kl_divergence(mean, log_var), divergence(mean, log_var), rtol=1e-3, atol=1e-5
    )


@pytest.mark.exercise("kl_divergence")
def test_of_one_variable(submission):
    """It is 0 for the standard normal distribution, and positive for any other."""
    mean = np.array([[0.0], [2.0], [0.0], [0.0], [-1.0]], "float32")
    log_var = np.array([[0.0], [0.0], [2.0], [-2.0], [-1.0]], "float32")
    expect_divergence(submission, mean, log_var)


@pytest.mark.exercise("kl_divergence")
def test_summed_over_the_variables(submission, rng):
    """Each image has one number, the sum over its latent variables."""
    for shape in ((3, 2), (5, 16), (1, 4), (4, 4)):
        expect_divergence(submission, normal(rng, *shape), normal(rng, *shape))


# -- reconstruction_loss ---------------------------------------------------------------------------


def bernoulli_loss(x, p):
    p = np.clip(p.astype("float64"), 1e-7, 1 - 1e-7)
    return -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=(1, 2, 3))


def expect_loss(submission, x, p, rtol=1e-3):
    expect.equal(submission.reconstruction_loss(x, p), bernoulli_loss(x, p), rtol=rtol, atol=1e-3)


def uniform(rng, n, low=0.02, high=0.98):
    return rng.uniform(low, high, (n, SIZE, SIZE, 1)).astype("float32")


@pytest.mark.exercise("reconstruction_loss")
def test_of_ink_and_paper(submission, rng):
    """A pixel of ink costs -log p, one without ink -log(1 - p); an image costs the sum."""
    x = (rng.random((3, SIZE, SIZE, 1)) < 0.3).astype("float32")
    expect_loss(submission, x, np.full_like(x, 0.25))
    expect_loss(submission, x, uniform(rng, 3))


@pytest.mark.exercise("reconstruction_loss")
def test_of_grey_values(submission, rng):
    """Grey counts as that much ink; each image has its own number."""
    for n in (1, 4):
        expect_loss(submission, uniform(rng, n, 0, 1), uniform(rng, n))


@pytest.mark.exercise("reconstruction_loss")
def test_finite_where_the_decoder_is_certain(submission, rng):
    """Probabilities of exactly 0 and 1 cost next to nothing where right, and much where wrong."""
    x = (rng.random((2, SIZE, SIZE, 1)) < 0.5).astype("float32")
    wrong = x.copy()
    wrong[1, :2] = 1 - wrong[1, :2]
    # 1 - 1e-7 is no number of float32: its neighbours differ by 6e-8.
    expect_loss(submission, x, wrong, rtol=0.05)


# -- build_encoder ---------------------------------------------------------------------------------


def encoded(encoder, x, latent_dim):
    """The encoder's mean and log_var, as arrays of the right shape."""
    got = encoder(x, training=False)
    if isinstance(got, (tuple, list)) and len(got) == 3:
        expect.fail(
            say("expected two outputs, mean and log_var, got three"), "returns_a_sample_too"
        )
    parts = zip(("mean", "log_var"), expect.parts(got, "mean", "log_var"), strict=True)
    return [expect.shape(part, (len(x), latent_dim), of=name) for name, part in parts]


def built_encoder(submission, latent_dim):
    return expect.model(submission.build_encoder(latent_dim))


@pytest.mark.exercise("build_encoder", seconds=SECONDS)
def test_mean_and_log_var(submission, rng):
    """There are two outputs, of as many numbers as there are latent variables."""
    keras_of(submission, rng)
    for latent_dim, n in ((2, 3), (7, 1)):
        encoded(built_encoder(submission, latent_dim), uniform(rng, n), latent_dim)


@pytest.mark.exercise("build_encoder", seconds=SECONDS)
def test_each_image_by_itself(submission, rng):
    """Other images have other means, and no image changes those of its neighbours."""
    keras_of(submission, rng)
    encoder, x = built_encoder(submission, 4), uniform(rng, 5)
    mean, log_var = encoded(encoder, x, 4)
    expect.that(
        bool(mean.std(axis=0).min() > 1e-6),
        say("expected different means for different images, got the same"),
    )
    expect.that(
        not np.allclose(mean, log_var),
        say("expected two layers, one for mean and one for log_var, got the same numbers twice"),
        "one_layer_for_both",
    )
    alone = encoded(encoder, x[2:3], 4)
    expect.equal(alone[0], mean[2:3], of=say("the mean of an image alone"), rtol=1e-2, atol=1e-4)
    expect.equal(
        alone[1], log_var[2:3], of=say("the log_var of an image alone"), rtol=1e-2, atol=1e-4
    )


@pytest.mark.exercise("build_encoder", seconds=SECONDS)
def test_free_to_be_negative(submission, rng):
    """Neither mean nor log_var is held above 0 by an activation."""
    keras_of(submission, rng)
    latent_dim = 32
    encoder = built_encoder(submission, latent_dim)
    outputs = encoded(encoder, 20 * normal(rng, 8, SIZE, SIZE, 1), latent_dim)
    for name, output in zip(("mean", "log_var"), outputs, strict=True):
        # All of them 0 is fine: a layer may begin with weights of 0.
        expect.that(
            bool(output.min() < 0 or not output.any()),
            say(
                "expected negative numbers too among {n} values of {name}, got none below "
                "{lowest:.3g}",
                n=output.size,
                name=name,
                lowest=output.min(),
            ),
            "variance_not_its_logarithm" if name == "log_var" else None,
        )


@pytest.mark.exercise("build_encoder", seconds=SECONDS)
def test_rejects_no_latent_variables(submission, rng):
    """Fewer latent variables than one are a ValueError."""
    keras_of(submission, rng)
    encoded(built_encoder(submission, 1), uniform(rng, 2), 1)
    for latent_dim in (0, -3):
        expect.raises(
            ValueError,
            lambda latent_dim=latent_dim: submission.build_encoder(latent_dim),
            say("latent_dim is {latent_dim}", latent_dim=latent_dim),
        )


# -- build_decoder ---------------------------------------------------------------------------------


def decoded(decoder, latent):
    return expect.shape(
        decoder(latent, training=False),
        (len(latent), SIZE, SIZE, 1),
        of=say("the decoder's output"),
    )


def expect_probabilities(images, wrong=None):
    low, high = float(images.min()), float(images.max())
    expect.that(
        bool(np.isfinite(images).all() and low >= 0 and high <= 1),
        say(
            "expected probabilities, from 0 to 1, got values from {low:.3g} to {high:.3g}",
            low=low,
            high=high,
        ),
        wrong,
    )


def built_decoder(submission, latent_dim):
    return expect.model(submission.build_decoder(latent_dim))


@pytest.mark.exercise("build_decoder", seconds=SECONDS)
def test_an_image_for_each_vector(submission, rng):
    """Every latent vector becomes one image, whatever their number and length."""
    keras_of(submission, rng)
    for latent_dim, n in ((2, 3), (9, 1)):
        expect_probabilities(
            decoded(built_decoder(submission, latent_dim), normal(rng, n, latent_dim))
        )


@pytest.mark.exercise("build_decoder", seconds=SECONDS)
def test_probabilities_for_any_vector(submission, rng):
    """Pixels are from 0 to 1 however far out a latent vector lies."""
    keras_of(submission, rng)
    images = decoded(built_decoder(submission, 3), 1_000 * normal(rng, 16, 3))
    tanh = bool((np.abs(images) <= 1).all() and images.min() < 0)
    expect_probabilities(images, "tanh_output" if tanh else "no_sigmoid")


@pytest.mark.exercise("build_decoder", seconds=SECONDS)
def test_every_variable_matters(submission, rng):
    """A change of any one latent variable changes the image."""
    keras_of(submission, rng)
    decoder, start = built_decoder(submission, 5), normal(rng, 1, 5)
    images = decoded(decoder, start + np.vstack([np.zeros(5), np.eye(5)]).astype("float32"))
    change = np.abs(images[1:] - images[0]).max(axis=(1, 2, 3))
    expect.that(
        bool((change > 1e-6).all()),
        say(
            "expected another image for each variable that changes by 1, got the same for "
            "variable {number}",
            number=int(change.argmin()),
        ),
    )


@pytest.mark.exercise("build_decoder", seconds=SECONDS)
def test_rejects_vectors_of_no_length(submission, rng):
    """Fewer latent variables than one are a ValueError."""
    keras_of(submission, rng)
    decoded(built_decoder(submission, 1), normal(rng, 2, 1))
    for latent_dim in (0, -1):
        expect.raises(
            ValueError,
            lambda latent_dim=latent_dim: submission.build_decoder(latent_dim),
            say("latent_dim is {latent_dim}", latent_dim=latent_dim),
        )


# -- train_vae -------------------------------------------------------------------------------------


def halves(rng, n):
    """Images of which one half is ink: left, right, top or bottom, to about the middle."""
    ink = np.zeros((n, SIZE, SIZE, 1), "float32")
    for image, side in zip(ink, rng.integers(0, 4, n), strict=True):
        border = int(rng.integers(12, 17))
        across = image if side < 2 else image.swapaxes(0, 1)
        across[:, :border] = rng.uniform(0.8, 1.0)
        if side % 2:
            image[:] = image[::-1, ::-1].copy()
    return ink


class Judged:
    """What a trained model makes of images it has not seen, in nats per image.

    Attributes:
        reconstruction: with latent vectors drawn at random, as the ELBO has it.
        without_noise: with the means as latent vectors.
        kl: the divergence.
        negative_elbo: reconstruction + kl.
    """

    def __init__(self, trained, x, latent_dim, rng):
        encoder, decoder = (
            expect.model(part, of=name)
            for name, part in zip(
                ("encoder", "decoder"), expect.parts(trained, "encoder", "decoder"), strict=True
            )
        )
        mean, log_var = encoded(encoder, x, latent_dim)
        with np.errstate(over="ignore"):
            latent = mean + np.exp(log_var / 2) * rng.normal(size=mean.shape)
            self.kl = float(divergence(mean, log_var).mean())
        expect.that(
            bool(np.isfinite(self.kl)),
            say(
                "expected finite means and variances after training, got NaN or infinity: the "
                "loss has no lower bound, or takes the logarithm of 0"
            ),
        )
        self.reconstruction = self._loss(decoder, latent, x)
        self.without_noise = self._loss(decoder, mean, x)
        self.negative_elbo = self.reconstruction + self.kl

    def _loss(self, decoder, latent, x):
        images = decoded(decoder, latent.astype("float32"))
        expect_probabilities(images)
        return float(bernoulli_loss(x, images).mean())


def mean_image_loss(x_train, x):
    """What an image costs for one who knows only the mean of the training images."""
    return float(bernoulli_loss(x, np.broadcast_to(x_train.mean(axis=0), x.shape)).mean())


@pytest.mark.exercise("train_vae", seconds=SECONDS)
def test_negative_elbo_of_unseen_images(submission, rng):
    """On images it has not seen, the model's negative ELBO is far below what their mean costs."""
    keras_of(submission, rng)
    x = halves(rng, 1_000)
    x_train, x_test = x[:800], x[800:]
    trained = submission.train_vae(x_train, 2, 12, int(rng.integers(1_000)))
    judged = Judged(trained, x_test, 2, rng)
    baseline = mean_image_loss(x_train, x_test)
    expect.that(
        judged.without_noise > 0.7 * judged.reconstruction,
        say(
            "expected a decoder that has learnt from samples, for which the encoder's noise is "
            "nothing new; but with noise it reconstructs unseen images for {noisy:.0f} nats, "
            "without for {noiseless:.0f}",
            noisy=judged.reconstruction,
            noiseless=judged.without_noise,
        ),
        "trained_without_noise",
    )
    expect.that(
        judged.negative_elbo < 0.75 * baseline,
        say(
            "expected a negative ELBO below {limit:.0f} nats for unseen images whose mean costs "
            "{baseline:.0f}, got {got:.0f}: {reconstruction:.0f} of reconstruction and {kl:.1f} "
            "of KL divergence",
            limit=0.75 * baseline,
            baseline=baseline,
            got=judged.negative_elbo,
            reconstruction=judged.reconstruction,
            kl=judged.kl,
        ),
        "mean_over_pixels" if judged.kl < 0.5 else None,
    )


@pytest.mark.exercise("train_vae", seconds=SECONDS)
def test_learns_from_x_train_alone(submission, rng):
    """Of images unlike those of x_train the model knows nothing; no images are a ValueError."""
    keras_of(submission, rng)
    x = halves(rng, 400)
    trained = submission.train_vae(x[:300], 5, 8, int(rng.integers(1_000)))
    like = Judged(trained, x[300:], 5, rng)
    baseline = mean_image_loss(x[:300], x[300:])
    expect.that(
        like.reconstruction < baseline,
        say(
            "expected unseen images like those of x_train to be reconstructed for less than the "
            "{baseline:.0f} nats that their mean costs, got {got:.0f}",
            baseline=baseline,
            got=like.reconstruction,
        ),
    )
    first, _, last, _ = enlarged_digits()
    digits, strange = (part[:200, ..., None] / np.float32(255) for part in (first, last))
    known = mean_image_loss(digits, strange)
    unlike = Judged(trained, strange, 5, rng)
    expect.that(
        unlike.reconstruction > 1.5 * known,
        say(
            "expected a model that was trained on images half black to know nothing of digits, "
            "got one that reconstructs them for {got:.0f} nats; their mean costs {known:.0f}. Was "
            "it trained on more than x_train?",
            got=unlike.reconstruction,
            known=known,
        ),
        "trained_on_test_images_too",
    )
    for arguments, why in (
        ((255 * x, 2, 1, 0), say("pixels go up to 255")),
        ((2 * x - 1, 2, 1, 0), say("pixels go from -1 to 1")),
        ((x[:, :14], 2, 1, 0), say("the images are 14 x 28")),
        ((x, 2, 0, 0), say("epochs is 0")),
        ((x, 0, 1, 0), say("latent_dim is 0")),
    ):
        expect.raises(ValueError, lambda arguments=arguments: submission.train_vae(*arguments), why)


# -- latent_grid and interpolate -------------------------------------------------------------------


class Sketcher:
    """A decoder over there of weights that are known here: one dense layer with a sigmoid."""

    def __init__(self, keras, rng, latent_dim):
        self.kernel = normal(rng, latent_dim, SIZE * SIZE)
        self.bias = normal(rng, SIZE * SIZE)
        self.model = keras.Sequential(
            [
                keras.Input((latent_dim,)),
                keras.layers.Dense(SIZE * SIZE, activation="sigmoid"),
                keras.layers.Reshape((SIZE, SIZE, 1)),
            ]
        )
        self.model.set_weights([self.kernel, self.bias])

    def draws(self, latent):
        """Images of shape (n, 28, 28)."""
        scores = np.asarray(latent) @ self.kernel + self.bias
        return (1 / (1 + np.exp(-scores))).reshape(-1, SIZE, SIZE)


def picture_of(sketcher, vectors):
    """The picture of latent vectors that lie in it as in an array (n, n, 2)."""
    return np.vstack([np.hstack(list(sketcher.draws(row))) for row in vectors])


def expect_picture(submission, sketcher, n, extent, *arguments):
    got = expect.shape(submission.latent_grid(sketcher.model, n, *arguments), (n * SIZE, n * SIZE))
    values = np.linspace(-extent, extent, n)
    lattice = np.stack(np.meshgrid(values, values[::-1]), axis=-1)  # (n, n, 2)
    wanted = picture_of(sketcher, lattice)
    others = {
        "second_variable_downwards": picture_of(sketcher, lattice[::-1]),
        "variables_swapped": picture_of(sketcher, lattice[::-1, :, ::-1]),
        "extent_ignored": picture_of(sketcher, lattice / extent * 2),
        "images_not_side_by_side": sketcher.draws(lattice.reshape(-1, 2)).reshape(wanted.shape),
    }
    expect.equal(got, wanted, of=say("the picture"), rtol=1e-2, atol=1e-4, betrays=others)


@pytest.mark.exercise("latent_grid", seconds=SECONDS)
def test_lattice_of_images(submission, rng):
    """The first variable grows to the right, the second upwards, from -extent to extent."""
    sketcher = Sketcher(keras_of(submission, rng), rng, 2)
    expect_picture(submission, sketcher, 3, 1.5, 1.5)
    expect_picture(submission, sketcher, 4, 0.5, 0.5)


@pytest.mark.exercise("latent_grid", seconds=SECONDS)
def test_extent_of_two_unless_told(submission, rng):
    """Without an extent, the variables go from -2 to 2."""
    expect_picture(submission, Sketcher(keras_of(submission, rng), rng, 2), 2, 2.0)


@pytest.mark.exercise("latent_grid", seconds=SECONDS)
def test_rejects_no_lattice(submission, rng):
    """Fewer than two images a row are a ValueError."""
    sketcher = Sketcher(keras_of(submission, rng), rng, 2)
    expect_picture(submission, sketcher, 2, 1.0, 1.0)
    for n in (1, 0):
        expect.raises(
            ValueError, lambda n=n: submission.latent_grid(sketcher.model, n), say("n is {n}", n=n)
        )


class Reader:
    """An encoder over there of weights that are known here; its log_var is far from small."""

    def __init__(self, keras, rng, latent_dim):
        self.kernel = normal(rng, SIZE * SIZE, latent_dim) / SIZE
        self.bias = normal(rng, latent_dim)
        images = keras.Input((SIZE, SIZE, 1))
        x = keras.layers.Flatten()(images)
        mean = keras.layers.Dense(latent_dim)
        log_var = keras.layers.Dense(latent_dim, bias_initializer="ones")
        self.model = keras.Model(images, [mean(x), log_var(x)])
        mean.set_weights([self.kernel, self.bias])

    def means(self, *images):
        return np.stack([image.reshape(-1) @ self.kernel + self.bias for image in images])


def expect_path(submission, reader, sketcher, a, b, n):
    got = expect.shape(
        submission.interpolate(reader.model, sketcher.model, a, b, n), (n, SIZE, SIZE, 1)
    )
    ends = reader.means(a, b)
    weights = np.linspace(0, 1, n)[:, None]
    open_end = np.linspace(0, 1, n, endpoint=False)[:, None]
    mixed = [(1 - w) * a + w * b for w in weights]

    def path(weights):
        return sketcher.draws((1 - weights) * ends[0] + weights * ends[1])[..., None]

    expect.equal(
        got,
        path(weights),
        of=say("the path"),
        rtol=2e-2,
        atol=1e-3,
        betrays={
            "mixes_the_images": np.stack(mixed),
            "last_image_missing": path(open_end),
            "from_b_to_a": path(weights[::-1]),
        },
    )


@pytest.mark.exercise("interpolate", seconds=SECONDS)
def test_straight_from_mean_to_mean(submission, rng):
    """What comes back is decoded from equally spaced points between the means, ends included."""
    keras = keras_of(submission, rng)
    for latent_dim, n in ((3, 5), (1, 2)):
        reader, sketcher = Reader(keras, rng, latent_dim), Sketcher(keras, rng, latent_dim)
        a, b = uniform(rng, 2)
        expect_path(submission, reader, sketcher, a, b, n)


@pytest.mark.exercise("interpolate", seconds=SECONDS)
def test_rejects_no_path(submission, rng):
    """Fewer than two images are no path: a ValueError."""
    keras = keras_of(submission, rng)
    reader, sketcher = Reader(keras, rng, 2), Sketcher(keras, rng, 2)
    a, b = uniform(rng, 2)
    expect_path(submission, reader, sketcher, a, b, 3)
    for n in (1, 0):
        expect.raises(
            ValueError,
            lambda n=n: submission.interpolate(reader.model, sketcher.model, a, b, n),
            say("n is {n}", n=n),
        )


# -- gaussian_mle and bernoulli_mle ----------------------------------------------------------------


def expect_gaussian(submission, x):
    mean, std = expect.parts(submission.gaussian_mle(x), "mean", "std")
    expect.equal(mean, x.mean(axis=0), of="mean")
    sample_std = x.std(axis=0, ddof=1) if len(x) > 1 else x.std(axis=0) * np.nan
    expect.equal(
        std,
        x.std(axis=0),
        of="std",
        betrays={"divides_by_n_minus_one": sample_std, "variance_for_std": x.var(axis=0)},
    )


@pytest.mark.exercise("gaussian_mle")
def test_most_likely_normal_distribution(submission, rng):
    """Mean and deviation are those under which the samples are most likely, even a few of them."""
    expect_gaussian(submission, np.array([1.0, 2.0, 4.0, 9.0]))
    expect_gaussian(submission, rng.normal(5, 3, size=7))
    expect_gaussian(submission, np.array([3.0]))


@pytest.mark.exercise("gaussian_mle")
def test_each_variable_of_its_own(submission, rng):
    """With several variables, each has its mean and its deviation."""
    expect_gaussian(submission, rng.normal(size=(6, 3)) * [1, 10, 100] + [0, 5, -50])


@pytest.mark.exercise("gaussian_mle")
def test_rejects_no_samples(submission):
    """No samples at all are a ValueError."""
    expect_gaussian(submission, np.array([2.0, 2.0]))
    expect.raises(
        ValueError, lambda: submission.gaussian_mle(np.zeros(0)), say("there are no samples")
    )


@pytest.mark.exercise("bernoulli_mle")
def test_most_likely_probability(submission, rng):
    """The probability is the one under which the samples are most likely, for each variable."""
    expect.equal(submission.bernoulli_mle(np.array([1, 0, 0, 1, 1])), 0.6)
    expect.equal(submission.bernoulli_mle(np.zeros(3)), 0.0)
    x = rng.integers(0, 2, size=(9, 4))
    expect.equal(submission.bernoulli_mle(x), x.mean(axis=0))


@pytest.mark.exercise("bernoulli_mle")
def test_rejects_other_than_ones_and_zeros(submission):
    """Other numbers than 0 and 1, and no samples, are a ValueError."""
    expect.equal(submission.bernoulli_mle(np.array([1, 0])), 0.5)
    for x, why in (
        ([0.0, 0.5, 1.0], say("0.5 is neither 0 nor 1")),
        ([], say("there are no samples")),
    ):
        expect.raises(ValueError, lambda x=x: submission.bernoulli_mle(np.array(x)), why)
