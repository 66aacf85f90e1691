"""A right answer, and twenty children that run for ever.

outcome: passed
"""

import os

from right import split_sequence

for _ in range(20):
    if os.fork() == 0:
        while True:
            pass
