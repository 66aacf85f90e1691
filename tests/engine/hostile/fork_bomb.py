"""Children that beget children, twice as many every twentieth of a second.

outcome: crashed
says: your program started more than 80 processes
"""

import os
import time

while True:
    os.fork()
    time.sleep(0.05)
