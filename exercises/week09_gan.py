"""Week 9: a generative adversarial network that writes digits.

A generator turns noise into images; a discriminator learns to tell them from real ones, and the
generator learns from it what gives it away. Neither ever sees a label.

The experiment trains on MNIST. A small classifier, which the generator knows nothing of, judges
what comes out: how many of the ten digits occur, how sure it is of them, and how far its features
of generated images are from those of real ones (Fréchet distance). A plain DCGAN of the usual
recipe gets as many seconds. Sources: I. Goodfellow et al., Generative Adversarial Nets (2014);
A. Radford et al., Unsupervised Representation Learning with Deep Convolutional GANs (2016); T.
Karras et al., Progressive Growing of GANs (2018), for the minibatch deviation and the averaged
weights; M. Heusel et al., GANs Trained by a Two Time-Scale Update Rule (2017), for the distance.
"""

# Write the bodies marked TODO, then: course check week09_gan

import functools
import itertools
import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from course.experiment import Experiment
from datasets.digit_judge import load_judge
from datasets.mnist import load_mnist

SIZE = 28  # of an image, in pixels
BATCH = 32  # images in a step: at equal cost, many small steps teach more than few large ones


def mode_coverage(predicted_classes, n_classes=10):
    """The share of classes that occur among generated samples: 1.0 when none has been forgotten.

    Args:
        predicted_classes: what a classifier takes the samples for, integers 0 … n_classes - 1,
            array or list of shape (n,), n of at least 1.
        n_classes: how many classes there are, at least 1.

    Returns:
        A float from 1 / n_classes to 1: the number of different classes that occur at least once,
        divided by n_classes.

    Raises:
        ValueError: there are no samples, or a class is not among 0 … n_classes - 1.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("mode_coverage is still to be written")


def frechet_distance(real_features, fake_features):
    """How far two sets of feature vectors are apart, each taken for a normal distribution.

    The squared Fréchet distance, as in the well-known FID, with means m and covariances C:
    |m_r - m_f|² + trace(C_r + C_f - 2 (C_r C_f)^(1/2)). It is 0 when mean and covariance agree.

    Args:
        real_features: array of shape (n_real, d), n_real of at least 2.
        fake_features: array of shape (n_fake, d), n_fake of at least 2, perhaps another number.

    Returns:
        A real, finite float of at least 0 (up to rounding), also where covariances are singular,
        as with fewer vectors than dimensions. Covariances divide by n - 1, as in np.cov; the root
        is that of matrices, not of entries.

    Raises:
        ValueError: an argument is not of shape (n, d) with n of at least 2, or d differs.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("frechet_distance is still to be written")


def discriminator_loss(real_logits, fake_logits):
    """What the discriminator lowers: the crossentropy of calling real 1 and generated 0.

    Args:
        real_logits: what the discriminator says of real images, before any sigmoid: array or
            tensor of shape (n,) or (n, 1).
        fake_logits: the same of generated images, perhaps of another number.

    Returns:
        A scalar (a tensor, where gradients are to flow through it): the mean of
        -log(sigmoid(real_logits)) plus the mean of -log(1 - sigmoid(fake_logits)). Exact and
        finite from -1000 to 1000 as well.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("discriminator_loss is still to be written")


def generator_loss(fake_logits):
    """What the generator lowers: the crossentropy of its images being called real.

    The non-saturating loss of Goodfellow et al., whose slope is steepest where the discriminator is
    sure that an image is generated.

    Args:
        fake_logits: what the discriminator says of generated images, before any sigmoid: array or
            tensor of shape (n,) or (n, 1).

    Returns:
        A scalar (a tensor, where gradients are to flow through it): the mean of
        -log(sigmoid(fake_logits)). Exact and finite from -1000 to 1000 as well.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("generator_loss is still to be written")


