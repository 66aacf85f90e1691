"""What all ways of starting a worker share: its command, its environment, and its certain end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import psutil

from course.language import say
from course.sandbox.confinement import ROOT

START_SECONDS = 120.0  # a cold TensorFlow on a slow disk
KILL_SECONDS = 5.0
EMPTY_SCANS = 3  # one can miss a process that begets another and ends while the list is read
CHILDREN_ARE_LISTED = Path(f"/proc/self/task/{os.getpid()}/children")  # not by every kernel
MANY = 10_000  # processes, at which to stop following those that beget others without end
LEAVE_SECONDS = 0.05  # for a worker whose channel has just been closed

# Runs a module of `course` without the current directory or the checkout on the import path.
_RUN = "import sys; sys.path.insert(0, {root!r}); from course.sandbox.{module} import main; main()"


class Process(Protocol):
    """A running worker, as far as the ways of starting one have it in common.

    Attributes:
        sock: the grader's end of the wire.
    """

    sock: socket.socket

    def family(self) -> list[psutil.Process]:
        """The worker and all that it started."""

    def end(self) -> str:
        """Kills the worker and all that it started, and removes what it wrote. Says how it had
        ended, if by itself: " (exit status 1)"."""


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs `main` of a module of this package."""
    # -P and -s: neither the working directory nor the user's own packages are importable.
    return [sys.executable, "-Ps", "-c", _RUN.format(root=str(ROOT), module=module), *arguments]


def environment(folder: Path) -> dict[str, str]:
    """The worker's whole environment: nothing of the grader's that might tell or change anything.

    Args:
        folder: stands in for the home directory. `kill_tree` knows escaped processes by it.
    """
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
    places = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP", "MPLCONFIGDIR"), str(folder))
    return {**kept, **places, "PYTHONUTF8": "1", "MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "-1"}


def new_folder() -> Path:
    """An empty directory that nobody else can read."""
    return Path(tempfile.mkdtemp(prefix="course-")).resolve()


def remove(path: Path) -> None:
    """Removes a file or folder that a submission may have made awkward to remove."""
    # Very deep folders are too much for rmtree, and folders without permissions, too.
    with contextlib.suppress(OSError, RecursionError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if os.name == "posix" and path.exists():
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*command, "--", str(path)], capture_output=True, check=False)


def how_it_ended(status: int) -> str:
    """An exit status, or a signal's number with a minus, in words to put behind a sentence."""
    if status >= 0:
        return f" ({say('exit status {status}', status=status)})"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        return f" ({say('signal {number}', number=-status)})"
    causes = {
        "SIGSEGV": say("SIGSEGV, often the work of a recursion without end"),
        "SIGKILL": say("SIGKILL, killed from outside, or by the system for want of memory"),
    }
    return f" ({causes.get(name, name)})"


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """All that a process has started, and what these have started."""
    if not CHILDREN_ARE_LISTED.exists():
        return process.children(recursive=True)
    found = []
    for pid in _pids_below(process.pid):
        with contextlib.suppress(psutil.Error):
            found.append(psutil.Process(pid))
    return found


def _pids_below(pid: int) -> list[int]:
    """As the kernel lists them. To ask every process of the machine for its parent takes as long as
    many a check."""
    found: list[int] = []
    waiting = [pid]
    while waiting and len(found) < MANY:
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{waiting.pop()}/task").iterdir():
                children = [int(child) for child in (thread / "children").read_text().split()]
                found += children
                waiting += children
    return found


def use_more_memory(processes: Iterable[psutil.Process], limit: int) -> bool:
    """Whether processes together occupy more than `limit` bytes."""
    family = list(processes)
    # The quick sum counts what forked processes share several times, the exact one takes long.
    return _sum(family, _resident) > limit and _sum(family, _proportional) > limit


def _sum(processes: Iterable[psutil.Process], measure: Callable[[psutil.Process], int]) -> int:
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += measure(process)
    return total


def _resident(process: psutil.Process) -> int:
    return process.memory_info().rss


def _proportional(process: psutil.Process) -> int:
    try:
        info = process.memory_full_info()
    except psutil.AccessDenied:
        return _resident(process)
    return getattr(info, "pss", info.uss)  # pss is Linux's alone


def kill_tree(root: psutil.Process, folder: Path, user: int | None = None) -> None:
    """Kills a process with all that it started, until there is none left or time is up.

    Args:
        root: the process, which leads a group; nobody has waited for its end yet.
        folder: the one that its environment names. Descendants that were orphaned are no longer
            below the root, but have inherited its environment.
        user: whose processes these are, if nobody else's are.
    """
    deadline = time.monotonic() + KILL_SECONDS
    _kill_group(root)
    empty_scans = 0
    while empty_scans < EMPTY_SCANS and time.monotonic() < deadline:
        doomed = [*_tree(root), *_orphans(folder, user)]
        empty_scans = 0 if doomed else empty_scans + 1
        for process in doomed:
            with contextlib.suppress(psutil.Error):
                process.kill()
        while any(map(lives, doomed)) and time.monotonic() < deadline:
            time.sleep(0.002)


def _kill_group(leader: psutil.Process) -> None:
    """Kills a process group in one step. Who forks faster than a list of processes can be read is
    killed by this alone."""
    # The leader's number cannot be another's while nobody has waited for it.
    if os.name == "posix" and leader.is_running():
        with contextlib.suppress(OSError):
            os.killpg(leader.pid, signal.SIGKILL)


def _tree(root: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return list(filter(lives, [*root.children(recursive=True), root]))
    return []


def _orphans(folder: Path, user: int | None) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if _belongs(process, folder, user) and lives(process):
                found.append(process)
    return found


def _belongs(process: psutil.Process, folder: Path, user: int | None) -> bool:
    if user is not None:  # whose environment root, in a container, may not be allowed to read
        return process.uids().real == user
    return process.environ().get("HOME") == str(folder)


def lives(process: psutil.Process) -> bool:
    """Whether a process still runs; one that has ended may wait for its parent as a zombie."""
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
