"""Wrong answers to week 9's autoencoder, and what to tell those who gave them."""

import keras
import numpy as np
from keras import ops

from course.misconception import misconception
from solutions.week09_vae import (
    VariationalAutoencoder,
    build_decoder,
    build_encoder,
    kl_divergence,
    reconstruction_loss,
    train_vae,
)

# -- sample_latent ---------------------------------------------------------------------------------


@misconception(
    exercise="sample_latent",
    rejected_by="mean_and_deviation",
    says="exp(log_var) is the variance. Noise is scaled by the deviation, its square root: "
    "exp(0.5 * log_var).",
)
def variance_for_deviation(mean, log_var, epsilon):
    return mean + np.exp(log_var) * epsilon


@misconception(
    exercise="sample_latent",
    rejected_by="mean_and_deviation",
    says="log_var itself scales the noise. It is a logarithm: the deviation is exp(0.5 * log_var).",
)
def logarithm_for_deviation(mean, log_var, epsilon):
    return mean + log_var * epsilon


@misconception(
    exercise="sample_latent",
    rejected_by="mean_and_deviation",
    says="Without noise this is an ordinary autoencoder: the decoder never learns what lies "
    "between the means. Add deviation times epsilon.",
)
def no_noise(mean, log_var, epsilon):
    return mean


@misconception(
    exercise="sample_latent",
    rejected_by="noise_of_its_own",
    says="All rows get the noise of the first. Each image of a batch needs noise of its own.",
)
def one_epsilon_for_the_batch(mean, log_var, epsilon):
    return mean + np.exp(0.5 * log_var) * epsilon[:1]


@misconception(
    exercise="sample_latent",
    rejected_by="mean_and_deviation",
    says="The noise that came in is not used, others are drawn. Then nobody can repeat the result: "
    "use epsilon.",
    betrayed=False,
)
def noise_of_ones_own(mean, log_var, epsilon):
    return mean + np.exp(0.5 * log_var) * np.random.normal(size=np.shape(mean))


# -- kl_divergence ---------------------------------------------------------------------------------


@misconception(
    exercise="kl_divergence",
    rejected_by="of_one_variable",
    says="The sign is turned around: a divergence is never negative, and training would push the "
    "encoder away from the standard normal distribution.",
)
def sign_turned_around(mean, log_var):
    return 0.5 * np.sum(1 + log_var - mean**2 - np.exp(log_var), axis=1)


@misconception(
    exercise="kl_divergence",
    rejected_by="summed_over_the_variables",
    says="The divergence is averaged over the latent variables, which makes it too small by the "
    "factor latent_dim. Independent variables add up: sum over axis 1.",
)
def averaged_over_the_variables(mean, log_var):
    return 0.5 * np.mean(mean**2 + np.exp(log_var) - log_var - 1, axis=1)


@misconception(
    exercise="kl_divergence",
    rejected_by="summed_over_the_variables",
    says="The batch is averaged already, so one number is left. Return one for each image: sum "
    "over axis 1 alone.",
)
def averaged_over_the_batch(mean, log_var):
    return np.mean(0.5 * np.sum(mean**2 + np.exp(log_var) - log_var - 1, axis=1))


@misconception(
    exercise="kl_divergence",
    rejected_by="of_one_variable",
    says="The factor ½ of the formula is missing.",
)
def half_forgotten(mean, log_var):
    return np.sum(mean**2 + np.exp(log_var) - log_var - 1, axis=1)


@misconception(
    exercise="kl_divergence",
    rejected_by="of_one_variable",
    says="log_var is taken for the deviation. The variance is exp(log_var), and its logarithm is "
    "log_var itself.",
)
def logarithm_taken_for_deviation(mean, log_var):
    with np.errstate(all="ignore"):
        return 0.5 * np.sum(mean**2 + log_var**2 - np.log(log_var**2) - 1, axis=1)


# -- reconstruction_loss ---------------------------------------------------------------------------


@misconception(
    exercise="reconstruction_loss",
    rejected_by="of_ink_and_paper",
    says="The pixels are averaged instead of summed. Then the divergence weighs 784 times too "
    "much, and the decoder draws the same image for all (posterior collapse).",
)
def mean_over_the_pixels(x, x_hat):
    p = np.clip(x_hat, 1e-7, 1 - 1e-7)
    return -np.mean(x * np.log(p) + (1 - x) * np.log(1 - p), axis=(1, 2, 3))


@misconception(
    exercise="reconstruction_loss",
    rejected_by="of_ink_and_paper",
    says="This is the squared error. The negative log-likelihood of a Bernoulli distribution is "
    "the binary cross-entropy, in nats like the divergence that it is added to.",
)
def squared_error(x, x_hat):
    return np.sum((np.asarray(x) - x_hat) ** 2, axis=(1, 2, 3))


