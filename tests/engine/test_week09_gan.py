"""Week 9's GAN: right answers in other styles, the judge, and a training that is interrupted."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from course.project import Project
from datasets import digit_judge
from datasets.digit_judge import accuracy, load_judge
from datasets.files import DataError
from datasets.mnist import enlarged_digits

FRECHET_BY_SCIPY = """

def frechet_distance(real_features, fake_features):
    import scipy.linalg
    sets = [np.array(features, float) for features in (real_features, fake_features)]
    if any(s.ndim != 2 or s.shape[0] < 2 for s in sets) or sets[0].shape[1] != sets[1].shape[1]:
        raise ValueError(f"shapes {[s.shape for s in sets]} do not fit")
    (m1, c1), (m2, c2) = [(s.mean(0), np.cov(s.T).reshape(s.shape[1], -1)) for s in sets]
    root = scipy.linalg.sqrtm((c1 + 1e-9 * np.eye(len(c1))) @ (c2 + 1e-9 * np.eye(len(c1))))
    return np.sum((m1 - m2) ** 2) + np.trace(c1 + c2 - 2 * root.real)
"""
LOSSES_OF_KERAS = """

def discriminator_loss(real_logits, fake_logits):
    crossentropy = keras.losses.BinaryCrossentropy(from_logits=True)
    real_logits, fake_logits = keras.ops.ravel(real_logits), keras.ops.ravel(fake_logits)
    real = crossentropy(keras.ops.ones_like(real_logits), real_logits)
    return real + crossentropy(keras.ops.zeros_like(fake_logits), fake_logits)


def generator_loss(fake_logits):
    z = tf.reshape(tf.convert_to_tensor(fake_logits), [-1])
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.ones_like(z), logits=z))
"""
# D's label 1 is real; in G's step the whole is compiled with a frozen D, which is thawed again.
TWO_COMPILED_MODELS = """

def train_step(generator, discriminator, g_optimizer, d_optimizer, real_images, seed):
    real_images, n = np.asarray(real_images), len(real_images)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    rng = np.random.default_rng(seed)
    fake_images = generator(rng.normal(size=(n, generator.input_shape[-1])).astype("float32"))
    images = np.concatenate([real_images, np.asarray(fake_images)])
    labels = np.repeat([1.0, 0.0], n)[:, None]
    discriminator.trainable = True
    discriminator.compile(optimizer=d_optimizer, loss=loss)
    d_loss = 2 * discriminator.train_on_batch(images, labels)
    discriminator.trainable = False
    both = keras.Sequential([generator, discriminator])
    both.compile(optimizer=g_optimizer, loss=loss)
    noise = rng.normal(size=(n, generator.input_shape[-1])).astype("float32")
    g_loss = both.train_on_batch(noise, np.ones((n, 1)))
    discriminator.trainable = True
    return {"d_loss": float(d_loss), "g_loss": float(g_loss), "steps": 1}
"""
SUBCLASSED_MODEL = """

class Gan(keras.Model):
    def __init__(self, generator, discriminator, seed):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.noise = keras.random.SeedGenerator(seed)

    def compile(self, g_optimizer, d_optimizer):
        super().compile(run_eagerly=True)
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def train_step(self, real_images):
        shape = (tf.shape(real_images)[0], self.generator.input_shape[-1])
        fake_images = self.generator(keras.random.normal(shape, seed=self.noise), training=True)
        with tf.GradientTape() as tape:
            logits = self.discriminator(tf.concat([real_images, fake_images], axis=0))
            real, fake = tf.split(logits, 2)
            d_loss = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))
        gradients = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(gradients, self.discriminator.trainable_weights))
        with tf.GradientTape() as tape:
            images = self.generator(keras.random.normal(shape, seed=self.noise), training=True)
            g_loss = tf.reduce_mean(tf.nn.softplus(-self.discriminator(images)))
        gradients = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(gradients, self.generator.trainable_weights))
        return {"d_loss": d_loss, "g_loss": g_loss}


def train_step(generator, discriminator, g_optimizer, d_optimizer, real_images, seed):
    gan = Gan(generator, discriminator, seed)
    gan.compile(g_optimizer, d_optimizer)
    return gan.train_step(tf.convert_to_tensor(real_images))
"""
# One forward pass, both gradients taken before either network moves.
AT_ONCE = """

def train_step(generator, discriminator, g_optimizer, d_optimizer, real_images, seed):
    noise = tf.random.stateless_normal([len(real_images), generator.input_shape[-1]], [seed, 7])
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = discriminator(generator(noise, training=True), training=True)
        real = discriminator(real_images, training=True)
        losses = {"g_loss": generator_loss(fake), "d_loss": discriminator_loss(real, fake)}
    g_grads = g_tape.gradient(losses["g_loss"], generator.trainable_variables)
    d_grads = d_tape.gradient(losses["d_loss"], discriminator.trainable_variables)
    g_optimizer.apply(g_grads, generator.trainable_variables)
    d_optimizer.apply(d_grads, discriminator.trainable_variables)
    return {name: float(loss) for name, loss in losses.items()}
"""
OTHER_NETWORKS = """

