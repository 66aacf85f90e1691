"""The exam that is being sat, on disk, so that nothing is lost whatever happens.

`.course/exams/open/` is the exam in hand, and nothing else says that there is one:

    exam.json     what was drawn, when it began, which workspace belongs to it
    tasks/        the files as the student got them
    handed-in/    the files as the student left them, and when; from then on it is over
    result.json   what marking said

Each appears in one step, by renaming, so a process killed at any moment leaves either nothing or
all of it. Closed exams are `.course/exams/NNN-seed-SEED/`.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.exam.clock import Moment, minutes_and_seconds, now, seconds_between
from course.language import say
from course.project import Project

TYPE_CHECKING = False  # as in course.exercise: `course hint` asks whether an exam is open
if TYPE_CHECKING:
    from course.exam.drawing import Exam

Files = Mapping[str, bytes]  # by path, with slashes


@dataclass(frozen=True)
class Sitting:
    """An exam that has begun and is not closed.

    Attributes:
        folder: where its files lie.
        workspace: the directory in the checkout that the student works in.
        minutes: how long it may take.
        seed: what it was drawn from.
        started: when it began.
    """

    folder: Path
    workspace: Path
    minutes: int
    seed: int
    started: Moment

    @property
    def handed_in(self) -> Path:
        return self.folder / "handed-in"

    @property
    def is_handed_in(self) -> bool:
        return self.handed_in.is_dir()

    @property
    def deadline(self) -> float:
        """By the clock on the wall."""
        return self.started.wall + 60 * self.minutes

    def seconds_used(self) -> float:
        """Until it was handed in, or until now.

        Raises:
            CourseError: the clock was set back, so nobody knows.
        """
        if self.is_handed_in:
            with _explaining(self.folder):
                return float(_read_json(self.handed_in / "time.json")["seconds"])
        return seconds_between(self.started, now())

    def seconds_left(self) -> float:
        """Negative when it is late."""
        return 60 * self.minutes - self.seconds_used()

    def read_exam(self) -> Exam:
        """What was drawn.

        Raises:
            CourseError: the file is not what it was.
        """
        from course.exam.drawing import Exam
        from course.exam.tasks import Task

        with _explaining(self.folder):
            values = _read_json(self.folder / "exam.json")
            tasks = tuple(Task.from_json(task) for task in values["tasks"])
            return Exam(values["seed"], values["minutes"], tuple(values["topics"]), tasks)

    def write_workspace(self) -> None:
        """Gives the student the files, as they were at the beginning.

        Raises:
            CourseError: there is something in the way.
        """
        try:
            _write_folder(self.workspace, self.original_files(), self.folder.parent)
        except FileExistsError:
            raise CourseError(
                say(
                    "the exam is to be written to {path}, where something else is; move "
                    "that away, then `course exam start` goes on",
                    path=self.workspace,
                )
            ) from None

    def original_files(self) -> dict[str, bytes]:
        """The files as the student got them, by path."""
        return _read_folder(self.folder / "tasks")

    def handed_in_files(self) -> dict[str, bytes]:
        """The files as they were handed in, by path."""
        return _read_folder(self.handed_in)

    def hand_in(self, files: Files) -> None:
        """Takes the student's files. What was handed in before stays as it is."""
        time = json.dumps({"seconds": self.seconds_used(), "wall": now().wall})
        with _other_process_was_faster():
            _write_folder(self.handed_in, {**files, "time.json": time.encode()}, self.folder.parent)

    def close(self, result: Mapping[str, Any]) -> None:
        """Keeps the result, and makes room for another exam.

        Raises:
            CourseError: another process has done so meanwhile.
        """
        unfinished = self.folder / f"result.json.{os.getpid()}.tmp"
        text = json.dumps(result, indent=1, ensure_ascii=False)
        number = len(_closed(self.folder.parent)) + 1
        while (target := self.folder.parent / f"{number:03}-seed-{self.seed}").exists():
            number += 1
        try:
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self.folder / "result.json")
            self.folder.rename(target)
        except FileNotFoundError:
            raise CourseError(
                say("another command has marked this exam meanwhile: course exam status")
            ) from None


def open_sitting(project: Project) -> Sitting | None:
    """The exam that is being sat, if there is one.

    Raises:
        CourseError: it cannot be read.
    """
    folder = _exams(project) / "open"
    if not folder.is_dir():
        return None
    with _explaining(folder):
        values = _read_json(folder / "exam.json")
        name, minutes, seed = values["workspace"], values["minutes"], values["seed"]
        if Path(name).name != name or type(minutes) is not int or type(seed) is not int:
            raise ValueError
        started = Moment(**values["started"])
        return Sitting(folder, project.root / name, minutes, seed, started)


