"""Raises an error that has no text.

outcome: failed
says: Unprintable
"""


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


def split_sequence(sequence, n_steps):
    raise Unprintable
