"""Raises an error whose causes run in a circle, with notes without end.

outcome: failed
says: split_sequence raised ValueError: one
"""


def split_sequence(sequence, n_steps):
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    one.__context__, other.__context__ = other, one
    one.__notes__ = ["passed"] * 100_000
    raise one
