"""What a student works in during an exam: the tasks, modules to edit, a file for answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from course.errors import CourseError
from course.exam.clock import time_of_day
from course.exam.drawing import Exam
from course.exam.question import LETTERS
from course.exam.tasks import Task
from course.language import say
from course.source import MAX_BYTES
from course.wrapping import wrap

ANSWERS = "answers.txt"
_LINE = re.compile(r"\s*(\d{1,4})\s*[:=]\s*(.*)")


def task_folder(number: int) -> str:
    return f"task-{number:02}"


def module_path(number: int, task: Task) -> str:
    """Where a task's module lies in the workspace."""
    return f"{task_folder(number)}/{task.week}.py"


def title(task: Task) -> str:
    subject = task.exercise or task.topic
    titles = {
        "question": say("Short question: {subject}", subject=subject),
        "mistake": say("Find the mistake: {subject}", subject=subject),
        "exercise": say("Exercise: {subject}", subject=subject),
    }
    return titles[task.kind]


def points(number: float) -> str:
    return say("1 point") if number == 1 else say("{n} points", n=f"{number:g}")


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
            say(
                "expected the exam in {folder}, found no such directory; put it back, or `course "
                "exam start` writes the tasks anew (the clock runs on)",
                folder=folder,
            )
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
        raise CourseError(
            say("{file} is not UTF-8 text; save it again as such", file=ANSWERS)
        ) from None
    questions = {n: task.question for n, task in enumerate(exam.tasks, 1) if task.question}
    answers: dict[int, tuple[float, ...]] = {}
    seen: dict[int, int] = {}
    for line_number, line in enumerate(text.splitlines(), 1):
        given = line.partition("#")[0].strip()
        if not given:
            continue
        where = say("{file}, line {line}", file=ANSWERS, line=line_number)
        match = _LINE.fullmatch(given)
        if match is None:
            wanted = say("expected the number of a task and a colon, as in `3: 0.25`")
            raise CourseError(f"{where}: {wanted}")
        number, answer = int(match[1]), match[2].strip()
        question = questions.get(number)
        if question is None:
            known = ", ".join(map(str, questions))
            wanted = say("no short question {n}; there are {known}", n=number, known=known)
            raise CourseError(f"{where}: {wanted}")
        if number in seen:
            problem = say(
                "question {n} has an answer in line {line} too", n=number, line=seen[number]
            )
            raise CourseError(f"{where}: {problem}")
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
        raise CourseError(
            say("{file} cannot be read: {why}", file=path, why=error.strerror)
        ) from None
    if len(content) > MAX_BYTES:
        raise CourseError(
            say(
                "{file} is larger than {n} kB; expected text and code",
                file=path,
                n=MAX_BYTES // 1024,
            )
        )
    return content


def _read_answers_file(path: Path) -> bytes:
    if not path.is_file():
        raise CourseError(
            say(
                "expected your answers in {path}, found no such file; a text file with lines such "
                "as `3: 0.25` will do, an empty one as well",
                path=path,
            )
        )
    return _read_file(path)


def _answers(exam: Exam) -> str:
    head = say(
        "# Exam {seed}: the answers to the short questions of README.md, behind the colons.\n"
        "# Numbers with a point (0.25, 2.5e-1) or as a fraction (1/4), several of them separated\n"
        "# by commas; choices as a letter. What is not answered stays empty.",
        seed=exam.seed,
    )
    lines = [head, ""]
    for number, task in enumerate(exam.tasks, 1):
        if task.question:
            lines.append(f"{number}: ")
    return "\n".join(lines) + "\n"


def _readme(exam: Exam, started: float) -> str:
    until = time_of_day(started + 60 * exam.minutes)
    parts = [
        say("# Exam {seed}", seed=exam.seed),
        say(
            "{minutes} minutes, until {until}; {points}. `course exam status` "
            "tells the time that is left, `course exam submit` hands in and marks. Until then "
            "there are no hints, no solutions and no checks; running your own code is fine. What "
            "comes after the deadline is marked as well, and called late.",
            minutes=exam.minutes,
            until=until,
            points=points(exam.points),
        ),
    ]
    for number, task in enumerate(exam.tasks, 1):
        minutes = say("{minutes} min", minutes=task.minutes)
        parts.append(f"## {number}. {title(task)} ({points(task.points)}, {minutes})")
        parts += _describe(number, task)
    paragraphs = "\n\n".join(parts).split("\n\n")
    return "\n\n".join(map(_wrapped, paragraphs)) + "\n"


def _wrapped(paragraph: str) -> str:
    """Prose in lines of bearable length; code and tables as they are."""
    if "\n" in paragraph or paragraph.startswith(("#", " ")):
        return paragraph
    lines = wrap(paragraph, 100, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def _describe(number: int, task: Task) -> Iterator[str]:
    if task.question:
        answer = task.question.answer
        yield task.question.text
        if answer.options:
            yield "\n".join(f"{LETTERS[i]}) {option}  " for i, option in enumerate(answer.options))
        yield say(
            "Answer in `{file}`, line `{number}:`, with {wanted}.",
            file=ANSWERS,
            number=number,
            wanted=answer.wanted,
        )
        return
    path = module_path(number, task)
    if task.kind == "exercise":
        yield say(
            "Write `{name}` in `{path}`; its docstring is the contract.",
            name=task.function,
            path=path,
        )
    else:
        yield say(
            "`{name}` in `{path}` does not do what its docstring says. Mend it. Finding "
            "the mistake gives half of the points, all checks the other half.",
            name=task.function,
            path=path,
        )
    if task.shows:
        yield say("What it may build upon is there already; do not change it.")
