"""The walls around a template and its workers: bubblewrap on Linux."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS_OF_PREFIX = ("bin", "lib", "lib32", "lib64", "share", "pyvenv.cfg")
SYSTEM = ("/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
PROBE = "import os, sys; sys.exit(os.path.exists({secret!r}))"
PROBE_SECONDS = 20.0

UNCONFINED = (
    "submissions run in a process of their own, but not in a sandbox: bubblewrap is not usable "
    "here (on Debian or Ubuntu: apt-get install bubblewrap)"
)


@functools.cache
def available() -> bool:
    """Whether bubblewrap works here, lets Python run and hides the solutions."""
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        return False
    probe = PROBE.format(secret=str(ROOT / "solutions"))
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        command = [*confined(Path(folder)), sys.executable, "-ISc", probe]
        try:
            # Some systems have the program but forbid the namespaces it needs.
            run = subprocess.run(command, capture_output=True, check=False, timeout=PROBE_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            return False
    return run.returncode == 0


def confined(folder: Path) -> list[str]:
    """The command prefix that confines what follows.

    Inside there is no network, no other process, and of the file system only what Python needs,
    read-only: not the solutions, not the graders, not the home directory.

    Args:
        folder: the one directory that may be written to. Shared memory is kept there, too, so
            that emptying it removes all that was written.
    """
    arguments = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--dir", "/tmp"]
    for path in _readable():
        arguments += ["--ro-bind-try", path, path]
    for place in (str(folder), "/dev/shm"):
        arguments += ["--bind", str(folder), place]
    for place in ("/dev", "/"):
        arguments += ["--remount-ro", place]
    return ["bwrap", *arguments, "--chdir", str(folder)]


def _readable() -> list[str]:
    """What Python and its libraries need, parents first. Whole prefixes would show too much: a
    virtual environment may be made in the checkout itself."""
    executable = Path(sys.executable).resolve()
    prefixes = {"/usr", "/usr/local", sys.prefix, sys.base_prefix, str(executable.parent.parent)}
    parts = {f"{prefix}/{part}" for prefix in prefixes for part in PARTS_OF_PREFIX}
    packages = {entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))}
    engine = {str(ROOT / "course"), str(ROOT / "datasets")}
    return [*SYSTEM, *sorted(parts | packages | engine)]
