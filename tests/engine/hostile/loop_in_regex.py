"""A pattern that takes exponential time.

outcome: timeout
says: is there an endless loop?
"""

import re


def split_sequence(sequence, n_steps):
    return re.match(r"(a|a)*b", "a" * 200)
