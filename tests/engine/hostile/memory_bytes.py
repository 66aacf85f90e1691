"""Wants 30 GB of bytes.

outcome: failed
says: raised MemoryError
"""


def split_sequence(sequence, n_steps):
    return bytearray(30 * 2**30)
