import numpy as np


def split_sequence(sequence, n_steps):
    sequence = np.asarray(sequence)
    count = len(sequence) - n_steps
    if n_steps < 1 or count < 1:
        raise ValueError(f"expected 1 <= n_steps < {len(sequence)}, got {n_steps}")
    return np.stack([sequence[i : i + n_steps] for i in range(count)]), sequence[n_steps:]
