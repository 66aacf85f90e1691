"""Checks of week 9: losses of given logits, steps of given networks, and a short training."""

import numpy as np
import pytest

from course.grading import expect
from course.language import say

SECONDS = 90
TRAINING_SECONDS = 180
BLACK, WHITE = -20.0, 20.0  # before a sigmoid


# -- mode_coverage ---------------------------------------------------------------------------------


@pytest.mark.exercise("mode_coverage")
def test_share_of_classes_that_occur(submission, rng):
    """Classes that occur at least once, divided by all that there are."""
    expect.number(submission.mode_coverage(np.array([3, 3, 7, 3])), 0.2)
    expect.number(submission.mode_coverage([0, 0, 0, 1], 2), 1.0)
    classes = rng.choice(12, size=40, p=np.arange(12) / 66)
    expected = len(set(classes.tolist())) / 12
    expect.number(submission.mode_coverage(classes, n_classes=12), expected)


@pytest.mark.exercise("mode_coverage")
def test_one_class_and_all(submission, rng):
    """A collapsed generator covers one of ten classes; each class once is full coverage."""
    expect.number(submission.mode_coverage(np.full(1_000, 4)), 0.1)
    expect.number(submission.mode_coverage(rng.permutation(10)), 1.0)


@pytest.mark.exercise("mode_coverage")
def test_rejects_what_is_no_class(submission):
    """No samples, and classes that do not exist, are a ValueError."""
    expect.number(submission.mode_coverage([2, 1], 4), 0.5)
    for classes, n_classes, why in (
        ([], 10, say("there are no samples")),
        ([0, 10], 10, say("the classes end with 9")),
        ([-1, 2], 10, say("the classes begin with 0")),
    ):
        expect.raises(
            ValueError,
            lambda classes=classes, n_classes=n_classes: submission.mode_coverage(
                np.array(classes, dtype=int), n_classes
            ),
            why,
        )


# -- frechet_distance ------------------------------------------------------------------------------


def drawn(rng, n, mean, root):
    """Vectors with exactly this mean, and the covariance root @ root.T (dividing by n - 1)."""
    d = len(mean)
    raw = rng.normal(size=(n, d))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw, rowvar=False).reshape(d, d))).T
    return np.asarray(mean) + white @ np.asarray(root, float).T


def rotation(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.exercise("frechet_distance")
def test_closed_form_where_axes_agree(submission, rng):
    """Independent features: squared difference of means plus that of standard deviations."""
    for d in (2, 5):
        means, deviations = rng.normal(size=(2, d)), rng.uniform(0.5, 3, size=(2, d))
        real = drawn(rng, 50, means[0], np.diag(deviations[0]))
        fake = drawn(rng, 80, means[1], np.diag(deviations[1]))
        expected = np.sum((means[0] - means[1]) ** 2) + np.sum((deviations[0] - deviations[1]) ** 2)
        expect.number(submission.frechet_distance(real, fake), expected, rtol=1e-3)


@pytest.mark.exercise("frechet_distance")
def test_closed_form_where_axes_differ(submission, rng):
    """Covariances that do not commute: the trace of their product's root, by its formula in 2-D."""
    for n in (30, 75):
        mean, roots = rng.normal(size=(2, 2)), []
        for angle in (0.2, 1.1):
            turn = rotation(angle + rng.uniform(-0.1, 0.1))
            roots.append(turn @ np.diag([rng.uniform(2, 4), rng.uniform(0.2, 0.6)]))
        real, fake = (drawn(rng, n + 3 * i, mean[i], roots[i]) for i in range(2))
        one, other = (root @ root.T for root in roots)
        # A 2 x 2 matrix of eigenvalues a², b² has trace a² + b² and determinant (a b)².
        product = one @ other
        of_root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
        expected = np.sum((mean[0] - mean[1]) ** 2) + np.trace(one + other) - 2 * of_root
        expect.number(submission.frechet_distance(real, fake), expected, rtol=1e-3)


@pytest.mark.exercise("frechet_distance")
def test_zero_for_the_same_and_squared_for_a_shift(submission, rng):
    """Nothing lies between a set and itself; a shift counts by its squared length."""
    real = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 3))
    got = expect.shape(submission.frechet_distance(real, real), (), of=say("the distance"))
    expect.that(abs(got) < 1e-4, say("expected 0 between a set and itself, got {got:.4g}", got=got))
    shift = np.array([3.0, 0, -4.0])
    expect.number(submission.frechet_distance(real, real + shift), 25.0, rtol=1e-3)
    expect.number(
        submission.frechet_distance((real + shift).astype("float32"), real), 25, rtol=1e-3
    )


