"""The loop of `course watch`: one thread decides and draws, others tell it what happened."""

from __future__ import annotations

import contextlib
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from course.catalogue import Exercise
from course.errors import CourseError
from course.grading.report import CheckResult
from course.hints import is_attempted, next_hint, solution_text
from course.judge import Judge, JudgeEndedError
from course.language import say
from course.project import Project
from course.watch.files import watching
from course.watch.screen import View, exercise_lines, frame
from course.watch.session import Session
from course.watch.terminal import Terminal
from course.words import passed_of

MAX_FAILURES = 2  # of the judge, before an exercise is left alone
PLAIN_COLUMNS = 100


class Watch:
    """Keeps the verdicts on the student's files up to date until it is told to quit.

    Args:
        project: the checkout.
        exercises: those to watch.
    """

    def __init__(self, project: Project, exercises: Sequence[Exercise]) -> None:
        self._project = project
        self._session = Session(project, exercises)
        self._libraries = {library for e in exercises for library in e.uses}
        self._events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._judge: Judge | None = None
        self._answered = False  # whether the judge has ever
        self._judging: tuple[int, str] | None = None  # the request's number and the exercise
        self._so_far: list[CheckResult] = []  # of the exercise that is being judged
        self._warming: int | None = None
        self._failures: dict[str, int] = {}
        self._note = say("starting …")
        self._help = ""
        self._page = 0
        self._confined = True
        self._terminal: Terminal | None = None
        self._shown: list[str] = []

    def run(self) -> None:
        """Returns when the student quits."""
        put = self._events.put
        with contextlib.ExitStack() as stack:
            stack.callback(self._end_judge)
            stack.enter_context(
                watching(self._project.exercises, lambda names: put(("files", names)))
            )
            if Terminal.available():
                self._terminal = stack.enter_context(
                    Terminal(lambda key: put(("key", key)), lambda: put(("size", None)))
                )
            with contextlib.suppress(KeyboardInterrupt):
                self._loop()

    def summary(self) -> str:
        names = self._session.exercises
        passed = sum(map(self._session.passed, names))
        return say("{passed}; course list shows them all", passed=passed_of(passed, len(names)))

    def _loop(self) -> None:
        self._start_judge()
        going_on = True
        while going_on:
            self._ask()
            self._draw()
            going_on = self._handle(*self._events.get())
            while going_on and not self._events.empty():  # then draw once for all
                going_on = self._handle(*self._events.get())

    def _handle(self, kind: str, content: Any) -> bool:
        """Takes one event in; False to quit."""
        match kind:
            case "key":
                return self._press(content)
            case "files":
                self._take_in_changes(content)
            case "answer":
                self._take_in_answer(content)
            case "judge ended":
                self._replace_judge(*content)
            case "size":
                self._shown = []
        return True

    # -- files and verdicts --------------------------------------------------------------------

    def _take_in_changes(self, names: set[str]) -> None:
        affected = self._session.look(names)
        if affected:
            self._help, self._page = "", 0
            self._note = _now(say("saved"))
            self._failures.clear()
            if self._judging is not None and self._judging[1] in affected:
                self._cancel()  # the newest text is the one that counts
        elif any(name.endswith(".py") for name in names):
            self._note = _now(say("saved; nothing has changed that a check depends on"))

    def _take_in_answer(self, answer: dict[str, Any]) -> None:
        self._answered = True
        self._confined = answer["confined"]
        if answer["number"] == self._warming:
            self._warming = None
            self._note = say("ready; save a file and it is checked")
        if self._judging is None or answer["number"] != self._judging[0]:
            return  # what was taken back
        if "check" in answer:
            self._so_far.append(answer["check"])
            return
        name, self._judging = self._judging[1], None
        if "checks" in answer:
            self._failures.pop(name, None)
            self._session.judged(name, answer["checks"])
            self._note = _now(say("checked"))
        elif "problem" in answer:
            self._note = _now(answer["problem"])
        else:
            self._session.judge_again(name)

    def _ask(self) -> None:
        assert self._judge is not None
        current = self._session.current.id
        busy = self._judging is not None and self._judging[1] != current
        if busy and self._session.is_waiting(current):
            self._cancel()  # somebody looks at the screen and waits
        while self._judging is None and (name := self._session.next_to_judge()) is not None:
            if self._failures.get(name, 0) >= MAX_FAILURES:
                continue
            exercise = self._session.exercises[name]
            number = self._judge.ask(exercise, self._project.exercises, stream=True)
            self._judging, self._so_far = (number, name), []
        if self._judging is None and self._libraries and self._warming is None:
            # Now, while nobody waits: importing them takes seconds.
            self._warming = self._judge.warm_up(self._libraries)
            self._libraries = set()
            self._note = say("loading libraries, so that the first check is fast …")

    def _cancel(self) -> None:
        """Breaks off what is being judged, and has it judged again later."""
        assert self._judge is not None and self._judging is not None
        self._judge.cancel()
        name, self._judging = self._judging[1], None
        self._session.judge_again(name)

    # -- the judge -----------------------------------------------------------------------------

    def _start_judge(self) -> None:
        judge = self._judge = Judge(self._project)
        self._answered = False

        def listen() -> None:
            try:
                while True:
                    self._events.put(("answer", judge.receive()))
            except (CourseError, ValueError, OSError) as error:
                self._events.put(("judge ended", (judge, str(error))))

        threading.Thread(target=listen, daemon=True).start()

    def _replace_judge(self, judge: Judge, why: str) -> None:
        if judge is not self._judge:
            return
        judge.close()
        self._note = why
        if self._judging is not None:
            name, self._judging = self._judging[1], None
            self._failures[name] = self._failures.get(name, 0) + 1
            if self._failures[name] < MAX_FAILURES:
                self._session.judge_again(name)
        elif not self._answered:  # it cannot even start
            raise JudgeEndedError(why)
        self._warming = None
        self._start_judge()

    def _end_judge(self) -> None:
        if self._judge is not None:
            judge, self._judge = self._judge, None
            judge.close()

    # -- keys ----------------------------------------------------------------------------------

    def _press(self, key: str) -> bool:
        self._page = self._page + 1 if key == " " else 0
        match key.lower():
            case "q" | "" | "\x03" | "\x04":
                return False
            case "h":
                self._help = self._answer_of(self._hint)
            case "s":
                self._help = self._answer_of(self._solution)
            case "n":
                self._help = ""
                if not self._session.go_on():
                    self._note = say("there is no other exercise that is not passed")
            case "r":
                self._run_week()
        return True

    def _hint(self) -> str:
        return next_hint(self._project, self._session.current)

    def _solution(self) -> str:
        exercise = self._session.current
        return solution_text(self._project, exercise, is_attempted(self._project, exercise))

    def _answer_of(self, ask: Any) -> str:
        try:
            return ask()
        except CourseError as error:
            return str(error)

    def _run_week(self) -> None:
        """Trains with the student's functions, on the ordinary screen."""
        if self._terminal is None:
            return
        week = self._session.current.week
        with self._terminal.lent(), _interrupts_for_others():
            print(f"course run {week}   ({say('Ctrl-C stops it')})", flush=True)
            code = subprocess.run(
                [sys.executable, "-m", "course", "run", week],
                cwd=self._project.root,
                stdin=subprocess.DEVNULL,
                check=False,
            ).returncode
            print(f"\n{say('Any key goes back to watching.')}", flush=True)
            self._wait_for_key()
        self._shown = []  # the screen was somebody else's
        done, failed = (
            say("the run of {week} is done", week=week),
            say("the run of {week} has failed", week=week),
        )
        self._note = _now(done if code == 0 else failed)

    def _wait_for_key(self) -> None:
        put_off = []
        while (event := self._events.get())[0] != "key":
            put_off.append(event)
        for event in put_off:
            self._events.put(event)

    # -- drawing -------------------------------------------------------------------------------

    def _draw(self) -> None:
        judging = self._judging[1] if self._judging is not None else None
        if self._terminal is None:
            self._print(View(judging))
            return
        view = View(
            judging,
            self._so_far,
            self._note,
            self._help,
            self._page,
            self._confined,
            self._terminal.coloured,
        )
        lines = frame(self._session, view, *self._terminal.size())
        if lines != self._shown:
            self._terminal.draw(lines)
            self._shown = lines

    def _print(self, view: View) -> None:
        """Without a terminal: the current exercise, whenever there is a verdict on it."""
        lines = exercise_lines(self._session, view, PLAIN_COLUMNS)
        if view.judging != self._session.current.id and lines != self._shown:
            print("\n".join(lines), flush=True)
            self._shown = lines


@contextlib.contextmanager
def _interrupts_for_others() -> Any:
    """Within, Ctrl-C is for the program that has the terminal."""
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _now(what: str) -> str:
    return f"{time.strftime('%H:%M:%S')}  {what}"
