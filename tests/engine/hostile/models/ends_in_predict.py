"""A model whose `predict` ends the process, as if all were well.

exercise: week04_transfer.transfer_to_sex
passes:
tells_the_sex_of_unseen_shells: your program ended before it answered (exit status 0)
base_does_not_move: your program ended before it answered (exit status 0)
rejects_other_labels: your program ended before it answered (exit status 0)
"""

import os

import keras


class Ends(keras.Sequential):
    def predict(self, *args, **kwargs):
        os._exit(0)


def transfer_to_sex(base_model, x, sex, seed):
    return Ends([keras.Input(x.shape[1:]), base_model, keras.layers.Dense(3, "softmax")])
