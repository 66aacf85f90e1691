"""The `course` command: what can be asked, and where the answer is."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course import __version__, lazy
from course.errors import CourseError
from course.language import LANGUAGES, say, speak

USER_ERROR, INTERRUPTED, READER_LEFT = 2, 130, 141
# Named here, so that asking for help need not import what writes them.
EXPORT_FORMATS = (
    "csv",
    "json",
    "html",
    "junit",
    "canvas",
    "moodle",
    "gradescope",
    "gradescope-autograder",
    "github",
    "github-workflow",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 2 for a mistake in the asking."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without ✓ shows ? and goes on
            stream.reconfigure(errors="replace")
    try:
        language, arguments = _language(arguments)
        speak(language)
        options = _parser().parse_args(arguments)
        lazy.install()
        module, function = options.command.split(":")
        return getattr(importlib.import_module(f"course.commands.{module}"), function)(options)
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        return USER_ERROR
    except BrokenPipeError:  # `course … | head`: whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_LEFT
    except KeyboardInterrupt:
        print(f"course: {say('interrupted')}", file=sys.stderr)
        return INTERRUPTED


def _language(arguments: Sequence[str] | None) -> tuple[str | None, list[str]]:
    """`--lang`, wherever it stands, and the other arguments: help is already in that language."""
    first = argparse.ArgumentParser(prog="course", add_help=False, allow_abbrev=False)
    first.add_argument("--lang")
    options, others = first.parse_known_args(arguments)
    return options.lang, others


class _Help(argparse.HelpFormatter):
    """Help in lines of the terminal's width; Korean letters take two cells."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        from course.wrapping import wrap  # only who asks for help needs it

        return wrap(" ".join(text.split()), width)