@pytest.mark.exercise("frechet_distance")
def test_real_where_covariances_are_singular(submission, rng):
    """With features that never vary, or fewer vectors than features, it is a real number still."""
    real = drawn(rng, 60, [0, 0, 0, 0], np.diag([1, 2, 0, 0]))
    fake = drawn(rng, 70, [0, 1, 0, 0], np.diag([2, 2, 0, 3]))
    expect.equal(submission.frechet_distance(real, fake), 11.0, of=say("the distance"), rtol=1e-2)
    # In 30 dimensions, 8 vectors span 7. All that the rank allows is on one line each.
    direction = np.linalg.qr(rng.normal(size=(30, 30)))[0]
    line = drawn(rng, 8, [0], [[2.0]])  # (8, 1)
    real, fake = line * direction[0], 1.5 * line * direction[1]
    expect.equal(submission.frechet_distance(real, fake), 13.0, of=say("the distance"), rtol=1e-2)
    real, fake = line * direction[0], 1.5 * line * direction[0]
    expect.equal(submission.frechet_distance(real, fake), 1.0, of=say("the distance"), rtol=2e-2)


@pytest.mark.exercise("frechet_distance")
def test_rejects_what_has_no_covariance(submission, rng):
    """One vector, vectors of another length and arrays of another shape are a ValueError."""
    real = drawn(rng, 20, [0, 0], np.eye(2))
    expect.number(submission.frechet_distance(real, real + 1), 2.0, rtol=1e-3)
    for fake, why in (
        (real[:1], say("one vector has no covariance")),
        (rng.normal(size=(9, 3)), say("vectors of 2 and of 3 features cannot be compared")),
        (real[:, 0], say("features are of shape (n, d)")),
    ):
        expect.raises(ValueError, lambda fake=fake: submission.frechet_distance(real, fake), why)


# -- The losses ------------------------------------------------------------------------------------


def softplus(z):
    return np.logaddexp(0, z)


def sigmoid(z):
    return 1 / (1 + np.exp(-np.asarray(z, float)))


@pytest.mark.exercise("discriminator_loss", seconds=SECONDS)
def test_discriminator_loss_of_given_logits(submission, rng):
    """Real is to be called 1 and generated 0; each kind has its mean, and the two are added."""
    for n_real, n_fake in ((1, 1), (6, 6), (4, 10)):
        real, fake = rng.normal(1, 2, n_real), rng.normal(-1, 2, n_fake)
        terms = {
            "expected": softplus(-real).mean() + softplus(fake).mean(),
            "labels_exchanged": softplus(real).mean() + softplus(-fake).mean(),
            "sigmoid_before_from_logits": softplus(-sigmoid(real)).mean()
            + softplus(sigmoid(fake)).mean(),
            "averaged_over_both": np.concatenate([softplus(-real), softplus(fake)]).mean(),
        }
        expected = terms.pop("expected")
        for shape in ((-1, 1), (-1,)):
            logits = [z.reshape(shape).astype("float32") for z in (real, fake)]
            got = submission.discriminator_loss(*logits)
            expect.equal(got, expected, of=say("the loss"), rtol=1e-3, betrays=terms)


@pytest.mark.exercise("discriminator_loss", seconds=SECONDS)
def test_discriminator_loss_of_huge_logits(submission):
    """Logits of ±1000 give their exact loss: no overflow, no clipping, no NaN."""
    for real, fake, expected in (
        (1e3, -1e3, 0.0),
        (-1e3, -1e3, 1e3),
        (1e3, 1e3, 1e3),
        (-1e3, 1e3, 2e3),
    ):
        logits = np.full((3, 1), real, "float32"), np.full((2, 1), fake, "float32")
        expect.equal(
            submission.discriminator_loss(*logits), expected, of=say("the loss"), atol=1e-3
        )


