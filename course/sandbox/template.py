"""A process that has the heavy libraries loaded and forks a fresh worker in milliseconds (Linux).

TensorFlow takes seconds to import. Forking is safe as long as no operation has run, and none runs
here: only workers execute anything of a submission's.

The launcher sends one JSON message at a time over a Unix socket and gets one back:

    {"preload": ["keras"]}                       -> {"problem": ""}
    {"fork": [MEMORY_MB, PROCESSES]} + 2 files   -> {"pid": PID}
    {"end": PID}                                 -> {"status": STATUS, "clean": nothing is left}
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from course.sandbox import worker
from course.sandbox.processes import KILL_SECONDS, LEAVE_SECONDS, remove

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36

# Within walls these are ours alone. What lies there outlives the process that made it.
SHARED_MEMORY, MESSAGE_QUEUES = Path("/dev/shm"), Path("/dev/mqueue")
SYSTEM_V = [Path("/proc/sysvipc") / name for name in ("shm", "sem", "msg")]


def main() -> None:
    """Runs in a process of its own; its arguments are the descriptor of the control socket, and
    "walls" if there are some."""
    control = socket.socket(fileno=int(sys.argv[1]))
    walls = sys.argv[2:] == ["walls"]
    worker.prepare_imports()
    # Processes that a worker orphans become our children, so that they can be found and killed.
    _set_process_option(PR_SET_CHILD_SUBREAPER, 1)
    # No worker may trace this process, read its memory or take its files.
    _set_process_option(PR_SET_DUMPABLE, 0)
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 65_536, 2)
        if not data:  # the launcher is gone
            _kill_descendants(walls)
            return
        request = json.loads(data)
        control.sendall(json.dumps(_answer(request, descriptors, control, walls)).encode())


def _answer(
    request: dict[str, Any], descriptors: list[int], control: socket.socket, walls: bool
) -> dict[str, Any]:
    if "preload" in request:
        return {"problem": _preload(request["preload"])}
    if "fork" in request:
        folder = Path(tempfile.mkdtemp(dir=Path.home()))
        pid = os.fork()
        if pid == 0:
            memory_mb, processes = request["fork"]
            control.close()
            _become_worker(descriptors, folder, memory_mb, processes if walls else None)
        for descriptor in descriptors:
            os.close(descriptor)
        return {"pid": pid}
    status = _end(request["end"])
    return {"status": status, "clean": _kill_descendants(walls) and _cleaned(walls)}


def _preload(modules: list[str]) -> str:
    try:
        worker.preload(modules)
    except Exception as error:  # whatever a broken installation raises
        return f"{type(error).__name__}: {error}"[:2_000]
    return ""


def _become_worker(
    descriptors: list[int], folder: Path, memory_mb: int, processes: int | None
) -> None:
    """The child's side of the fork; does not return."""
    status = 1
    try:
        os.setsid()
        _set_process_option(PR_SET_PDEATHSIG, signal.SIGKILL)
        _set_process_option(PR_SET_DUMPABLE, 1)  # it may read its own files in /proc
        wire_descriptor, output = descriptors
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        if processes is not None:
            worker.limit_processes(processes)
        worker.serve(socket.socket(fileno=wire_descriptor), folder, memory_mb)
        status = 0
    finally:
        os._exit(status)


def _end(pid: int) -> int:
    """Kills the worker, if it does not leave by itself, and its group; returns its exit status."""
    deadline = time.monotonic() + LEAVE_SECONDS
    ended = os.WEXITED | os.WNOHANG | os.WNOWAIT  # until it is waited for, its number is its own
    while os.waitid(os.P_PID, pid, ended) is None and time.monotonic() < deadline:
        time.sleep(0.001)
    with contextlib.suppress(ProcessLookupError):  # it has not become a leader yet
        os.killpg(pid, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _kill_descendants(walls: bool) -> bool:
    """Kills until none is left, since what is killed may just have forked; False if some are."""
    deadline = time.monotonic() + KILL_SECONDS
    while (children := _children()) and time.monotonic() < deadline:
        if walls:
            os.kill(-1, signal.SIGKILL)  # all at once: not even a fork bomb is faster
        else:
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    process.kill()
        for child in children:
            os.waitpid(child, 0)
    return not children


def _cleaned(walls: bool) -> bool:
    """Removes what workers left behind; False if something is still there."""
    places = [Path.home()]
    if walls:
        places += filter(Path.exists, (SHARED_MEMORY, MESSAGE_QUEUES))
        if any(len(path.read_text().splitlines()) > 1 for path in filter(Path.exists, SYSTEM_V)):
            return False
    try:
        for place in places:
            for path in place.iterdir():
                remove(path)
        return not any(any(place.iterdir()) for place in places)
    except OSError:
        return False


def _children() -> list[int]:
    """The processes whose parent this one is; orphaned descendants are among them."""
    own = os.getpid()
    try:
        return [int(pid) for pid in Path(f"/proc/{own}/task/{own}/children").read_text().split()]
    except FileNotFoundError:  # not every kernel keeps this list
        return [child.pid for child in psutil.Process().children()]


def _set_process_option(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
