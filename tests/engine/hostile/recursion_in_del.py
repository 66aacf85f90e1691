"""A right answer, and an object whose end calls itself.

outcome: passed
"""

from right import split_sequence


class Recursive:
    def __del__(self):
        self.__del__()


Recursive()
