"""Reads the environment of every process that it can see.

outcome: failed
says: no variable that is not its own
needs walls
"""

import os
import pathlib


def split_sequence(sequence, n_steps):
    found = set()
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            found |= {line.partition(b"=")[0].decode() for line in path.read_bytes().split(b"\0")}
        except OSError:
            pass
    others = found - set(os.environ) - {"", "PWD"}
    raise LookupError(f"{sorted(others)}" if others else "no variable that is not its own")
