"""Kills its process group.

outcome: crashed
says: SIGKILL
"""

import os
import signal


def split_sequence(sequence, n_steps):
    os.killpg(0, signal.SIGKILL)
