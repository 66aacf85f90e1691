"""A process of its own that grades one exercise after another and keeps its sandbox warm.

`course watch` and notebooks ask it, and stay responsive while a check runs: they can cancel it at
any moment, and it is ready for the next at once.

One JSON object per line goes each way. Requests carry growing numbers:

    {"number": 1, "exercise": ID, "folder": DIR}  -> {"number": 1, "confined": true, "checks": […]}
                                                  or {…, "cancelled": true}
                                                  or {…, "problem": TEXT}
                        "stream": true            first {…, "check": …} for each, as it comes
    {"number": 2, "warm_up": [LIBRARY, …]}        -> {"number": 2, "confined": true}
    {"cancel": 2}                                 all requests up to this number
"""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from course import lazy
from course.errors import CourseError
from course.grading.report import CheckResult
from course.language import say
from course.project import Project

if TYPE_CHECKING:
    from course.catalogue import Exercise
    from course.sandbox.launcher import Sandbox

LEAVE_SECONDS = 1.0  # for the main thread, once nobody asks any more
CLOSE_SECONDS = 10.0  # for the whole process
_FIELDS = {field.name for field in fields(CheckResult)}


class JudgeEndedError(CourseError):
    """The process is gone."""


class Judge:
    """The asking side. A context manager; leaving it ends the process.

    Args:
        project: the checkout whose graders judge.
    """

    def __init__(self, project: Project) -> None:
        self._errors = tempfile.TemporaryFile(mode="w+", errors="replace")  # noqa: SIM115
        self._number = 0
        # A session of its own: Ctrl-C in the terminal, or a notebook's interrupt, is for the asker.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "course.judge"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=project.root,
            env=os.environ | {"PYTHONPATH": _search_path()},
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, exercise: Exercise, folder: Path, stream: bool = False) -> int:
        """Asks for the checks of an exercise, without waiting; returns the request's number.

        Args:
            exercise: the exercise.
            folder: holds the week's module.
            stream: whether each check is also told by itself, as `check`, as soon as it is done.
        """
        request = {"exercise": exercise.id, "folder": str(folder.resolve()), "stream": stream}
        return self._send(request)

    def warm_up(self, libraries: Iterable[str]) -> int:
        """Has libraries loaded before they are needed, without waiting."""
        return self._send({"warm_up": sorted(libraries)})

    def cancel(self) -> None:
        """Takes back all requests made so far; each is still answered."""
        self._write({"cancel": self._number})

    def receive(self) -> dict[str, Any]:
        """Waits for the next answer; its `checks` are CheckResults.

        Raises:
            JudgeEndedError: none will come any more.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise JudgeEndedError(say("the process that grades has ended") + self._last_words())
        answer = json.loads(line)
        if "checks" in answer:
            answer["checks"] = [_check_result(content) for content in answer["checks"]]
        if "check" in answer:
            answer["check"] = _check_result(answer["check"])
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # by which it knows that nobody asks any more
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()

    def _send(self, request: dict[str, Any]) -> int:
        self._number += 1
        self._write({"number": self._number} | request)
        return self._number

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # `receive` tells that it is gone
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            self._errors.seek(0)
            lines = self._errors.read().strip().splitlines()
            return f": {lines[-1]}" if lines else ""
        return ""


def _search_path() -> str:
    checkout = str(Path(__file__).resolve().parent.parent)
    return os.pathsep.join(filter(None, [checkout, os.environ.get("PYTHONPATH")]))


def _check_result(content: dict[str, Any]) -> CheckResult:
    return CheckResult(**{name: value for name, value in content.items() if name in _FIELDS})


class _Cancelled(KeyboardInterrupt):
    """What pytest does not take for a failed test."""


class _Bench:
    """The answering side: grades in the main thread, and listens in another."""

    def __init__(self, project: Project, requests: TextIO, answers: TextIO) -> None:
        from course.catalogue import read_catalogue

        self._project = project
        self._exercises = {
            exercise.id: exercise
            for week in read_catalogue(project).values()
            for exercise in week.exercises
        }
        self._requests = requests
        self._answers = answers
        self._waiting: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._number = 0
        self._cancelled = 0
        self._interruptible = False
        self._broken = False

    def serve(self) -> None:
        from course.sandbox.launcher import Sandbox

        signal.signal(signal.SIGINT, self._on_interrupt)
        with Sandbox() as sandbox:
            threading.Thread(target=self._listen, args=[sandbox], daemon=True).start()
            while (request := self._waiting.get()) is not None:
                self._number = request["number"]
                self._tell(sandbox, self._answer(request, sandbox))
                if self._broken:
                    sandbox.close()
                    self._broken = False

    def _tell(self, sandbox: Sandbox, answer: dict[str, Any]) -> None:
        answer = {"number": self._number, "confined": sandbox.confined} | answer
        self._answers.write(json.dumps(answer) + "\n")
        self._answers.flush()

    def _listen(self, sandbox: Sandbox) -> None:
        for line in self._requests:
            message = json.loads(line)
            if "cancel" in message:
                self._cancel(message["cancel"])
            else:
                self._waiting.put(message)
        self._cancel(sys.maxsize)
        self._waiting.put(None)
        # Loading a library, or a grader in an endless loop of its own, must not outlive who asked.
        time.sleep(LEAVE_SECONDS)
        sandbox.close()
        time.sleep(LEAVE_SECONDS)
        os._exit(1)

    def _cancel(self, number: int) -> None:
        self._cancelled = number
        if self._number <= number:
            _thread.interrupt_main()

    def _answer(self, request: Mapping[str, Any], sandbox: Sandbox) -> dict[str, Any]:
        from course.grading.grade import grade

        self._interruptible = False
        try:
            self._leave_if_cancelled()
            if "warm_up" in request:
                sandbox.warm_up(request["warm_up"])
                return {}
            exercise = self._exercises[request["exercise"]]
            starter = _Interruptible(self, sandbox)

            def show(check: CheckResult) -> None:
                if request["stream"]:
                    self._tell(sandbox, {"check": check.to_json()})

            folder = Path(request["folder"])
            report = grade(self._project, [exercise], folder, starter, on_result=show)
        except _Cancelled:
            return {"cancelled": True}
        except CourseError as error:
            return {"problem": str(error)}
        except KeyboardInterrupt:  # how `grade` says that pytest was interrupted
            return {"cancelled": True}
        return {"checks": [check.to_json() for check in report.checks]}

    def _on_interrupt(self, number: int, frame: object) -> None:
        if self._interruptible:
            self._leave_if_cancelled()

    def _leave_if_cancelled(self) -> None:
        if self._number <= self._cancelled:
            raise _Cancelled

    @contextlib.contextmanager
    def interruptible(self, worker: Any) -> Iterator[None]:
        """Within, waiting for a worker ends when the request is cancelled.

        Elsewhere nothing is interrupted: a conversation with the template that is broken off leaves
        an answer that the next question would take for its own.
        """
        self._leave_if_cancelled()
        self._interruptible = True
        try:
            yield
        except _Cancelled:
            self._broken |= worker.ended  # it was just being ended: begin with a new template
            raise
        finally:
            self._interruptible = False


class _Interruptible:
    """The sandbox, as a starter of workers that can be left in the middle of an answer."""

    def __init__(self, bench: _Bench, sandbox: Sandbox) -> None:
        self._bench = bench
        self._sandbox = sandbox

    def start(self, files: Mapping[str, bytes], modules: tuple[str, ...]) -> _InterruptibleWorker:
        return _InterruptibleWorker(self._bench, self._sandbox.start(files, modules))


class _InterruptibleWorker:
    def __init__(self, bench: _Bench, worker: Any) -> None:
        self._bench = bench
        self._worker = worker

    def request(self, *arguments: Any) -> dict[str, Any]:
        with self._bench.interruptible(self._worker):
            return self._worker.request(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._worker, name)


def main() -> None:
    """Answers on standard output; whatever graders print goes elsewhere."""
    lazy.install()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    _Bench(Project.find(), sys.stdin, answers).serve()


if __name__ == "__main__":
    main()
