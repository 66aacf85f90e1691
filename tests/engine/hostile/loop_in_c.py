"""Never returns, and never gives Python a chance to look at signals.

outcome: timeout
says: is there an endless loop?
"""

import itertools


def split_sequence(sequence, n_steps):
    return sum(itertools.repeat(1))
