"""Writes errors that are none before it is asked.

outcome: failed
"""

import os
import stat

from course.sandbox import wire


def wires():
    for descriptor in range(100):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                yield descriptor
        except OSError:
            pass


for descriptor in wires():
    for error in ({"ok": None}, {"error": 5}, {"error": {"type": [], "bases": 7, "line": "x"}}):
        for part in wire.pack_frame(error):
            os.write(descriptor, part)


def split_sequence(sequence, n_steps):
    for descriptor in wires():
        for part in wire.pack_frame({"error": {"message": {}, "text": [[]], "bases": [[1], None]}}):
            os.write(descriptor, part)
