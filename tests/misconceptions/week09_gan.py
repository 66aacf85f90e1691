"""Wrong answers to week 9 on generative adversarial networks, and what to tell their authors."""

import keras
import numpy as np
import tensorflow as tf

from course.misconception import misconception

# -- mode_coverage ---------------------------------------------------------------------------------


@misconception(
    exercise="mode_coverage",
    rejected_by="share_of_classes_that_occur",
    says="You divide by the largest class that occurs. A class that is missing at the end counts "
    "as missing: divide by n_classes.",
)
def divided_by_the_largest_class(predicted_classes, n_classes=10):
    return len(np.unique(predicted_classes)) / (np.max(predicted_classes) + 1)


@misconception(
    exercise="mode_coverage",
    rejected_by="share_of_classes_that_occur",
    says="You divide by the number of samples. Divide by the number of classes, n_classes.",
)
def divided_by_the_samples(predicted_classes, n_classes=10):
    return len(np.unique(predicted_classes)) / len(predicted_classes)


@misconception(
    exercise="mode_coverage",
    rejected_by="share_of_classes_that_occur",
    says="This is the entropy of the classes: it asks how evenly they occur. Coverage asks only "
    "whether they do.",
)
def entropy_of_the_classes(predicted_classes, n_classes=10):
    shares = np.bincount(predicted_classes, minlength=n_classes) / len(predicted_classes)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum() / np.log(n_classes))


# -- frechet_distance ------------------------------------------------------------------------------


@misconception(
    exercise="frechet_distance",
    rejected_by="closed_form_where_axes_differ",
    says="You take the root of each entry of C_r C_f. The root of a matrix is the matrix whose "
    "product with itself gives it back; its trace is the sum of the eigenvalues' roots.",
)
def root_of_the_entries(real_features, fake_features):
    shift = real_features.mean(axis=0) - fake_features.mean(axis=0)
    one, other = np.cov(real_features, rowvar=False), np.cov(fake_features, rowvar=False)
    roots = np.sqrt(np.clip(one @ other, 0, None))
    return float(shift @ shift + np.trace(one) + np.trace(other) - 2 * np.trace(roots))


@misconception(
    exercise="frechet_distance",
    rejected_by="closed_form_where_axes_differ",
    says="You multiply the roots of both covariances. That is the root of their product only where "
    "they share their axes: take the root of the product.",
)
def product_of_the_roots(real_features, fake_features):
    shift = real_features.mean(axis=0) - fake_features.mean(axis=0)
    one, other = np.cov(real_features, rowvar=False), np.cov(fake_features, rowvar=False)

    def root(matrix):
        values, vectors = np.linalg.eigh(matrix)
        return vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T

    roots = root(one) @ root(other)
    return float(shift @ shift + np.trace(one) + np.trace(other) - 2 * np.trace(roots))


@misconception(
    exercise="frechet_distance",
    rejected_by="closed_form_where_axes_agree",
    says="The difference of the means comes in as its length. The formula has the square of it.",
)
def length_of_the_shift(real_features, fake_features):
    shift = real_features.mean(axis=0) - fake_features.mean(axis=0)
    one, other = np.cov(real_features, rowvar=False), np.cov(fake_features, rowvar=False)
    roots = np.sqrt(np.abs(np.linalg.eigvals(one @ other))).sum()
    return float(np.linalg.norm(shift) + np.trace(one) + np.trace(other) - 2 * roots)


@misconception(
    exercise="frechet_distance",
    rejected_by="closed_form_where_axes_agree",
    says="The root is to be subtracted twice: without the 2, a set is far from itself.",
)
def root_subtracted_once(real_features, fake_features):
    shift = real_features.mean(axis=0) - fake_features.mean(axis=0)
    one, other = np.cov(real_features, rowvar=False), np.cov(fake_features, rowvar=False)
    roots = np.sqrt(np.abs(np.linalg.eigvals(one @ other))).sum()
    return float(shift @ shift + np.trace(one) + np.trace(other) - roots)


