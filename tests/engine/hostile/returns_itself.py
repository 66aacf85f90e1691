"""Returns a list that holds itself.

outcome: failed
says: levels deep, perhaps in itself
"""


def split_sequence(sequence, n_steps):
    knot = []
    knot.append(knot)
    return knot, knot
