"""Week 9's autoencoder: right answers in other styles pass, and the divergence is the integral."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

from course.catalogue import read_catalogue, select
from course.grading.grade import grade
from course.project import Project
from course.sandbox.launcher import Sandbox

# Everything in NumPy where no gradient is needed; a model with a training step of its own.
TRAIN_STEP = """
import keras
import numpy as np
import tensorflow as tf


def sample_latent(mean, log_var, epsilon):
    return [[m + e * v ** 0.5 for m, v, e in zip(*rows)]
            for rows in zip(mean.tolist(), np.exp(log_var).tolist(), epsilon.tolist())]


def kl_divergence(mean, log_var):
    mean, log_var = np.asarray(mean, "float64"), np.asarray(log_var, "float64")
    return -0.5 * (1 + log_var - mean ** 2 - np.exp(log_var)).sum(-1)


def reconstruction_loss(x, x_hat):
    p = np.clip(np.asarray(x_hat, "float64"), 1e-7, 1 - 1e-7)
    losses = np.where(x > 0, -x * np.log(p), 0) + np.where(x < 1, (x - 1) * np.log1p(-p), 0)
    return losses.reshape(len(x), -1).sum(axis=1).tolist()


def build_encoder(latent_dim):
    if latent_dim < 1:
        raise ValueError("expected a latent variable, got none")
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(inputs)
    x = keras.layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(x)
    x = keras.layers.Dense(32, activation="relu")(keras.layers.Flatten()(x))
    return keras.Model(inputs, (keras.layers.Dense(latent_dim)(x),
                                keras.layers.Dense(latent_dim, kernel_initializer="zeros")(x)))


def build_decoder(latent_dim):
    if latent_dim < 1:
        raise ValueError("expected a latent variable, got none")
    model = keras.Sequential([
        keras.Input((latent_dim,)),
        keras.layers.Dense(7 * 7 * 16, activation="relu"),
        keras.layers.Reshape((7, 7, 16)),
        keras.layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
        keras.layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu"),
        keras.layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid"),
    ])
    model.compile(loss="mse")
    return model


class VAE(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def train_step(self, data):
        with tf.GradientTape() as tape:
            mean, log_var = self.encoder(data, training=True)
            z = mean + tf.exp(0.5 * log_var) * tf.random.normal(tf.shape(mean))
            bce = keras.losses.binary_crossentropy(data, self.decoder(z, training=True))
            kl = -0.5 * tf.reduce_sum(1 + log_var - mean ** 2 - tf.exp(log_var), axis=1)
            loss = tf.reduce_mean(tf.reduce_sum(bce, axis=(1, 2)) + kl)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        return {"loss": loss}


def train_vae(x_train, latent_dim, epochs, seed):
    if np.shape(x_train)[1:] != (28, 28, 1) or np.min(x_train) < 0 or np.max(x_train) > 1:
        raise ValueError("expected images in [0, 1], got others")
    if epochs < 1:
        raise ValueError("expected an epoch, got none")
    keras.utils.set_random_seed(seed)
    vae = VAE(build_encoder(latent_dim), build_decoder(latent_dim))
    vae.compile(optimizer=keras.optimizers.Adam())
    vae.fit(x_train, epochs=epochs, batch_size=128, verbose=0)
    return vae.encoder, vae.decoder


def latent_grid(decoder, n, extent=2.0):
    if n < 2:
        raise ValueError("expected a lattice, got a point")
    figure = np.zeros((28 * n, 28 * n))
    for i, y in enumerate(np.linspace(-extent, extent, n)[::-1]):
        for j, x in enumerate(np.linspace(-extent, extent, n)):
            digit = decoder.predict(np.array([[x, y]]), verbose=0)[0].reshape(28, 28)
            figure[i * 28 : (i + 1) * 28, j * 28 : (j + 1) * 28] = digit
    return figure


def interpolate(encoder, decoder, a, b, n):
    if n < 2:
        raise ValueError("expected a path, got a point")
    start, end = (encoder(image[None])[0][0].numpy() for image in (a, b))
    return np.array([decoder((start + (end - start) * k / (n - 1))[None])[0] for k in range(n)])


def gaussian_mle(x):
    if not len(x):
        raise ValueError("expected samples, got none")
    import scipy.stats
    columns = np.asarray(x, float).reshape(len(x), -1).T
    found = np.array([scipy.stats.norm.fit(column) for column in columns])
    return tuple(found[0]) if np.ndim(x) == 1 else [found[:, 0], found[:, 1]]


def bernoulli_mle(x):
    if len(x) == 0 or set(np.unique(x)) - {0, 1}:
        raise ValueError("expected ones and zeros, got others")
    return (np.count_nonzero(x, axis=0) / len(x)).tolist()
"""

# Layers that add their loss, in one functional model; probabilities from logits in the loss.
ADD_LOSS_LAYER = """
import keras
import numpy as np
from keras import layers, ops


class Sampling(layers.Layer):
    def __init__(self, seed):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        mean, log_var = inputs
        self.add_loss(ops.mean(
            0.5 * ops.sum(ops.exp(log_var) + mean ** 2 - 1 - log_var, axis=-1)))
        return mean + ops.exp(log_var / 2) * keras.random.normal(
            ops.shape(mean), seed=self.seed_generator)


class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.flat, self.hidden = layers.Flatten(), layers.Dense(200)
        self.norm = layers.BatchNormalization()
        self.mean, self.log_var = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, x, training=False):
        x = ops.relu(self.norm(self.hidden(self.flat(x)), training=training))
        return self.mean(x), self.log_var(x)


