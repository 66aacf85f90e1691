"""Returns masked arrays, in which nothing can be wrong, since nothing is there.

outcome: failed
says: expected X[0, 0] = 0, got 7
"""

import numpy as np


def split_sequence(sequence, n_steps):
    return np.ma.array(np.full((3, 3), 7.0), mask=True), np.ma.array(np.zeros(3), mask=True)