@misconception(
    exercise="frechet_distance",
    rejected_by="real_where_covariances_are_singular",
    says="Rounding turns eigenvalues of 0 into tiny negative or complex ones, whose root is "
    "imaginary, and you keep the imaginary part. Take the eigenvalues of a symmetric matrix and "
    "clip them at 0; or keep the real part.",
    betrayed=False,
)
def imaginary_part_kept(real_features, fake_features):
    shift = real_features.mean(axis=0) - fake_features.mean(axis=0)
    one, other = np.cov(real_features, rowvar=False), np.cov(fake_features, rowvar=False)
    roots = np.emath.sqrt(np.linalg.eigvals(one @ other)).sum()
    return shift @ shift + np.trace(one) + np.trace(other) - 2 * roots


@misconception(
    exercise="frechet_distance",
    rejected_by="closed_form_where_axes_agree",
    says="np.cov takes rows for variables: you get the covariance of the images, n x n, instead of "
    "that of the features, d x d. Say rowvar=False.",
    betrayed=False,
)
def covariance_of_the_rows(real_features, fake_features):
    shift = real_features.mean(axis=0) - fake_features.mean(axis=0)
    one, other = np.cov(real_features), np.cov(fake_features)
    roots = np.sqrt(np.abs(np.linalg.eigvals(one @ other))).sum()
    return float(shift @ shift + np.trace(one) + np.trace(other) - 2 * roots)


# -- The losses ------------------------------------------------------------------------------------


@misconception(
    exercise="discriminator_loss",
    rejected_by="discriminator_loss_of_given_logits",
    says="The labels are exchanged: real images are to be called 1, generated ones 0.",
)
def labels_exchanged(real_logits, fake_logits):
    softplus = keras.ops.softplus
    return keras.ops.mean(softplus(real_logits)) + keras.ops.mean(softplus(-fake_logits))


@misconception(
    exercise="discriminator_loss",
    rejected_by="discriminator_loss_of_given_logits",
    says="You apply a sigmoid, and then a loss that applies it again. The loss can then never be "
    "small, and its slope nearly vanishes: give it the logits as they are.",
)
def sigmoid_before_from_logits(real_logits, fake_logits):
    softplus = keras.ops.softplus
    real, fake = keras.ops.sigmoid(real_logits), keras.ops.sigmoid(fake_logits)
    return keras.ops.mean(softplus(-real)) + keras.ops.mean(softplus(fake))


@misconception(
    exercise="discriminator_loss",
    rejected_by="discriminator_loss_of_given_logits",
    says="You average over real and generated images together, which halves the loss and weighs "
    "them by their numbers. The contract wants the sum of two means.",
)
def averaged_over_both(real_logits, fake_logits):
    softplus = keras.ops.softplus
    real, fake = keras.ops.reshape(real_logits, (-1,)), keras.ops.reshape(fake_logits, (-1,))
    return keras.ops.mean(keras.ops.concatenate([softplus(-real), softplus(fake)]))


@misconception(
    exercise="discriminator_loss",
    rejected_by="discriminator_loss_of_huge_logits",
    says="The sigmoid of -1000 is 0, and its logarithm is minus infinity. Use softplus, or a "
    "crossentropy with from_logits=True.",
    betrayed=False,
)
def logarithm_of_the_sigmoid(real_logits, fake_logits):
    ops = keras.ops
    of_real = ops.mean(ops.log(ops.sigmoid(real_logits)))
    return -of_real - ops.mean(ops.log(1 - ops.sigmoid(fake_logits)))


@misconception(
    exercise="generator_loss",
    rejected_by="generator_loss_of_given_logits",
    says="The generator is trained to be called fake: it learns to do worse. Its label is 1.",
)
def trained_to_be_called_fake(fake_logits):
    return keras.ops.mean(keras.ops.softplus(fake_logits))


@misconception(
    exercise="generator_loss",
    rejected_by="generator_loss_of_given_logits",
    says="This is the saturating loss, log(1 - sigmoid(z)): where the discriminator is sure of a "
    "fake, its slope is 0 and nothing is learned. Lower -log(sigmoid(z)) instead.",
)
def saturating_loss(fake_logits):
    return -keras.ops.mean(keras.ops.softplus(fake_logits))


