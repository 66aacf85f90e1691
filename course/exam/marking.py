"""Marks an exam: code by the graders of `course check`, answers by what the questions know."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course.catalogue import Exercise, read_catalogue
from course.exam.drawing import Exam
from course.exam.question import Question
from course.exam.sitting import Files
from course.exam.tasks import Task, task_modules
from course.exam.workspace import ANSWERS, module_path, parse_answers, task_folder, title
from course.grading.grade import grade
from course.grading.report import (
    CheckResult,
    Report,
    exercise_status,
    split_message,
    with_cause,
)
from course.grading.workplace import Starter
from course.language import say
from course.project import Project


@dataclass(frozen=True)
class Mark:
    """What a task has brought.

    Attributes:
        number: the task's.
        title: its heading.
        status: passed, failed, unattempted, …; as for checks.
        score: the points.
        max_score: how many there are; none where the grader failed.
        missed: what was missed, in words; empty when nothing was.
        diff: from what was handed in to the solution; empty when nothing was missed.
    """

    number: int
    title: str
    status: str
    score: float
    max_score: float
    missed: str = ""
    diff: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def mark_exam(
    project: Project,
    exam: Exam,
    files: Files,
    originals: Files,
    starter: Starter,
    on_mark: Callable[[Mark], None] = lambda mark: None,
) -> list[Mark]:
    """Marks every task.

    Args:
        project: where graders and solutions lie.
        exam: what was drawn.
        files: what was handed in, by path.
        originals: the files as the student got them.
        starter: starts the processes in which the student's code runs.
        on_mark: called with each mark as it comes.
    """
    exercises = {e.id: e for week in read_catalogue(project).values() for e in week.exercises}
    answers = parse_answers(exam, files.get(ANSWERS, b""))
    marks = []
    for number, task in enumerate(exam.tasks, 1):
        if task.question:
            mark = _mark_answer(number, task, task.question, answers.get(number))
        elif task.exercise not in exercises:
            mark = _not_marked(
                number, task, say("{id} is no longer in the course", id=task.exercise)
            )
        else:
            path = module_path(number, task)
            code = _Code(project, exercises[task.exercise], task, number, path, seed=exam.seed)
            mark = code.mark(files.get(path), originals[path], starter)
        marks.append(mark)
        on_mark(mark)
    return marks


def _mark_answer(
    number: int, task: Task, question: Question, given: Sequence[float] | None
) -> Mark:
    answer = question.answer
    if given is not None and answer.accepts(given):
        return Mark(number, title(task), "passed", task.points, task.points)
    expected = answer.show(answer.values)
    missed = say("the answer is {answer}", answer=expected)
    if given is not None:
        missed = say("expected {expected}, got {got}", expected=expected, got=answer.show(given))
        if cause := question.explain(given):
            missed = with_cause(missed, cause)
    missed += "\n" + say("worked out: {solution}", solution=question.solution)
    status = "unattempted" if given is None else "failed"
    return Mark(number, title(task), status, 0.0, task.points, missed)


@dataclass(frozen=True)
class _Code:
    """A task whose answer is code."""

    project: Project
    exercise: Exercise
    task: Task
    number: int
    path: str
    seed: int

    def mark(self, content: bytes | None, original: bytes, starter: Starter) -> Mark:
        if content == original:
            return self._marked("unattempted", 0.0, say("left as it was"), content)
        report = self._grade(content, starter)
        broken = [check for check in report.checks if check.status == "grader_error"]
        if not report.max_score or any(map(self._notices_the_mistake, broken)):
            return _not_marked(self.number, self.task, _messages(broken))
        missed = _messages([check for check in report.checks if check.status != "passed"])
        return self._marked(exercise_status(report.checks), self._share(report), missed, content)

    def _grade(self, content: bytes | None, starter: Starter) -> Report:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / task_folder(self.number)
            folder.mkdir()
            if content is not None:
                (folder / f"{self.exercise.week}.py").write_bytes(content)
            # That a misconception is rejected is proven for the inputs of `course authoring check`.
            seed = 0 if self.task.kind == "mistake" else self.seed
            return grade(self.project, [self.exercise], folder, starter, seed=seed)

    def _share(self, report: Report) -> float:
        """The share of the task's points.

        Wrong code passes most checks before anybody has touched it. So for a mistake the check that
        is there to notice it decides: half of the points for that one, the rest for all together.
        """
        if self.task.kind == "exercise":
            return report.score / report.max_score
        failed = [c for c in report.checks if c.status not in ("passed", "grader_error")]
        if any(map(self._notices_the_mistake, failed)):
            return 0.0
        return 0.5 if failed else 1.0

    def _notices_the_mistake(self, check: CheckResult) -> bool:
        return check.check == self.task.rejected_by

    def _marked(self, status: str, share: float, missed: str, content: bytes | None) -> Mark:
        points = self.task.points
        if status == "passed":
            return Mark(self.number, title(self.task), status, points, points)
        if self.task.says and not share:
            missed += "\n" + say("the mistake: {says}", says=say(self.task.says))
        diff = self._diff((content or b"").decode("utf-8", errors="replace"))
        return Mark(self.number, title(self.task), status, share * points, points, missed, diff)

    def _diff(self, text: str) -> str:
        week = read_catalogue(self.project)[self.exercise.week]
        solved = task_modules(self.project, week)[self.exercise.name].solved()
        lines = difflib.unified_diff(
            text.splitlines(), solved.splitlines(), say("yours"), say("solution"), lineterm=""
        )
        return "\n".join(map(_printable, lines))


def _not_marked(number: int, task: Task, why: str) -> Mark:
    missed = say("not marked, and not counted: {why}", why=why)
    return Mark(number, title(task), "grader_error", 0.0, 0.0, missed)


def _messages(checks: Sequence[CheckResult]) -> str:
    """What the checks say, with their titles; the same words once."""
    messages = {check.message for check in checks}
    if len(messages) == 1 < len(checks):
        return messages.pop()
    lines = []
    explained: set[str] = set()
    for check in checks:
        message, cause, _ = split_message(check.message)
        if cause and cause not in explained:
            explained.add(cause)
            message = check.message
        lines += [f"✗ {check.title}", *(f"    {line}" for line in message.splitlines())]
    return "\n".join(lines)


def _printable(line: str) -> str:
    """Without what could steer the terminal."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)