@pytest.mark.exercise("generator_loss", seconds=SECONDS)
def test_generator_loss_of_given_logits(submission, rng):
    """Generated images are to be called 1; the mean over all of them."""
    for n in (1, 7):
        fake = rng.normal(-0.5, 2, n)
        wrong = {
            "trained_to_be_called_fake": softplus(fake).mean(),
            "saturating_loss": -softplus(fake).mean(),
            "sigmoid_then_from_logits": softplus(-sigmoid(fake)).mean(),
        }
        for shape in ((-1, 1), (-1,)):
            got = submission.generator_loss(fake.reshape(shape).astype("float32"))
            expect.equal(got, softplus(-fake).mean(), of=say("the loss"), rtol=1e-3, betrays=wrong)


@pytest.mark.exercise("generator_loss", seconds=SECONDS)
def test_generator_loss_of_huge_logits(submission):
    """Logits of ±1000 give their exact loss: no overflow, no clipping, no NaN."""
    for fake, expected in ((1e3, 0.0), (-1e3, 1e3), (0.0, np.log(2))):
        got = submission.generator_loss(np.full((3, 1), fake, "float32"))
        expect.equal(got, expected, of=say("the loss"), atol=1e-3)


# -- The networks ----------------------------------------------------------------------------------


def called(model, x, shape, of):
    # Called, not predict(): that compiles first.
    return expect.shape(model(np.asarray(x, "float32"), training=False), shape, of=of)


def expect_uncompiled(model):
    expect.that(
        not (model.has("compiled") and model.compiled is True),
        say(
            "expected a model that is not compiled, as train_step has the optimizers; got a "
            "compiled"
        ),
    )


@pytest.mark.exercise("build_generator", seconds=SECONDS)
def test_images_of_noise(submission, rng):
    """Noise of any latent_dim becomes images of 28 × 28 × 1; the model is not compiled."""
    for latent_dim in (1, 7, 100):
        model = expect.model(submission.build_generator(latent_dim))
        called(model, rng.normal(size=(2, latent_dim)), (2, 28, 28, 1), say("the images"))
        expect_uncompiled(model)


@pytest.mark.exercise("build_generator", seconds=SECONDS)
def test_pixels_from_zero_to_one(submission, rng):
    """Every pixel is from 0 to 1, whatever the noise."""
    model = expect.model(submission.build_generator(5))
    for size in (1, 1e2, 1e4):
        images = called(model, size * rng.normal(size=(6, 5)), (6, 28, 28, 1), say("the images"))
        # Before training, as many values of tanh are negative as are positive.
        known = "tanh_output" if -1 <= images.min() < 0 and images.max() <= 1 else None
        expect.that(
            bool(np.isfinite(images).all() and images.min() >= 0 and images.max() <= 1),
            say(
                "expected pixels from 0 to 1, got {lowest:.3g} to {highest:.3g}",
                lowest=images.min(),
                highest=images.max(),
            ),
            known,
        )


@pytest.mark.exercise("build_generator", seconds=SECONDS)
def test_other_noise_another_image(submission, rng):
    """Each number of the noise matters to the image."""
    model = expect.model(submission.build_generator(4))
    noise = rng.normal(size=4)
    changed = np.concatenate([[noise], noise + 3 * np.eye(4)])
    images = called(model, changed, (5, 28, 28, 1), say("the images"))
    for i in range(4):
        expect.that(
            bool(abs(images[1 + i] - images[0]).max() > 1e-5),
            say("expected another image when noise[{i}] is another, got the same", i=i),
        )


@pytest.mark.exercise("build_generator", seconds=SECONDS)
def test_rejects_no_noise(submission):
    """A latent_dim below 1 is a ValueError."""
    called(
        expect.model(submission.build_generator(2)),
        np.ones((1, 2)),
        (1, 28, 28, 1),
        say("the images"),
    )
    for latent_dim in (0, -3):
        expect.raises(
            ValueError,
            lambda latent_dim=latent_dim: submission.build_generator(latent_dim),
            say("{n} numbers make no image", n=latent_dim),
        )


@pytest.mark.exercise("build_discriminator", seconds=SECONDS)
def test_one_logit_for_each_image(submission, rng):
    """Each image gets one number, which depends on it; the model is not compiled."""
    model = expect.model(submission.build_discriminator())
    for n in (1, 5):
        called(model, rng.uniform(size=(n, 28, 28, 1)), (n, 1), say("the logits"))
    images = rng.uniform(size=(6, 28, 28, 1)) * rng.uniform(size=(6, 1, 1, 1))
    logits = called(model, images, (6, 1), say("the logits"))
    expect.that(
        bool(np.ptp(logits) > 1e-6),
        say("expected other logits for other images, got the same for all"),
    )
    expect_uncompiled(model)


