"""Fills the disk with files that have no name any more.

outcome: failed
says: No space left on device
needs walls
"""

import tempfile


def split_sequence(sequence, n_steps):
    kept = []
    while True:
        kept.append(tempfile.TemporaryFile())
        kept[-1].write(bytes(2**22))
