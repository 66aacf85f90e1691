"""Ends, and leaves a child that holds the conversation open and says nothing.

outcome: timeout
"""

import os
import time


def split_sequence(sequence, n_steps):
    if os.fork() == 0:
        time.sleep(1_000)
    os._exit(0)
