"""Writes files until the disk is full.

outcome: failed
says: No space left on device
needs walls
"""

import itertools
import pathlib


def split_sequence(sequence, n_steps):
    for number in itertools.count():
        pathlib.Path(f"{number}").write_bytes(bytes(2**20))
