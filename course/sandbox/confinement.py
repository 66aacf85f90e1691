"""The walls around a template and its workers: bubblewrap on Linux.

Where there are none, root can still run them as a stranger, from whom file permissions hide what
root alone may read.
"""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import psutil

from course.language import say

# Either the one who calls, in a user namespace, or a stranger, as whom root can run programs.
RunAs = Literal["caller", "stranger"]

ROOT = Path(__file__).resolve().parents[2]
PARTS_OF_PREFIX = ("bin", "lib", "lib32", "lib64", "share", "pyvenv.cfg")
SYSTEM = ("/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
MESSAGE_QUEUES = Path("/proc/sys/fs/mqueue")  # not every kernel has them
STRANGERS = range(61_184, 65_520)  # user numbers that systemd also hands out for a while
PROBE = """
import os, sys
open("written", "w").close()
sys.exit(os.path.exists({secret!r}) or not os.access({engine!r}, os.R_OK))
"""
READS = """
import os, sys
open("written", "w").close()
sys.exit(not os.access({engine!r}, os.R_OK))
"""
PROBE_SECONDS = 20.0


def bubblewrap_missing() -> str:
    return say(
        "bubblewrap 0.7 or later is not usable here (on Debian 12 or Ubuntu 24.04: apt-get install "
        "bubblewrap)"
    )


def unconfined() -> str:
    """What users are told where there are no walls."""
    return say(
        "submissions run in a process of their own, but not in a sandbox: {why}",
        why=bubblewrap_missing(),
    )


def available() -> bool:
    """Whether bubblewrap works here, lets Python run and hides the solutions."""
    return _run_as() is not None


def confined(command: Sequence[str], folder: Path, disk_mb: int) -> list[str]:
    """The command that runs `command` within walls; only where they are `available`.

    Inside there is no network, no other process, and of the file system only what Python needs,
    read-only: not the solutions, not the graders, not the home directory.

    Args:
        command: the program and its arguments.
        folder: its working directory, in which it may write. What is written there is kept in
            memory, cannot be seen from outside and is gone with the last process inside.
        disk_mb: how much there is room for in `folder`, and as much again in shared memory, in MiB.
    """
    run_as = _run_as()
    assert run_as is not None
    return _confined(command, folder, disk_mb, run_as)


def as_stranger(command: Sequence[str], folder: Path) -> tuple[list[str], int | None]:
    """The command that runs `command` as a user who owns nothing but `folder`, and the user's
    number; where that is not possible, `command` and None."""
    open_to_all = all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.parents)
    if not (open_to_all and _strangers_work()):
        return list(command), None
    return _as_owner(command, folder)


@functools.cache
def _strangers_work() -> bool:
    if sys.platform != "linux" or os.getuid() != 0 or shutil.which("setpriv") is None:
        return False
    with tempfile.TemporaryDirectory(prefix="course-") as name:
        probe = [sys.executable, "-ISc", READS.format(engine=__file__)]
        return _runs(_as_owner(probe, Path(name))[0], name)


def _as_owner(command: Sequence[str], folder: Path) -> tuple[list[str], int]:
    stranger = _stranger_without_processes()
    os.chown(folder, stranger, stranger)
    return ["setpriv", "--no-new-privs", *_identity(stranger), *command], stranger


def _stranger_without_processes() -> int:
    # Without walls, strangers of one number could kill each other.
    taken = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            taken.add(process.uids().real)
    return secrets.choice([number for number in STRANGERS if number not in taken])


def _identity(stranger: int) -> list[str]:
    number = str(stranger)
    return ["--reuid", number, "--regid", number, "--clear-groups", "--inh-caps=-all"]


@functools.cache
def _run_as() -> RunAs | None:
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        return None
    # No limit on the number of processes holds for root, so root had better not run them.
    candidates: tuple[RunAs, ...] = ("caller",) if os.getuid() else ("stranger", "caller")
    return next(filter(_works_as, candidates), None)


def _works_as(run_as: RunAs) -> bool:
    probe = PROBE.format(secret=str(ROOT / "solutions"), engine=__file__)
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        command = _confined([sys.executable, "-ISc", probe], Path(folder), 1, run_as)
        return _runs(command, folder)


def _runs(command: Sequence[str], folder: str) -> bool:
    """Whether a command ends well. Some systems have the program but forbid what it needs."""
    try:
        run = subprocess.run(
            command, cwd=folder, capture_output=True, check=False, timeout=PROBE_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0


def _confined(command: Sequence[str], folder: Path, disk_mb: int, run_as: RunAs) -> list[str]:
    arguments = ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if run_as == "caller":
        arguments += ["--unshare-all"]
    else:
        arguments += [f"--unshare-{kind}" for kind in ("pid", "net", "ipc", "uts", "cgroup-try")]
        arguments += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        command = ["setpriv", *_identity(secrets.choice(STRANGERS)), *command]
    arguments += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"]
    arguments += ["--dev", "/dev", "--dir", "/tmp"]
    if MESSAGE_QUEUES.exists():
        arguments += ["--mqueue", "/dev/mqueue"]
    for path in _readable():
        for parent in reversed(Path(path).parents):  # unnamed, they would be open to root alone
            arguments += ["--dir", str(parent)]
        arguments += ["--ro-bind-try", path, path]
    for place in (str(folder), "/dev/shm"):
        arguments += ["--perms", "1777", "--size", str(disk_mb * 2**20), "--tmpfs", place]
    for place in ("/dev", "/"):
        arguments += ["--remount-ro", place]
    return ["bwrap", *arguments, "--chdir", str(folder), *command]


def _readable() -> list[str]:
    """What Python and its libraries need, parents first. Whole prefixes would show too much: a
    virtual environment may be made in the checkout itself."""
    executable = Path(sys.executable).resolve()
    prefixes = {"/usr", "/usr/local", sys.prefix, sys.base_prefix, str(executable.parent.parent)}
    parts = {f"{prefix}/{part}" for prefix in prefixes for part in PARTS_OF_PREFIX}
    packages = {entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))}
    engine = {str(ROOT / "course"), str(ROOT / "datasets")}
    return [*SYSTEM, *sorted(parts | packages | engine)]