@pytest.mark.exercise("build_discriminator", seconds=SECONDS)
def test_logits_know_no_bounds(submission, rng):
    """Taught to tell dark images from bright ones, it gives logits below 0 and above 1."""
    keras = submission.module("keras")
    model = expect.model(submission.build_discriminator())
    bright = np.repeat([0, 1], 32)
    images = (0.7 * bright[:, None, None, None] + rng.uniform(0, 0.3, (64, 28, 28, 1))).astype(
        "float32"
    )
    # Whatever the activation, this loss can be lowered.
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="mse")
    model.fit(images, (6.0 * bright - 3)[:, None], epochs=30, batch_size=16, verbose=0)
    logits = called(model, images, (64, 1), say("the logits"))[:, 0]
    dark, light = logits[bright == 0].mean(), logits[bright == 1].mean()
    bounded = "ends_with_a_sigmoid" if logits.min() >= 0 and logits.max() <= 1 else None
    expect.that(
        bool(dark < 0 and light > 1),
        say(
            "expected logits of any size, about -3 for dark and 3 for bright images after training "
            "them to be so; got {dark:.2g} and {bright:.2g}",
            dark=dark,
            bright=light,
        ),
        bounded,
    )


# -- generate --------------------------------------------------------------------------------------


def noise_on_display(submission, latent_dim, ending=()):
    """A generator that shows its noise: pixel i is noise number i modulo latent_dim."""
    keras = submission.module("keras")
    kernel = np.eye(latent_dim)[:, np.arange(784) % latent_dim]
    layer = keras.layers.Dense(784, use_bias=False)
    model = keras.Sequential(
        [keras.Input((latent_dim,)), layer, *ending, keras.layers.Reshape((28, 28, 1))]
    )
    layer.set_weights([kernel.astype("float32")])
    return model


def generated(submission, generator, n, seed):
    return expect.shape(
        submission.generate(generator, n, seed), (n, 28, 28, 1), of=say("the images")
    )


@pytest.mark.exercise("generate", seconds=SECONDS)
def test_standard_normal_noise(submission, rng):
    """Every image is made of noise of its own: normal, of mean 0 and deviation 1."""
    n, seed = 1_500, int(rng.integers(1_000))
    images = generated(submission, noise_on_display(submission, 3), n, seed)
    noise = images.reshape(n, 784)[:, :3]
    expect.that(
        len(np.unique(noise.round(5), axis=0)) > n - 10,
        say(
            "expected {n} different images, got {got}",
            n=n,
            got=len(np.unique(noise.round(5), axis=0)),
        ),
        "one_noise_for_all",
    )
    mean, deviation = noise.mean(), noise.std()
    expect.that(
        abs(mean) < 0.1 and abs(deviation - 1) < 0.1,
        say(
            "expected noise of mean 0 and standard deviation 1, got {mean:.2f} and {deviation:.2f}",
            mean=mean,
            deviation=deviation,
        ),
        "uniform_noise" if noise.min() >= 0 and noise.max() <= 1 else None,
    )
    # Of a normal distribution 4.6 % are beyond two deviations, of a uniform one none.
    beyond = np.mean(abs(noise) > 2)
    expect.that(
        0.02 < beyond < 0.08,
        say(
            "expected normal noise, 4.6 % of it beyond 2 deviations, got {percent:.1f} %",
            percent=100 * beyond,
        ),
    )
    across = np.corrcoef(noise, rowvar=False)[np.triu_indices(3, 1)]
    expect.that(
        bool(abs(across).max() < 0.2),
        say("expected independent numbers in a noise vector, got the same or related ones"),
    )


@pytest.mark.exercise("generate", seconds=SECONDS)
def test_seed_decides(submission, rng):
    """The same seed gives the same images, another seed others."""
    generator, seed = noise_on_display(submission, 5), int(rng.integers(1_000))
    images = generated(submission, generator, 4, seed)
    generated(submission, generator, 3, seed + 9)
    expect.equal(
        generated(submission, generator, 4, seed), images, of=say("images of the same seed")
    )
    others = generated(submission, generator, 4, seed + 1)
    expect.that(
        bool(abs(others - images).max() > 1e-3),
        say("expected other images from another seed, got the same"),
    )


