"""Reads where there is no memory.

outcome: crashed
says: SIGSEGV
"""

import ctypes


def split_sequence(sequence, n_steps):
    return ctypes.string_at(0)
