"""Proves that graders judge rightly: before students meet them."""

from __future__ import annotations

import inspect
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course.catalogue import Exercise
from course.grading.diagnosis import load_misconceptions
from course.grading.grade import Graders, with_graders
from course.grading.report import CheckResult
from course.grading.workplace import Starter
from course.misconception import Misconception
from course.project import Project
from course.stubs import make_stub

# Answers without content. None of them may earn a point.
HOLLOW_BODIES = {
    "returns None": "return None",
    "returns its argument": "return args[0]",
    "returns zero": "return 0.0",
    "returns an empty list": "return []",
    "returns three empty arrays": "return (np.zeros(0), np.zeros(0), np.zeros(0))",
    "returns an object": "return object()",
    "always raises ValueError": "raise ValueError('expected something else, got this')",
}


@dataclass(frozen=True)
class Finding:
    """One statement about an exercise's grader, and whether it is true.

    Attributes:
        exercise: its id.
        claim: what should be.
        problem: what is instead; empty when the claim is true.
    """

    exercise: str
    claim: str
    problem: str


def examine(project: Project, exercises: Sequence[Exercise], starter: Starter) -> Iterator[Finding]:
    """Tries stub, solution, misconceptions and hollow answers on each exercise's grader."""
    for exercise in exercises:
        trial = _Trial(project, exercise, starter)
        with_graders(project, [exercise], 0, trial.run)
        yield from trial.findings
    yield from _strangers(project, exercises)


class _Trial:
    """Puts all that is known of one exercise through its grader, which is loaded once."""

    def __init__(self, project: Project, exercise: Exercise, starter: Starter) -> None:
        self._exercise = exercise
        self._starter = starter
        path = project.solutions / f"{exercise.week}.py"
        self._solution = path.read_text(encoding="utf-8")
        self._misconceptions = project.misconceptions / f"{exercise.week}.py"
        self.findings: list[Finding] = []

    def run(self, graders: Graders) -> None:
        exercise, solution = self._exercise, self._solution

        def results(text: str, only: str | None = None) -> Sequence[CheckResult]:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                (folder / f"{exercise.week}.py").write_text(text, encoding="utf-8")
                return graders.judge(folder, self._starter, only=only, tries=1).checks

        stub = results(make_stub(solution, exercise.week))
        self.findings = [
            _all_have(exercise, "unattempted", "the stub is unattempted", stub),
            _all_have(exercise, "passed", "the solution passes", results(solution)),
        ]
        known = load_misconceptions(self._misconceptions)
        for wrong in (wrong for wrong in known if wrong.exercise == exercise.name):
            text = with_misconception(solution, wrong)
            self.findings.append(_rejected(exercise, wrong, results(text, wrong.rejected_by)))
        for name, body in HOLLOW_BODIES.items():
            hollow = f"{solution}\n\ndef {exercise.name}(*args, **kwargs):\n    {body}\n"
            self.findings.append(_earns_nothing(exercise, name, results(hollow)))


def with_misconception(solution: str, wrong: Misconception) -> str:
    """The solution's module, with one function exchanged for the wrong one."""
    source = textwrap.dedent(inspect.getsource(wrong.function))
    own = source[source.index(f"def {wrong.name}(") :]
    return f"{solution}\n\n{own}\n\n{wrong.exercise} = {wrong.name}\n"


def _all_have(
    exercise: Exercise, status: str, claim: str, results: Sequence[CheckResult]
) -> Finding:
    others = [f"{r.check} is {r.status}: {r.message}" for r in results if r.status != status]
    return Finding(exercise.id, claim, "\n".join(others))


def _rejected(exercise: Exercise, wrong: Misconception, results: Sequence[CheckResult]) -> Finding:
    claim = f"{wrong.name} is rejected by {wrong.rejected_by}"
    result = next((result for result in results if result.check == wrong.rejected_by), None)
    if result is None:
        return Finding(exercise.id, claim, "there is no such check")
    problem = ""
    if result.status != "failed":
        problem = f"the check says {result.status}: {result.message}"
    elif wrong.betrayed and result.misconception != wrong.name:
        problem = f"it is taken for {result.misconception}: {result.message}"
    return Finding(exercise.id, claim, problem)


def _earns_nothing(exercise: Exercise, name: str, results: Sequence[CheckResult]) -> Finding:
    wrongly = [
        f"{result.check} says {result.status}: {result.message}"
        for result in results
        if result.status in ("passed", "grader_error")
    ]
    return Finding(exercise.id, f"a function that {name} earns nothing", "\n".join(wrongly))


def _strangers(project: Project, exercises: Sequence[Exercise]) -> Iterator[Finding]:
    """Misconceptions of exercises that do not exist."""
    for week in sorted({exercise.week for exercise in exercises}):
        names = {exercise.name for exercise in exercises if exercise.week == week}
        solution = (project.solutions / f"{week}.py").read_text(encoding="utf-8")
        for wrong in load_misconceptions(project.misconceptions / f"{week}.py"):
            if wrong.exercise not in names and f"def {wrong.exercise}(" not in solution:
                problem = f"{week} has no exercise {wrong.exercise}"
                yield Finding(f"{week}.{wrong.exercise}", f"{wrong.name} has an exercise", problem)
