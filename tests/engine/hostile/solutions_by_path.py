"""Reads the solution's file.

outcome: failed
says: FileNotFoundError
needs walls
"""

import pathlib

import course

path = pathlib.Path(course.__file__).parents[1] / "solutions" / "week04_sequences.py"
exec(compile(path.read_text(), path, "exec"))
