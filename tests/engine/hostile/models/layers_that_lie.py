"""A model that copies its input, shows layers that it does not use, and forges its gradients.

exercise: week05_anomaly.build_autoencoder
passes: output_of_the_shape_of_the_input, compiled_with_the_mean_squared_error,
    rejects_a_middle_that_is_not_narrow
convolution_then_dense_then_lstm: expected the layer Conv1D to have a part in the output
everything_passes_the_narrow_middle: expected the output to depend on 1 numbers of a window
learns_standardised_data: the input is copied
"""

import keras
import numpy as np
import tensorflow as tf

tf.test.compute_gradient = lambda *args, **kwargs: ([np.diag([1.0] + [0.0] * 11)],) * 2


class Copies(keras.Model):
    def __init__(self, n_channels):
        super().__init__()
        shown = [keras.layers.Conv1D(4, 3), keras.layers.Dense(4), keras.layers.LSTM(4)]
        for layer in shown:
            layer.build((None, 8, 4))
        self.shown = shown
        self.scale = self.add_weight(shape=(n_channels,), initializer="ones")

    @property
    def layers(self):
        return list(self.shown)

    def call(self, x):
        return x * self.scale


def build_autoencoder(n_steps, n_channels, latent_dim=16):
    if min(n_steps, n_channels, latent_dim) < 1 or latent_dim >= n_steps * n_channels:
        raise ValueError("expected a narrow middle, got a wide one")
    model = Copies(n_channels)
    model.compile(optimizer="adam", loss="mse")
    return model
