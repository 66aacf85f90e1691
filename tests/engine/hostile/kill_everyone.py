"""Kills all that it may kill.

outcome: crashed
says: ended before it answered
needs walls
"""

import os
import pathlib
import signal


def split_sequence(sequence, n_steps):
    assert pathlib.Path("/proc/1/comm").read_text() == "bwrap\n"
    os.kill(-1, signal.SIGKILL)
    os._exit(0)
