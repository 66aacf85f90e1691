"""Wants an array of 30 GB.

outcome: failed
says: raised MemoryError: Unable to allocate
"""

import numpy as np


def split_sequence(sequence, n_steps):
    return np.ones(30 * 2**30, "uint8")
