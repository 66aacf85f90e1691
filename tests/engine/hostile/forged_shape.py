"""Writes a message that is neither an answer nor an error.

outcome: crashed
says: your program sent no valid answer
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


def split_sequence(sequence, n_steps):
    for descriptor in wires():
        for part in wire.pack_frame({"ok": 1, "status": "passed"}):
            os.write(descriptor, part)
