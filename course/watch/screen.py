"""What `course watch` shows, as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course.catalogue import Exercise
from course.grading.console import COLOURS, FAILURE_COLOUR, MARKS
from course.grading.report import LIKELY_CAUSE, CheckResult, exercise_status
from course.watch.session import Session
from course.wrapping import cut, indented

KEYS = "h hint   n next   s solution   r run   q quit"
MORE = "space: more"
UNCONFINED = "Your code runs in a process of its own, but not in a sandbox; course check says more."
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
    foot = [RULE * columns, *([] if view.confined else [UNCONFINED]), KEYS, view.note]
    body = exercise_lines(session, view, columns)
    room = max(rows - len(head) - len(foot), 1)
    if len(body) > room:
        body = _page(body, max(room - 1, 1), view.page)
    body += [""] * (room - len(body))
    lines = [*head, *body, *foot][:rows]
    # Colour takes no cells, and only whole lines have it, so it is added to what is cut to size.
    return [_colour_of(cut(line, columns), view.coloured) for line in lines]


def _page(lines: list[str], room: int, page: int) -> list[str]:
    """One of the parts in which lines fit, and a line that tells which."""
    n_pages = -(-len(lines) // room)
    start = page % n_pages * room
    return [*lines[start : start + room], f"part {page % n_pages + 1} of {n_pages}; {MORE}"]


def exercise_lines(session: Session, view: View, columns: int) -> list[str]:
    """The current exercise: what it is, help that was asked for, and its checks, failures first."""
    exercise = session.current
    judging = view.judging == exercise.id
    failing = judging and any(check.status != "passed" for check in view.so_far)
    mark = "✗" if failing else _mark(session, exercise)
    lines = [
        f"{mark} {exercise.id}   {_points(session, exercise)}   "
        f"{'*' * exercise.difficulty}  {exercise.minutes} min"
    ]
    if view.help:
        lines += ["", *_indented(view.help, 2, columns)]
    if exercise.week in session.problems:
        return [*lines, "", *_indented(session.problems[exercise.week], 4, columns)]
    if judging:  # the first failure need not wait for checks that train
        return [*lines, "", "  checking …", *_check_lines(view.so_far, columns)]
    checks = session.checks.get(exercise.id)
    if checks is None or session.is_waiting(exercise.id):
        return [*lines, "", "  waiting to be checked …"]
    return [*lines, "", *_verdict(session, exercise, checks, columns)]


def _overview(session: Session) -> list[str]:
    week = session.week
    marks = " ".join(_mark(session, e) for e in week)
    passed = sum(session.passed(e.id) for e in week)
    score = sum(session.results[e.id].score for e in week if e.id in session.results)
    total = sum(e.points for e in week)
    return [
        f"{session.current.week}   {marks}",
        f"{passed} of {len(week)} exercises passed, {score:.3g} of {total:g} points",
    ]


def _verdict(
    session: Session, exercise: Exercise, checks: Sequence[CheckResult], columns: int
) -> list[str]:
    status = exercise_status(checks)
    if status == "unattempted":
        where = f"exercises/{exercise.week}.py"
        text = f"{exercise.summary}\n\nNot written yet. Write {exercise.name} in {where} and save."
        return _indented(text, 2, columns)
    lines = []
    if status == "passed":
        others = any(not session.passed(name) for name in session.exercises)
        lines = ["  All its checks passed." + (" n: the next exercise" if others else ""), ""]
    if len(checks) > 1 and len({check.message for check in checks}) == 1 and checks[0].message:
        return _indented(checks[0].message, 4, columns)
    return lines + _check_lines(checks, columns)


def _check_lines(checks: Sequence[CheckResult], columns: int) -> list[str]:
    """The checks, failures first, each misconception explained once."""
    lines = []
    explained: set[str | None] = {None}
    for check in sorted(checks, key=lambda check: check.status == "passed"):
        lines.append(f"  {MARKS.get(check.status, '✗')} {check.title}")
        message = check.message
        if check.misconception in explained and check.misconception:
            message = message.partition(LIKELY_CAUSE)[0]
        explained.add(check.misconception)
        lines += _indented(message, 6, columns)
    return lines


def _mark(session: Session, exercise: Exercise) -> str:
    if exercise.week in session.problems:
        return "?"
    result = session.results.get(exercise.id)
    return MARKS.get(result.status, "✗") if result else "·"


def _points(session: Session, exercise: Exercise) -> str:
    result = session.results.get(exercise.id)
    return f"{result.score if result else 0:.3g} of {exercise.points:g} points"


def _indented(text: str, margin: int, columns: int) -> list[str]:
    return indented(text, margin, columns).splitlines()


def _colour_of(line: str, coloured: bool) -> str:
    start = line.lstrip()[:2]
    colours = {"✓ ": COLOURS["passed"], "✗ ": FAILURE_COLOUR, "! ": COLOURS["grader_error"]}
    colour = colours.get(
        start, DIM if line == KEYS or line.endswith(MORE) or line.startswith(RULE) else ""
    )
    return f"\033[{colour}m{line}\033[0m" if coloured and colour else line
