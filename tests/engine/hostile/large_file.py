"""Writes a file of a terabyte, with a hole in it.

outcome: failed
says: File too large
"""


def split_sequence(sequence, n_steps):
    with open("large", "wb") as file:
        file.truncate(2**40)