@misconception(
    exercise="generator_loss",
    rejected_by="generator_loss_of_given_logits",
    says="You apply a sigmoid, and then a loss that applies it again. Give it the logits as they "
    "are.",
)
def sigmoid_then_from_logits(fake_logits):
    return keras.ops.mean(keras.ops.softplus(-keras.ops.sigmoid(fake_logits)))


@misconception(
    exercise="generator_loss",
    rejected_by="generator_loss_of_huge_logits",
    says="The sigmoid of -1000 is 0, and clipping it before the logarithm ends the loss at 16: "
    "beyond, it has no slope. Use softplus, or a crossentropy with from_logits=True.",
    betrayed=False,
)
def clipped_probability(fake_logits):
    p = keras.ops.clip(keras.ops.sigmoid(fake_logits), 1e-7, 1)
    return -keras.ops.mean(keras.ops.log(p))


# -- The networks ----------------------------------------------------------------------------------


@misconception(
    exercise="build_generator",
    rejected_by="pixels_from_zero_to_one",
    says="tanh gives pixels from -1 to 1, the real ones go from 0 to 1: the discriminator need "
    "only look for negative pixels. End with a sigmoid.",
)
def tanh_output(latent_dim):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(7 * 7 * 16, activation="relu"),
            layers.Reshape((7, 7, 16)),
            layers.Conv2DTranspose(16, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh"),
        ]
    )


@misconception(
    exercise="build_generator",
    rejected_by="pixels_from_zero_to_one",
    says="The output has no upper end. Pixels go from 0 to 1: end with a sigmoid.",
    betrayed=False,
)
def relu_output(latent_dim):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(256, activation="relu"),
            layers.Dense(784, activation="relu"),
            layers.Reshape((28, 28, 1)),
        ]
    )


@misconception(
    exercise="build_generator",
    rejected_by="images_of_noise",
    says="The model takes 100 numbers, whatever latent_dim is.",
    betrayed=False,
)
def latent_dim_ignored(latent_dim):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((100,)),
            layers.Dense(784, activation="sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )


@misconception(
    exercise="build_discriminator",
    rejected_by="logits_know_no_bounds",
    says="The discriminator ends with a sigmoid, but its output is to be a logit: the losses apply "
    "the sigmoid. Leave the activation out.",
)
def ends_with_a_sigmoid():
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(32, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


@misconception(
    exercise="build_discriminator",
    rejected_by="one_logit_for_each_image",
    says="Without Flatten or pooling, Dense gives a logit for every place of the image. One for "
    "the whole image is wanted.",
    betrayed=False,
)
def logit_for_every_place():
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Dense(1),
        ]
    )


# -- generate --------------------------------------------------------------------------------------


@misconception(
    exercise="generate",
    rejected_by="standard_normal_noise",
    says="All images are made of the same noise vector, so all are the same image. Draw noise of "
    "shape (n, latent_dim).",
)
def one_noise_for_all(generator, n, seed):
    noise = np.random.default_rng(seed).normal(size=(1, generator.input_shape[-1]))
    return generator.predict(np.repeat(noise, n, axis=0), verbose=0)


@misconception(
    exercise="generate",
    rejected_by="standard_normal_noise",
    says="Your noise is uniform from 0 to 1, but the generator was trained on standard normal "
    "noise: you see a corner of what it can make. Use normal.",
)
def uniform_noise(generator, n, seed):
    noise = np.random.default_rng(seed).uniform(size=(n, generator.input_shape[-1]))
    return generator.predict(noise, verbose=0)


@misconception(
    exercise="generate",
    rejected_by="seed_decides",
    says="The seed is not used, so the same call gives other images each time.",
    betrayed=False,
)
def seed_ignored(generator, n, seed):
    noise = np.random.default_rng().normal(size=(n, generator.input_shape[-1]))
    return generator.predict(noise, verbose=0)


