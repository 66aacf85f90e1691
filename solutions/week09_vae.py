"""Week 9: a variational autoencoder draws digits that nobody wrote.

An encoder gives each image not a point but a cloud of latent vectors, normal with a mean and a
variance of its own; a decoder gives each latent vector an image, the probability of ink for every
pixel. Both learn to make the evidence lower bound (ELBO) large. Its negative is the sum of two
losses in nats: what the decoder still has to be told of the image (reconstruction), and what the
encoder's cloud tells beyond the standard normal (Kullback-Leibler divergence). Then a vector drawn
from the standard normal decodes to something that looks like the training images.

The experiment trains with 2 and with 16 latent variables. Plain dense layers are used on purpose:
on a CPU they make better use of a second than convolutions, whose many small products keep it
waiting, and a map from two numbers to all digits wants a decoder that is deep rather than local.
The learning rate climbs for a tenth of the steps and then falls to nothing along a cosine, so that
a few epochs do.

Source: D. Kingma, M. Welling, Auto-Encoding Variational Bayes (2013).
"""

import time

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import ops

from course import exercise
from course.experiment import Experiment
from datasets.mnist import load_mnist

SIZE = 28  # of an image, in pixels
SMALLEST = 1e-7  # probability that is told from 0, and from 1, in float32
BATCH = 128
PEAK_RATE = 1.5e-3
EPOCHS = {2: 12, 16: 10}  # of the run, by latent variables
BARS = {2: 146.0, 16: 104.0}  # negative ELBO of MNIST's test images, in nats


@exercise(
    points=1,
    difficulty=1,
    minutes=10,
    uses=("keras",),
    hints=(
        "log_var is the logarithm of the variance. The deviation is the square root of the "
        "variance: halve the logarithm, then exp.",
        "mean + ops.exp(0.5 * log_var) * epsilon.",
    ),
)
def sample_latent(mean, log_var, epsilon):
    """Draws latent vectors from the encoder's normal distributions (the reparameterisation trick).

    The noise comes from outside, so the sample is a differentiable function of mean and log_var and
    the encoder can learn through it.

    Args:
        mean: shape (batch, latent_dim), arrays or tensors of one float type, as are the others.
        log_var: the natural logarithm of the variance, shape (batch, latent_dim).
        epsilon: noise from the standard normal distribution, shape (batch, latent_dim).

    Returns:
        Shape (batch, latent_dim): each number has the mean and the variance that stand in its
        place, and the noise that stands there makes it.
    """
    return mean + ops.exp(0.5 * log_var) * epsilon


@exercise(
    points=2,
    difficulty=2,
    minutes=15,
    uses=("keras",),
    hints=(
        "For one latent variable it is (mean² + variance - log variance - 1) / 2. It is 0 for the "
        "standard normal distribution, and never negative.",
        "The variables are independent, so their divergences add up: ops.sum(..., axis=1), one "
        "number per image. A mean would make the term smaller by the factor latent_dim.",
    ),
)
def kl_divergence(mean, log_var):
    """Measures how far the encoder's normal distributions are from the standard normal one.

    Args:
        mean: shape (batch, latent_dim), arrays or tensors.
        log_var: the natural logarithm of the variance, shape (batch, latent_dim).

    Returns:
        Shape (batch,): KL(N(mean, variance) || N(0, 1)) in nats, summed over the latent variables.
    """
    return 0.5 * ops.sum(ops.square(mean) + ops.exp(log_var) - log_var - 1.0, axis=1)


