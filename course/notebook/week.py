"""A week in a running notebook."""

from __future__ import annotations

import atexit
import functools
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from IPython.display import Code, Image, display

from course import lazy
from course.catalogue import Exercise, find_week, read_catalogue, select
from course.errors import CourseError
from course.grading.report import CheckResult
from course.hints import next_hint, solution_text
from course.judge import Judge, JudgeEndedError
from course.language import say
from course.notebook.cells import module_text
from course.notebook.verdict import Verdict
from course.project import Project
from course.sandbox.confinement import unconfined
from course.source import attempted


def friendly(function: Callable[..., None]) -> Callable[..., None]:
    """The function, with a line instead of a traceback for what the student can mend."""

    @functools.wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> None:
        try:
            function(*arguments, **options)
        except CourseError as error:
            print(f"course: {error}")

    return wrapped


class NotebookWeek:
    """Judges functions as they were defined last, by the same graders and in the same sandbox as
    `course check`.

    Args:
        name: the week.
        cells: gives the code of the cells run so far.
    """

    def __init__(self, name: str, cells: Callable[[], Sequence[str]]) -> None:
        self._project = Project.find()
        self._week = find_week(read_catalogue(self._project), name)
        self._cells = cells
        self._judge: Judge | None = None
        self._told = False
        root = str(self._project.root)
        if root not in sys.path:  # first: other packages are named `datasets`, too
            sys.path.insert(0, root)
        lazy.install()
        atexit.register(self._end_judge)

    @friendly
    def check(self, name: str) -> None:
        """Shows what the checks say of a function."""
        exercise = self._exercise(name)
        text = module_text(self._cells(), exercise.name)
        if not text.strip():
            print(say("{name} is not there yet: run the cell that defines it", name=exercise.name))
            return
        display(Verdict(exercise, self._judged(exercise, text)))

    @friendly
    def hint(self, name: str) -> None:
        """One more hint each time."""
        print(next_hint(self._project, self._exercise(name)))

    @friendly
    def solution(self, name: str) -> None:
        """The solution, after an attempt."""
        exercise = self._exercise(name)
        text = module_text(self._cells(), exercise.name)
        tried = exercise.name in attempted(text, [exercise.name])
        try:
            text = solution_text(self._project, exercise, tried)
        except CourseError:
            print(
                say(
                    'it is shown after an attempt; hint("{name}") helps to begin',
                    name=exercise.name,
                )
            )
        else:
            display(Code(text, language="python"))

    @friendly
    def run(self, quick: bool = True) -> None:
        """Trains the week's models with the functions of this notebook, and shows the plots.

        Args:
            quick: train little; False takes minutes.
        """
        text = module_text(self._cells(), "main")
        main = '\n\nif __name__ == "__main__":\n    main()\n'
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, f"{self._week.name}.py").write_text(text + main, encoding="utf-8")
            done = self._trained(folder, quick)
        if done:
            for path in sorted((self._project.runs / self._week.name).glob("*.png")):
                display(Image(filename=str(path)))

    def _trained(self, folder: str, quick: bool) -> bool:
        command = [sys.executable, "-m", "course", "run", self._week.name, "--target", folder]
        with subprocess.Popen(
            [*command, *(["--quick"] if quick else [])],
            cwd=self._project.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:  # not every kernel shows what a child prints by itself
                print(line, end="")
        return process.returncode == 0

    def _exercise(self, name: str) -> Exercise:
        asked = name if name.startswith(f"{self._week.name}.") else f"{self._week.name}.{name}"
        return select({self._week.name: self._week}, [asked])[0]

    def _judged(self, exercise: Exercise, text: str) -> list[CheckResult]:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, f"{exercise.week}.py").write_text(text, encoding="utf-8")
            try:
                return self._ask(exercise, Path(folder))
            except JudgeEndedError:
                self._end_judge()
                return self._ask(exercise, Path(folder))
            except KeyboardInterrupt:  # its answer would be taken for the next one's
                self._end_judge()
                raise

    def _ask(self, exercise: Exercise, folder: Path) -> list[CheckResult]:
        if self._judge is None:
            self._judge = Judge(self._project)
        self._judge.ask(exercise, folder)
        answer = self._judge.receive()
        if not answer["confined"] and not self._told:
            self._told = True
            print(unconfined())
        if "problem" in answer:
            raise CourseError(answer["problem"])
        return answer["checks"]

    def _end_judge(self) -> None:
        if self._judge is not None:
            judge, self._judge = self._judge, None
            judge.close()
