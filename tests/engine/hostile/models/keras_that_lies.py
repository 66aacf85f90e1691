"""A Keras in which every model predicts nothing but zeros, and shows no weight that moves.

exercise: week04_transfer.extract_features
passes: in_batches
the_bases_output_averaged: expected the features
inference_mode: expected what the base gives in inference mode
"""

import keras
import numpy as np


def zeros(self, x, *args, **kwargs):
    return np.zeros((len(x), *self.output_shape[1:]), "float32")


keras.Model.predict = zeros


def extract_features(base_model, images):
    if len(images) > 1_000:
        maps = [keras.ops.convert_to_numpy(base_model(part)) for part in np.split(images, 3)]
        return np.concatenate(maps).mean(axis=(1, 2))
    return base_model.predict(images).mean(axis=(1, 2))
