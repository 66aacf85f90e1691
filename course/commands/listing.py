"""`course list`, `course hint`, `course solution`, `course reset` and `course data`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence, Set

from course.catalogue import Exercise, read_catalogue, select
from course.errors import CourseError
from course.language import say
from course.project import Project
from course.words import points_of, status_word

TYPE_CHECKING = False  # as in course.exercise
if TYPE_CHECKING:
    from course.progress import Result

MARKS = {"passed": "✓", "unattempted": "·"}


def list_exercises(arguments: argparse.Namespace) -> int:
    """Prints weeks and exercises with points, difficulty, minutes, status, and what is next."""
    from course.progress import changed_since, read_results

    project = Project.find()
    catalogue = read_catalogue(project)
    chosen = select(catalogue, arguments.exercises)
    results = read_results(project, chosen)
    changed = changed_since(project, chosen, results)
    for week in catalogue.values():
        exercises = [exercise for exercise in chosen if exercise.week == week.name]
        if exercises:
            score = sum(results[e.id].score for e in exercises if e.id in results)
            print(f"{week.name}: {say(week.title)}")
            for exercise in exercises:
                print(_line(exercise, results.get(exercise.id), exercise.id in changed))
                if arguments.exercises:
                    print(f"      {say(exercise.summary)}")
            total = sum(exercise.points for exercise in exercises)
            print(f"  {points_of(f'{score:.3g}', f'{total:g}')}\n")
    print(_what_next(chosen, results, changed))
    return 0


def _line(exercise: Exercise, result: Result | None, changed: bool) -> str:
    status = result.status if result else "unattempted"
    words = status_word(status)
    if result and status not in ("passed", "unattempted", "grader_error"):
        words = say("{status}, {n} points", status=words, n=f"{result.score:.3g}")
    if changed:
        words = say("{status}; changed since", status=words)
    line = say(
        "{name} {points} points  {stars} {minutes} min  {status}",
        name=f"{exercise.name:<32}",
        points=f"{exercise.points:>3g}",
        stars=f"{'*' * exercise.difficulty:<5}",
        minutes=f"{exercise.minutes:>3}",
        status=words,
    )
    return f"  {MARKS.get(status, '✗')} {line}"


def _what_next(
    exercises: Sequence[Exercise], results: Mapping[str, Result], changed: Set[str]
) -> str:
    """Where to go on: first in the week of the last attempt."""
    attempts = [r for r in results.items() if r[1].status != "unattempted"]
    latest = max(attempts, key=lambda item: item[1].at, default=("", None))[0]
    passed = {name for name, result in results.items() if result.status == "passed"} - changed
    open_ones = [exercise for exercise in exercises if exercise.id not in passed]
    if not open_ones:
        return say("All {n} exercises passed.", n=len(exercises))
    following = min(open_ones, key=lambda e: e.week != latest.partition(".")[0])
    if following.id in changed:
        return say("next: {command}", command=f"course check {following.id}")
    if following.id in results and results[following.id].status != "unattempted":
        return say("next: {command}", command=f"course hint {following.id}")
    return say(
        "next: write {name} in exercises/{week}.py, with course watch",
        name=following.name,
        week=following.week,
    )


def hint(arguments: argparse.Namespace) -> int:
    from course.hints import next_hint

    project = Project.find()
    print(next_hint(project, _one_exercise(project, arguments.exercise)))
    return 0


def solution(arguments: argparse.Namespace) -> int:
    from course.hints import is_attempted, solution_text

    project = Project.find()
    exercise = _one_exercise(project, arguments.exercise)
    print(solution_text(project, exercise, is_attempted(project, exercise)))
    return 0


def reset(arguments: argparse.Namespace) -> int:
    """Brings one stub back; the student's file as it was is kept beside."""
    from course.reset import reset_exercise

    project = Project.find()
    exercise = _one_exercise(project, arguments.exercise)
    kept = reset_exercise(project, exercise)
    print(say("{id} is a stub again", id=exercise.id))
    if kept is not None:
        print(say("your text is kept in {path}", path=kept.relative_to(project.root)))
    return 0


def data(arguments: argparse.Namespace) -> int:
    """Says which data sets are here, or fetches them."""
    # `datasets` lies in the checkout and is not installed.
    sys.path.insert(0, str(Project.find().root))
    from course.wrapping import padded
    from datasets.files import DataError
    from datasets.registry import download, status

    try:
        rows = download(arguments.names) if arguments.action == "download" else status()
    except DataError as error:
        raise CourseError(str(error)) from error
    words = {"not here": say("not here"), "altered": say("altered"), "cache": say("cache")}
    found = padded([words.get(row.found, row.found) for row in rows])
    for row, where in zip(rows, found, strict=True):
        print(f"{row.name:<24} {row.size / 2**20:8.1f} MB  {where}  {row.path or ''}".rstrip())
        print(f"{'':<24} {row.description}")
    if any(row.found == "not here" for row in rows):
        print()
        print(
            say(
                "course data download fetches what is not here; until then runs use an embedded\n"
                "default and say so. COURSE_DATA=DIR names a directory that has the files."
            )
        )
    return 0


def _one_exercise(project: Project, name: str) -> Exercise:
    chosen = select(read_catalogue(project), [name])
    if len(chosen) != 1:
        raise CourseError(
            say("expected one exercise, WEEK.EXERCISE, got the week {name}", name=name)
        )
    return chosen[0]