@misconception(
    exercise="generate",
    rejected_by="inference_mode",
    says="With training=True, BatchNormalization normalises by the images that happen to be made "
    "together, and changes its statistics. Use predict, or training=False.",
)
def training_mode(generator, n, seed):
    noise = np.random.default_rng(seed).normal(size=(n, generator.input_shape[-1]))
    return generator(noise.astype("float32"), training=True)


# -- train_step ------------------------------------------------------------------------------------


@misconception(
    exercise="train_step",
    rejected_by="discriminator_step_moves_the_discriminator",
    says="The discriminator is frozen for the generator's step and never thawed, so it is trained "
    "once or never, and its opinion is worth nothing. Set trainable back to True; with a tape, "
    "there is no need to freeze it.",
)
def discriminator_frozen_for_good(
    generator, discriminator, g_optimizer, d_optimizer, real_images, seed
):
    n, latent_dim = len(real_images), generator.input_shape[-1]
    noise = keras.random.normal((n, latent_dim), seed=seed)
    with tf.GradientTape() as tape:
        fake_logits = discriminator(generator(noise))
        d_loss = discriminator_loss(discriminator(real_images), fake_logits)  # noqa: F821
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    discriminator.trainable = False
    with tf.GradientTape() as tape:
        g_loss = generator_loss(discriminator(generator(noise)))  # noqa: F821  the solution's
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return {"d_loss": d_loss, "g_loss": g_loss}


@misconception(
    exercise="train_step",
    rejected_by="discriminator_step_moves_the_discriminator",
    says="The discriminator's step moves the generator, too, towards images that are easier to "
    "tell from real ones. Take the gradient for discriminator.trainable_variables alone.",
)
def discriminator_step_moves_both(
    generator, discriminator, g_optimizer, d_optimizer, real_images, seed
):
    n, latent_dim = len(real_images), generator.input_shape[-1]
    noise = keras.random.normal((n, latent_dim), seed=seed)
    with tf.GradientTape() as tape:
        fake_logits = discriminator(generator(noise))
        d_loss = discriminator_loss(discriminator(real_images), fake_logits)  # noqa: F821
    weights = discriminator.trainable_variables + generator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    with tf.GradientTape() as tape:
        g_loss = generator_loss(discriminator(generator(noise)))  # noqa: F821  the solution's
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return {"d_loss": d_loss, "g_loss": g_loss}


@misconception(
    exercise="train_step",
    rejected_by="generator_step_moves_the_generator",
    says="The generator's step moves the discriminator, too, so that it learns to call generated "
    "images real. Take the gradient for generator.trainable_variables alone.",
)
def generator_step_moves_both(
    generator, discriminator, g_optimizer, d_optimizer, real_images, seed
):
    n, latent_dim = len(real_images), generator.input_shape[-1]
    noise = keras.random.normal((n, latent_dim), seed=seed)
    with tf.GradientTape() as tape:
        fake_logits = discriminator(generator(noise))
        d_loss = discriminator_loss(discriminator(real_images), fake_logits)  # noqa: F821
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    with tf.GradientTape() as tape:
        g_loss = generator_loss(discriminator(generator(noise)))  # noqa: F821  the solution's
    weights = generator.trainable_variables + discriminator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return {"d_loss": d_loss, "g_loss": g_loss}


@misconception(
    exercise="train_step",
    rejected_by="generator_step_moves_the_generator",
    says="The generated images are cut off from the generator, by predict, numpy() or "
    "stop_gradient, so no gradient reaches it. Call the generator on the tape.",
)
def generator_detached(generator, discriminator, g_optimizer, d_optimizer, real_images, seed):
    n, latent_dim = len(real_images), generator.input_shape[-1]
    fake_images = tf.stop_gradient(generator(keras.random.normal((n, latent_dim), seed=seed)))
    with tf.GradientTape(persistent=True) as tape:
        fake_logits = discriminator(fake_images)
        d_loss = discriminator_loss(discriminator(real_images), fake_logits)  # noqa: F821
        g_loss = generator_loss(fake_logits)  # noqa: F821  the solution's
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    weights = generator.trainable_variables
    gradients = tape.gradient(g_loss, weights)  # all None, which is then got round
    gradients = [
        keras.ops.zeros_like(weight) if gradient is None else gradient
        for gradient, weight in zip(gradients, weights, strict=True)
    ]
    g_optimizer.apply(gradients, weights)
    return {"d_loss": d_loss, "g_loss": g_loss}


