"""Pretends that somebody pressed Ctrl-C.

outcome: failed
says: KeyboardInterrupt
"""


def split_sequence(sequence, n_steps):
    raise KeyboardInterrupt