def build_generator(latent_dim):
    """Builds the network that turns noise into images.

    Args:
        latent_dim: how many numbers of noise make an image, at least 1.

    Returns:
        A keras.Model that is not compiled, (None, latent_dim) -> (None, 28, 28, 1), all pixels from
        0 to 1 whatever the noise. Other noise gives another image.

    Raises:
        ValueError: latent_dim is below 1.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("build_generator is still to be written")


def build_discriminator():
    """Builds the network that tells real images from generated ones.

    Returns:
        A keras.Model that is not compiled, (None, 28, 28, 1) -> (None, 1): one logit for each
        image, above 0 where it is taken for real, with no activation: it can be any number.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("build_discriminator is still to be written")


def generate(generator, n, seed):
    """Draws images from a generator.

    Args:
        generator: a Keras model, (None, latent_dim) -> (None, 28, 28, 1), functional or
            Sequential: `generator.input_shape` tells latent_dim.
        n: how many images, at least 1.
        seed: of the noise: the same seed gives the same images, another one others.

    Returns:
        Array of shape (n, 28, 28, 1): the generator in inference mode on n different vectors of
        standard normal noise. Its weights and statistics are as before.

    Raises:
        ValueError: n is below 1.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("generate is still to be written")


def train_step(generator, discriminator, g_optimizer, d_optimizer, real_images, seed):
    """Lets discriminator and generator each take one step, in this order or at once.

    The discriminator's step lowers discriminator_loss on real_images and as many generated ones; it
    is taken by d_optimizer and moves nothing but the discriminator's weights. The generator's step
    lowers generator_loss on as many generated images; it is taken by g_optimizer and moves nothing
    but the generator's weights.

    Args:
        generator: a Keras model, (None, latent_dim) -> (None, 28, 28, 1), functional or Sequential.
        discriminator: a Keras model, (None, 28, 28, 1) -> (None, 1), one logit.
        g_optimizer, d_optimizer: Keras optimizers that serve the same model at every step.
        real_images: float32 array or tensor of shape (n, 28, 28, 1), from 0 to 1.
        seed: an int, of the standard normal noise, a different vector for each image. The same seed
            from the same state gives the same step, another seed another.

    Returns:
        A dict of scalars: "d_loss" and "g_loss", the two losses as they were in these steps.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("train_step is still to be written")