@misconception(
    exercise="train_step",
    rejected_by="generator_learns_to_be_called_real",
    says="The generator is trained with the fake label, so it learns to be recognised. In its "
    "step, the label of generated images is 1.",
)
def generator_trained_with_the_fake_label(
    generator, discriminator, g_optimizer, d_optimizer, real_images, seed
):
    n, latent_dim = len(real_images), generator.input_shape[-1]
    noise = keras.random.normal((n, latent_dim), seed=seed)
    with tf.GradientTape() as tape:
        fake_logits = discriminator(generator(noise))
        d_loss = discriminator_loss(discriminator(real_images), fake_logits)  # noqa: F821
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    with tf.GradientTape() as tape:
        g_loss = keras.ops.mean(keras.ops.softplus(discriminator(generator(noise))))
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return {"d_loss": d_loss, "g_loss": g_loss}


@misconception(
    exercise="train_step",
    rejected_by="losses_of_known_logits",
    says="The discriminator's output is a logit, and the losses apply the sigmoid. You apply it "
    "before them, so it is applied twice, and the losses can never be small.",
)
def sigmoid_before_the_losses(
    generator, discriminator, g_optimizer, d_optimizer, real_images, seed
):
    n, latent_dim = len(real_images), generator.input_shape[-1]
    noise = keras.random.normal((n, latent_dim), seed=seed)
    with tf.GradientTape() as tape:
        real = tf.sigmoid(discriminator(real_images))
        fake = tf.sigmoid(discriminator(generator(noise)))
        d_loss = discriminator_loss(real, fake)  # noqa: F821  the solution's
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    with tf.GradientTape() as tape:
        g_loss = generator_loss(tf.sigmoid(discriminator(generator(noise))))  # noqa: F821
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return {"d_loss": d_loss, "g_loss": g_loss}


@misconception(
    exercise="train_step",
    rejected_by="losses_of_known_logits",
    says="The discriminator's labels are exchanged: in its step, real images are 1 and generated "
    "ones 0.",
)
def labels_of_the_discriminator_exchanged(
    generator, discriminator, g_optimizer, d_optimizer, real_images, seed
):
    n, latent_dim = len(real_images), generator.input_shape[-1]
    noise = keras.random.normal((n, latent_dim), seed=seed)
    with tf.GradientTape() as tape:
        real, fake = discriminator(real_images), discriminator(generator(noise))
        d_loss = discriminator_loss(fake, real)  # noqa: F821  the solution's
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    with tf.GradientTape() as tape:
        g_loss = generator_loss(discriminator(generator(noise)))  # noqa: F821  the solution's
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return {"d_loss": d_loss, "g_loss": g_loss}


@misconception(
    exercise="train_step",
    rejected_by="losses_of_known_logits",
    says="The discriminator only sees generated images, so it learns to call everything fake. Show "
    "it the real ones as well.",
)
def real_images_left_out(generator, discriminator, g_optimizer, d_optimizer, real_images, seed):
    n, latent_dim = len(real_images), generator.input_shape[-1]
    noise = keras.random.normal((n, latent_dim), seed=seed)
    with tf.GradientTape() as tape:
        d_loss = keras.ops.mean(keras.ops.softplus(discriminator(generator(noise))))
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    with tf.GradientTape() as tape:
        g_loss = generator_loss(discriminator(generator(noise)))  # noqa: F821  the solution's
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return {"d_loss": d_loss, "g_loss": g_loss}


