"""What `course watch` shows, as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course.catalogue import Exercise
from course.grading.console import COLOURS, FAILURE_COLOUR, MARKS
from course.grading.report import (
    CheckResult,
    common_message,
    exercise_status,
    without_repeats,
)
from course.language import say
from course.watch.session import Session
from course.words import passed_of, points_of
from course.wrapping import cut, indented

BOLD, DIM = "1", "2"
RULE = "─"


@dataclass(frozen=True)
class View:
    """What there is to say beside the session itself.

    Attributes:
        judging: the id of the exercise that is being judged.
        so_far: those of its checks that are done.
        note: one line on what happened last.
        help: a hint or a solution that was asked for.
        page: which part of what does not fit is to be seen, from 0.
        confined: whether the code runs in a sandbox.
        coloured: whether the terminal shows colours.
    """

    judging: str | None = None
    so_far: Sequence[CheckResult] = ()
    note: str = ""
    help: str = ""
    page: int = 0
    confined: bool = True
    coloured: bool = False


def frame(session: Session, view: View, columns: int, rows: int) -> list[str]:
    """The whole screen: at most `rows` lines that take at most `columns` cells each."""
    head = [*_overview(session), RULE * columns]
    foot = [RULE * columns, *([] if view.confined else [_unconfined()]), keys(), view.note]
    body = exercise_lines(session, view, columns)
    room = max(rows - len(head) - len(foot), 1)
    if len(body) > room:
        body = _page(body, max(room - 1, 1), view.page)
    body += [""] * (room - len(body))
    lines = [*head, *body, *foot][:rows]
    # Colour takes no cells, and only whole lines have it, so it is added to what is cut to size.
    return [_colour_of(cut(line, columns), view.coloured) for line in lines]


def keys() -> str:
    """What the keys do."""
    return say("h hint   n next   s solution   r run   q quit")


def _more() -> str:
    return say("space: more")


def _unconfined() -> str:
    return say(
        "Your code runs in a process of its own, but not in a sandbox; course check says more."
    )


def _page(lines: list[str], room: int, page: int) -> list[str]:
    """One of the parts in which lines fit, and a line that tells which."""
    n_pages = -(-len(lines) // room)
    start = page % n_pages * room
    which = say("part {number} of {n}", number=page % n_pages + 1, n=n_pages)
    return [*lines[start : start + room], f"{which}; {_more()}"]


def exercise_lines(session: Session, view: View, columns: int) -> list[str]:
    """The current exercise: what it is, help that was asked for, and its checks, failures first."""
    exercise = session.current
    judging = view.judging == exercise.id
    failing = judging and any(check.status != "passed" for check in view.so_far)
    mark = "✗" if failing else _mark(session, exercise)
    lines = [
        f"{mark} {exercise.id}   {_points(session, exercise)}   "
        f"{'*' * exercise.difficulty}  {say('{minutes} min', minutes=exercise.minutes)}"
    ]
    if view.help:
        lines += ["", *_indented(view.help, 2, columns)]
    if exercise.week in session.problems:
        return [*lines, "", *_indented(session.problems[exercise.week], 4, columns)]
    if judging:  # the first failure need not wait for checks that train
        return [*lines, "", f"  {say('checking …')}", *_check_lines(view.so_far, columns)]
    checks = session.checks.get(exercise.id)
    if checks is None or session.is_waiting(exercise.id):
        return [*lines, "", f"  {say('waiting to be checked …')}"]
    return [*lines, "", *_verdict(session, exercise, checks, columns)]


def _overview(session: Session) -> list[str]:
    week = session.week
    marks = " ".join(_mark(session, e) for e in week)
    passed = sum(session.passed(e.id) for e in week)
    score = sum(session.results[e.id].score for e in week if e.id in session.results)
    points = points_of(f"{score:.3g}", f"{sum(e.points for e in week):g}")
    return [
        f"{session.current.week}   {marks}",
        f"{passed_of(passed, len(week))}, {points}",
    ]


def _verdict(
    session: Session, exercise: Exercise, checks: Sequence[CheckResult], columns: int
) -> list[str]:
    status = exercise_status(checks)
    if status == "unattempted":
        todo = say(
            "Not written yet. Write {name} in exercises/{week}.py and save.",
            name=exercise.name,
            week=exercise.week,
        )
        return _indented(f"{say(exercise.summary)}\n\n{todo}", 2, columns)
    lines = []
    if status == "passed":
        others = any(not session.passed(name) for name in session.exercises)
        words = say("All its checks passed.")
        if others:
            words = say("All its checks passed. n: the next exercise")
        lines = [f"  {words}", ""]
    if common := common_message(checks):
        return _indented(common, 4, columns)
    return lines + _check_lines(checks, columns)


def _check_lines(checks: Sequence[CheckResult], columns: int) -> list[str]:
    """The checks, failures first, each misconception explained once."""
    lines = []
    failures_first = sorted(checks, key=lambda check: check.status == "passed")
    for check, message in zip(failures_first, without_repeats(failures_first), strict=True):
        lines.append(f"  {MARKS.get(check.status, '✗')} {check.title}")
        lines += _indented(message, 6, columns)
    return lines


def _mark(session: Session, exercise: Exercise) -> str:
    if exercise.week in session.problems:
        return "?"
    result = session.results.get(exercise.id)
    return MARKS.get(result.status, "✗") if result else "·"


def _points(session: Session, exercise: Exercise) -> str:
    result = session.results.get(exercise.id)
    return points_of(f"{result.score if result else 0:.3g}", f"{exercise.points:g}")


def _indented(text: str, margin: int, columns: int) -> list[str]:
    return indented(text, margin, columns).splitlines()


def _colour_of(line: str, coloured: bool) -> str:
    start = line.lstrip()[:2]
    colours = {"✓ ": COLOURS["passed"], "✗ ": FAILURE_COLOUR, "! ": COLOURS["grader_error"]}
    colour = colours.get(
        start, DIM if line == keys() or line.endswith(_more()) or line.startswith(RULE) else ""
    )
    return f"\033[{colour}m{line}\033[0m" if coloured and colour else line
