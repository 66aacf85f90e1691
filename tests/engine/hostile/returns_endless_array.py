"""Returns what claims to be a tensor, and never becomes an array.

outcome: timeout
"""


class Tensor:
    def __array__(self, *args, **kwargs):
        while True:
            pass


Tensor.__module__ = "tensorflow"


def split_sequence(sequence, n_steps):
    return Tensor(), Tensor()
