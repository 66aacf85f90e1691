"""Two processes answer each request.

outcome: failed or crashed
"""

import os

os.fork()


def split_sequence(sequence, n_steps):
    os.fork()
    return [[0.0]], [0.0]
