"""Stops its process, which then neither answers nor ends.

outcome: timeout
"""

import os
import signal


def split_sequence(sequence, n_steps):
    os.kill(os.getpid(), signal.SIGSTOP)
