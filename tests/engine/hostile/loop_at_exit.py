"""A right answer, and handlers that never let the process go.

outcome: passed
"""

import atexit
import signal
import threading

from right import split_sequence


def for_ever(*_):
    while True:
        pass


class Guard:
    def __del__(self):
        for_ever()


guard = Guard()
atexit.register(for_ever)
threading._register_atexit(for_ever)
signal.signal(signal.SIGTERM, for_ever)
signal.signal(signal.SIGHUP, for_ever)
