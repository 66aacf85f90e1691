"""Workers in interpreters of their own: for systems on which forking is not safe."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import subprocess
import time

import psutil

from course.errors import CourseError
from course.language import say
from course.sandbox.processes import (
    LEAVE_SECONDS,
    START_SECONDS,
    environment,
    how_it_ended,
    kill_tree,
    lives,
    new_folder,
    python,
    remove,
)


class Spawned:
    """A worker that calls back on the loopback interface, which works the same everywhere.

    Args:
        output: descriptor for what it prints.
        memory_mb: how much it may allocate, in MiB.
    """

    def __init__(self, output: int, memory_mb: int) -> None:
        self._folder = new_folder()
        secret = secrets.token_hex()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._popen = subprocess.Popen(
                python("worker"),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=environment(self._folder),
                cwd=self._folder,
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
            self._root = psutil.Process(self._popen.pid)
            try:
                self._tell(listener.getsockname()[1], secret, str(self._folder), memory_mb)
                self.sock = self._called_back(listener, secret)
            except BaseException:
                self.end()
                raise

    def family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return [self._root, *self._root.children(recursive=True)]
        return []

    def end(self) -> str:
        deadline = time.monotonic() + LEAVE_SECONDS
        while lives(self._root) and time.monotonic() < deadline:
            time.sleep(0.001)
        by_itself = not lives(self._root)
        kill_tree(self._root, self._folder)
        status = self._popen.wait()
        assert self._popen.stdin is not None
        with contextlib.suppress(OSError):
            self._popen.stdin.close()
        remove(self._folder)
        return how_it_ended(status) if by_itself else ""

    def _tell(self, *arguments: object) -> None:
        # By a pipe: everyone on the machine can read a command line. It stays open, and its end
        # tells the worker that the grader is gone.
        assert self._popen.stdin is not None
        with contextlib.suppress(OSError):
            self._popen.stdin.write(json.dumps(arguments).encode() + b"\n")
            self._popen.stdin.flush()

    def _called_back(self, listener: socket.socket, secret: str) -> socket.socket:
        deadline = time.monotonic() + START_SECONDS
        listener.settimeout(0.1)
        while time.monotonic() < deadline and self._popen.poll() is None:
            with contextlib.suppress(TimeoutError):
                sock, _ = listener.accept()
                if _read(sock, len(secret)) == secret.encode():
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return sock
                sock.close()
        raise CourseError(
            say(
                "a process to run the submission in did not start (exit status {status}); "
                "try again",
                status=self._popen.poll(),
            )
        )


def _read(sock: socket.socket, n_bytes: int) -> bytes:
    sock.settimeout(1)
    received = b""
    with contextlib.suppress(OSError):
        while len(received) < n_bytes and (chunk := sock.recv(n_bytes - len(received))):
            received += chunk
    return received