def begin(project: Project, exam: Exam, files: Files) -> Sitting:
    """Starts the clock and writes the workspace.

    Args:
        project: the checkout.
        exam: what was drawn.
        files: what the student gets.

    Raises:
        CourseError: an exam is open already.
    """
    exams = _exams(project)
    _remove_leftovers(exams)
    name = _free_name(project.root, f"exam-{exam.seed}")
    values = dataclasses.asdict(exam) | {
        "workspace": name,
        "started": dataclasses.asdict(now()),
        "tasks": [dataclasses.asdict(dataclasses.replace(task, module="")) for task in exam.tasks],
    }
    state = {"exam.json": json.dumps(values, indent=1, ensure_ascii=False).encode()}
    state |= {f"tasks/{path}": content for path, content in files.items()}
    try:
        _write_folder(exams / "open", state, exams)
    except FileExistsError:
        raise CourseError(
            say("another command has just started an exam: course exam status")
        ) from None
    sitting = open_sitting(project)
    assert sitting is not None
    sitting.write_workspace()
    return sitting


def closed_exams(project: Project) -> list[dict[str, Any]]:
    """The results of exams that are over, the oldest first; what cannot be read is left out."""
    results = []
    for folder in _closed(_exams(project)):
        try:
            result = _read_json(folder / "result.json")
        except (OSError, ValueError, RecursionError):
            continue
        numbers = [result.get("seed"), result.get("score"), result.get("max_score")]
        if isinstance(result.get("asked"), list) and all(type(n) in (int, float) for n in numbers):
            results.append(result)
    return results


def refuse_while_open(project: Project, what: str) -> None:
    """Raises CourseError as long as an exam is open and its time is not up."""
    sitting = open_sitting(project)
    if sitting is None or sitting.is_handed_in:
        return
    left = sitting.seconds_left()
    if left > 0:
        raise CourseError(
            say(
                "no {what} during an exam: {time} of exam {seed} are left; "
                "`course exam submit` ends it",
                what=what,
                time=minutes_and_seconds(left),
                seed=sitting.seed,
            )
        )


def refuse_in_workspace(project: Project, folder: Path) -> None:
    """Raises CourseError when `folder` belongs to an exam that is open."""
    sitting = open_sitting(project)
    if sitting is not None and folder.resolve().is_relative_to(sitting.workspace):
        refuse_while_open(project, say("checks"))


def _exams(project: Project) -> Path:
    return project.state / "exams"


def _closed(exams: Path) -> list[Path]:
    return sorted(path for path in exams.glob("[0-9]*-seed-*") if path.is_dir())


def _free_name(root: Path, name: str) -> str:
    number, free = 1, name
    while (root / free).exists():
        number += 1
        free = f"{name}-{number}"
    return free


def _read_json(path: Path) -> dict[str, Any]:
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise ValueError(f"{path.name} holds no object")
    return values


def _read_folder(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _write_folder(target: Path, files: Files, workshop: Path) -> None:
    """Writes a directory that appears in one step, complete.

    Raises:
        FileExistsError: there is something at `target`.
        CourseError: it cannot be written.
    """
    import shutil  # `course hint` writes no folders

    unfinished = workshop / f"{target.name}.{os.getpid()}.tmp"
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        for path, content in files.items():
            file = unfinished / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if target.exists():
            raise FileExistsError(target)
        unfinished.rename(target)  # fails where another process has been faster
    except OSError as error:
        if target.exists():
            raise FileExistsError(target) from None
        raise CourseError(
            say("cannot write {path}: {why}", path=target, why=error.strerror)
        ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _remove_leftovers(exams: Path) -> None:
    """Deletes what killed processes have left unfinished."""
    import shutil

    import psutil

    for path in exams.glob("*.*.tmp"):
        process = path.name.split(".")[-2]
        if not (process.isdecimal() and psutil.pid_exists(int(process))):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _other_process_was_faster() -> Iterator[None]:
    try:
        yield
    except FileExistsError:  # what it took is what counts
        return


@contextmanager
def _explaining(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CourseError(
            say(
                "{file} is damaged, so this exam cannot go on; move {folder} away "
                "(your own files are in the exam's directory) and start another",
                file=folder / "exam.json",
                folder=folder,
            )
        ) from None
