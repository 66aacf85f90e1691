"""Returns an object that cannot be shown.

outcome: failed
says: an object of type week04_sequences.Endless
"""


class Endless:
    def __repr__(self):
        while True:
            pass

    __str__ = __format__ = __bool__ = __len__ = __iter__ = __repr__


def split_sequence(sequence, n_steps):
    return Endless(), Endless()