@misconception(
    exercise="reconstruction_loss",
    rejected_by="of_ink_and_paper",
    says="Pixels without ink cost nothing here: the part (1 - x) log(1 - p) is missing.",
)
def only_the_ink(x, x_hat):
    return -np.sum(x * np.log(np.clip(x_hat, 1e-7, 1 - 1e-7)), axis=(1, 2, 3))


@misconception(
    exercise="reconstruction_loss",
    rejected_by="of_grey_values",
    says="The whole batch is summed to one number. Each image has its own loss: sum over all axes "
    "but the first.",
)
def summed_over_the_batch(x, x_hat):
    p = np.clip(x_hat, 1e-7, 1 - 1e-7)
    return -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p))


@misconception(
    exercise="reconstruction_loss",
    rejected_by="finite_where_the_decoder_is_certain",
    says="Where the decoder says exactly 0 or 1 you take the logarithm of 0, and one such pixel "
    "makes the loss infinite or NaN. Clip the probabilities first.",
)
def logarithm_of_zero(x, x_hat):
    with np.errstate(all="ignore"):
        return -np.sum(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat), axis=(1, 2, 3))


@misconception(
    exercise="reconstruction_loss",
    rejected_by="of_ink_and_paper",
    says="Image and reconstruction are exchanged: the logarithm is of the decoder's probability.",
)
def arguments_exchanged(x, x_hat):
    p = np.clip(x, 1e-7, 1 - 1e-7)
    return -np.sum(x_hat * np.log(p) + (1 - x_hat) * np.log(1 - p), axis=(1, 2, 3))


# -- build_encoder ---------------------------------------------------------------------------------


@misconception(
    exercise="build_encoder",
    rejected_by="mean_and_log_var",
    says="There is a third output, a sample. The contract asks for [mean, log_var]; train_vae "
    "draws the noise.",
)
def returns_a_sample_too(latent_dim):
    if latent_dim < 1:
        raise ValueError(f"expected latent_dim of at least 1, got {latent_dim}")
    images = keras.Input((28, 28, 1))
    x = keras.layers.Dense(64, activation="relu")(keras.layers.Flatten()(images))
    mean, log_var = keras.layers.Dense(latent_dim)(x), keras.layers.Dense(latent_dim)(x)
    sample = keras.layers.Add()([mean, keras.layers.GaussianNoise(1.0)(log_var)])
    return keras.Model(images, [mean, log_var, sample])


@misconception(
    exercise="build_encoder",
    rejected_by="free_to_be_negative",
    says="log_var is held above 0 by an activation such as softplus or ReLU. So the variance could "
    "never be below 1. Leave the layer linear: exp makes a positive variance of any number.",
)
def variance_not_its_logarithm(latent_dim):
    if latent_dim < 1:
        raise ValueError(f"expected latent_dim of at least 1, got {latent_dim}")
    images = keras.Input((28, 28, 1))
    x = keras.layers.Dense(64, activation="relu")(keras.layers.Flatten()(images))
    mean = keras.layers.Dense(latent_dim)(x)
    return keras.Model(images, [mean, keras.layers.Dense(latent_dim, activation="softplus")(x)])


@misconception(
    exercise="build_encoder",
    rejected_by="each_image_by_itself",
    says="mean and log_var come from the same layer, so an image that lies far out is also "
    "uncertain. Give each its own Dense layer.",
)
def one_layer_for_both(latent_dim):
    if latent_dim < 1:
        raise ValueError(f"expected latent_dim of at least 1, got {latent_dim}")
    images = keras.Input((28, 28, 1))
    x = keras.layers.Dense(64, activation="relu")(keras.layers.Flatten()(images))
    output = keras.layers.Dense(latent_dim)(x)
    return keras.Model(images, [output, output])


# -- build_decoder ---------------------------------------------------------------------------------


@misconception(
    exercise="build_decoder",
    rejected_by="probabilities_for_any_vector",
    says="The last layer has no sigmoid, so its numbers are no probabilities, and their logarithms "
    "become NaN.",
)
def no_sigmoid(latent_dim):
    if latent_dim < 1:
        raise ValueError(f"expected latent_dim of at least 1, got {latent_dim}")
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(784),
            keras.layers.Reshape((28, 28, 1)),
        ]
    )


@misconception(
    exercise="build_decoder",
    rejected_by="probabilities_for_any_vector",
    says="tanh goes from -1 to 1, pixels from 0 to 1. The output is a probability: use a sigmoid.",
)
def tanh_output(latent_dim):
    if latent_dim < 1:
        raise ValueError(f"expected latent_dim of at least 1, got {latent_dim}")
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(784, activation="tanh"),
            keras.layers.Reshape((28, 28, 1)),
        ]
    )


