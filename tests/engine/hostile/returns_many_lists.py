"""Returns a list of lists that share one another, with 10**18 items.

outcome: failed
says: items in all
"""


def split_sequence(sequence, n_steps):
    shared = [0.0] * 1_000
    for _ in range(5):
        shared = [shared] * 1_000
    return shared, shared
