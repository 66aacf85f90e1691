"""Never returns.

outcome: timeout
says: is there an endless loop?
"""


def split_sequence(sequence, n_steps):
    while True:
        pass