@exercise(
    points=2,
    difficulty=2,
    minutes=15,
    uses=("keras",),
    hints=(
        "For one pixel it is -(x log p + (1 - x) log(1 - p)), where p is the decoder's output.",
        "log(0) is minus infinity: ops.clip the probabilities first.",
        "An image is all of its pixels: sum over all axes but the first. With the mean over 784 "
        "pixels the divergence outweighs the rest, and the decoder draws the same for all.",
    ),
)
def reconstruction_loss(x, x_hat):
    """Computes how badly the decoder's probabilities foretell the images.

    It is the negative log-likelihood of a Bernoulli distribution for each pixel. A grey value
    counts as that much ink and the rest no ink, so x need not be 0 or 1.

    Args:
        x: images in [0, 1] of shape (batch, 28, 28, 1), arrays or tensors.
        x_hat: the probability of ink for every pixel, of the same shape, in [0, 1]. It is clipped
            to [1e-7, 1 - 1e-7], so that the loss is finite.

    Returns:
        Shape (batch,): the loss of each image in nats, summed over its pixels.
    """
    p = ops.clip(x_hat, SMALLEST, 1.0 - SMALLEST)
    return -ops.sum(x * ops.log(p) + (1.0 - x) * ops.log(1.0 - p), axis=(1, 2, 3))


@exercise(
    points=3,
    difficulty=2,
    minutes=20,
    uses=("keras",),
    hints=(
        "Anything that makes a vector of an image will do: Conv2D layers with strides, or Flatten "
        "and a few Dense layers.",
        "Two linear layers read that vector: mean = Dense(latent_dim)(x), and log_var likewise. A "
        "logarithm may be negative, so neither has an activation.",
        "keras.Model(images, [mean, log_var]) has two outputs.",
    ),
)
def build_encoder(latent_dim):
    """Builds the network that gives each image a normal distribution of latent vectors.

    Args:
        latent_dim: how many latent variables there are, at least 1.

    Returns:
        A keras.Model, (None, 28, 28, 1) -> [mean, log_var], both (None, latent_dim) and free to be
        negative. It need not be compiled.

    Raises:
        ValueError: latent_dim is below 1.
    """
    if latent_dim < 1:
        raise ValueError(f"expected latent_dim of at least 1, got {latent_dim}")
    images = keras.Input((SIZE, SIZE, 1))
    x = keras.layers.Flatten()(images)  # (None, 784)
    for units in (512, 512):
        x = keras.layers.Dense(units, activation="silu")(x)
    mean = keras.layers.Dense(latent_dim, name="mean")(x)
    log_var = keras.layers.Dense(latent_dim, name="log_var")(x)
    return keras.Model(images, [mean, log_var], name="encoder")


@exercise(
    points=3,
    difficulty=2,
    minutes=20,
    uses=("keras",),
    hints=(
        "Dense layers end in 784 numbers, which Reshape((28, 28, 1)) makes an image. Or begin with "
        "7 * 7 * filters numbers and let two Conv2DTranspose with strides=2 enlarge them.",
        "Each output is a probability: the last layer's activation is a sigmoid.",
    ),
)
def build_decoder(latent_dim):
    """Builds the network that gives each latent vector an image.

    Args:
        latent_dim: how many latent variables there are, at least 1.

    Returns:
        A keras.Model, (None, latent_dim) -> (None, 28, 28, 1), the probability of ink for every
        pixel, in [0, 1]. It need not be compiled.

    Raises:
        ValueError: latent_dim is below 1.
    """
    if latent_dim < 1:
        raise ValueError(f"expected latent_dim of at least 1, got {latent_dim}")
    latent = keras.Input((latent_dim,))
    x = latent
    for units in (512, 512, 512):
        x = keras.layers.Dense(units, activation="silu")(x)
    x = keras.layers.Dense(SIZE * SIZE, activation="sigmoid")(x)
    image = keras.layers.Reshape((SIZE, SIZE, 1))(x)
    return keras.Model(latent, image, name="decoder")


class VariationalAutoencoder(keras.Model):
    """Encoder, noise and decoder in a row; `fit(x, x)` with `reconstruction_loss` trains them.

    Written without a training step of its own, so that it runs on every backend of Keras.

    Args:
        encoder: images -> [mean, log_var].
        decoder: latent vectors -> images.
        seed: of the noise.
    """

    def __init__(self, encoder, decoder, seed):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images):
        mean, log_var = self.encoder(images)  # both (batch, latent_dim)
        self.add_loss(ops.mean(kl_divergence(mean, log_var)))
        epsilon = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return self.decoder(sample_latent(mean, log_var, epsilon))


