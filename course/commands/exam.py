"""`course exam start`, `course exam status` and `course exam submit`."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable

from course.catalogue import read_catalogue
from course.errors import CourseError
from course.exam.clock import minutes_and_seconds, now, time_of_day
from course.exam.drawing import Exam, draw_exam, draw_new_exam
from course.exam.sitting import Sitting, begin, closed_exams, open_sitting
from course.exam.tasks import Pool, Task, find_topics
from course.exam.workspace import (
    ANSWERS,
    module_path,
    parse_answers,
    points,
    read_workspace,
    title,
    workspace_files,
)
from course.project import Project, write_text
from course.source import SourceProblem, parse_source

TYPE_CHECKING = False  # marking imports pytest, and only submit marks
if TYPE_CHECKING:
    from course.exam.marking import Mark

GRADER_ERROR = 3


def start(arguments: argparse.Namespace) -> int:
    """Draws an exam, starts the clock and writes the workspace."""
    project = Project.find()
    sitting = open_sitting(project)
    if sitting is not None:
        return _go_on(sitting, arguments.seed)
    exam = _draw(project, arguments)
    sitting = begin(project, exam, workspace_files(exam, now().wall))
    _introduce(sitting, exam)
    return 0


def status(arguments: argparse.Namespace) -> int:
    """Says how much time is left, and what has been done."""
    project = Project.find()
    sitting = open_sitting(project)
    if sitting is None:
        print("no exam is open; course exam start begins one")
        for result in closed_exams(project):
            late = ", late" if result.get("late") else ""
            score, maximum = result["score"], result["max_score"]
            print(f"  exam {result['seed']}: {score:.3g} of {points(maximum)}{late}")
        return 0
    if sitting.is_handed_in:
        print(f"exam {sitting.seed} is handed in and not marked yet: course exam submit goes on")
        return 0
    exam = sitting.read_exam()
    print(_time(sitting))
    files = read_workspace(exam, sitting.workspace)
    answers = parse_answers(exam, files.get(ANSWERS, b""))
    _print_tasks(
        exam,
        lambda number, task: (
            _state(sitting, number, task, files) if task.exercise else _answered(answers, number)
        ),
    )
    return 0


def submit(arguments: argparse.Namespace) -> int:
    """Hands in what is in the workspace, marks it, and says what was missed."""
    from course.exam.marking import mark_exam
    from course.exam.report import Result
    from course.sandbox.confinement import UNCONFINED
    from course.sandbox.launcher import Sandbox

    project = Project.find()
    sitting = open_sitting(project)
    if sitting is None:
        raise CourseError("no exam is open, so there is nothing to hand in: course exam start")
    exam = sitting.read_exam()
    if sitting.is_handed_in:
        print("goes on with what was handed in before")
    else:
        files = read_workspace(exam, sitting.workspace)
        parse_answers(exam, files.get(ANSWERS, b""))  # what is wrong there can still be mended
        sitting.hand_in(files)
    seconds, handed_in = sitting.seconds_used(), sitting.handed_in_files()
    with Sandbox() as sandbox:
        if not sandbox.confined:
            print(f"course: {UNCONFINED}", file=sys.stderr)
        marks = mark_exam(project, exam, handed_in, sitting.original_files(), sandbox, _show)
    result = Result(exam, marks, seconds)
    page = sitting.workspace / "report.md"
    write_text(page, result.to_markdown())
    sitting.close(result.to_json())
    print(f"\nexam {exam.seed}: {result.summary()}\nall of this again: {page}")
    return GRADER_ERROR if any(mark.status == "grader_error" for mark in marks) else 0


def _draw(project: Project, arguments: argparse.Namespace) -> Exam:
    topics = [name for text in arguments.topics for name in text.split(",") if name]
    pool = Pool(project, *find_topics(read_catalogue(project), topics))
    if arguments.seed is not None:
        return draw_exam(pool, arguments.seed, arguments.minutes, topics)
    sat = {str(task) for result in closed_exams(project) for task in result["asked"]}
    return draw_new_exam(pool, sat, arguments.minutes, topics, random.Random())


def _go_on(sitting: Sitting, seed: int | None) -> int:
    """Restores a workspace that is lost; refuses a second exam."""
    if sitting.is_handed_in or sitting.workspace.is_dir() or seed not in (None, sitting.seed):
        raise CourseError(f"one exam at a time: {_time(sitting)}; `course exam submit` hands it in")
    sitting.write_workspace()
    print(f"{sitting.workspace.name}/ was missing and is written anew; the clock runs on")
    _introduce(sitting, sitting.read_exam())
    return 0


def _introduce(sitting: Sitting, exam: Exam) -> None:
    print(_time(sitting))
    _print_tasks(exam, lambda number, task: f"{task.minutes:>3} min")
    print(f"\nThe tasks are in {sitting.workspace / 'README.md'}")
    print("course exam status shows the time that is left, course exam submit hands in.")


def _print_tasks(exam: Exam, note: Callable[[int, Task], str]) -> None:
    width = max(len(title(task)) for task in exam.tasks)
    for number, task in enumerate(exam.tasks, 1):
        head = f"{number:>2}. {title(task):<{width}} {points(task.points):>9}"
        print(f"  {head}  {note(number, task)}")


def _show(mark: Mark) -> None:
    from course.exam.report import details, headline

    print("\n".join(filter(None, [headline(mark), details(mark)])), flush=True)


def _time(sitting: Sitting) -> str:
    if sitting.is_handed_in:
        return f"exam {sitting.seed} is handed in and not marked yet"
    left = sitting.seconds_left()
    if left < 0:
        return (
            f"exam {sitting.seed}: the time has been up for {minutes_and_seconds(-left)}; what is "
            "handed in now is late"
        )
    until = time_of_day(now().wall + left)
    return f"exam {sitting.seed}: {minutes_and_seconds(left)} left, until {until}"


def _state(sitting: Sitting, number: int, task: Task, files: dict[str, bytes]) -> str:
    path = module_path(number, task)
    if path not in files:
        return f"{path} is missing"
    if files[path] == (sitting.folder / "tasks" / path).read_bytes():
        return "to do"
    try:
        parse_source(files[path].decode("utf-8-sig"), path)
    except (SourceProblem, UnicodeDecodeError) as problem:
        return f"cannot be read: {problem}".partition("\n")[0]
    return "edited"


def _answered(answers: dict[int, tuple[float, ...]], number: int) -> str:
    return "answered" if number in answers else "to do"
