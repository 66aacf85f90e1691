"""Has renamed the function.

outcome: failed
says: expected a function `split_sequence`
"""


def splitSequence(sequence, n_steps):
    return None
