"""Calls itself for ever.

outcome: failed
says: RecursionError
"""


def split_sequence(sequence, n_steps):
    return split_sequence(sequence, n_steps)