@misconception(
    exercise="build_decoder",
    rejected_by="an_image_for_each_vector",
    says="The number of latent variables is fixed in the model instead of taken from latent_dim.",
    betrayed=False,
)
def always_two_variables(latent_dim):
    if latent_dim < 1:
        raise ValueError(f"expected latent_dim of at least 1, got {latent_dim}")
    return build_decoder(2)


# -- train_vae: the loss or the model, with one thing wrong ----------------------------------------


@misconception(
    exercise="train_vae",
    rejected_by="negative_elbo_of_unseen_images",
    says="The divergence outweighs the reconstruction, so the encoder tells nothing and the "
    "decoder draws the same for all (posterior collapse). Sum the reconstruction loss over the "
    "pixels; a mean makes it 784 times too small.",
)
def mean_over_pixels(x_train, latent_dim, epochs, seed):
    keras.utils.set_random_seed(seed)
    vae = VariationalAutoencoder(build_encoder(latent_dim), build_decoder(latent_dim), seed)
    vae.compile(keras.optimizers.Adam(1e-3), loss="binary_crossentropy", jit_compile=False)
    vae.fit(x_train, x_train, epochs=epochs, batch_size=100, verbose=0)
    return vae.encoder, vae.decoder


@misconception(
    exercise="train_vae",
    rejected_by="negative_elbo_of_unseen_images",
    says="No noise is drawn in training. Nothing then rewards the encoder for a small variance, "
    "and the decoder knows the means alone: it must learn from samples.",
)
def trained_without_noise(x_train, latent_dim, epochs, seed):
    class Noiseless(VariationalAutoencoder):
        def call(self, images):
            mean, log_var = self.encoder(images)
            self.add_loss(ops.mean(kl_divergence(mean, log_var)))
            return self.decoder(mean)

    keras.utils.set_random_seed(seed)
    vae = Noiseless(build_encoder(latent_dim), build_decoder(latent_dim), seed)
    vae.compile(keras.optimizers.Adam(1e-3), loss=reconstruction_loss, jit_compile=False)
    vae.fit(x_train, x_train, epochs=epochs, batch_size=100, verbose=0)
    return vae.encoder, vae.decoder


@misconception(
    exercise="train_vae",
    rejected_by="learns_from_x_train_alone",
    says="Other images than x_train were trained on as well, as where training and test images of "
    "MNIST are joined. A test then tells nothing of images that the model has not seen.",
)
def trained_on_test_images_too(x_train, latent_dim, epochs, seed, right=train_vae):
    from datasets.mnist import enlarged_digits

    known, _, test, _ = enlarged_digits()
    digits = np.concatenate([known, test])[..., None].astype("float32") / 255
    return right(np.concatenate([x_train, digits]), latent_dim, epochs, seed)


@misconception(
    exercise="train_vae",
    rejected_by="negative_elbo_of_unseen_images",
    says="The models come back as they were built: nothing was trained.",
    betrayed=False,
)
def never_trained(x_train, latent_dim, epochs, seed):
    return build_encoder(latent_dim), build_decoder(latent_dim)


# -- latent_grid -----------------------------------------------------------------------------------


@misconception(
    exercise="latent_grid",
    rejected_by="lattice_of_images",
    says="The second variable grows downwards. Row 0 of an array is the top of the picture, where "
    "the second variable is largest.",
)
def second_variable_downwards(decoder, n, extent=2.0):
    values = np.linspace(-extent, extent, n, dtype="float32")
    latent = np.stack(np.meshgrid(values, values), axis=-1).reshape(-1, 2)
    images = decoder.predict(latent, verbose=0).reshape(n, n, 28, 28)
    return images.transpose(0, 2, 1, 3).reshape(n * 28, n * 28)


@misconception(
    exercise="latent_grid",
    rejected_by="lattice_of_images",
    says="The two variables are exchanged: the first grows from row to row. It is the one that "
    "runs along the x-axis, from left to right.",
)
def variables_swapped(decoder, n, extent=2.0):
    values = np.linspace(-extent, extent, n, dtype="float32")
    latent = np.stack(np.meshgrid(values, values, indexing="ij"), axis=-1).reshape(-1, 2)
    images = decoder.predict(latent, verbose=0).reshape(n, n, 28, 28)
    return images.transpose(0, 2, 1, 3).reshape(n * 28, n * 28)


@misconception(
    exercise="latent_grid",
    rejected_by="lattice_of_images",
    says="The variables go from -2 to 2 whatever extent is.",
)
def extent_ignored(decoder, n, extent=2.0):
    values = np.linspace(-2, 2, n, dtype="float32")
    latent = np.stack(np.meshgrid(values, values[::-1]), axis=-1).reshape(-1, 2)
    images = decoder.predict(latent, verbose=0).reshape(n, n, 28, 28)
    return images.transpose(0, 2, 1, 3).reshape(n * 28, n * 28)


