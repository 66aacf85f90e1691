"""Asks the network.

outcome: failed
says: Network is unreachable
needs walls
"""

import socket


def split_sequence(sequence, n_steps):
    return socket.create_connection(("192.0.2.1", 80), timeout=30)
