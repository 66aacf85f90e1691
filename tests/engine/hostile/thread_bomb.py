"""Starts threads until there is no room for another.

outcome: failed
says: can't start new thread
"""

import threading


def split_sequence(sequence, n_steps):
    forever = threading.Event()
    while True:
        threading.Thread(target=forever.wait, daemon=True).start()
