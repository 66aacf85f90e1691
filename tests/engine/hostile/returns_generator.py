"""Returns a generator without end.

outcome: failed
says: expected a tuple (X, y), got an object of type builtins.generator
"""

import itertools


def split_sequence(sequence, n_steps):
    return (window for window in itertools.repeat([0.0]))
