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
from course.language import say
from course.misconception import Misconception
from course.project import Project
from course.stubs import make_stub

# Answers without content. None of them may earn a point.
HOLLOW_BODIES = (
    "return None",
    "return args[0]",
    "return 0.0",
    "return []",
    "return (np.zeros(0), np.zeros(0), np.zeros(0))",
    "return object()",
    "raise ValueError('expected something else, got this')",
)


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
            _all_have(exercise, "unattempted", say("the stub is unattempted"), stub),
            _all_have(exercise, "passed", say("the solution passes"), results(solution)),
        ]
        known = load_misconceptions(self._misconceptions)
        for wrong in (wrong for wrong in known if wrong.exercise == exercise.name):
            text = with_misconception(solution, wrong)
            self.findings.append(_rejected(exercise, wrong, results(text, wrong.rejected_by)))
        for body in HOLLOW_BODIES:
            hollow = f"{solution}\n\ndef {exercise.name}(*args, **kwargs):\n    {body}\n"
            self.findings.append(_earns_nothing(exercise, body, results(hollow)))


def with_misconception(solution: str, wrong: Misconception) -> str:
    """The solution's module, with one function exchanged for the wrong one."""
    source = textwrap.dedent(inspect.getsource(wrong.function))
    own = source[source.index(f"def {wrong.name}(") :]
    return f"{solution}\n\n{own}\n\n{wrong.exercise} = {wrong.name}\n"


def _all_have(
    exercise: Exercise, status: str, claim: str, results: Sequence[CheckResult]
) -> Finding:
    others = [_verdict(result) for result in results if result.status != status]
    return Finding(exercise.id, claim, "\n".join(others))


def _rejected(exercise: Exercise, wrong: Misconception, results: Sequence[CheckResult]) -> Finding:
    claim = say("{name} is rejected by {check}", name=wrong.name, check=wrong.rejected_by)
    result = next((result for result in results if result.check == wrong.rejected_by), None)
    if result is None:
        return Finding(exercise.id, claim, say("there is no such check"))
    problem = ""
    if result.status != "failed":
        problem = _verdict(result)
    elif wrong.betrayed and result.misconception != wrong.name:
        problem = say("it is taken for {name}", name=result.misconception) + f": {result.message}"
    return Finding(exercise.id, claim, problem)


def _earns_nothing(exercise: Exercise, body: str, results: Sequence[CheckResult]) -> Finding:
    wrongly = [
        _verdict(result) for result in results if result.status in ("passed", "grader_error")
    ]
    claim = say("`{code}` alone earns nothing", code=body)
    return Finding(exercise.id, claim, "\n".join(wrongly))


def _verdict(result: CheckResult) -> str:
    return f"{result.check}: {result.status}: {result.message}"


def _strangers(project: Project, exercises: Sequence[Exercise]) -> Iterator[Finding]:
    """Misconceptions of exercises that do not exist."""
    for week in sorted({exercise.week for exercise in exercises}):
        names = {exercise.name for exercise in exercises if exercise.week == week}
        solution = (project.solutions / f"{week}.py").read_text(encoding="utf-8")
        for wrong in load_misconceptions(project.misconceptions / f"{week}.py"):
            if wrong.exercise not in names and f"def {wrong.exercise}(" not in solution:
                problem = say("{week} has no exercise {name}", week=week, name=wrong.exercise)
                claim = say("{name} has an exercise", name=wrong.name)
                yield Finding(f"{week}.{wrong.exercise}", claim, problem)