@pytest.mark.exercise("generate", seconds=SECONDS)
def test_inference_mode(submission, rng):
    """BatchNormalization uses the statistics it has learned, and keeps them."""
    keras = submission.module("keras")
    norm = keras.layers.BatchNormalization(epsilon=1e-6)
    generator = noise_on_display(submission, 6, [norm])
    mean, variance = rng.normal(5, 1, 784), np.full(784, 4.0)
    statistics = [w.astype("float32") for w in (np.ones(784), np.zeros(784), mean, variance)]
    norm.set_weights(statistics)
    images = generated(submission, generator, 64, 3)
    noise = images.reshape(64, 784) * 2 + mean  # what came into the layer
    expect.that(
        bool(abs(noise[:, :6] - noise[:, 6:12]).max() < 1e-3 and abs(noise.mean()) < 0.5),
        say(
            "expected images in inference mode, normalised by the statistics that the layer has "
            "learned; got them normalised by those of the batch"
        ),
        "training_mode",
    )
    for got, expected in zip(norm.get_weights(), statistics, strict=True):
        expect.equal(got, expected, of=say("a weight of the generator, after generating"))


@pytest.mark.exercise("generate", seconds=SECONDS)
def test_rejects_no_images(submission):
    """n below 1 is a ValueError."""
    generator = noise_on_display(submission, 2)
    generated(submission, generator, 1, 0)
    for n in (0, -2):
        expect.raises(
            ValueError,
            lambda n=n: submission.generate(generator, n, 0),
            say("{n} images are none", n=n),
        )


# -- train_step ------------------------------------------------------------------------------------


class Pair:
    """A generator and a discriminator of one dense layer each, with an SGD for each.

    Args:
        kernel, bias: of the generator, noise -> 784 numbers before the sigmoid.
        weights, offset: of the discriminator, pixels -> logit.
        g_rate, d_rate: learning rates; at 0, the network must stay as it is.
    """

    def __init__(self, submission, kernel, bias, weights, offset, g_rate=0.0, d_rate=0.0):
        keras = submission.module("keras")
        layers = keras.layers
        self._submission = submission
        self.painter = layers.Dense(784, activation="sigmoid")
        self.generator = keras.Sequential(
            [keras.Input((len(kernel),)), self.painter, layers.Reshape((28, 28, 1))]
        )
        self.critic = layers.Dense(1)
        self.discriminator = keras.Sequential(
            [keras.Input((28, 28, 1)), layers.Flatten(), self.critic]
        )
        self.start = {
            "generator": [as_floats(kernel), as_floats(bias)],
            "discriminator": [as_floats(weights)[:, None], as_floats([offset])],
        }
        self.painter.set_weights(self.start["generator"])
        self.critic.set_weights(self.start["discriminator"])
        self.optimizers = keras.optimizers.SGD(g_rate), keras.optimizers.SGD(d_rate)

    def step(self, images, seed):
        """Takes the step, and returns d_loss and g_loss."""
        got = self._submission.train_step(
            self.generator, self.discriminator, *self.optimizers, as_floats(images), seed
        )
        if not isinstance(got, dict) or not {"d_loss", "g_loss"} <= got.keys():
            expect.fail(say('expected a dict with "d_loss" and "g_loss", got {got}', got=got))
        losses = [expect.shape(got[name], (), of=name) for name in ("d_loss", "g_loss")]
        expect.that(
            bool(np.isfinite(losses).all()),
            say("expected finite losses, got {losses}", losses=losses),
        )
        return losses

    def weights(self, network):
        layer = self.painter if network == "generator" else self.critic
        shapes = [weight.shape for weight in self.start[network]]
        return [
            expect.shape(weight, shape, of=say("a weight of the {network}", network=network))
            for weight, shape in zip(layer.get_weights(), shapes, strict=True)
        ]

    def moved(self, network):
        """By how much each weight of the network has changed at most."""
        pairs = zip(self.weights(network), self.start[network], strict=True)
        return [float(abs(now - before).max()) for now, before in pairs]

    def restart(self):
        self.painter.set_weights(self.start["generator"])
        self.critic.set_weights(self.start["discriminator"])


def as_floats(values):
    return np.asarray(values, "float32")


def random_pair(submission, rng, latent_dim=3, **rates):
    return Pair(
        submission,
        rng.normal(size=(latent_dim, 784)),
        rng.normal(size=784),
        rng.normal(size=784) / 28,
        0.1,
        **rates,
    )


