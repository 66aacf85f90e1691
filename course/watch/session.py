"""What is being worked on, what is known of it, and what is to be judged next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from course.catalogue import Exercise
from course.fingerprint import Fingerprint, fingerprints
from course.grading.report import CheckResult
from course.progress import keep_results, read_results, result_of
from course.project import Project
from course.source import SourceProblem, decode_source, unattempted

Stamp = tuple[int, int, int]


class Session:
    """The exercises being watched.

    Args:
        project: the checkout.
        exercises: those to watch, at least one.

    Attributes:
        results: how each stands, by id.
        checks: the checks of those judged in this session, by id.
        problems: why a week's file cannot be read, by week; it has no verdicts until it can.
        current: the exercise on the screen.
    """

    def __init__(self, project: Project, exercises: Sequence[Exercise]) -> None:
        self.project = project
        self.exercises = {exercise.id: exercise for exercise in exercises}
        self.results = read_results(project, exercises)
        self.checks: dict[str, list[CheckResult]] = {}
        self.problems: dict[str, str] = {}
        self.current = exercises[0]
        self._waiting: list[str] = []  # the ids of those to be judged, the next one first
        self._seen = {name: result.fingerprint for name, result in self.results.items()}
        self._stamps: dict[str, Stamp] = {}
        self._looked_at: set[str] = set()
        self.look()
        self._make_current(self._first_open())

    @property
    def week(self) -> list[Exercise]:
        """The exercises of the current one's week."""
        return [e for e in self.exercises.values() if e.week == self.current.week]

    def look(self, named: Collection[str] = ()) -> set[str]:
        """Looks at the files, and has judged what their changes can affect.

        Args:
            named: files known to have been written, even if they look as before.

        Returns:
            The ids of the exercises that may stand differently now.
        """
        affected: set[str] = set()
        for week in self._changed_weeks(named):
            affected |= self._look_at(week)
        self._follow(affected)
        return affected

    def next_to_judge(self) -> str | None:
        """Takes the next exercise from the queue."""
        for name in self._waiting:
            if self.is_waiting(name):
                self._waiting.remove(name)
                return name
        return None

    def is_waiting(self, name: str) -> bool:
        """Whether it is to be judged, and can be."""
        return name in self._waiting and self.exercises[name].week not in self.problems

    def judge_again(self, name: str) -> None:
        """Puts an exercise whose judging was broken off into the queue, unless it is there."""
        if name not in self._waiting:
            self._waiting.append(name)
            self._put_first(self.current.id)

    def judged(self, name: str, checks: Sequence[CheckResult]) -> None:
        """Takes note of an exercise's checks, and keeps the result."""
        self.checks[name] = list(checks)
        self.results[name] = result_of(checks, self._seen[name])
        keep_results(self.project, {name: self.results[name]})

    def go_on(self) -> bool:
        """Makes the next exercise that is not passed the current one; False when all are."""
        names = list(self.exercises)
        start = names.index(self.current.id) + 1
        for name in names[start:] + names[:start]:
            if not self.passed(name) and name != self.current.id:
                self._make_current(self.exercises[name])
                return True
        return False

    def passed(self, name: str) -> bool:
        return name in self.results and self.results[name].status == "passed"

    def attempted(self, name: str) -> bool:
        return name in self.results and self.results[name].status != "unattempted"

    def _changed_weeks(self, named: Collection[str]) -> list[str]:
        stamps = _stamps(self.project.exercises)
        before, self._stamps = self._stamps, stamps
        changed = {n for n in {*before, *stamps} if before.get(n) != stamps.get(n)} | {*named}
        weeks = list(dict.fromkeys(exercise.week for exercise in self.exercises.values()))
        if {Path(name).stem for name in changed if name.endswith(".py")} - {*weeks}:
            return weeks  # a module that weeks may import
        return [week for week in weeks if f"{week}.py" in changed or week not in self._looked_at]

    def _look_at(self, week: str) -> set[str]:
        self._looked_at.add(week)
        members = {e.name: e.id for e in self.exercises.values() if e.week == week}
        path = self.project.exercises / f"{week}.py"
        try:
            stubs = unattempted(decode_source(path), members, path.name)
        except SourceProblem as problem:
            self.problems[week] = str(problem)
            return set(members.values())
        was_broken = self.problems.pop(week, None) is not None
        now = fingerprints(self.project.exercises, week, members)
        changed = [name for name, full in members.items() if self._may_change(full, now[name])]
        for name in changed:
            self._seen[members[name]] = now[name]
            if name in stubs:
                self._note_stub(members[name])
            elif members[name] not in self._waiting:
                self._waiting.append(members[name])
        return {members[name] for name in (members if was_broken else changed)}

    def _may_change(self, name: str, now: Fingerprint) -> bool:
        before = self._seen.get(name)
        return before is None or now.may_change(before, self.passed(name))

    def _note_stub(self, name: str) -> None:
        """An untouched stub needs no judge."""
        exercise = self.exercises[name]
        stub = CheckResult(name, "stub", exercise.summary, "unattempted", exercise.points)
        self._waiting = [other for other in self._waiting if other != name]
        if self.attempted(name):  # taken back
            self.judged(name, [stub])
        else:
            self.checks[name] = [stub]
            self.results[name] = result_of([stub], self._seen[name])

    def _follow(self, affected: set[str]) -> None:
        """The current exercise is the one being worked on, and is judged first."""
        if affected and self.current.id not in affected:
            self.current = next(e for name, e in self.exercises.items() if name in affected)
        self._put_first(self.current.id)

    def _make_current(self, exercise: Exercise) -> None:
        self.current = exercise
        if exercise.id not in self.checks and exercise.id not in self._waiting:
            self._waiting.append(exercise.id)  # only its status is known, from the time before
        self._put_first(exercise.id)

    def _put_first(self, name: str) -> None:
        if name in self._waiting:
            self._waiting.remove(name)
            self._waiting.insert(0, name)

    def _first_open(self) -> Exercise:
        """Where work goes on: in the week of the last attempt."""
        attempts = [name for name in self.results if self.attempted(name)]
        latest = max(attempts, key=lambda name: self.results[name].at, default=self.current.id)
        week = self.exercises[latest].week
        open_ones = [e for e in self.exercises.values() if not self.passed(e.id)]
        return min(open_ones, key=lambda e: e.week != week, default=self.exercises[latest])


def _stamps(folder: Path) -> dict[str, Stamp]:
    """What tells one content of a file from another, without reading it."""
    found = {}
    for path in folder.glob("*.py"):
        try:
            status = path.stat()
        except OSError:  # gone meanwhile
            continue
        found[path.name] = status.st_mtime_ns, status.st_size, status.st_ino
    return found