def build_encoder(latent_dim):
    if latent_dim < 1:
        raise ValueError("expected a latent variable, got none")
    return Encoder(latent_dim)


def build_decoder(latent_dim):
    if latent_dim < 1:
        raise ValueError("expected a latent variable, got none")
    z = keras.Input((latent_dim,))
    x = layers.Dense(200, "tanh")(z)
    x = layers.Reshape((28, 28, 1))(layers.Dense(784)(x))
    return keras.Model(z, layers.Activation("sigmoid")(x))


def train_vae(x_train, latent_dim, epochs, seed):
    x_train = np.asarray(x_train)
    if x_train.ndim != 4 or x_train.shape[1:3] != (28, 28) or epochs < 1:
        raise ValueError("expected images and an epoch, got others")
    if x_train.min() < 0 or x_train.max() > 1:
        raise ValueError("expected probabilities, got others")
    keras.utils.set_random_seed(seed)
    encoder, decoder = build_encoder(latent_dim), build_decoder(latent_dim)
    images = keras.Input((28, 28, 1))
    mean, log_var = encoder(images)
    vae = keras.Model(images, decoder(Sampling(seed)([mean, log_var])))
    vae.compile(
        "rmsprop",
        loss=lambda x, p: 784 * ops.mean(ops.binary_crossentropy(x, p)),
        jit_compile=False,
    )
    vae.fit(x_train, x_train, epochs=epochs, batch_size=50, verbose=0)
    return [encoder, decoder]
"""

# Losses in a loop of one's own.
OWN_LOOP = """
import keras
import numpy as np
import tensorflow as tf


def build_encoder(latent_dim):
    if latent_dim < 1:
        raise ValueError("expected a latent variable, got none")
    x = keras.Input((28, 28, 1))
    h = keras.layers.Dense(128, "elu")(keras.layers.Reshape((784,))(x))
    both = keras.layers.Dense(2 * latent_dim)(h)
    return keras.Model(x, [both[:, :latent_dim], both[:, latent_dim:]])


def build_decoder(latent_dim):
    if latent_dim < 1:
        raise ValueError("expected a latent variable, got none")
    return keras.Sequential([
        keras.Input((latent_dim,)),
        keras.layers.Dense(128, "elu"),
        keras.layers.Dense(784, "sigmoid"),
        keras.layers.Reshape((28, 28, 1)),
    ])


def train_vae(x_train, latent_dim, epochs, seed):
    if x_train.shape[1:] != (28, 28, 1) or not 0 <= x_train.min() <= x_train.max() <= 1:
        raise ValueError("expected images in [0, 1], got others")
    if epochs < 1:
        raise ValueError("expected an epoch, got none")
    tf.random.set_seed(seed)
    encoder, decoder = build_encoder(latent_dim), build_decoder(latent_dim)
    weights = encoder.trainable_variables + decoder.trainable_variables
    optimizer = keras.optimizers.Nadam(2e-3)
    optimizer.build(weights)

    @tf.function(reduce_retracing=True)
    def step(x):
        with tf.GradientTape() as tape:
            mean, log_var = encoder(x)
            x_hat = decoder(mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean)))
            p = tf.clip_by_value(x_hat, 1e-6, 1 - 1e-6)
            likelihood = tf.reduce_sum(x * tf.math.log(p) + (1 - x) * tf.math.log(1 - p), (1, 2, 3))
            prior = tf.reduce_sum(1 + log_var - mean ** 2 - tf.exp(log_var), 1) / 2
            loss = -tf.reduce_mean(likelihood + prior)
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))

    for epoch in range(epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x_train))
        for start in range(0, len(order), 64):
            step(tf.constant(x_train[order[start : start + 64]], tf.float32))
    return encoder, decoder
"""
STYLES = {
    "a training step": (TRAIN_STEP, "week09_vae"),
    "layers that add a loss": (ADD_LOSS_LAYER, "week09_vae.train_vae"),
    "the builders of that": (ADD_LOSS_LAYER, "week09_vae.build_encoder"),
    "a loop of one's own": (OWN_LOOP, "week09_vae.train_vae"),
}


@pytest.fixture(scope="module")
def sandbox():
    """One for all styles, so that TensorFlow is loaded once."""
    with Sandbox() as sandbox:
        sandbox.warm_up(["keras", "tensorflow"])
        yield sandbox


@pytest.mark.parametrize("style", STYLES)
def test_right_answers_in_another_style_pass(style, sandbox, tmp_path):
    text, asked_for = STYLES[style]
    (tmp_path / "week09_vae.py").write_text(text)
    project = Project.find()
    exercises = select(read_catalogue(project), [asked_for])
    report = grade(project, exercises, tmp_path, sandbox)
    assert not [check for check in report.checks if check.status != "passed"]


def test_the_divergence_that_graders_expect_is_the_integral():
    """The closed form against the mean of log q(z) - log p(z) over samples of q."""
    grader = runpy.run_path(str(Project.find().graders / "week09_vae.py"))
    rng = np.random.default_rng(0)
    mean, log_var = rng.normal(size=(1, 3)), rng.normal(size=(1, 3))
    z = mean + np.exp(log_var / 2) * rng.normal(size=(400_000, 3))
    log_q = -0.5 * (log_var + (z - mean) ** 2 / np.exp(log_var))
    log_p = -0.5 * z**2
    estimate = (log_q - log_p).sum(axis=1).mean()
    np.testing.assert_allclose(grader["divergence"](mean, log_var), estimate, rtol=0.02)
