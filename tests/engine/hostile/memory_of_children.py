"""Spreads over its children what is too much for one process.

outcome: crashed
says: your program used more than 200 MB of memory
"""

import os
import time

for _ in range(8):
    if os.fork() == 0:
        kept = b"x" * (60 * 2**20)
        break
time.sleep(1_000)
