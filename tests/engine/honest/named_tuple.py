from typing import NamedTuple

import numpy as np


class Windows(NamedTuple):
    X: np.ndarray
    y: np.ndarray


class TooShortError(ValueError):
    pass


def split_sequence(sequence, n_steps):
    s = np.asarray(sequence)
    index = np.arange(len(s) - n_steps)[:, None] + np.arange(max(n_steps, 0))
    if index.size == 0:
        raise TooShortError("there is no window with a target")
    return Windows(X=s[index], y=s[n_steps:])
