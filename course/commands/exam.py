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
from course.language import say
from course.project import Project, write_text
from course.source import SourceProblem, parse_source
from course.words import points_of, status_word
from course.wrapping import padded

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
        print(say("no exam is open; course exam start begins one"))
        for result in closed_exams(project):
            reached = points_of(f"{result['score']:.3g}", f"{result['max_score']:g}")
            late = f", {say('late')}" if result.get("late") else ""
            print(f"  {say('exam {seed}', seed=result['seed'])}: {reached}{late}")
        return 0
    if sitting.is_handed_in:
        print(
            say(
                "exam {seed} is handed in and not marked yet: course exam submit goes on",
                seed=sitting.seed,
            )
        )
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
    from course.sandbox.confinement import unconfined
    from course.sandbox.launcher import Sandbox

    project = Project.find()
    sitting = open_sitting(project)
    if sitting is None:
        raise CourseError(say("no exam is open, so there is nothing to hand in: course exam start"))
    exam = sitting.read_exam()
    if sitting.is_handed_in:
        print(say("goes on with what was handed in before"))
    else:
        files = read_workspace(exam, sitting.workspace)
        parse_answers(exam, files.get(ANSWERS, b""))  # what is wrong there can still be mended
        sitting.hand_in(files)
    seconds, handed_in = sitting.seconds_used(), sitting.handed_in_files()
    with Sandbox() as sandbox:
        if not sandbox.confined:
            print(f"course: {unconfined()}", file=sys.stderr)
        marks = mark_exam(project, exam, handed_in, sitting.original_files(), sandbox, _show)
    result = Result(exam, marks, seconds)
    page = sitting.workspace / "report.md"
    write_text(page, result.to_markdown())
    sitting.close(result.to_json())
    print(f"\n{say('exam {seed}', seed=exam.seed)}: {result.summary()}")
    print(say("all of this again: {page}", page=page))
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
        raise CourseError(
            say("one exam at a time: {exam}; `course exam submit` hands it in", exam=_time(sitting))
        )
    sitting.write_workspace()
    print(
        say(
            "{folder}/ was missing and is written anew; the clock runs on",
            folder=sitting.workspace.name,
        )
    )
    _introduce(sitting, sitting.read_exam())
    return 0


def _introduce(sitting: Sitting, exam: Exam) -> None:
    print(_time(sitting))
    _print_tasks(exam, lambda number, task: say("{minutes} min", minutes=f"{task.minutes:>3}"))
    print("\n" + say("The tasks are in {path}", path=sitting.workspace / "README.md"))
    print(say("course exam status shows the time that is left, course exam submit hands in."))


def _print_tasks(exam: Exam, note: Callable[[int, Task], str]) -> None:
    titles = padded([title(task) for task in exam.tasks])
    worth = padded([points(task.points) for task in exam.tasks], right=True)
    for number, task in enumerate(exam.tasks, 1):
        print(f"  {number:>2}. {titles[number - 1]}  {worth[number - 1]}  {note(number, task)}")


def _show(mark: Mark) -> None:
    from course.exam.report import details, headline

    print("\n".join(filter(None, [headline(mark), details(mark)])), flush=True)


def _time(sitting: Sitting) -> str:
    if sitting.is_handed_in:
        return say("exam {seed} is handed in and not marked yet", seed=sitting.seed)
    left = sitting.seconds_left()
    if left < 0:
        return say(
            "exam {seed}: the time has been up for {time}; what is handed in now is late",
            seed=sitting.seed,
            time=minutes_and_seconds(-left),
        )
    return say(
        "exam {seed}: {time} left, until {until}",
        seed=sitting.seed,
        time=minutes_and_seconds(left),
        until=time_of_day(now().wall + left),
    )


def _state(sitting: Sitting, number: int, task: Task, files: dict[str, bytes]) -> str:
    path = module_path(number, task)
    if path not in files:
        return say("{path} is missing", path=path)
    if files[path] == (sitting.folder / "tasks" / path).read_bytes():
        return status_word("unattempted")
    try:
        parse_source(files[path].decode("utf-8-sig"), path)
    except (SourceProblem, UnicodeDecodeError) as problem:
        return say("cannot be read: {why}", why=str(problem).partition("\n")[0])
    return say("edited")


def _answered(answers: dict[int, tuple[float, ...]], number: int) -> str:
    return say("answered") if number in answers else status_word("unattempted")
