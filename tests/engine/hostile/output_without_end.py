"""Prints for ever.

outcome: timeout
"""


def split_sequence(sequence, n_steps):
    while True:
        print("never enough " * 1_000)