def one_image(submission, shade, weights, offset, **rates):
    """A pair whose generator paints one grey image, whatever the noise."""
    return Pair(submission, np.zeros((2, 784)), np.full(784, shade), weights, offset, **rates)


@pytest.mark.exercise("train_step", seconds=SECONDS)
def test_discriminator_step_moves_the_discriminator(submission, rng):
    """Its step moves the discriminator at every call, and never the generator."""
    pair = random_pair(submission, rng, d_rate=0.05)
    images = rng.uniform(size=(8, 28, 28, 1))
    for call in range(2):
        before = pair.weights("discriminator")
        pair.step(images, call)
        expect.that(
            max(pair.moved("generator")) == 0,
            say(
                "expected the generator to be moved by g_optimizer alone, whose learning rate is 0 "
                "here; got it moved"
            ),
            "discriminator_step_moves_both",
        )
        pairs = zip(pair.weights("discriminator"), before, strict=True)
        expect.that(
            all(abs(now - then).max() > 1e-7 for now, then in pairs),
            say(
                "expected the discriminator's weights to move in step {step}, got them unmoved",
                step=call + 1,
            ),
            "discriminator_frozen_for_good",
        )


@pytest.mark.exercise("train_step", seconds=SECONDS)
def test_generator_step_moves_the_generator(submission, rng):
    """Its step moves the generator at every call, and never the discriminator."""
    pair = random_pair(submission, rng, g_rate=0.5)
    images = rng.uniform(size=(5, 28, 28, 1))
    for call in range(2):
        before = pair.weights("generator")
        pair.step(images, call)
        expect.that(
            max(pair.moved("discriminator")) == 0,
            say(
                "expected the discriminator to be moved by d_optimizer alone, whose learning rate "
                "is 0 here; got it moved"
            ),
            "generator_step_moves_both",
        )
        pairs = zip(pair.weights("generator"), before, strict=True)
        expect.that(
            all(abs(now - then).max() > 1e-7 for now, then in pairs),
            say(
                "expected the generator's weights to move in step {step}, got them unmoved",
                step=call + 1,
            ),
            "generator_detached",
        )


@pytest.mark.exercise("train_step", seconds=SECONDS)
def test_losses_of_known_logits(submission, rng):
    """d_loss and g_loss are what the two losses are of the discriminator's logits."""
    white = np.ones((6, 28, 28, 1))
    for of_real, of_fake in ((1.5, -0.7), (-2.0, 3.0), (90.0, -60.0)):
        # Every white pixel adds to the logit, and the generator's are black.
        slope = np.full(784, (of_real - of_fake) / 784)
        pair = one_image(submission, BLACK, slope, of_fake)
        d_loss, g_loss = pair.step(white, int(rng.integers(100)))
        expected = softplus(-of_real) + softplus(of_fake)
        of = say(
            "d_loss where D gives real images {real:g} and generated ones {fake:g}",
            real=of_real,
            fake=of_fake,
        )
        wrong = {
            "sigmoid_before_the_losses": softplus(-sigmoid(of_real)) + softplus(sigmoid(of_fake)),
            "labels_of_the_discriminator_exchanged": softplus(of_real) + softplus(-of_fake),
            "real_images_left_out": softplus(of_fake),
        }
        expect.equal(d_loss, expected, of=of, rtol=1e-3, atol=1e-4, betrays=wrong)
        wrong = {
            "sigmoid_before_the_losses": softplus(-sigmoid(of_fake)),
            "generator_trained_with_the_fake_label": softplus(of_fake),
            "saturating_step": -softplus(of_fake),
        }
        expected = softplus(-of_fake)
        of = say(
            "g_loss where D gives real images {real:g} and generated ones {fake:g}",
            real=of_real,
            fake=of_fake,
        )
        expect.equal(g_loss, expected, of=of, rtol=1e-3, atol=1e-4, betrays=wrong)