@misconception(
    exercise="train_step",
    rejected_by="generator_learns_from_a_discriminator_that_is_sure",
    says="The generator lowers log(1 - sigmoid(z)), which saturates: where the discriminator is "
    "sure of a fake, as it soon is, there is no slope. Lower -log(sigmoid(z)).",
)
def saturating_step(generator, discriminator, g_optimizer, d_optimizer, real_images, seed):
    n, latent_dim = len(real_images), generator.input_shape[-1]
    noise = keras.random.normal((n, latent_dim), seed=seed)
    with tf.GradientTape() as tape:
        fake_logits = discriminator(generator(noise))
        d_loss = discriminator_loss(discriminator(real_images), fake_logits)  # noqa: F821
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    with tf.GradientTape() as tape:
        g_loss = -keras.ops.mean(keras.ops.softplus(discriminator(generator(noise))))
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return {"d_loss": d_loss, "g_loss": g_loss}


@misconception(
    exercise="train_step",
    rejected_by="noise_of_the_seed",
    says="Every step uses the same noise, so the generator learns a few images by heart. Draw the "
    "noise with the seed that came.",
)
def one_noise_batch_reused(generator, discriminator, g_optimizer, d_optimizer, real_images, seed):
    n, latent_dim = len(real_images), generator.input_shape[-1]
    noise = keras.random.normal((n, latent_dim), seed=42)
    with tf.GradientTape() as tape:
        fake_logits = discriminator(generator(noise))
        d_loss = discriminator_loss(discriminator(real_images), fake_logits)  # noqa: F821
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    with tf.GradientTape() as tape:
        g_loss = generator_loss(discriminator(generator(noise)))  # noqa: F821  the solution's
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return {"d_loss": d_loss, "g_loss": g_loss}


@misconception(
    exercise="train_step",
    rejected_by="standard_normal_noise_for_each_image",
    says="All images of the batch are made of one noise vector, so they are one image. Draw noise "
    "of shape (n, latent_dim).",
    betrayed=False,
)
def one_noise_for_the_whole_batch(
    generator, discriminator, g_optimizer, d_optimizer, real_images, seed
):
    n, latent_dim = len(real_images), generator.input_shape[-1]
    noise = keras.ops.repeat(keras.random.normal((1, latent_dim), seed=seed), n, axis=0)
    with tf.GradientTape() as tape:
        fake_logits = discriminator(generator(noise))
        d_loss = discriminator_loss(discriminator(real_images), fake_logits)  # noqa: F821
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    with tf.GradientTape() as tape:
        g_loss = generator_loss(discriminator(generator(noise)))  # noqa: F821  the solution's
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return {"d_loss": d_loss, "g_loss": g_loss}


# -- train_gan -------------------------------------------------------------------------------------


@misconception(
    exercise="train_gan",
    rejected_by="learns_all_kinds_of_sorted_images",
    says="The images come sorted and are not shuffled, so for many steps all real images are of "
    "one kind. The generator collapses to what came last.",
    betrayed=False,
)
def collapse_since_nothing_is_shuffled(x_train, latent_dim, epochs, seed):
    keras.utils.set_random_seed(seed)
    generator, discriminator = build_generator(latent_dim), build_discriminator()  # noqa: F821
    optimizers = [keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)]
    for optimizer, network in zip(optimizers, (generator, discriminator), strict=True):
        optimizer.build(network.trainable_variables)
    noise_seed = keras.random.SeedGenerator(seed)

    @tf.function
    def step(images):
        return train_step(  # noqa: F821  the solution's
            generator, discriminator, *optimizers, images, noise_seed
        )

    for _ in range(epochs):
        for start in range(0, len(x_train) - 31, 32):
            step(x_train[start : start + 32])
    return generator


@misconception(
    exercise="train_gan",
    rejected_by="learns_all_kinds_of_sorted_images",
    says="Each epoch shows a single batch, so the networks have taken as many steps as there are "
    "epochs. An epoch goes through all images.",
    betrayed=False,  # what so few steps give is left to chance
)
def one_batch_an_epoch(x_train, latent_dim, epochs, seed):
    keras.utils.set_random_seed(seed)
    generator, discriminator = build_generator(latent_dim), build_discriminator()  # noqa: F821
    optimizers = [keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)]
    rng = np.random.default_rng(seed)
    for epoch in range(epochs):
        batch = x_train[rng.permutation(len(x_train))[:64]]
        train_step(generator, discriminator, *optimizers, batch, seed + epoch)  # noqa: F821
    return generator
