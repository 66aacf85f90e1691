"""Timed practice: draws an exam from a seed, keeps it on disk, marks it at the end.

What can be asked: exercises, misconceptions to be mended (`mistakes`), and short questions that
`questions` makes up from a seed (the `bank`). `drawing` chooses, `workspace` writes what the
student works in, `sitting` is the state on disk, `marking` judges and `report` says what was
missed.
"""