@exercise(
    points=6,
    difficulty=3,
    minutes=45,
    uses=("keras",),
    hints=(
        "The loss of an image is reconstruction_loss + kl_divergence, of a batch their mean. New "
        "noise for every image in every step: keras.random.normal of the shape of mean.",
        "One way: a keras.Model whose call encodes, samples and decodes, and hands "
        "ops.mean(kl_divergence(mean, log_var)) to self.add_loss. Compiled with "
        "loss=reconstruction_loss it trains by model.fit(x_train, x_train).",
        "Another: a train_step with tf.GradientTape that computes the loss and applies its "
        "gradients to the weights of encoder and decoder together.",
    ),
)
def train_vae(x_train, latent_dim, epochs, seed):
    """Trains encoder and decoder together, to make the ELBO of the training images large.

    Args:
        x_train: images of shape (n, 28, 28, 1) in [0, 1]. Nothing else is trained on.
        latent_dim: how many latent variables there are, at least 1.
        epochs: how often each image is seen, at least 1.
        seed: where the randomness of weights, noise and batches begins.

    Returns:
        (encoder, decoder): trained models as of build_encoder and build_decoder.

    Raises:
        ValueError: the images have another shape or leave [0, 1], or epochs or latent_dim is
            below 1.
    """
    x_train = np.asarray(x_train, dtype="float32")
    if x_train.shape[1:] != (SIZE, SIZE, 1) or not (x_train.min() >= 0 and x_train.max() <= 1):
        raise ValueError(
            f"expected images of shape (n, 28, 28, 1) in [0, 1], got shape {x_train.shape} with "
            f"values from {x_train.min()} to {x_train.max()}"
        )
    if epochs < 1:
        raise ValueError(f"expected epochs of at least 1, got {epochs}")
    keras.utils.set_random_seed(seed)
    vae = VariationalAutoencoder(build_encoder(latent_dim), build_decoder(latent_dim), seed)
    n_steps = epochs * -(-len(x_train) // BATCH)  # rounded up
    n_warmup = max(1, n_steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, n_steps - n_warmup), warmup_target=PEAK_RATE, warmup_steps=n_warmup
    )
    vae.compile(optimizer=keras.optimizers.Adam(rate), loss=reconstruction_loss)
    vae.fit(x_train, x_train, epochs=epochs, batch_size=BATCH, verbose=0)
    return vae.encoder, vae.decoder


@exercise(
    points=2,
    difficulty=2,
    minutes=20,
    uses=("keras",),
    hints=(
        "np.linspace(-extent, extent, n) goes through the values of either latent variable.",
        "Decode all n * n vectors at once, as an array (n * n, 2), row by row, the top row first.",
        "(n * n, 28, 28, 1) -> reshape (n, n, 28, 28), axes row, column, y, x -> transpose to row, "
        "y, column, x -> reshape (28 n, 28 n).",
    ),
)
def latent_grid(decoder, n, extent=2.0):
    """Draws a map of a latent space of two variables: the images that a lattice decodes to.

    Args:
        decoder: a keras.Model, (None, 2) -> (None, 28, 28, 1).
        n: images per row and per column, at least 2.
        extent: both variables take n equally spaced values from -extent to extent, ends included.

    Returns:
        One picture of shape (28 n, 28 n). As in any diagram the first variable grows from left to
        right and the second from the bottom to the top.

    Raises:
        ValueError: n is below 2.
    """
    if n < 2:
        raise ValueError(f"expected n of at least 2, got {n}")
    values = np.linspace(-extent, extent, n, dtype="float32")
    first, second = np.meshgrid(values, values[::-1])  # both (n, n), row by row
    latent = np.stack([first.ravel(), second.ravel()], axis=1)  # (n * n, 2)
    images = decoder.predict(latent, verbose=0).reshape(n, n, SIZE, SIZE)
    return images.transpose(0, 2, 1, 3).reshape(n * SIZE, n * SIZE)


