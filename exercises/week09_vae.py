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

# Write the bodies marked TODO, then: course check week09_vae

import time

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import ops

from course.experiment import Experiment
from datasets.mnist import load_mnist

SIZE = 28  # of an image, in pixels
SMALLEST = 1e-7  # probability that is told from 0, and from 1, in float32
BATCH = 128
PEAK_RATE = 1.5e-3
EPOCHS = {2: 12, 16: 10}  # of the run, by latent variables
BARS = {2: 146.0, 16: 104.0}  # negative ELBO of MNIST's test images, in nats


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
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("sample_latent is still to be written")


def kl_divergence(mean, log_var):
    """Measures how far the encoder's normal distributions are from the standard normal one.

    Args:
        mean: shape (batch, latent_dim), arrays or tensors.
        log_var: the natural logarithm of the variance, shape (batch, latent_dim).

    Returns:
        Shape (batch,): KL(N(mean, variance) || N(0, 1)) in nats, summed over the latent variables.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("kl_divergence is still to be written")


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
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("reconstruction_loss is still to be written")


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
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("build_encoder is still to be written")


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
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("build_decoder is still to be written")


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
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("train_vae is still to be written")


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
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("latent_grid is still to be written")


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
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("interpolate is still to be written")


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
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("gaussian_mle is still to be written")


def bernoulli_mle(x):
    """Finds the probability of a one under which samples of ones and zeros are most likely.

    Args:
        x: zeros and ones, shape (n,), or (n, d) for d variables that are estimated one by one.

    Returns:
        The probability that maximises the likelihood, a number or of shape (d,).

    Raises:
        ValueError: there are no samples, or one is neither 0 nor 1.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("bernoulli_mle is still to be written")


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