class _Parser(argparse.ArgumentParser):
    """The command's parser, and those of its subcommands."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_Help, **options)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="course", description=say("Deep-learning exercises: write, check, run."))
    parser.add_argument(
        "--version",
        action="version",
        version=f"course {__version__}",
        help=say("show program's version number and exit"),
    )
    parser.add_argument(
        "--lang", metavar="|".join(LANGUAGES), help=say("default: the system's language")
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_student_commands(commands)
    _add_exam_commands(commands)
    _add_run_commands(commands)
    _add_classroom_commands(commands)
    _add_authoring_commands(commands)
    return parser


def _add_student_commands(commands: argparse._SubParsersAction) -> None:
    listing = commands.add_parser("list", help=say("weeks and exercises, with your status"))
    listing.add_argument("exercises", nargs="*", metavar="WEEK[.EXERCISE]")
    listing.set_defaults(command="listing:list_exercises")

    check = commands.add_parser("check", help=say("judge your answers"))
    check.add_argument(
        "exercises", nargs="*", metavar="WEEK[.EXERCISE]", help=say("what to check (default: all)")
    )
    check.add_argument(
        "--target",
        type=Path,
        metavar="DIR",
        help=say("the week modules to check (default: exercises/)"),
    )
    check.add_argument("--json", action="store_true", help=say("print the report as JSON"))
    check.add_argument(
        "--html",
        nargs="?",
        const=True,
        type=_page,
        metavar="FILE",
        help=say("write a page to read in a browser (default: .course/check.html)"),
    )
    check.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help=say("draw other hidden inputs")
    )
    check.add_argument(
        "--in-process",
        action="store_true",
        help=say("no worker process, for debuggers; not confined"),
    )
    check.add_argument(
        "--require-sandbox",
        action="store_true",
        help=say("refuse to run code that is not confined"),
    )
    check.set_defaults(command="check:check")

    watch = commands.add_parser("watch", help=say("check again on every save"))
    watch.add_argument(
        "exercises", nargs="*", metavar="WEEK[.EXERCISE]", help=say("what to watch (default: all)")
    )
    watch.set_defaults(command="watch:watch")

    for name, function, help_text in (
        ("hint", "hint", say("one more hint each time")),
        ("solution", "solution", say("the solution, after an attempt")),
        ("reset", "reset", say("the stub back in your file; your text is kept aside")),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("exercise", metavar="WEEK.EXERCISE")
        command.set_defaults(command=f"listing:{function}")

    notebook = commands.add_parser(
        "notebook", help=say("a week as a Jupyter notebook, with checks")
    )
    notebook.add_argument("week", metavar="WEEK")
    notebook.add_argument(
        "-o", dest="out", type=Path, metavar="FILE", help=say("default: WEEK.ipynb")
    )
    notebook.set_defaults(command="notebook:notebook")

    data = commands.add_parser("data", help=say("which data sets are here, and fetching them"))
    data.add_argument("action", nargs="?", choices=("status", "download"), default="status")
    data.add_argument(
        "names", nargs="*", metavar="NAME", help=say("what to download (default: all)")
    )
    data.set_defaults(command="listing:data")


def _add_exam_commands(commands: argparse._SubParsersAction) -> None:
    exam = commands.add_parser("exam", help=say("timed practice over several topics"))
    actions = exam.add_subparsers(metavar="ACTION", required=True)
    start = actions.add_parser("start", help=say("draw an exam and start the clock"))
    start.add_argument(
        "--topics",
        nargs="+",
        default=[],
        metavar="TOPIC",
        help=say("weeks, or subjects of short questions (default: all weeks)"),
    )
    start.add_argument("--minutes", type=_minutes, default=60, metavar="N", help=say("default: 60"))
    start.add_argument("--seed", type=_seed, metavar="N", help=say("the same exam again"))
    status = actions.add_parser("status", help=say("the time that is left, and what is done"))
    submit = actions.add_parser("submit", help=say("hand in; shows points and what was missed"))
    for action, name in ((start, "start"), (status, "status"), (submit, "submit")):
        action.set_defaults(command=f"exam:{name}")


def _add_run_commands(commands: argparse._SubParsersAction) -> None:
    run = commands.add_parser(
        "run", help=say("train a week's models; metrics and plots go to runs/")
    )
    run.add_argument("week", metavar="WEEK")
    run.add_argument(
        "--target", type=Path, metavar="DIR", help=say("whose week modules (default: exercises/)")
    )
    run.add_argument("--out", type=Path, metavar="DIR", help=say("default: runs/WEEK"))
    run.add_argument("--quick", action="store_true", help=say("a smaller run, in seconds"))
    run.set_defaults(command="experiments:run")

    verify = commands.add_parser(
        "verify", help=say("the solutions through every grader and every run")
    )
    verify.add_argument("--quick", action="store_true", help=say("smaller runs"))
    verify.add_argument("--json", action="store_true", help=say("print the outcome as JSON"))
    verify.set_defaults(command="experiments:verify")


def _add_classroom_commands(commands: argparse._SubParsersAction) -> None:
    grade = commands.add_parser("grade", help=say("grade a class; goes on where it was stopped"))
    grade.add_argument(
        "submissions",
        type=Path,
        metavar="SUBMISSIONS",
        help=say("a folder or .zip, one entry a student"),
    )
    grade.add_argument(
        "--out", type=Path, metavar="DIR", required=True, help=say("for the results")
    )
    grade.add_argument(
        "--weeks",
        nargs="+",
        default=[],
        metavar="WEEK[.EXERCISE]",
        help=say("what to grade (default: the weeks that anybody handed in)"),
    )
    where = grade.add_mutually_exclusive_group()
    where.add_argument(
        "--jobs",
        type=_count,
        default=1,
        metavar="N",
        help=say("submissions at a time (default: 1)"),
    )
    where.add_argument(
        "--cluster", metavar="ADDRESS", help=say("have a Dask cluster grade: tcp://scheduler:8786")
    )
    grade.add_argument(
        "--timeout", type=_count, default=1_800, metavar="S", help=say("seconds for a submission")
    )
    grade.add_argument(
        "--memory", type=_count, default=4_096, metavar="MB", help=say("for a submission's process")
    )
    grade.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help=say("draw other hidden inputs")
    )
    grade.add_argument(
        "--regrade", action="store_true", help=say("grade also what has not changed since")
    )
    grade.add_argument(
        "--due", metavar="DATE", help=say("when it was due: 2026-05-01, 2026-05-01T18:00")
    )
    grade.add_argument(
        "--policy", type=Path, metavar="FILE", help=say("late penalties and weights, as TOML")
    )
    grade.add_argument(
        "--require-sandbox",
        action="store_true",
        help=say("refuse to run code that is not confined"),
    )
    grade.set_defaults(command="classroom:grade")

    export = commands.add_parser("export", help=say("files made from a gradebook"))
    export.add_argument(
        "folder", type=Path, metavar="DIR", help=say("where course grade has written")
    )
    export.add_argument("--format", required=True, choices=EXPORT_FORMATS)
    export.add_argument(
        "--out", type=Path, metavar="DIR", help=say("where to write (default: DIR)")
    )
    export.set_defaults(command="classroom:export")


def _add_authoring_commands(commands: argparse._SubParsersAction) -> None:
    authoring = commands.add_parser("authoring", help=say("for those who write exercises"))
    actions = authoring.add_subparsers(metavar="ACTION", required=True)
    check = actions.add_parser(
        "check", help=say("stub unattempted, solution passes, every misconception rejected")
    )
    check.add_argument("exercises", nargs="*", metavar="WEEK[.EXERCISE]")
    check.set_defaults(command="authoring:check")
    stubs = actions.add_parser("stubs", help=say("write exercises/ anew from solutions/"))
    stubs.add_argument("weeks", nargs="*", metavar="WEEK")
    stubs.add_argument(
        "--force", action="store_true", help=say("also where a stub has been worked on")
    )
    stubs.set_defaults(command="authoring:stubs")
    translations = actions.add_parser(
        "translations", help=say("gather and compile what is translated")
    )
    translations.set_defaults(command="authoring:translations")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(
            say("expected a whole number from 1, got {given!r}", given=text)
        )
    return int(text)


def _page(text: str) -> Path:
    if not text.lower().endswith((".html", ".htm")):  # `check --html WEEK` means the week
        raise argparse.ArgumentTypeError(
            say(
                "expected a file that ends in .html, got {given!r}; what to check comes before "
                "--html",
                given=text,
            )
        )
    return Path(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(
            say("expected a whole number from 0, got {given!r}", given=text)
        )
    return int(text)


def _minutes(text: str) -> int:
    if not (text.isdecimal() and 5 <= int(text) <= 600):
        raise argparse.ArgumentTypeError(
            say("expected minutes from 5 to 600, got {given!r}", given=text)
        )
    return int(text)