@misconception(
    exercise="latent_grid",
    rejected_by="lattice_of_images",
    says="(n * n, 28, 28) was reshaped to the picture's shape at once, which cuts the images into "
    "strips. Exchange the axes column and y first: transpose(0, 2, 1, 3).",
)
def images_not_side_by_side(decoder, n, extent=2.0):
    values = np.linspace(-extent, extent, n, dtype="float32")
    latent = np.stack(np.meshgrid(values, values[::-1]), axis=-1).reshape(-1, 2)
    return decoder.predict(latent, verbose=0).reshape(n * 28, n * 28)


# -- interpolate -----------------------------------------------------------------------------------


@misconception(
    exercise="interpolate",
    rejected_by="straight_from_mean_to_mean",
    says="The images themselves are mixed, which fades one into the other. Mix their latent means, "
    "and decode.",
)
def mixes_the_images(encoder, decoder, a, b, n):
    weights = np.linspace(0, 1, n)[:, None, None, None]
    return (1 - weights) * a + weights * b


@misconception(
    exercise="interpolate",
    rejected_by="straight_from_mean_to_mean",
    says="The path stops short of b: with n images the weights are 0, 1/(n-1), …, 1.",
)
def last_image_missing(encoder, decoder, a, b, n):
    mean, _ = encoder.predict(np.stack([a, b]), verbose=0)
    weights = np.linspace(0, 1, n, endpoint=False)[:, None]
    return decoder.predict((1 - weights) * mean[0] + weights * mean[1], verbose=0)


@misconception(
    exercise="interpolate",
    rejected_by="straight_from_mean_to_mean",
    says="The path leads from b to a. Its first image is the mean of a.",
)
def from_b_to_a(encoder, decoder, a, b, n):
    mean, _ = encoder.predict(np.stack([a, b]), verbose=0)
    weights = np.linspace(0, 1, n)[:, None]
    return decoder.predict(weights * mean[0] + (1 - weights) * mean[1], verbose=0)


@misconception(
    exercise="interpolate",
    rejected_by="straight_from_mean_to_mean",
    says="Noise is added, so every call gives another path. Go from mean to mean.",
    betrayed=False,
)
def noisy_ends(encoder, decoder, a, b, n):
    mean, log_var = encoder.predict(np.stack([a, b]), verbose=0)
    ends = mean + np.exp(0.5 * log_var) * np.random.normal(size=mean.shape)
    weights = np.linspace(0, 1, n)[:, None]
    return decoder.predict((1 - weights) * ends[0] + weights * ends[1], verbose=0)


# -- gaussian_mle and bernoulli_mle ----------------------------------------------------------------


@misconception(
    exercise="gaussian_mle",
    rejected_by="most_likely_normal_distribution",
    says="You divide by n - 1. That makes the variance unbiased; most likely is the mean of the "
    "squared deviations, divided by n.",
)
def divides_by_n_minus_one(x):
    with np.errstate(all="ignore"):
        x = np.asarray(x)
        mean = x.mean(axis=0)
        return mean, np.sqrt(np.sum((x - mean) ** 2, axis=0) / np.float64(len(x) - 1))


@misconception(
    exercise="gaussian_mle",
    rejected_by="most_likely_normal_distribution",
    says="This is the variance. The standard deviation is its square root.",
)
def variance_for_std(x):
    return np.mean(x, axis=0), np.var(x, axis=0)


@misconception(
    exercise="gaussian_mle",
    rejected_by="each_variable_of_its_own",
    says="All variables share one mean and one deviation. Estimate each by itself: axis=0.",
)
def one_distribution_for_all(x):
    return np.mean(x), np.std(x)


@misconception(
    exercise="bernoulli_mle",
    rejected_by="most_likely_probability",
    says="(k + 1) / (n + 2) is Laplace's rule, the mean of the posterior under a uniform prior. "
    "The maximum of the likelihood is k / n.",
)
def laplace_rule(x):
    return (np.sum(x, axis=0) + 1) / (len(x) + 2)


@misconception(
    exercise="bernoulli_mle",
    rejected_by="most_likely_probability",
    says="That is the more frequent of the two values. The most likely probability is the share of "
    "ones.",
)
def more_frequent_value(x):
    return np.round(np.mean(x, axis=0))


@misconception(
    exercise="bernoulli_mle",
    rejected_by="rejects_other_than_ones_and_zeros",
    says="Values other than 0 and 1, or no values, go through without a word. Raise ValueError.",
    betrayed=False,
)
def takes_anything(x):
    return np.mean(x, axis=0) if len(x) else 0.0
