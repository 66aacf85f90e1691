"""Returns arrays of NaN.

outcome: failed
says: expected X[0, 0] = 0, got nan
"""

import numpy as np


def split_sequence(sequence, n_steps):
    return np.full((3, 3), np.nan), np.full(3, np.nan)
