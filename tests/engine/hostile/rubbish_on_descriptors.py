"""Writes rubbish to every descriptor.

outcome: crashed
says: your program sent no valid answer
"""

import os


def split_sequence(sequence, n_steps):
    for descriptor in range(100):
        try:
            os.write(descriptor, b"passed " * 100)
        except OSError:
            pass
