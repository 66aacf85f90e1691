"""Raises an error whose class lies about its name and never answers.

outcome: timeout
"""


class Liar(type):
    @property
    def __name__(cls):
        while True:
            pass


class Lie(Exception, metaclass=Liar):
    pass


def split_sequence(sequence, n_steps):
    raise Lie