def train_gan(x_train, latent_dim, epochs, seed):
    """Trains a generator to write images like those given, and returns it.

    Args:
        x_train: float array of shape (n, 28, 28, 1), pixels from 0 to 1, perhaps sorted by what
            they show.
        latent_dim: how many numbers of noise make an image, at least 1.
        epochs: how often each image is shown, at least 1.
        seed: where randomness begins.

    Returns:
        The trained generator, as of build_generator(latent_dim). In each epoch all images come, up
        to a remainder, in a new random order, in batches of at most 64; each batch makes a
        train_step, with other noise each time. Its images are of all kinds that x_train has.

    Raises:
        ValueError: x_train is of another shape or holds pixels outside [0, 1], bytes for example;
            epochs or latent_dim is below 1.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("train_gan is still to be written")


def build_optimizers(n_steps):
    """Optimizers of generator and discriminator for as many steps.

    The rate falls to the end, and of the generator's weights there is an average over the last few
    per cent of the steps, which becomes theirs by `finalize_variable_values`: single steps of a GAN
    go round in circles.
    """
    averaging = {"use_ema": True, "ema_momentum": 1 - 25 / max(n_steps, 250)}
    falling = keras.optimizers.schedules.CosineDecay(1e-3, n_steps, alpha=0.05)
    return (
        keras.optimizers.Adam(falling, beta_1=0.5, beta_2=0.99, **averaging),
        keras.optimizers.Adam(falling, beta_1=0.5, beta_2=0.99),
    )


def training(generator, discriminator, g_optimizer, d_optimizer, x_train, seed):
    """Trains without end: calls train_step with batch after batch, and yields what it returns.

    Every epoch has its own order; what remains of it when no batch can be filled is left out.
    """
    g_optimizer.build(generator.trainable_variables)
    d_optimizer.build(discriminator.trainable_variables)
    networks = (generator, discriminator, g_optimizer, d_optimizer)
    batch_size = min(BATCH, len(x_train))
    rng = np.random.default_rng(seed)
    shuffled = (rng.permutation(len(x_train)) for _ in itertools.repeat(None))
    batches = (
        x_train[order[start : start + batch_size]]
        for order in shuffled
        for start in range(0, len(order) - batch_size + 1, batch_size)
    )
    # As a graph, a step takes a quarter of the time. Its noise must then come from a generator:
    # a number would be part of the graph, and the noise the same at every step.
    noise_seed, numbers = keras.random.SeedGenerator(seed), itertools.count(seed)
    step = tf.function(lambda images: train_step(*networks, images, noise_seed))
    first = next(batches)
    try:
        step.get_concrete_function(first)
    except Exception:  # a train_step may be right and no graph
        print("train_step cannot be compiled with a SeedGenerator; going on without, slower")

        def step(images):
            return train_step(*networks, images, next(numbers))

    for images in itertools.chain([first], batches):
        yield step(images)


# -- The experiment --------------------------------------------------------------------------------

LATENT = 64
N_LOOKS = 8  # at the generator, during training
N_COLUMNS = 12  # images in each
N_JUDGED = 5_000
N_STEPS = 2_500


def build_dcgan(wide=128):
    """A plain DCGAN as in the paper, with the generator's output from 0 to 1.

    Args:
        wide: filters next to the noise and to the decision; half of them next to the image.

    Returns:
        generator, discriminator, g_optimizer, d_optimizer.
    """
    layers = keras.layers
    options = {"strides": 2, "padding": "same", "kernel_initializer": small_normal()}
    generator = keras.Sequential(
        [
            keras.Input((100,)),
            layers.Dense(7 * 7 * wide, kernel_initializer=small_normal()),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Reshape((7, 7, wide)),
            layers.Conv2DTranspose(wide // 2, 5, **options),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(1, 5, activation="sigmoid", **options),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            layers.Conv2D(wide // 2, 5, **options),
            layers.LeakyReLU(0.2),
            layers.Conv2D(wide, 5, **options),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1, kernel_initializer=small_normal()),
        ]
    )
    optimizers = (keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2))
    return generator, discriminator, *optimizers


def small_normal():
    """The initial weights of the DCGAN paper."""
    return keras.initializers.RandomNormal(stddev=0.02)


def as_it_stands(generator, g_optimizer, n, seed):
    """Images of the generator as training would leave it if it ended now; it goes on as it was."""
    weights = generator.get_weights()
    g_optimizer.finalize_variable_values(generator.trainable_variables)
    images = generate(generator, n, seed)
    generator.set_weights(weights)
    return images


def judged(images, judge, real_features):
    """What the judge says of generated images, next to its features of real ones.

    Returns:
        "coverage" and "confidence" of the first thousand, "rarest", the share of the digit that
        occurs least among them, and "frechet" of all.
    """
    features, probabilities = judge.predict(images, batch_size=500, verbose=0)
    classes = probabilities[:1_000].argmax(axis=1)
    return {
        "coverage": mode_coverage(classes),
        "rarest": float(np.bincount(classes, minlength=10).min() / len(classes)),
        "confidence": float(probabilities[:1_000].max(axis=1).mean()),
        "frechet": frechet_distance(real_features, features),
    }


def train_and_judge(run, name, networks, x_train, assess, n_steps=None, seconds=None):
    """Trains a GAN, looking at it now and then; Ctrl-C ends the training and keeps what it has.

    Args:
        run: shows progress, and gets the figure "NAME_samples" at each look.
        name: of the GAN.
        networks: generator, discriminator, g_optimizer, d_optimizer.
        x_train: images from 0 to 1.
        assess: what `judged` says of generated images.
        n_steps, seconds: when to end, whichever is given. Looking at samples takes no seconds.

    Returns:
        What JSON can hold: "looks", dicts of step, seconds, Fréchet distance and some images;
        "losses" of each step, "images" of the end, "seconds", "steps", and what `judged` returns.
    """
    generator, _, g_optimizer, _ = networks
    losses, looks, spent = [], [], 0.0

    def look(images):
        frechet = assess(images)["frechet"]
        shown = {"step": len(losses), "seconds": spent, "images": as_bytes(images[:N_COLUMNS])}
        looks.append({**shown, "frechet": frechet})
        run.save_figure(plot_looks(looks, name), f"{name.lower()}_samples")

    look(generate(generator, 1_000, run.seed))
    n_looks = 2 if run.quick else N_LOOKS
    steps = training(*networks, x_train, run.seed)
    try:
        for step in run.progress(range(1, n_steps + 1) if n_steps else itertools.count(1), name):
            started = time.perf_counter()
            loss = next(steps)
            losses.append([float(loss["d_loss"]), float(loss["g_loss"])])
            spent += time.perf_counter() - started
            done = step / n_steps if n_steps else spent / seconds
            if done >= len(looks) / n_looks:
                look(as_it_stands(generator, g_optimizer, 1_000, run.seed))
            if done >= 1:
                break
    except KeyboardInterrupt:
        if not losses:
            raise
        print(f"{name}: stopped by hand after {len(losses)} steps; going on with what there is")
    g_optimizer.finalize_variable_values(generator.trainable_variables)
    images = generate(generator, N_JUDGED, run.seed + 1)
    return {
        "looks": looks,
        "losses": losses,
        "images": as_bytes(images[:100]),
        "seconds": spent,
        "steps": len(losses),
        "parameters": sum(network.count_params() for network in networks[:2]),
        **assess(images),
    }


def as_bytes(images):
    """Images from 0 to 1 as nested lists of 0 … 255."""
    return np.round(np.asarray(images)[..., 0] * 255).astype(int).tolist()


def tiled(images, n_columns):
    """Images of shape (n, 28, 28) as one image, in rows of n_columns."""
    images = np.asarray(images)
    images = images[: len(images) // n_columns * n_columns]
    rows = images.reshape(-1, n_columns, SIZE, SIZE).swapaxes(1, 2)
    return rows.reshape(-1, n_columns * SIZE)


def plot_looks(looks, name):
    """The same noise, over and over again: one row of images for each look at the generator."""
    figure, axes = plt.subplots(figsize=(8, 0.65 * len(looks) + 0.9), layout="constrained")
    rows = [image for look in looks for image in look["images"]]
    axes.imshow(255 - tiled(rows, N_COLUMNS), cmap="gray", vmin=0, vmax=255)
    axes.set(
        title=f"{name}: what {N_COLUMNS} noise vectors become during training",
        xlabel="noise vector",
        ylabel="training step (seconds)",
        xticks=(np.arange(N_COLUMNS) + 0.5) * SIZE,
        xticklabels=range(1, N_COLUMNS + 1),
        yticks=(np.arange(len(looks)) + 0.5) * SIZE,
        yticklabels=[f"{look['step']:,} ({look['seconds']:.0f} s)" for look in looks],
    )
    return figure


def plot_side_by_side(results, x_test):
    """A hundred images each: real, and of both GANs."""
    figure, axes = plt.subplots(1, 3, figsize=(13, 4.8), layout="constrained")
    panels = {"Real, from the test": as_bytes(x_test[:100])}
    for name, result in results.items():
        words = f"{name}, {result['steps']:,} steps in {result['seconds']:.0f} s"
        panels[f"{words}\nFréchet distance {result['frechet']:.1f}"] = result["images"]
    for axis, (title, images) in zip(axes, panels.items(), strict=True):
        axis.imshow(255 - tiled(images, 10), cmap="gray", vmin=0, vmax=255)
        axis.set_title(title)
        axis.axis("off")
    return figure


def plot_training(results, floor):
    """The losses of both networks by step, and the Fréchet distance by seconds."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.2), layout="constrained")
    losses = np.array(results["GAN"]["losses"])
    width = max(1, len(losses) // 50)
    smooth = np.stack([np.convolve(loss, np.ones(width) / width, "valid") for loss in losses.T])
    steps = np.arange(width, len(losses) + 1)
    for curve, label, colour, level in (
        (smooth[0], "discriminator", "tab:blue", 2 * np.log(2)),
        (smooth[1], "generator", "tab:orange", np.log(2)),
    ):
        left.plot(steps, curve, color=colour, label=label)
        words = f"{label}, where real and generated cannot be told apart"
        left.axhline(level, color=colour, linestyle=":", label=words)
    left.set(
        title=f"Losses of the GAN, mean of {width} steps",
        xlabel="training step",
        ylabel="loss (cross-entropy, nats)",
        ylim=(0, None),
    )
    left.legend(fontsize=8)
    for name, result in results.items():
        looks = result["looks"]
        distances = [look["frechet"] for look in looks]
        right.plot([look["seconds"] for look in looks], distances, marker="o", label=name)
    right.axhline(floor, color="grey", linestyle=":", label="real images, training against test")
    right.set(
        title="How far generated digits are from real ones",
        xlabel="seconds of training",
        ylabel="Fréchet distance (log scale)",
        yscale="log",
    )
    right.legend(fontsize=8)
    return figure


def main(arguments=None):
    """A small GAN, and a plain DCGAN for as many seconds, before the same judge."""
    with Experiment.from_arguments(__file__, arguments) as run:
        mnist = load_mnist()
        run.uses_data(mnist.provenance.as_dict())
        x_train, x_test = (
            images[..., None].astype("float32") / 255 for images in (mnist.x_train, mnist.x_test)
        )
        judge = load_judge()
        real_features, _ = judge.predict(x_test[:N_JUDGED], batch_size=500, verbose=0)
        assess = functools.partial(judged, judge=judge, real_features=real_features)
        n_steps = 100 if run.quick else N_STEPS

        def train_small():
            keras.utils.set_random_seed(run.seed)
            networks = build_generator(LATENT), build_discriminator(), *build_optimizers(n_steps)
            return train_and_judge(run, "GAN", networks, x_train, assess, n_steps=n_steps)

        small = run.step("GAN", train_small)

        def train_plain():
            keras.utils.set_random_seed(run.seed)
            seconds = small["seconds"]
            return train_and_judge(run, "DCGAN", build_dcgan(), x_train, assess, seconds=seconds)

        plain = run.step("DCGAN", train_plain)
        real = assess(x_train[:N_JUDGED])
        results = {"GAN": small, "DCGAN": plain}
        for name, result in {**results, "real images": real}.items():
            run.row(
                model=name,
                parameters=result.get("parameters"),
                steps=result.get("steps"),
                seconds=result.get("seconds"),
                digits=round(10 * result["coverage"]),
                rarest_digit=result["rarest"],
                confidence=result["confidence"],
                frechet_distance=result["frechet"],
            )
        # A quick run has hardly begun: it must have left behind what it began with.
        start = small["looks"][0]["frechet"]
        run.metric("mode_coverage", small["coverage"], at_least=0.3 if run.quick else 1.0)
        run.metric("confidence", small["confidence"], at_least=None if run.quick else 0.90)
        limit = 0.8 * start if run.quick else plain["frechet"]
        run.metric("frechet_distance", small["frechet"], at_most=limit)
        run.metric("frechet_distance_dcgan", plain["frechet"])
        run.metric("frechet_distance_of_real_images", real["frechet"])
        run.save_figure(plot_side_by_side(results, x_test), "side_by_side")
        run.save_figure(plot_training(results, real["frechet"]), "training")


if __name__ == "__main__":
    main()
