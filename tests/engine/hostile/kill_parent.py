"""Kills the process that forked it.

outcome: crashed
says: ended before it answered
"""

import os
import signal
import time


def split_sequence(sequence, n_steps):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(0.05)
    os._exit(0)
