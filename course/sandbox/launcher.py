"""Starts workers, however this system can, and leaves none behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType

from course.errors import CourseError
from course.language import say
from course.sandbox import confinement
from course.sandbox.forked import Template, TemplateError
from course.sandbox.processes import Process
from course.sandbox.spawned import Spawned
from course.sandbox.supervisor import Limits, Worker

CAN_FORK = sys.platform == "linux"


class Sandbox:
    """Starts workers, one at a time. A context manager; leaving it leaves no process behind.

    On Linux a template is kept that forks them, and it dies with the thread that started the first
    worker. Elsewhere each worker is a new interpreter.

    Args:
        limits: what each worker may use.
        confine: whether to confine them where that is possible; `confined` tells.
        fork: whether to fork them.
        require: whether to refuse to run them unconfined.

    Raises:
        CourseError: confinement is required, and not possible here.
    """

    def __init__(
        self,
        limits: Limits = Limits(),  # noqa: B008
        *,
        confine: bool = True,
        fork: bool = CAN_FORK,
        require: bool = False,
    ) -> None:
        self._limits = limits
        self._fork = fork
        self._template: Template | None = None
        self._worker: Worker | None = None
        self.confined = fork and confine and confinement.available()
        if require and not self.confined:
            raise CourseError(
                say(
                    "expected a sandbox, since one is required; {why}",
                    why=confinement.bubblewrap_missing(),
                )
            )

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def warm_up(self, modules: Iterable[str] = ()) -> None:
        """Starts the template, so that it is ready when the first worker is wanted, and has it
        load `modules`. Does nothing where there is no template."""
        if self._fork:
            self._living_template().preload(tuple(modules))

    def start(self, files: Mapping[str, bytes], modules: Iterable[str] = ()) -> Worker:
        """Starts a worker on a submission's files, and ends the one before.

        Args:
            files: the submission, `{file name: content}`.
            modules: libraries that should be loaded already.

        Raises:
            WorkerEndedError: it died at once.
            CourseError: no worker can be started here.
        """
        self._end_worker()
        read_end, write_end = os.pipe()
        try:
            process = self._new_process(write_end, tuple(modules))
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        self._worker = Worker(process, read_end, self._limits)
        self._worker.send_files(files)
        return self._worker

    def close(self) -> None:
        self._end_worker()
        self._end_template()

    def _new_process(self, output: int, modules: tuple[str, ...]) -> Process:
        if not self._fork:
            return Spawned(output, self._limits.memory_mb)
        try:
            return self._forked(output, modules)
        except (TemplateError, OSError):  # the submission before got at the template
            self._end_template()
            return self._forked(output, modules)

    def _forked(self, output: int, modules: tuple[str, ...]) -> Process:
        template = self._living_template()
        template.preload(modules)
        return template.fork(output, self._limits.memory_mb, self._limits.processes)

    def _living_template(self) -> Template:
        if self._template is not None and not self._template.alive:
            self._end_template()
        if self._template is None:
            self._template = Template(self.confined, self._limits.disk_mb)
        return self._template

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def _end_template(self) -> None:
        if self._template is not None:
            self._template.close()
            self._template = None
