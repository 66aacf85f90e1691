"""Workers that a template forks: on Linux, where forking a loaded TensorFlow is safe."""

from __future__ import annotations

import contextlib
import functools
import json
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from course.errors import CourseError
from course.language import say
from course.sandbox.confinement import as_stranger, confined
from course.sandbox.processes import (
    KILL_SECONDS,
    START_SECONDS,
    Process,
    descendants,
    environment,
    how_it_ended,
    kill_tree,
    lives,
    new_folder,
    python,
    remove,
)


class TemplateError(CourseError):
    """The template did not answer."""


class Template:
    """A process that forks workers, one at a time; see `course.sandbox.template`.

    Args:
        walls: whether it runs, with all its workers, within bubblewrap.
        disk_mb: how much workers may write, in MiB, if there are walls.
    """

    def __init__(self, walls: bool, disk_mb: int) -> None:
        self._walls = walls
        self._folder = new_folder()
        self._preloaded: set[str] = set()
        self._control, theirs = socket.socketpair()
        with theirs:
            command = python("template", str(theirs.fileno()), *(["walls"] if walls else []))
            self._user: int | None = None  # of the template and its workers, if they have their own
            if walls:
                command = confined(command, self._folder, disk_mb)
            else:
                command, self._user = as_stranger(command, self._folder)
            self._popen = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment(self._folder),
                cwd=self._folder,
                start_new_session=True,
            )
        # Made now: once a process is gone, its number may be another's.
        self._root = psutil.Process(self._popen.pid)

    @property
    def alive(self) -> bool:
        return lives(self._root)

    def preload(self, modules: Sequence[str]) -> None:
        """Has it import libraries for good.

        Raises:
            TemplateError: it did not answer.
            CourseError: a library cannot be imported.
        """
        if missing := set(modules) - self._preloaded:
            problem = self._ask({"preload": sorted(missing)})["problem"]
            if problem:
                raise CourseError(
                    say(
                        "expected to import {libraries}, got {problem}; "
                        "install what requirements.txt names",
                        libraries=", ".join(sorted(missing)),
                        problem=problem,
                    )
                )
            self._preloaded |= missing

    def fork(self, output: int, memory_mb: int, processes: int) -> Process:
        """Starts a worker.

        Args:
            output: descriptor for what it prints.
            memory_mb: how much it may allocate, in MiB.
            processes: how many it and its descendants may be, if there are walls.

        Raises:
            OSError, TemplateError: the template, or its folder, is damaged.
        """
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as on_failure:
            on_failure.callback(ours.close)
            request = {"fork": [memory_mb, processes]}
            pid = self._ask(request, [theirs.fileno(), output])["pid"]
            on_failure.pop_all()
        return _Forked(ours, self, pid)

    def end(self, pid: int) -> str:
        """Ends a worker. A template that cannot do so, or cannot remove all that the worker left,
        is itself ended with everything below it."""
        try:
            answer = self._ask({"end": pid}, seconds=2 * KILL_SECONDS)
        except TemplateError:
            self.close()
            return ""
        if not answer["clean"]:
            self.close()
        return how_it_ended(answer["status"])

    def descendants(self) -> list[psutil.Process]:
        """The worker and all that it started."""
        with contextlib.suppress(psutil.Error, IndexError):
            return descendants(self._process)
        return []

    def close(self) -> None:
        kill_tree(self._root, self._folder, self._user)
        self._popen.wait()
        self._control.close()
        remove(self._folder)

    @functools.cached_property
    def _process(self) -> psutil.Process:
        """The template itself: bubblewrap is two processes, and the template their only child."""
        process = self._root
        for _ in range(2 if self._walls else 0):
            process = process.children()[0]
        return process

    def _ask(
        self,
        request: dict[str, Any],
        descriptors: Sequence[int] = (),
        seconds: float = START_SECONDS,
    ) -> dict[str, Any]:
        self._control.settimeout(seconds)
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)
            return json.loads(self._control.recv(65_536))
        except (OSError, ValueError) as error:
            raise TemplateError(
                say(
                    "the process that starts submissions does not answer ({error!r}); try again",
                    error=error,
                )
            ) from None


@dataclass
class _Forked:
    """A worker that a template forked."""

    sock: socket.socket
    template: Template
    pid: int

    def family(self) -> list[psutil.Process]:
        return self.template.descendants()

    def end(self) -> str:
        return self.template.end(self.pid)
