"""Sends its answer byte by byte, and never finishes.

outcome: timeout
"""

import os
import stat


def wires():
    for descriptor in range(100):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                yield descriptor
        except OSError:
            pass


def split_sequence(sequence, n_steps):
    for descriptor in wires():
        os.write(descriptor, b"CWR1" + (8).to_bytes(4, "big") + (2**27).to_bytes(8, "big"))
        while True:
            os.write(descriptor, b"xx")
