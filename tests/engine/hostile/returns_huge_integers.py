"""Returns integers of a million bits.

outcome: failed
says: expected X to hold real numbers
"""


def split_sequence(sequence, n_steps):
    return [[2**1_000_000] * 3] * 3, [2**1_000_000] * 3