@exercise(
    points=2,
    difficulty=2,
    minutes=15,
    uses=("keras",),
    hints=(
        "Encode both images and keep the means alone; a model wants a batch, even of one.",
        "Weights 0, 1/(n-1), …, 1: the path is (1 - weight) * mean_a + weight * mean_b.",
        "Decode the path. Mixing the images themselves is not it: that fades one into the other.",
    ),
)
def interpolate(encoder, decoder, a, b, n):
    """Turns one image into another by going straight from one's latent mean to the other's.

    Args:
        encoder: a keras.Model, (None, 28, 28, 1) -> [mean, log_var].
        decoder: a keras.Model, (None, latent_dim) -> (None, 28, 28, 1).
        a: an image of shape (28, 28, 1) in [0, 1].
        b: another one.
        n: how many images to return, at least 2.

    Returns:
        Shape (n, 28, 28, 1): what n equally spaced latent vectors decode to. The first is the mean
        of a, the last the mean of b; no noise is added.

    Raises:
        ValueError: n is below 2.
    """
    if n < 2:
        raise ValueError(f"expected n of at least 2, got {n}")
    mean, _ = encoder.predict(np.stack([a, b]), verbose=0)  # (2, latent_dim)
    weights = np.linspace(0.0, 1.0, n, dtype="float32")[:, np.newaxis]
    return decoder.predict((1 - weights) * mean[0] + weights * mean[1], verbose=0)


@exercise(
    points=1,
    difficulty=1,
    minutes=10,
    hints=(
        "Write down the log-likelihood of all samples, and set its derivatives to zero.",
        "The most likely variance is the mean of the squared deviations: divide by n, not n - 1.",
    ),
)
def gaussian_mle(x):
    """Finds the normal distribution under which samples are most likely.

    Args:
        x: samples, shape (n,), or (n, d) for d variables that are estimated one by one.

    Returns:
        (mean, std): the mean and the standard deviation that maximise the likelihood, numbers or
        of shape (d,).

    Raises:
        ValueError: there are no samples.
    """
    x = np.asarray(x, dtype=float)
    if len(x) == 0:
        raise ValueError("expected at least one sample, got none")
    mean = x.mean(axis=0)
    return mean, np.sqrt(np.mean((x - mean) ** 2, axis=0))


@exercise(
    points=1,
    difficulty=1,
    minutes=5,
    hints=(
        "With k ones among n samples the likelihood is p^k (1 - p)^(n - k). Where is it largest?",
        "At p = k / n.",
    ),
)
def bernoulli_mle(x):
    """Finds the probability of a one under which samples of ones and zeros are most likely.

    Args:
        x: zeros and ones, shape (n,), or (n, d) for d variables that are estimated one by one.

    Returns:
        The probability that maximises the likelihood, a number or of shape (d,).

    Raises:
        ValueError: there are no samples, or one is neither 0 nor 1.
    """
    x = np.asarray(x)
    if len(x) == 0:
        raise ValueError("expected at least one sample, got none")
    if not np.isin(x, (0, 1)).all():
        raise ValueError(f"expected zeros and ones, got values from {x.min()} to {x.max()}")
    return x.mean(axis=0)


# -- The experiment --------------------------------------------------------------------------------


def as_images(pixels):
    """Bytes of shape (n, 28, 28) as images of shape (n, 28, 28, 1) in [0, 1]."""
    return pixels[..., np.newaxis].astype("float32") / 255.0


