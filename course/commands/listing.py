"""`course list`, `course hint`, `course solution` and `course data`."""

from __future__ import annotations

import argparse
import sys

from course.catalogue import Exercise, read_catalogue, select
from course.errors import CourseError
from course.project import Project

MARKS = {"passed": "✓", "unattempted": "·"}
WORDS = {"unattempted": "to do", "grader_error": "not judged"}


def list_exercises(arguments: argparse.Namespace) -> int:
    """Prints weeks and exercises with points, difficulty, minutes and the last check's status."""
    from course.progress import read_progress

    project = Project.find()
    catalogue = read_catalogue(project)
    progress = read_progress(project)
    chosen = {exercise.id for exercise in select(catalogue, arguments.exercises)}
    for week in catalogue.values():
        exercises = [exercise for exercise in week.exercises if exercise.id in chosen]
        if not exercises:
            continue
        print(f"{week.name}: {week.title}")
        for exercise in exercises:
            status = progress.get(exercise.id, "unattempted")
            print(
                f"  {MARKS.get(status, '✗')} {exercise.name:<32} {exercise.points:>3g} points  "
                f"{'*' * exercise.difficulty:<5} {exercise.minutes:>3} min  "
                f"{WORDS.get(status, status)}"
            )
    print("\ncourse check WEEK.EXERCISE judges your answer, course hint WEEK.EXERCISE helps.")
    return 0


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


def data(arguments: argparse.Namespace) -> int:
    """Says which data sets are here, or fetches them."""
    # `datasets` lies in the checkout and is not installed.
    sys.path.insert(0, str(Project.find().root))
    from datasets.files import DataError
    from datasets.registry import download, status

    try:
        rows = download(arguments.names) if arguments.action == "download" else status()
    except DataError as error:
        raise CourseError(str(error)) from error
    for row in rows:
        print(f"{row.name:<24} {row.size / 2**20:8.1f} MB  {row.found:<12} {row.path or ''}")
        print(f"{'':<24} {row.description}")
    if any(row.found == "not here" for row in rows):
        print("\ncourse data download fetches what is not here; until then runs use an embedded")
        print("default and say so. COURSE_DATA=DIR names a directory that has the files.")
    return 0


def _one_exercise(project: Project, name: str) -> Exercise:
    chosen = select(read_catalogue(project), [name])
    if len(chosen) != 1:
        raise CourseError(f"expected one exercise, WEEK.EXERCISE, got the week {name}")
    return chosen[0]
