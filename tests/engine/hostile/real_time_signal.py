"""Ends by a signal that has no name.

outcome: crashed
says: (signal 37)
"""

import os
import signal


def split_sequence(sequence, n_steps):
    os.kill(os.getpid(), signal.SIGRTMIN + 3)
