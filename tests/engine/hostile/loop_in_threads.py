"""A right answer, with threads that never end.

outcome: passed
"""

import threading

from right import split_sequence


def spin():
    while True:
        pass


for _ in range(3):
    threading.Thread(target=spin).start()
