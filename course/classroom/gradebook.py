"""The gradebook: one SQLite file, the source of truth for everything that is shown of a class.

Each submission is recorded in one transaction, so a run that ends at any moment leaves whole
submissions. SQLite's ordinary journal is used, not its write-ahead log: one program writes, a few
times a second, the file stays a single one that can be copied, and network drives are safe.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from course.classroom.intake import Submission
from course.classroom.names import Student
from course.classroom.policy import Policy
from course.errors import CourseError
from course.grading.report import CheckResult, Report
from course.language import say

NAME = "gradebook.sqlite"
VERSION = 1
SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE exercises (
    id TEXT PRIMARY KEY, position INTEGER NOT NULL, points REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE submissions (
    student TEXT PRIMARY KEY, name TEXT NOT NULL, platform TEXT NOT NULL, number TEXT NOT NULL,
    submitted REAL NOT NULL, notes TEXT NOT NULL, refused TEXT NOT NULL,
    fingerprint TEXT NOT NULL, seed TEXT NOT NULL, graded_at REAL NOT NULL, seconds REAL NOT NULL,
    raw_score REAL NOT NULL, raw_max REAL NOT NULL,
    days_late INTEGER NOT NULL DEFAULT 0, penalty REAL NOT NULL DEFAULT 0,
    score REAL NOT NULL, max_score REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE checks (
    student TEXT NOT NULL REFERENCES submissions ON DELETE CASCADE, position INTEGER NOT NULL,
    exercise TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, status TEXT NOT NULL,
    score REAL NOT NULL, max_score REAL NOT NULL, seconds REAL NOT NULL,
    message TEXT NOT NULL, misconception TEXT, attempts INTEGER NOT NULL, credit REAL NOT NULL,
    PRIMARY KEY (student, position)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Grade:
    """One submission as it is recorded.

    Attributes:
        student: whose it is.
        submitted, notes, refused: as in `Submission`.
        fingerprint: what the grade rests on; the same for the same files.
        seconds: how long grading took.
        report: the checks; its points are raw.
        days_late, penalty: what the policy found.
        score, max_score: final points, weights and penalty applied.
    """

    student: Student
    submitted: float
    notes: tuple[str, ...]
    refused: str
    fingerprint: str
    seconds: float
    report: Report
    days_late: int
    penalty: float
    score: float
    max_score: float


class Gradebook:
    """An open gradebook; a context manager.

    Args:
        folder: where it lies.
        writing: whether to make it if it is not there, and keep others from writing.

    Raises:
        CourseError: there is none, it is damaged, or it cannot be written. It is left as it is.
    """

    def __init__(self, folder: Path, *, writing: bool = False) -> None:
        self.path = folder / NAME
        self._resources = contextlib.ExitStack()
        with contextlib.ExitStack() as on_failure, self._troubles():
            on_failure.callback(self._resources.close)
            if writing:
                _make_folder(folder)
                self._resources.enter_context(_exclusive(folder))
            elif not self.path.is_file():
                raise CourseError(
                    say("expected a gradebook at {path}; course grade writes one", path=self.path)
                )
            # Also to read: what a killed program left half written is rolled back first.
            mode = "rwc" if writing else "rw"
            uri = f"{self.path.resolve().as_uri()}?mode={mode}"
            self._db = sqlite3.connect(uri, uri=True, isolation_level=None)
            self._resources.callback(self._db.close)
            self._db.execute("PRAGMA foreign_keys = ON")
            self._check(writing)
            on_failure.pop_all()

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._resources.close()

    # -- writing -------------------------------------------------------------------------------

    def set_exercises(self, exercises: Sequence[tuple[str, float]]) -> None:
        """What is graded, as ids and points, in the order of the course."""
        rows = [(name, position, points) for position, (name, points) in enumerate(exercises)]
        with self._transaction():
            self._db.execute("DELETE FROM exercises")
            self._db.executemany("INSERT INTO exercises VALUES (?, ?, ?)", rows)

    def record(
        self, submission: Submission, fingerprint: str, report: Report, seconds: float
    ) -> None:
        """Keeps one submission's result, in place of an earlier one."""
        student = submission.student
        score, maximum, days, penalty = self._final(student.id, submission.submitted, report)
        row = {
            "student": student.id,
            "name": student.name,
            "platform": student.platform,
            "number": student.number,
            "submitted": submission.submitted,
            "notes": json.dumps(submission.notes, ensure_ascii=False),
            "refused": submission.refused,
            "fingerprint": fingerprint,
            "seed": str(report.seed),
            "graded_at": time.time(),
            "seconds": seconds,
            "raw_score": round(report.score, 6),
            "raw_max": round(report.max_score, 6),
            "days_late": days,
            "penalty": penalty,
            "score": score,
            "max_score": maximum,
        }
        checks = [_row_of(student.id, n, check) for n, check in enumerate(report.checks)]
        with self._transaction():
            self._db.execute("DELETE FROM submissions WHERE student = ?", (student.id,))
            self._insert("submissions", [row])
            self._insert("checks", checks)

    def touch(self, submissions: Iterable[Submission]) -> None:
        """Keeps what is new of submissions that need not be graded again: their times and notes."""
        rows = [
            (each.submitted, json.dumps(each.notes, ensure_ascii=False), each.student.id)
            for each in submissions
        ]
        with self._transaction():
            self._db.executemany(
                "UPDATE submissions SET submitted = ?, notes = ? WHERE student = ?", rows
            )

    def set_policy(self, policy: Policy) -> None:
        """Applies another policy to all that is recorded."""
        with self._transaction():
            self._db.execute("REPLACE INTO settings VALUES ('policy', ?)", (policy.to_text(),))
            self._apply_policy()

    def apply_policy(self) -> None:
        """Computes all final points anew."""
        with self._transaction():
            self._apply_policy()

    # -- reading -------------------------------------------------------------------------------

    def fingerprints(self) -> dict[str, str]:
        """What each recorded grade rests on, by student."""
        with self._troubles():
            return dict(self._db.execute("SELECT student, fingerprint FROM submissions"))

    def exercises(self) -> dict[str, float]:
        """Points by exercise, in the order of the course."""
        with self._troubles():
            return dict(self._db.execute("SELECT id, points FROM exercises ORDER BY position"))

    def policy(self) -> Policy:
        with self._troubles():
            row = self._db.execute("SELECT value FROM settings WHERE name = 'policy'").fetchone()
        return Policy.from_text(row[0]) if row else Policy()

    def grades(self) -> Iterator[Grade]:
        """All grades, in the order of the students' ids."""
        with self._troubles():
            for row in self._rows("SELECT * FROM submissions ORDER BY student"):
                yield _grade_of(row, self._checks(row["student"]))

    def __len__(self) -> int:
        with self._troubles():
            return self._db.execute("SELECT count(*) FROM submissions").fetchone()[0]

    # -- inside --------------------------------------------------------------------------------

    def _check(self, writing: bool) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and tables == 0 and writing:
            with self._transaction():
                for statement in filter(str.strip, SCHEMA.split(";")):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {VERSION}")
            return
        if version != VERSION:
            raise CourseError(
                say(
                    "{path} is a gradebook of version {version}, expected {expected}; "
                    "use another --out folder",
                    path=self.path,
                    version=version,
                    expected=VERSION,
                )
            )
        problem = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise sqlite3.DatabaseError(problem)

    def _apply_policy(self) -> None:
        for grade in list(self.grades()):
            score, maximum, days, penalty = self._final(
                grade.student.id, grade.submitted, grade.report
            )
            self._db.execute(
                "UPDATE submissions SET days_late = ?, penalty = ?, score = ?, max_score = ? "
                "WHERE student = ?",
                (days, penalty, score, maximum, grade.student.id),
            )

    def _final(
        self, student: str, submitted: float, report: Report
    ) -> tuple[float, float, int, float]:
        """Final points, their maximum, days late and penalty."""
        policy = self.policy()
        score = sum(check.score * policy.weight(check.exercise) for check in report.checks)
        maximum = sum(check.max_score * policy.weight(check.exercise) for check in report.checks)
        days = policy.days_late(student, submitted)
        penalty = policy.penalty(days)
        return round(score * (1 - penalty), 6), round(maximum, 6), days, penalty

    def _checks(self, student: str) -> tuple[CheckResult, ...]:
        rows = self._rows("SELECT * FROM checks WHERE student = ? ORDER BY position", student)
        return tuple(
            CheckResult(
                exercise=row["exercise"],
                check=row["name"],
                title=row["title"],
                status=row["status"],
                max_score=row["max_score"],
                seconds=row["seconds"],
                message=row["message"],
                misconception=row["misconception"],
                attempts=row["attempts"],
                credit=row["credit"],
            )
            for row in rows
        )

    def _rows(self, query: str, *values: Any) -> Iterator[dict[str, Any]]:
        cursor = self._db.execute(query, values)
        names = [column[0] for column in cursor.description]
        for row in cursor:
            yield dict(zip(names, row, strict=True))

    def _insert(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            names = list(rows[0])
            places = ", ".join(f":{name}" for name in names)
            self._db.executemany(
                f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", rows
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._troubles():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                    self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _troubles(self) -> Iterator[None]:
        """Says what is wrong with the file, or its disk, in words that help."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise CourseError(
                say(
                    "cannot use {path}: {error}; nothing that was recorded is lost, "
                    "free space or permissions and run the same command again",
                    path=self.path,
                    error=error,
                )
            ) from None
        except sqlite3.DatabaseError as error:
            raise CourseError(
                say(
                    "{path} is damaged ({error}) and was left as it is; "
                    "restore it from a copy, or move it away to grade from the beginning",
                    path=self.path,
                    error=error,
                )
            ) from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(
            say("cannot make the folder {folder}: {why}", folder=folder, why=error.strerror)
        ) from None


@contextlib.contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Keeps a second `course grade` out. The system ends this even if the program is killed."""
    lock = sqlite3.connect(folder / ".grading.lock", timeout=0, isolation_level=None)
    with contextlib.closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise CourseError(
                say("another course grade is writing to {folder}; wait for it", folder=folder)
            ) from None
        yield


def _row_of(student: str, position: int, check: CheckResult) -> dict[str, Any]:
    return {
        "student": student,
        "position": position,
        "exercise": check.exercise,
        "name": check.check,
        "title": check.title,
        "status": check.status,
        "score": check.score,
        "max_score": check.max_score,
        "seconds": check.seconds,
        "message": _storable(check.message),
        "misconception": check.misconception,
        "attempts": check.attempts,
        "credit": check.credit,
    }


def _storable(text: str) -> str:
    """Without halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _grade_of(row: dict[str, Any], checks: tuple[CheckResult, ...]) -> Grade:
    return Grade(
        Student(row["student"], row["name"], row["platform"], row["number"]),
        row["submitted"],
        tuple(json.loads(row["notes"])),
        row["refused"],
        row["fingerprint"],
        row["seconds"],
        Report(row["student"], int(row["seed"]), checks),
        row["days_late"],
        row["penalty"],
        row["score"],
        row["max_score"],
    )
