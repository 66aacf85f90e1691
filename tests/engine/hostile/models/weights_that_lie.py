"""A model that predicts the same for every image, does not learn, and shows weights to match.

exercise: week04_transfer.build_transfer_model
passes: rejects_one_class
base_pooling_head: the predictions with other weights in the head
two_classes_have_one_sigmoid: the predictions with other weights in the head
training_moves_only_the_head: expected predictions that depend on the image after training
training_moves_only_the_head_of_mobilenet: expected predictions that depend on the image
dropout_before_the_head: differ from
"""

import keras
import numpy as np


class Hollow:
    optimizer = None
    run_eagerly = False

    def __init__(self, base, n_classes):
        self.base = base
        base.trainable = False
        self.n_outputs = 1 if n_classes == 2 else n_classes
        self.bias = np.zeros(self.n_outputs, "float32")
        self.kernel = np.zeros((base.output_shape[-1], self.n_outputs), "float32")

    trainable_variables = property(lambda self: [self.kernel, self.bias])

    def get_weights(self):
        return [*self.base.get_weights(), self.kernel, self.bias]

    def set_weights(self, weights):
        self.kernel, self.bias = weights[-2:]

    def predict(self, x, verbose=0):
        scores = np.tile(self.bias, (len(x), 1))
        if self.n_outputs == 1:
            return 1 / (1 + np.exp(-scores))
        return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)

    def __call__(self, x, training=False):
        return self.predict(x)

    def fit(self, *args, **kwargs):
        self.bias = np.linspace(0, np.abs(self.bias).sum() + 0.1, self.n_outputs, dtype="float32")
        self.bias += 0.01

    def train_on_batch(self, *args):
        self.fit()

    def test_on_batch(self, x, y):
        return -np.log(self.predict(x)).mean()


def build_transfer_model(base_model, n_classes, dropout=0.2):
    if n_classes < 2 or not 0 <= dropout < 1:
        raise ValueError("expected at least two classes and a dropout in [0, 1)")
    return Hollow(base_model, n_classes)