@pytest.mark.exercise("train_step", seconds=SECONDS)
def test_discriminator_learns_to_tell_them_apart(submission, rng):
    """After its step, real images get higher logits than before, generated ones lower."""
    images = 0.8 + 0.2 * rng.uniform(size=(9, 28, 28, 1))
    weights = 0.01 * rng.normal(size=784)
    pair = one_image(submission, BLACK, weights, 0.3, d_rate=1e-3)
    # Of a black image the logit is the offset.
    of_real = images.reshape(9, 784) @ weights + 0.3
    pair.step(images, 5)
    (kernel, (offset,)) = pair.weights("discriminator")
    rise = (images.reshape(9, 784) @ kernel[:, 0] + offset).mean() - of_real.mean()
    wrong = "labels_of_the_discriminator_exchanged" if rise < 0 else None
    expect.that(
        rise > 0,
        say(
            "expected real images to get higher logits after the discriminator's step, got logits "
            "changed by {rise:.3g}",
            rise=rise,
        ),
        wrong,
    )
    # The bias, which is what a black image gets, is pushed up by real images, down by generated.
    # The mean over both kinds together, which halves the step, is as good a direction.
    expected = 1e-3 * (sigmoid(-of_real).mean() - sigmoid(0.3))
    ratio = (offset - 0.3) / expected
    expect.that(
        0.4 < ratio < 1.2,
        say(
            "expected the discriminator's bias to change by {expected:.3g}, or by half of it, in a "
            "step of SGD at a rate of 0.001, got {change:.3g}",
            expected=expected,
            change=offset - 0.3,
        ),
    )


@pytest.mark.exercise("train_step", seconds=SECONDS)
def test_generator_learns_to_be_called_real(submission, rng):
    """After its step, the discriminator's opinion of generated images is higher than before."""
    images = rng.uniform(size=(6, 28, 28, 1))
    for of_fake in (0.5, -1.5):
        weights = rng.normal(size=784)
        offset = of_fake - weights.sum() / 2  # the generator's image is grey
        pair = one_image(submission, 0.0, weights, offset, g_rate=0.1)
        pair.step(images, 2)
        _, bias = pair.weights("generator")
        rise = sigmoid(bias) @ weights + offset - of_fake
        expect.that(
            bool(rise > 0),
            say(
                "expected the discriminator's logit of generated images to rise by the generator's "
                "step, got it changed by {rise:.3g}",
                rise=rise,
            ),
            "generator_trained_with_the_fake_label" if rise < 0 else "generator_detached",
        )
        expected = 0.1 * sigmoid(-of_fake) * weights / 4  # 1/4 is the sigmoid's slope at 0
        expect.equal(bias, expected, of=say("the bias after a step of SGD"), rtol=0.01, atol=1e-4)


@pytest.mark.exercise("train_step", seconds=SECONDS)
def test_generator_learns_from_a_discriminator_that_is_sure(submission, rng):
    """The loss does not saturate: where D is sure of a fake, the generator's step is largest."""
    weights = rng.normal(size=784)
    offset = -14 - weights.sum() / 2
    pair = one_image(submission, 0.0, weights, offset, g_rate=0.1)
    pair.step(rng.uniform(size=(4, 28, 28, 1)), 8)
    _, bias = pair.weights("generator")
    rise = sigmoid(bias) @ weights + offset + 14
    expected = 0.1 * np.sum(weights**2) / 16
    known = "saturating_step" if 0 <= rise < 0.01 * expected else None
    expect.that(
        bool(rise > 0.8 * expected),
        say(
            "expected the logit of generated images, -14 before, to rise by {expected:.3g} in the "
            "generator's step, got {rise:.3g}",
            expected=expected,
            rise=rise,
        ),
        known,
    )


@pytest.mark.exercise("train_step", seconds=SECONDS)
def test_noise_of_the_seed(submission, rng):
    """The same seed gives the same step, another seed another step."""
    images, seed = rng.uniform(size=(6, 28, 28, 1)), int(rng.integers(1_000))
    pair = random_pair(submission, rng, g_rate=0.5, d_rate=0.05)
    found = []
    for each in (seed, seed + 1, seed):
        pair.restart()
        pair.step(images, each)
        found.append(np.concatenate([weight.ravel() for weight in pair.weights("generator")]))
    expect.that(
        bool(abs(found[0] - found[1]).max() > 1e-5),
        say("expected other noise, and so another step, from another seed; got the same step"),
        "one_noise_batch_reused",
    )
    expect.equal(
        found[2], found[0], of=say("the generator after the same step"), rtol=1e-2, atol=1e-5
    )