class Generator(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        layers = keras.layers
        self.hidden = layers.Dense(7 * 7 * 8, activation="leaky_relu")
        self.image = layers.Reshape((7, 7, 8))
        self.larger = layers.UpSampling2D(4, interpolation="bilinear")
        self.paint = layers.Conv2D(1, 3, padding="same")

    def call(self, noise):
        pixels = self.paint(self.larger(self.image(self.hidden(noise))))
        return (keras.ops.tanh(pixels) + 1) / 2


def build_generator(latent_dim):
    if not latent_dim >= 1:
        raise ValueError("noise needs a dimension")
    return Generator(latent_dim)


def build_discriminator():
    layers = keras.layers
    return keras.Sequential([
        layers.Input((28, 28, 1)),
        layers.SpectralNormalization(layers.Conv2D(16, 3, strides=2, activation="leaky_relu")),
        layers.Dropout(0.3),
        layers.Conv2D(32, 3, strides=2, activation="leaky_relu"),
        layers.GlobalMaxPooling2D(),
        layers.Dense(1),
    ])


def generate(generator, n, seed):
    if n <= 0:
        raise ValueError(f"{n} images")
    noise = keras.random.normal((n, generator.input_shape[-1]), seed=seed)
    return keras.ops.concatenate([generator(noise[i : i + 99]) for i in range(0, n, 99)])
"""
STYLES = {
    "frechet_distance by scipy": FRECHET_BY_SCIPY,
    "discriminator_loss of keras": LOSSES_OF_KERAS,
    "generator_loss of tensorflow": LOSSES_OF_KERAS,
    "build_generator subclassed": OTHER_NETWORKS,
    "build_discriminator with other layers": OTHER_NETWORKS,
    "generate in parts": OTHER_NETWORKS,
    "train_step of two compiled models": TWO_COMPILED_MODELS,
    "train_step of a subclassed model": SUBCLASSED_MODEL,
    "train_step at once": AT_ONCE,
}


@pytest.mark.parametrize("bench", ["unconfined"], indirect=True)
@pytest.mark.parametrize("style", STYLES)
def test_right_answers_in_other_styles_pass(bench, tmp_path, style):
    solution = (Project.find().solutions / "week09_gan.py").read_text(encoding="utf-8")
    path = tmp_path / "week09_gan.py"
    path.write_text(solution + STYLES[style], encoding="utf-8")
    report = bench.grade(tmp_path, f"week09_gan.{style.split()[0]}")
    assert [check.message for check in report.checks if check.status != "passed"] == []


def test_the_judge_is_right_about_digits_it_has_not_seen():
    _, _, images, labels = enlarged_digits()
    assert accuracy(load_judge(), images, labels) > 0.97


def test_damaged_weights_of_the_judge_are_named(monkeypatch, tmp_path):
    path = tmp_path / "digit_judge.npz"
    monkeypatch.setattr(digit_judge, "WEIGHTS", path)
    for content in (digit_judge.__doc__.encode(), b""):
        path.write_bytes(content)
        with pytest.raises(DataError, match=path.name):
            load_judge()
    path.unlink()
    with pytest.raises(DataError, match=path.name):
        load_judge()


class Looks:
    """Stands in for a run: keeps the names of figures, and Ctrl-C comes at a step."""

    seed, quick = 0, False

    def __init__(self, interrupted_at: int) -> None:
        self.interrupted_at, self.figures = interrupted_at, []

    def progress(self, steps, what):
        for step in steps:
            if step == self.interrupted_at:
                raise KeyboardInterrupt
            yield step

    def save_figure(self, figure, name):
        import matplotlib.pyplot as plt

        plt.close(figure)
        self.figures.append(name)


def test_an_interrupted_training_goes_on_with_what_it_has(capsys, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    from solutions import week09_gan

    monkeypatch.setattr(week09_gan, "N_JUDGED", 100)
    x = enlarged_digits()[0][:128, ..., None].astype("float32") / 255
    networks = (
        week09_gan.build_generator(3),
        week09_gan.build_discriminator(),
        *week09_gan.build_optimizers(16),
    )
    run = Looks(interrupted_at=6)
    judge = load_judge()
    features, _ = judge.predict(x, verbose=0)
    assess = functools.partial(week09_gan.judged, judge=judge, real_features=features)
    result = week09_gan.train_and_judge(run, "GAN", networks, x, assess, n_steps=16)
    assert result["steps"] == len(result["losses"]) == 5
    assert run.figures == ["gan_samples"] * 3  # samples were to be seen while it trained
    assert np.shape(result["images"]) == (100, 28, 28) and np.isfinite(result["frechet"])
    assert "stopped by hand after 5 steps" in capsys.readouterr().out


def test_a_train_step_that_is_no_graph_trains_as_well(monkeypatch, capsys):
    from solutions import week09_gan

    seeds = []

    def plain(generator, discriminator, g_optimizer, d_optimizer, real_images, seed):
        np.random.default_rng(seed)  # takes no SeedGenerator
        seeds.append(seed)
        return {"d_loss": float(real_images.mean()), "g_loss": 0.0}

    monkeypatch.setattr(week09_gan, "train_step", plain)
    networks = (week09_gan.build_generator(2), week09_gan.build_discriminator())
    images = np.zeros((70, 28, 28, 1), "float32")
    steps = week09_gan.training(*networks, *week09_gan.build_optimizers(3), images, 5)
    assert len(list(itertools.islice(steps, 3))) == 3
    assert seeds == [5, 6, 7]  # other noise each time
    assert "slower" in capsys.readouterr().out
