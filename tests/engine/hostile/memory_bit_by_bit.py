"""Takes memory until there is none.

outcome: failed or crashed
"""


def split_sequence(sequence, n_steps):
    kept = []
    while True:
        kept.append(bytes(2**20))
