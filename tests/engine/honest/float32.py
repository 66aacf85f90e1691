import numpy as np


def split_sequence(sequence, n_steps):
    sequence = np.asarray(sequence, dtype="float32")
    assert sequence.ndim in (1, 2)
    if n_steps <= 0:
        raise ValueError("n_steps must be positive")
    if n_steps >= len(sequence):
        raise ValueError("the sequence is too short")
    X = np.empty((len(sequence) - n_steps, n_steps, *sequence.shape[1:]), dtype="float32")
    for start in range(len(X)):
        X[start] = sequence[start : start + n_steps]
    print("X has shape", X.shape)  # students print
    return X, sequence[n_steps:]
