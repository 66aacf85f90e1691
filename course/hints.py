"""Help with one exercise: a further hint each time, and the solution after an attempt."""

from __future__ import annotations

import json

from course.catalogue import Exercise
from course.errors import CourseError
from course.exam.sitting import refuse_while_open
from course.language import say
from course.project import Project, write_text
from course.source import attempted, read_source
from course.stubs import exercise_source


def next_hint(project: Project, exercise: Exercise) -> str:
    """One more hint than last time, after the last one that again.

    How many were given is kept in `.course/hints.json`. The file is replaced in one step and the
    last writer wins: of two commands at the same moment one may give a hint that was given before.

    Raises:
        CourseError: When the count cannot be written, or an exam is open.
    """
    refuse_while_open(project, say("hints"))
    path = project.state / "hints.json"
    given = _read_counts(project)
    before = given.get(exercise.id, 0)
    total = len(exercise.hints)
    number = min(before + 1, total)
    try:
        write_text(path, json.dumps(given | {exercise.id: number}, indent=1, sort_keys=True))
    except OSError as error:
        raise CourseError(
            say(
                "cannot keep count of the hints in {path}: {why}; make it writable",
                path=path,
                why=error.strerror,
            )
        ) from None
    text = say(exercise.hints[number - 1])
    hint = say("hint {number} of {total}: {text}", number=number, total=total, text=text)
    if before < total:
        return hint
    last = say("That was the last hint. After an attempt: course solution {id}", id=exercise.id)
    return f"{hint}\n{last}"


def solution_text(project: Project, exercise: Exercise, attempted: bool) -> str:
    """The exercise's function from the solution, for those who have tried.

    Args:
        project: The checkout.
        exercise: The exercise.
        attempted: Whether the student has, see `is_attempted`.

    Raises:
        CourseError: When they have not, or an exam is open; says how to go on.
    """
    refuse_while_open(project, say("solutions"))
    if not attempted:
        raise CourseError(
            say(
                "the solution of {id} is shown after an attempt: write a first try in "
                "exercises/{week}.py, then `course check {id}`; `course hint {id}` helps to begin",
                id=exercise.id,
                week=exercise.week,
            )
        )
    text = read_source(project.solutions / f"{exercise.week}.py")
    return exercise_source(text, exercise.week, exercise.name)


def is_attempted(project: Project, exercise: Exercise) -> bool:
    """Whether the student's copy has something else than the stub.

    Raises:
        SourceProblem: When that copy cannot be read as Python.
    """
    path = project.exercises / f"{exercise.week}.py"
    return exercise.name in attempted(read_source(path), [exercise.name], path.name)


def _read_counts(project: Project) -> dict[str, int]:
    """How many hints were given for each exercise; nothing where the file is not what it was."""
    try:
        counts = json.loads((project.state / "hints.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(counts, dict):
        return {}
    return {name: n for name, n in counts.items() if type(n) is int and n >= 0}