def negative_elbo(encoder, decoder, x, seed, n_samples=4):
    """Estimates the negative ELBO of images that the model has not seen.

    Args:
        encoder, decoder: trained models.
        x: images of shape (n, 28, 28, 1) in [0, 1].
        seed: of the noise.
        n_samples: latent vectors drawn for each image.

    Returns:
        (reconstruction, kl): means over the images, in nats. Their sum is the negative ELBO.
    """
    rng = np.random.default_rng(seed)
    mean, log_var = encoder.predict(x, batch_size=1000, verbose=0)
    losses = []
    for _ in range(n_samples):
        epsilon = rng.standard_normal(mean.shape, dtype="float32")
        latent = ops.convert_to_numpy(sample_latent(mean, log_var, epsilon))
        x_hat = decoder.predict(latent, batch_size=1000, verbose=0)
        losses.append(ops.convert_to_numpy(reconstruction_loss(x, x_hat)).mean())
    kl = ops.convert_to_numpy(kl_divergence(mean, log_var)).mean()
    return float(np.mean(losses)), float(kl)


def grey_bytes(images):
    """Images in [0, 1] as nested lists of whole numbers up to 255, which JSON can hold."""
    return np.round(255 * np.asarray(images)).astype(int).squeeze().tolist()


def train_and_judge(data, latent_dim, epochs, seed):
    """Trains on the training images, and only then looks at the test images.

    Returns:
        What JSON can hold: seconds; both parts of the negative ELBO of the test images; of the
        first test image of each digit its reconstruction; a path between two of them, and the same
        with the images mixed; samples; and with two latent variables the grid and the means of up
        to 5,000 test images.
    """
    started = time.perf_counter()
    encoder, decoder = train_vae(as_images(data.x_train), latent_dim, epochs, seed)
    seconds = time.perf_counter() - started
    x_test = as_images(data.x_test)
    reconstruction, kl = negative_elbo(encoder, decoder, x_test, seed)
    examples = x_test[[int(np.argmax(data.y_test == digit)) for digit in range(10)]]
    means = encoder.predict(x_test[:5_000], batch_size=1000, verbose=0)[0]
    example_means = encoder.predict(examples, verbose=0)[0]
    noise = np.random.default_rng(seed).standard_normal((12, latent_dim), dtype="float32")
    weights = np.linspace(0, 1, 10)[:, None, None, None]
    result = {
        "seconds": seconds,
        "reconstruction": reconstruction,
        "kl": kl,
        "examples": grey_bytes(examples),
        "reconstructed": grey_bytes(decoder.predict(example_means, verbose=0)),
        "samples": grey_bytes(decoder.predict(noise, verbose=0)),
        "path": grey_bytes(interpolate(encoder, decoder, examples[7], examples[2], 10)),
        "mixed": grey_bytes((1 - weights) * examples[7] + weights * examples[2]),
    }
    if latent_dim == 2:
        result["grid"] = grey_bytes(latent_grid(decoder, 20))
        result["means"] = np.round(means, 3).tolist()
        result["labels"] = data.y_test[: len(means)].tolist()
    return result


def mean_image_loss(x_train, x_test):
    """The baseline, no model: for every image the mean of the training images."""
    mean = np.broadcast_to(as_images(x_train).mean(axis=0), (len(x_test), SIZE, SIZE, 1))
    return float(ops.convert_to_numpy(reconstruction_loss(as_images(x_test), mean)).mean())


def plot_grid(grid):
    """The map of the latent space."""
    figure, axes = plt.subplots(figsize=(7, 7), layout="constrained")
    axes.imshow(grid, cmap="gray_r", extent=(-2, 2, -2, 2))
    axes.set(
        title="What the decoder draws for each point of a two-dimensional latent space",
        xlabel="first latent variable",
        ylabel="second latent variable",
    )
    return figure


