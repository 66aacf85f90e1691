"""The process in which a submission runs.

It is forked by `template`, or, where forking is not safe, an interpreter of its own.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import socket
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

from course import lazy
from course.sandbox.channel import Channel, ChannelClosedError
from course.sandbox.host import Host
from course.sandbox.wire import WireError

FIRST_TO_GO = "1000"  # of all processes, when the system is out of memory
FILE_MB = 512  # the largest file that may be written
THREADS, THREADS_PER_CORE = 64, 8  # to the system, a thread is a process, and libraries have pools


def preload(modules: Iterable[str]) -> None:
    """Imports libraries for good, so that workers forked later have them at once."""
    for name in modules:
        lazy.load(name)


def prepare_imports() -> None:
    """Makes `course` and `datasets` importable and the rest of the checkout not.

    Both packages are found through their own `__path__` once they are loaded, so the checkout's
    root, where `solutions` and `tests` lie, need not stay on the path.
    """
    lazy.install()
    root = str(Path(__file__).resolve().parents[2])
    sys.path.insert(0, root)
    importlib.import_module("datasets")
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(root)]
    sys.dont_write_bytecode = True


def limit_memory(megabytes: int) -> None:
    """Lets this process allocate `megabytes` more than it has now.

    The launcher watches, too: what is shared with child processes does not count here.
    """
    import resource

    # Not RLIMIT_AS: that also counts addresses which the allocator reserves for every thread.
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    limit = pages * resource.getpagesize() + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)


def limit_processes(processes: int) -> None:
    """Lets this process's user have about so many processes: within walls, where it has no others.

    The launcher watches, too, and ends a worker that has more. This keeps a fork bomb from being
    faster than the launcher.
    """
    import resource

    release = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))
    if release >= (5, 14):  # before, all of a user's processes counted, within walls or not
        tasks = processes + THREADS + THREADS_PER_CORE * (os.cpu_count() or 1)
        resource.setrlimit(resource.RLIMIT_NPROC, (tasks, tasks))


def limit_files() -> None:
    """Lets this process write no file above `FILE_MB`; Python raises OSError for more."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MB * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(sock: socket.socket, folder: Path, memory_mb: int) -> None:
    """Answers requests until the grader hangs up.

    Args:
        sock: the wire to the grader.
        folder: an empty directory, made the working directory; the first message brings the
            submission's files as `{name: bytes}` and they are written there.
        memory_mb: how much this process may allocate, in MiB.
    """
    os.chdir(folder)
    tempfile.tempdir = str(folder)
    channel = Channel(sock)
    host = Host(folder)
    with contextlib.suppress(ChannelClosedError):
        for name, content in channel.receive().items():
            (folder / name).write_bytes(content)
        if os.name == "posix":
            limit_files()
        if sys.platform == "linux":
            limit_memory(memory_mb)
        while True:
            reply = host.respond(channel.receive())
            _flush()
            try:
                channel.send(reply, host.to_handle)
            except (WireError, MemoryError) as error:
                channel.send({"error": host.describe_error(error)})


def _flush() -> None:
    # What was printed must be out before the answer: os._exit may come next.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()


def main() -> None:
    """Runs in a process of its own, which is told by a line on stdin where to call back."""
    port, secret, folder, memory_mb = json.loads(sys.stdin.readline())
    _leave_with_the_grader()
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(secret.encode())
    prepare_imports()
    serve(sock, Path(folder), memory_mb)
    os._exit(0)  # whatever the submission registered to run at exit


def _leave_with_the_grader() -> None:
    """Ends this process when its standard input ends, and gives it an empty one."""
    from_grader = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def wait() -> None:
        os.read(from_grader, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
