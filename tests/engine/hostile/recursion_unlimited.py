"""Calls itself for ever, and has told Python not to mind.

outcome: failed or crashed or timeout
"""

import sys

sys.setrecursionlimit(2**31 - 1)


class Mirror:
    def __repr__(self):
        return repr(self)


def split_sequence(sequence, n_steps):
    return repr(Mirror())
