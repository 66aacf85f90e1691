"""Forgets the return statement.

outcome: failed
says: got None
"""


def split_sequence(sequence, n_steps):
    return None
