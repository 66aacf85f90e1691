"""Returns a list in a list in a list.

outcome: failed
says: levels deep
"""


def split_sequence(sequence, n_steps):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep, deep
