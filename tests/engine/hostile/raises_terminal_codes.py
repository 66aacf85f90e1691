"""Raises a text that would rewrite the terminal.

outcome: failed
says: raised Passed: �[2J
"""


class Passed(Exception):
    pass


def split_sequence(sequence, n_steps):
    raise Passed("\x1b[2J\x1b[H\x1b]0;3 of 3 points\a" + "A" * 10**6)
