"""A right answer, and children that beget children for as long as they live.

outcome: passed
"""

import os
import time

from right import split_sequence

if os.fork() == 0:
    while True:
        if os.fork() != 0:
            time.sleep(0.01)
            os._exit(0)
