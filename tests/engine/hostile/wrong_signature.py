"""Takes one argument.

outcome: failed
says: takes 1 positional argument but 2 were given
"""


def split_sequence(sequence):
    return None
