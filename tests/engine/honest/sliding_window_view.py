import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def split_sequence(sequence, n_steps):
    sequence = np.array(sequence)
    if not 0 < n_steps < len(sequence):
        raise ValueError(f"n_steps={n_steps} does not fit a sequence of {len(sequence)}")
    windows = sliding_window_view(sequence, n_steps, axis=0)[:-1]
    return np.moveaxis(windows, -1, 1), sequence[n_steps:]
