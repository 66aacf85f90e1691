"""Week 9's autoencoder against the architecture of Keras' own example, at equal seconds.

    python -m benchmarks.vae_equal_seconds [--seeds 3] [--quick]

Both train on MNIST's training images alone, on the same machine in the same run, taking turns:
first the solution's `train_vae` for the epochs that its run takes, timed from the untrained weights
to the trained ones; then the other for as many seconds. Both are judged by the negative ELBO of the
test images, which neither has seen, with the same noise.

The other is what keras.io's "Variational AutoEncoder" (F. Chollet, 2020) describes, written anew:
two convolutions of stride 2 with 32 and 64 filters, a dense layer of 16, and the mirror image of
that as the decoder; Adam at its default rate, batches of 128. The example trains on the test images
as well, and states 146.95 nats after 30 epochs with two latent variables; here it may not.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import keras
import numpy as np

from course.table import format_table
from datasets.mnist import Mnist, load_mnist
from solutions.week09_vae import (
    EPOCHS,
    VariationalAutoencoder,
    as_images,
    negative_elbo,
    reconstruction_loss,
    train_vae,
)

LATENT_DIMS = (2, 16)


class StopAfter(keras.callbacks.Callback):
    """Ends a training when its time is up, and counts its epochs."""

    def __init__(self, seconds: float, started: float) -> None:
        super().__init__()
        self.until = started + seconds
        self.steps = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.steps += 1
        if time.perf_counter() >= self.until:
            self.model.stop_training = True

    @property
    def epochs(self) -> float:
        """Epochs trained, the last one perhaps in part."""
        return self.steps / self.params["steps"]


def build_example_encoder(latent_dim: int) -> keras.Model:
    """Images -> [mean, log_var]."""
    layers = keras.layers
    images = keras.Input((28, 28, 1))
    x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(images)
    x = layers.Conv2D(64, 3, strides=2, padding="same", activation="relu")(x)  # (None, 7, 7, 64)
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    return keras.Model(images, [layers.Dense(latent_dim)(x), layers.Dense(latent_dim)(x)])


def build_example_decoder(latent_dim: int) -> keras.Model:
    """Latent vectors -> probabilities of ink."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(7 * 7 * 64, activation="relu"),
            layers.Reshape((7, 7, 64)),
            layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid"),
        ]
    )


def train_example(
    x_train: np.ndarray, latent_dim: int, seconds: float, seed: int
) -> tuple[keras.Model, keras.Model, float]:
    """Trains the example's architecture for so many seconds, building and compiling included.

    Returns:
        (encoder, decoder, epochs).
    """
    started = time.perf_counter()
    keras.utils.set_random_seed(seed)
    vae = VariationalAutoencoder(
        build_example_encoder(latent_dim), build_example_decoder(latent_dim), seed
    )
    vae.compile(optimizer=keras.optimizers.Adam(), loss=reconstruction_loss)
    stop = StopAfter(seconds, started)
    vae.fit(x_train, x_train, epochs=1_000, batch_size=128, callbacks=[stop], verbose=0)
    return vae.encoder, vae.decoder, stop.epochs


def compare(data: Mnist, latent_dim: int, epochs: int, seed: int) -> list[dict[str, Any]]:
    """A row for each of the two."""
    x_train, x_test = as_images(data.x_train), as_images(data.x_test)
    started = time.perf_counter()
    ours = train_vae(x_train, latent_dim, epochs, seed)
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    *example, example_epochs = train_example(x_train, latent_dim, seconds, seed)
    example_seconds = time.perf_counter() - started
    rows = []
    for name, models, trained, took in (
        ("solution", ours, float(epochs), seconds),
        ("keras.io's architecture", example, example_epochs, example_seconds),
    ):
        reconstruction, kl = negative_elbo(*models, x_test, seed)
        rows.append(
            {
                "latent": latent_dim,
                "model": name,
                "seed": str(seed),
                "epochs": trained,
                "seconds": took,
                "parameters": sum(model.count_params() for model in models),
                "reconstruction": f"{reconstruction:.2f}",
                "KL": f"{kl:.2f}",
                "negative ELBO": f"{reconstruction + kl:.2f}",
            }
        )
    return rows


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The means over the seeds."""
    means = []
    for latent_dim in LATENT_DIMS:
        for name in dict.fromkeys(row["model"] for row in rows):
            losses = [
                float(row["negative ELBO"])
                for row in rows
                if (row["latent"], row["model"]) == (latent_dim, name)
            ]
            means.append(
                {
                    "latent": latent_dim,
                    "model": name,
                    "negative ELBO, mean": f"{statistics.mean(losses):.2f}",
                    "worst": f"{max(losses):.2f}",
                }
            )
    return means


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare two autoencoders at equal seconds.")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each (default: 3)")
    parser.add_argument("--quick", action="store_true", help="one epoch, to see that it works")
    options = parser.parse_args()
    data = load_mnist()
    rows = []
    for seed in range(options.seeds):
        for latent_dim in LATENT_DIMS:
            rows += compare(data, latent_dim, 1 if options.quick else EPOCHS[latent_dim], seed)
            print(format_table(rows[-2:]), flush=True)
    print(f"\n{data.provenance.name} ({data.provenance.source})")
    print(format_table(rows))
    print(format_table(summary(rows)))


if __name__ == "__main__":
    main()
