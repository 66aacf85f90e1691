"""A process that has the heavy libraries loaded and forks a fresh worker in milliseconds (Linux).

TensorFlow takes seconds to import. Forking is safe as long as no operation has run, and none runs
here: only workers execute anything of a submission's.

The launcher sends one JSON message at a time over a Unix socket and gets one back:

    {"preload": ["keras"]}                          -> {"problem": ""}
    {"fork": FOLDER, "memory_mb": N} + 2 files      -> {"pid": PID}
    {"end": PID}                                    -> {"status": EXIT_STATUS, "left": COUNT}
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from course.sandbox import worker
from course.sandbox.processes import KILL_SECONDS, LEAVE_SECONDS

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36


def main() -> None:
    """Runs in a process of its own; its argument is the descriptor of the control socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    worker.prepare_imports()
    # Processes that a worker orphans become our children, so that they can be found and killed.
    _set_process_option(PR_SET_CHILD_SUBREAPER, 1)
    # No worker may trace this process, read its memory or take its files.
    _set_process_option(PR_SET_DUMPABLE, 0)
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 65_536, 2)
        if not data:  # the launcher is gone
            _kill_descendants()
            return
        control.sendall(json.dumps(_answer(json.loads(data), descriptors, control)).encode())


def _answer(
    request: dict[str, Any], descriptors: list[int], control: socket.socket
) -> dict[str, Any]:
    if "preload" in request:
        return {"problem": _preload(request["preload"])}
    if "fork" in request:
        pid = os.fork()
        if pid == 0:
            _become_worker(descriptors, control, Path(request["fork"]), request["memory_mb"])
        for descriptor in descriptors:
            os.close(descriptor)
        return {"pid": pid}
    return _end(request["end"])


def _preload(modules: list[str]) -> str:
    try:
        worker.preload(modules)
    except Exception as error:  # whatever a broken installation raises
        return f"{type(error).__name__}: {error}"[:2_000]
    return ""


def _become_worker(
    descriptors: list[int], control: socket.socket, folder: Path, memory_mb: int
) -> None:
    """The child's side of the fork; does not return."""
    status = 1
    try:
        os.setsid()
        _set_process_option(PR_SET_PDEATHSIG, signal.SIGKILL)
        _set_process_option(PR_SET_DUMPABLE, 1)  # it may read its own files in /proc
        control.close()
        wire_descriptor, output = descriptors
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        worker.serve(socket.socket(fileno=wire_descriptor), folder, memory_mb)
        status = 0
    finally:
        os._exit(status)


def _end(pid: int) -> dict[str, Any]:
    """Kills the worker and everything it started; tells how the worker ended."""
    deadline = time.monotonic() + LEAVE_SECONDS
    waited, status = os.waitpid(pid, os.WNOHANG)
    while not waited and time.monotonic() < deadline:
        time.sleep(0.001)
        waited, status = os.waitpid(pid, os.WNOHANG)
    if not waited:
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    return {"status": os.waitstatus_to_exitcode(status), "left": _kill_descendants()}


def _kill_descendants() -> int:
    """Kills until no child is left, since what is killed may just have forked; counts the rest."""
    deadline = time.monotonic() + KILL_SECONDS
    while (children := _children()) and time.monotonic() < deadline:
        for child in children:
            os.kill(child, signal.SIGKILL)
        for child in children:
            os.waitpid(child, 0)
    return len(children)


def _children() -> list[int]:
    """The processes whose parent this one is; orphaned descendants are among them."""
    own = os.getpid()
    try:
        return [int(pid) for pid in Path(f"/proc/{own}/task/{own}/children").read_text().split()]
    except FileNotFoundError:  # not every kernel keeps this list
        return [child.pid for child in psutil.Process().children()]


def _set_process_option(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
