"""Becomes another program, which keeps the descriptors.

outcome: timeout
"""

import os


def split_sequence(sequence, n_steps):
    for descriptor in range(3, 64):
        try:
            os.set_inheritable(descriptor, True)
        except OSError:
            pass
    os.execvp("sleep", ["sleep", "1000"])
