"""What a student works in during an exam: the tasks, modules to edit, a file for answers."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from course.errors import CourseError
from course.exam.clock import time_of_day
from course.exam.drawing import Exam
from course.exam.question import LETTERS
from course.exam.tasks import Task
from course.source import MAX_BYTES

ANSWERS = "answers.txt"
_LINE = re.compile(r"\s*(\d{1,4})\s*[:=]\s*(.*)")
_TITLES = {"question": "Short question", "mistake": "Find the mistake", "exercise": "Exercise"}


def task_folder(number: int) -> str:
    return f"task-{number:02}"


def module_path(number: int, task: Task) -> str:
    """Where a task's module lies in the workspace."""
    return f"{task_folder(number)}/{task.week}.py"


def title(task: Task) -> str:
    subject = task.exercise or task.topic
    return f"{_TITLES[task.kind]}: {subject}"


def points(number: float) -> str:
    return f"{number:g} {'point' if number == 1 else 'points'}"


def workspace_files(exam: Exam, started: float) -> dict[str, bytes]:
    """All files of a workspace, by path.

    Args:
        exam: what was drawn.
        started: when it begins, in seconds since 1970.
    """
    files = {"README.md": _readme(exam, started)}
    if any(task.question for task in exam.tasks):
        files[ANSWERS] = _answers(exam)
    for number, task in enumerate(exam.tasks, 1):
        if task.module:
            files[module_path(number, task)] = task.module
    return {path: text.encode() for path, text in files.items()}


def read_workspace(exam: Exam, folder: Path) -> dict[str, bytes]:
    """What the student has written, by path: answers and modules. What is missing is left out.

    Raises:
        CourseError: the directory or the answers are not there, or something cannot be read.
    """
    if not folder.is_dir():
        raise CourseError(
            f"expected the exam in {folder}, found no such directory; put it back, or `course exam "
            "start` writes the tasks anew (the clock runs on)"
        )
    wanted = [module_path(n, task) for n, task in enumerate(exam.tasks, 1) if task.exercise]
    files = {path: _read_file(folder / path) for path in wanted if (folder / path).is_file()}
    if any(task.question for task in exam.tasks):
        files[ANSWERS] = _read_answers_file(folder / ANSWERS)
    return files


def parse_answers(exam: Exam, content: bytes) -> dict[int, tuple[float, ...]]:
    """The answers by the number of their question; questions without an answer are left out.

    Raises:
        CourseError: a line is not what it should be; says which and what should be there.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CourseError(f"{ANSWERS} is not UTF-8 text; save it again as such") from None
    questions = {n: task.question for n, task in enumerate(exam.tasks, 1) if task.question}
    answers: dict[int, tuple[float, ...]] = {}
    seen: dict[int, int] = {}
    for line_number, line in enumerate(text.splitlines(), 1):
        given = line.partition("#")[0].strip()
        if not given:
            continue
        where = f"{ANSWERS}, line {line_number}"
        match = _LINE.fullmatch(given)
        if match is None:
            raise CourseError(
                f"{where}: expected the number of a task and a colon, as in `3: 0.25`"
            )
        number, answer = int(match[1]), match[2].strip()
        question = questions.get(number)
        if question is None:
            known = ", ".join(map(str, questions))
            raise CourseError(f"{where}: no short question {number}; there are {known}")
        if number in seen:
            raise CourseError(
                f"{where}: question {number} has an answer in line {seen[number]} too"
            )
        seen[number] = line_number
        if answer:
            try:
                answers[number] = question.answer.parse(answer)
            except CourseError as error:
                raise CourseError(f"{where}: {error}") from None
    return answers


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise CourseError(f"{path} is larger than {MAX_BYTES // 1024} kB; expected text and code")
    return content


def _read_answers_file(path: Path) -> bytes:
    if not path.is_file():
        raise CourseError(
            f"expected your answers in {path}, found no such file; a text file with lines such as "
            "`3: 0.25` will do, an empty one as well"
        )
    return _read_file(path)


def _answers(exam: Exam) -> str:
    lines = [
        f"# Exam {exam.seed}: the answers to the short questions of README.md, behind the colons.",
        "# Numbers with a point (0.25, 2.5e-1) or as a fraction (1/4), several of them separated",
        "# by commas; choices as a letter. What is not answered stays empty.",
        "",
    ]
    for number, task in enumerate(exam.tasks, 1):
        if task.question:
            lines.append(f"{number}: ")
    return "\n".join(lines) + "\n"


def _readme(exam: Exam, started: float) -> str:
    until = time_of_day(started + 60 * exam.minutes)
    parts = [
        f"# Exam {exam.seed}",
        f"{exam.minutes} minutes, until {until}; {points(exam.points)}. `course exam status` "
        "tells the time that is left, `course exam submit` hands in and marks. Until then there "
        "are no hints, no solutions and no checks; running your own code is fine. What comes after "
        "the deadline is marked as well, and called late.",
    ]
    for number, task in enumerate(exam.tasks, 1):
        parts.append(f"## {number}. {title(task)} ({points(task.points)}, {task.minutes} min)")
        parts += _describe(number, task)
    paragraphs = "\n\n".join(parts).split("\n\n")
    return "\n\n".join(map(_wrapped, paragraphs)) + "\n"


def _wrapped(paragraph: str) -> str:
    """Prose in lines of bearable length; code and tables as they are."""
    if "\n" in paragraph or paragraph.startswith(("#", " ")):
        return paragraph
    return textwrap.fill(paragraph, 100, break_long_words=False, break_on_hyphens=False)


def _describe(number: int, task: Task) -> Iterator[str]:
    if task.question:
        answer = task.question.answer
        yield task.question.text
        if answer.options:
            yield "\n".join(f"{LETTERS[i]}) {option}  " for i, option in enumerate(answer.options))
        yield f"Answer in `{ANSWERS}`, line `{number}:`, with {answer.wanted}."
        return
    path = module_path(number, task)
    if task.kind == "exercise":
        yield f"Write `{task.function}` in `{path}`; its docstring is the contract."
    else:
        yield (
            f"`{task.function}` in `{path}` does not do what its docstring says. Mend it. Finding "
            "the mistake gives half of the points, all checks the other half."
        )
    if task.shows:
        yield "What it may build upon is there already; do not change it."
