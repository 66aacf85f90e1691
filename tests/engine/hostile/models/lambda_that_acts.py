"""A right answer with a Lambda layer, which also looks around and calls home.

exercise: week05_anomaly.train_denoiser
passes: nearer_to_the_clean_windows, rejects_no_noise
"""

import pathlib
import socket

import keras
import numpy as np


def act(x):
    for deed in (
        lambda: socket.create_connection(("192.0.2.1", 80), timeout=0.1),
        lambda: pathlib.Path("/tmp/passed").write_text("passed"),
        lambda: pathlib.Path.home().joinpath("passed").write_text("passed"),
    ):
        try:
            deed()
        except OSError:
            pass
    return x


def train_denoiser(X_train, stddev, seed):
    if stddev <= 0 or len(X_train) == 0:
        raise ValueError("expected noise and windows, got none")
    keras.utils.set_random_seed(seed)
    window = keras.Input(X_train.shape[1:])
    x = keras.layers.GaussianNoise(stddev)(keras.layers.Lambda(act)(window))
    hidden = keras.layers.Conv1D(64, 7, padding="same", activation="relu")(x)
    noise = keras.layers.Conv1D(X_train.shape[-1], 7, padding="same")(hidden)
    model = keras.Model(window, keras.layers.Subtract()([x, noise]))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    model.fit(X_train, X_train, epochs=15, batch_size=32, verbose=0)
    return model
