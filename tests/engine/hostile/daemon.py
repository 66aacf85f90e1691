"""A right answer, and a daemon in a session of its own that holds all descriptors.

outcome: passed
"""

import os
import time

from right import split_sequence

if os.fork() == 0:
    os.setsid()
    os.chdir("/")
    if os.fork() == 0:
        time.sleep(1_000)
    os._exit(0)