def plot_latent_space(means, labels):
    """Where the encoder puts the test images, coloured by what they show."""
    figure, axes = plt.subplots(figsize=(7.5, 6.5), layout="constrained")
    means, labels, colours = np.asarray(means), np.asarray(labels), plt.get_cmap("tab10")
    for digit in range(10):
        chosen = means[labels == digit]
        axes.scatter(*chosen.T, s=5, alpha=0.6, color=colours(digit), label=str(digit))
    axes.set(
        title="Where the encoder puts test images; it was never told what they show",
        xlabel="first latent variable (mean)",
        ylabel="second latent variable (mean)",
        aspect="equal",
    )
    axes.legend(title="digit", markerscale=3, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def plot_rows(rows, title):
    """Rows of images, each with its name on the left."""
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(9, 0.8 * len(rows) + 0.4), layout="constrained", squeeze=False
    )
    for line, (name, images) in zip(axes[:, 0], rows.items(), strict=True):
        line.imshow(np.hstack(images), cmap="gray_r", vmin=0, vmax=255)
        line.set(xticks=[], yticks=[])
        line.set_ylabel(name, rotation=0, ha="right", va="center")
    figure.suptitle(title)
    return figure


def n_epochs(run, data, latent_dim):
    """How long to train: as long as the bars on MNIST need, other data by the number of steps."""
    if run.quick:
        return -(-25_000 // len(data.x_train))
    return EPOCHS[latent_dim] if data.provenance.source == "real" else 150


def bars_of(run, data, baseline):
    """The course's bars where all of MNIST is there, else a part of what the mean image costs."""
    if run.quick:
        return dict.fromkeys(BARS, 0.985 * baseline)
    return BARS if data.provenance.source == "real" else dict.fromkeys(BARS, 0.92 * baseline)


def report(run, results, bars):
    """The figures and plots of the trained models."""
    for latent_dim, result in results.items():
        loss = result["reconstruction"] + result["kl"]
        run.row(
            model=f"variational autoencoder, z={latent_dim}",
            negative_elbo=loss,
            reconstruction=result["reconstruction"],
            kl=result["kl"],
            seconds=result["seconds"],
        )
        run.metric(f"negative_elbo_z{latent_dim}", loss, at_most=bars[latent_dim])
        run.metric(f"reconstruction_z{latent_dim}", result["reconstruction"])
        run.metric(f"kl_z{latent_dim}", result["kl"])
        run.metric(f"seconds_z{latent_dim}", result["seconds"])
    two, many = results[2], results[16]
    run.save_figure(plot_grid(two["grid"]), "latent_grid")
    run.save_figure(plot_latent_space(two["means"], two["labels"]), "latent_space")
    rows = {"test image": two["examples"]}
    rows |= {f"z={d}": result["reconstructed"] for d, result in results.items()}
    run.save_figure(plot_rows(rows, "Test images and their reconstructions"), "reconstructions")
    rows = {
        "mixed pixel by pixel": many["mixed"],
        **{f"straight through latent space, z={d}": results[d]["path"] for d in results},
    }
    run.save_figure(plot_rows(rows, "From a 7 to a 2"), "interpolation")
    rows = {f"z={d}, drawn at random": results[d]["samples"] for d in results}
    run.save_figure(plot_rows(rows, "Digits that nobody wrote"), "samples")


def main(arguments=None):
    """Trains with 2 and with 16 latent variables, and judges both on the test images."""
    with Experiment.from_arguments(__file__, arguments) as run:
        data = load_mnist()
        run.uses_data(data.provenance.as_dict())
        if run.quick:
            data = data._replace(x_train=data.x_train[:5_000], x_test=data.x_test[:1_000])
        baseline = mean_image_loss(data.x_train, data.x_test)
        run.row(model="mean of the training images", negative_elbo=baseline)
        run.metric("negative_elbo_baseline", baseline)
        results = {
            latent_dim: run.step(
                f"z={latent_dim}",
                lambda d=latent_dim: train_and_judge(data, d, n_epochs(run, data, d), run.seed),
            )
            for latent_dim in run.progress(BARS, "trainings")
        }
        report(run, results, bars_of(run, data, baseline))


if __name__ == "__main__":
    main()