@pytest.mark.exercise("train_step", seconds=SECONDS)
def test_standard_normal_noise_for_each_image(submission, rng):
    """Every generated image of a step has its own normal noise of mean 0 and deviation 1."""
    n, threshold = 1_024, 1.0
    # White where the first number of the noise is above 1, black elsewhere: 15.9 % are white.
    kernel = np.zeros((2, 784))
    kernel[0] = 60
    for seed in rng.integers(1_000, size=2):
        pair = Pair(submission, kernel, np.full(784, -60 * threshold), np.full(784, 6 / 784), -3)
        _, g_loss = pair.step(rng.uniform(size=(n, 28, 28, 1)), int(seed))
        # Logits are 3 of white and -3 of black images: the loss tells how many are white.
        white = (softplus(3) - g_loss) / (softplus(3) - softplus(-3))
        expect.that(
            0.10 < white < 0.22,
            say(
                "expected the noise of 1,024 images to be above 1 in 15.9 % of them, as standard "
                "normal numbers are, got {percent:.1f} %: the noise is uniform, or one for all",
                percent=100 * white,
            ),
        )


# -- train_gan -------------------------------------------------------------------------------------

QUARTERS = ((0, 0), (0, 14), (14, 0), (14, 14))


def bright_quarters(rng, n, kinds):
    """Images of one bright quarter each, sorted by which: the kinds that a GAN is to find."""
    kind = np.repeat(kinds, n // len(kinds))
    images = rng.uniform(0, 0.1, size=(len(kind), 28, 28, 1))
    for image, k in zip(images, kind, strict=True):
        row, column = QUARTERS[k]
        image[row + 2 : row + 12, column + 2 : column + 12] += rng.uniform(0.7, 0.9)
    return images.astype("float32")


def kinds_of(images):
    """Which quarter is the brightest."""
    means = [images[:, r : r + 14, c : c + 14].mean(axis=(1, 2, 3)) for r, c in QUARTERS]
    return np.argmax(means, axis=0)


@pytest.mark.exercise("train_gan", seconds=TRAINING_SECONDS)
def test_learns_all_kinds_of_sorted_images(submission, rng):
    """Of images of four kinds, sorted, it learns the shades and leaves no kind out."""
    images = bright_quarters(rng, 4_096, rng.permutation(4))
    generator = expect.model(submission.train_gan(images, 8, epochs=2, seed=int(rng.integers(99))))
    noise = rng.normal(size=(400, 8)).astype("float32")
    made = called(generator, noise, (400, 28, 28, 1), say("the generator's images"))
    expect.that(
        bool(np.isfinite(made).all() and made.min() >= -1e-6 and made.max() <= 1 + 1e-6),
        say(
            "expected pixels from 0 to 1, got {lowest:.3g} to {highest:.3g}",
            lowest=made.min(),
            highest=made.max(),
        ),
    )
    shares = np.sort(np.bincount(kinds_of(made), minlength=4) / 400)
    expect.that(
        bool(shares[1] >= 0.1),
        say(
            "expected at least three of the four kinds in x_train, each in a tenth of the "
            "generated images, got shares of {shares}: it collapses, as it does if x_train is not "
            "shuffled",
            shares=shares[::-1].round(2),
        ),
    )
    error = abs(made.mean(axis=0) - images.mean(axis=0)).mean()
    expect.that(
        bool(error < 0.15),
        say(
            "expected generated images of about the shades of x_train, off by less than 0.15 at "
            "each pixel on average, got {error:.2f}: an untrained generator is off by 0.35",
            error=error,
        ),
        "one_batch_an_epoch" if error > 0.25 else None,
    )


@pytest.mark.exercise("train_gan", seconds=TRAINING_SECONDS)
def test_rejects_what_cannot_be_trained_on(submission, rng):
    """Bytes, other shapes, no epochs and no noise are a ValueError."""
    images = bright_quarters(rng, 8, [0, 1])
    generator = expect.model(submission.train_gan(images, 3, 1, 0))
    called(generator, rng.normal(size=(2, 3)), (2, 28, 28, 1), say("the generator's images"))
    for arguments, why in (
        ((images * 255, 3, 1, 0), say("pixels are from 0 to 1")),
        ((images * 2 - 1, 3, 1, 0), say("pixels are from 0 to 1")),
        ((images[:, :20], 3, 1, 0), say("images are of 28 x 28 pixels")),
        ((images[..., 0], 3, 1, 0), say("images are of shape (n, 28, 28, 1)")),
        ((images, 0, 1, 0), say("there is no noise")),
        ((images, 3, 0, 0), say("there are no epochs")),
    ):
        expect.raises(ValueError, lambda arguments=arguments: submission.train_gan(*arguments), why)
