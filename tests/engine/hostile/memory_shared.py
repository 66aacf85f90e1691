"""Fills memory that is shared with child processes.

outcome: crashed
says: your program used more than
"""

import mmap


def split_sequence(sequence, n_steps):
    kept = []
    while True:
        kept.append(mmap.mmap(-1, 2**24))
        kept[-1].write(b"x" * 2**24)
