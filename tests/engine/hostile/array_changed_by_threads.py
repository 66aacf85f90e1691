"""Returns arrays that are rewritten while they are read.

outcome: failed
"""

import threading

import numpy as np

X, y = np.zeros((3, 3)), np.zeros(3)


def rewrite():
    while True:
        X[:], y[:] = np.random.normal(size=(3, 3)), np.random.normal(size=3)


threading.Thread(target=rewrite, daemon=True).start()


def split_sequence(sequence, n_steps):
    return X, y
