"""`course watch`: what it has judged, what it shows, and that it survives what editors do."""

import contextlib
import os
import subprocess
import sys
import time

import psutil
import pytest
from toy import RIGHT, SOLUTION, WEEK, write_toy

from course.catalogue import read_catalogue
from course.grading.report import CheckResult
from course.judge import Judge, JudgeEndedError
from course.progress import read_results
from course.project import Project
from course.watch.files import watching
from course.watch.loop import Watch
from course.watch.screen import View, frame, keys
from course.watch.session import Session
from course.watch.terminal import Terminal
from course.wrapping import cut

CHECKOUT = Project.find().root
SUCCESSOR, DOUBLE = f"{WEEK}.successor", f"{WEEK}.double"
WRONG = RIGHT.replace("number + 1", "number - 1")
ENDLESS = RIGHT.replace("return number + 1", "while True: pass")
PATIENCE_SECONDS = 60


@pytest.fixture
def project(tmp_path, monkeypatch):
    project = write_toy(tmp_path / "checkout")
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    return project


@pytest.fixture
def session(project):
    return Session(project, read_catalogue(project)[WEEK].exercises)


def save(project, text, name=WEEK):
    path = project.exercises / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return path


def look(session):
    return session.look({f"{WEEK}.py"})


def queue(session):
    """All that is to be judged, in order."""
    names = []
    while (name := session.next_to_judge()) is not None:
        names.append(name)
    return names


def result(name, status="passed", message="", title="A title.", points=1.0):
    return CheckResult(name, "check", title, status, points, 0.1, message)


# -- what is to be judged --------------------------------------------------------------------------


def test_untouched_stubs_need_no_judge(session):
    assert session.current.id == SUCCESSOR and queue(session) == []
    assert not session.passed(SUCCESSOR) and not session.attempted(SUCCESSOR)
    assert not session.project.state.exists()


def test_a_save_has_judged_what_it_can_affect_the_current_exercise_first(session, project):
    save(project, RIGHT)
    assert look(session) == {SUCCESSOR, DOUBLE} and queue(session) == [SUCCESSOR, DOUBLE]
    for name in (SUCCESSOR, DOUBLE):
        session.judged(name, [result(name)])
    save(project, RIGHT + "\n# a comment\n")
    assert look(session) == set() and queue(session) == []
    save(project, RIGHT.replace("2 *", "3 *"))
    assert look(session) == {DOUBLE} and queue(session) == [DOUBLE]
    assert session.current.id == DOUBLE  # it is the one being worked on
    save(project, "import json\n" + RIGHT)
    look(session)
    assert queue(session) == [DOUBLE, SUCCESSOR]


@pytest.mark.parametrize("broken", ["def successor(:\n", None])
def test_a_file_that_cannot_be_read_keeps_its_verdicts(session, project, broken):
    path = save(project, RIGHT)
    look(session)
    for name in queue(session):
        session.judged(name, [result(name)])
    path.unlink() if broken is None else path.write_text(broken)
    assert look(session) == {SUCCESSOR, DOUBLE} and queue(session) == []
    assert f"{WEEK}.py" in session.problems[WEEK]
    session.judge_again(SUCCESSOR)  # broken off by the save
    assert queue(session) == []
    save(project, RIGHT)
    look(session)
    assert queue(session) == [SUCCESSOR] and session.problems == {} and session.passed(DOUBLE)


def test_it_goes_on_where_work_was_left(session, project):
    save(project, RIGHT.replace("2 *", "3 *"))
    look(session)
    session.judged(SUCCESSOR, [result(SUCCESSOR)])
    session.judged(DOUBLE, [result(DOUBLE, "failed")])
    exercises = list(session.exercises.values())
    assert read_results(project, exercises)[DOUBLE].status == "failed"
    again = Session(project, exercises)
    assert again.current.id == DOUBLE and queue(again) == [DOUBLE] and again.passed(SUCCESSOR)
    save(project, WRONG)  # while nobody watches
    assert queue(Session(project, exercises)) == [DOUBLE, SUCCESSOR]


def test_next_goes_round_what_is_not_passed(session):
    assert session.go_on() and session.current.id == DOUBLE
    assert session.go_on() and session.current.id == SUCCESSOR
    session.judged(DOUBLE, [result(DOUBLE)])
    assert not session.go_on() and session.current.id == SUCCESSOR


def test_work_taken_back_is_kept_as_such(session, project):
    stub = (project.exercises / f"{WEEK}.py").read_text()
    save(project, WRONG)
    look(session)
    session.judged(SUCCESSOR, [result(SUCCESSOR, "failed")])
    save(project, stub)
    look(session)
    exercises = list(session.exercises.values())
    assert read_results(project, exercises)[SUCCESSOR].status == "unattempted"
    assert queue(session) == []


# -- what is shown ---------------------------------------------------------------------------------


def test_failures_come_first_and_the_same_reason_once(session, project):
    save(project, WRONG)
    look(session)
    queue(session)
    checks = [
        result(SUCCESSOR, title="Good."),
        result(SUCCESSOR, "failed", "expected 3\n  got 2", "Bad."),
    ]
    session.judged(SUCCESSOR, checks)
    lines = frame(session, View(note="noted"), 80, 24)
    assert lines[0] == f"{WEEK}   ✗ ·"
    assert lines[1] == "0 of 2 exercises passed, 1 of 3 points"
    assert lines[3].startswith(f"✗ {SUCCESSOR}   1 of 2 points   *  1 min")
    assert lines[5:9] == ["  ✗ Bad.", "      expected 3", "        got 2", "  ✓ Good."]
    assert lines[-2:] == [keys(), "noted"] and len(lines) == 24
    session.judged(SUCCESSOR, [result(SUCCESSOR, "failed", "the same", t) for t in "ab"])
    assert sum("the same" in line for line in frame(session, View(), 80, 24)) == 1


@pytest.mark.parametrize("columns", [1, 20, 80])
@pytest.mark.parametrize("rows", [1, 8, 24])
def test_it_fits_whatever_the_size(session, columns, rows):
    text = "\n".join(f"word {n} 단어 " * 30 for n in range(60))
    session.judged(SUCCESSOR, [result(SUCCESSOR, "failed", text)])
    lines = frame(session, View(help="help"), columns, rows)
    assert len(lines) == rows
    assert all(cut(line, columns) == line for line in lines)


def test_what_does_not_fit_comes_in_parts(session):
    text = "\n".join(f"line{n}." for n in range(50))
    session.judged(SUCCESSOR, [result(SUCCESSOR, "failed", text)])
    seen = [" ".join(frame(session, View(page=page), 80, 24)) for page in range(4)]
    assert all(any(f"line{n}." in part for part in seen) for n in range(50))
    assert "part 1 of 4" in seen[0] and frame(session, View(page=4), 80, 24) == frame(
        session, View(), 80, 24
    )


def test_problems_help_and_what_is_going_on(session, project):
    def shown(**view):
        return "\n".join(frame(session, View(**view), 80, 24))

    assert "Not written yet" in shown() and f"exercises/{WEEK}.py" in shown()
    assert "hint 1 of 2" in shown(help="hint 1 of 2: Add.")
    assert "not in a sandbox" in shown(confined=False) and "sandbox" not in shown()
    bad = [result(SUCCESSOR), result(SUCCESSOR, "failed", "too early to tell")]
    assert "too early" in shown(judging=SUCCESSOR, so_far=bad) and "✗ week" in shown(
        judging=SUCCESSOR, so_far=bad
    )
    assert "✗ week" not in shown(judging=SUCCESSOR, so_far=bad[:1])
    assert "checking …" in shown(judging=SUCCESSOR) and "checking …" not in shown(judging=DOUBLE)
    save(project, RIGHT)
    look(session)
    assert "waiting to be checked …" in shown()
    session.judged(queue(session)[0], [result(SUCCESSOR)])
    assert "All its checks passed. n: the next" in shown() and "✓ ·" in shown()
    save(project, "def successor(:\n")
    look(session)
    assert "line 1" in shown() and "? ?" in shown()


def test_colour_is_for_terminals_that_show_it(session):
    session.judged(SUCCESSOR, [result(SUCCESSOR)])
    assert any("\033[32m✓ " in line for line in frame(session, View(coloured=True), 80, 24))
    assert not any("\033" in line for line in frame(session, View(), 80, 24))


def test_wide_characters_take_two_cells():
    assert (
        cut("한국어 text", 7) == "한국어 " and cut("한국어", 5) == "한국" and cut("abc", 3) == "abc"
    )


# -- changes ---------------------------------------------------------------------------------------


def test_changes_are_told_also_of_a_folder_that_goes_and_comes_back(tmp_path):
    folder = tmp_path / "exercises"
    folder.mkdir()
    told = []
    with watching(folder, told.append):
        for _ in range(2):
            wait_until(lambda: touched(folder, told))
            folder.rename(tmp_path / "away")
            (tmp_path / "away" / "a.py").unlink()
            (tmp_path / "away").rename(folder)
        told.clear()
        wait_until(lambda: set() in told)  # it looks from time to time, whatever it is told


def touched(folder, told):
    (folder / "a.py").write_text(str(time.time()))
    return any("a.py" in names for names in told)


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# -- the judge -------------------------------------------------------------------------------------


def test_a_check_is_broken_off_and_the_next_one_counts(project):
    exercise = read_catalogue(project)[WEEK].exercises[0]
    with Judge(project) as judge:
        own = psutil.Process(judge._process.pid)
        for _ in range(2):
            save(project, ENDLESS)
            judge.ask(exercise, project.exercises)
            wait_until(lambda: busy(own))
            save(project, RIGHT)
            judge.cancel()
            number = judge.ask(exercise, project.exercises)
            assert judge.receive()["cancelled"]
            answer = judge.receive()
            assert answer["number"] == number
            assert [check.status for check in answer["checks"]] == ["passed", "passed"]
        judge.ask(exercise, project.exercises, stream=True)
        names = [judge.receive()["check"].check for _ in range(2)]
        assert names == [check.check for check in judge.receive()["checks"]]
        judge.ask(exercise, project.exercises)
        judge.cancel()  # before it has begun
        judge.ask(exercise, project.root / "nowhere")
        assert judge.receive()["cancelled"] and "nowhere" in judge.receive()["problem"]
        family = [own, *own.children(recursive=True)]
    psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
    assert not any(process.is_running() for process in family)


def test_a_judge_that_is_gone_says_so(project):
    with Judge(project) as judge:
        judge._process.kill()
        with pytest.raises(JudgeEndedError):
            judge.receive()


def busy(process):
    """Whether a descendant has been computing for a while."""
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if child.cpu_times().user > 0.2:
                return True
    return False


class BrokenJudge:
    """One that cannot start."""

    def __init__(self, project):
        self.number = 0

    def ask(self, exercise, folder, stream):
        self.number += 1
        return self.number

    def receive(self):
        raise JudgeEndedError("no judge today")

    def close(self):
        pass


def test_when_there_is_no_judge_watching_ends_and_says_so(session, project, monkeypatch):
    monkeypatch.setattr("course.watch.loop.Judge", BrokenJudge)
    monkeypatch.setattr(Terminal, "available", lambda: False)
    save(project, RIGHT)
    with pytest.raises(JudgeEndedError, match="no judge today"):
        Watch(project, list(session.exercises.values())).run()


# -- on a terminal ---------------------------------------------------------------------------------


class OnTerminal:
    """`course watch` on a terminal of its own."""

    def __init__(self, project, columns=90, rows=30):
        import fcntl
        import pty
        import struct
        import termios

        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.modes = termios.tcgetattr(theirs)
        self.theirs = theirs
        environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "course", "watch"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=project.root,
            env=environment | {"NO_COLOR": "1"},
            start_new_session=True,
        )
        os.set_blocking(self.ours, False)
        self.received = ""

    def press(self, keys):
        os.write(self.ours, keys.encode())

    def wait_for(self, *texts):
        """Waits for a frame that has all the texts; what was there before no longer counts."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not all(text in self.frame() for text in texts):
            self.read()
            assert time.monotonic() < deadline, f"no {texts} in {self.frame()}"
            time.sleep(0.01)

    def frame(self):
        return self.received.rpartition("\033[H")[2]

    def read(self):
        with contextlib.suppress(OSError):
            self.received += os.read(self.ours, 1 << 20).decode()

    def leave(self):
        import termios

        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read()
            time.sleep(0.01)
        self.read()
        assert termios.tcgetattr(self.theirs) == self.modes
        assert "Traceback" not in self.received
        return self.process.returncode


@pytest.fixture
def watch(project):
    if sys.platform == "win32":
        pytest.skip("Windows has no such terminals")
    started = []

    def start(**options):
        started.append(OnTerminal(project, **options))
        return started[-1]

    yield start
    for terminal in started:
        terminal.process.kill()
        terminal.process.wait()
        os.close(terminal.ours)
        os.close(terminal.theirs)


def test_a_session_from_the_stub_to_the_end(project, watch):
    terminal = watch()
    terminal.wait_for("Not written yet", keys())
    terminal.press("s")
    terminal.wait_for("after an attempt")
    save(project, WRONG)
    terminal.wait_for(f"✗ {SUCCESSOR}", "✗ It is one more.", "That is the one before.")
    terminal.press("h")
    terminal.wait_for("hint 1 of 2: Add.")
    terminal.press("s")
    terminal.wait_for("return number + 1")
    save(project, "def successor(number:\n")
    terminal.wait_for(f"{WEEK}.py, line 1", "? ?")
    save(project, ENDLESS)
    terminal.wait_for("checking …")
    save(project, RIGHT.replace("2 *", "3 *"))  # in the middle of a check: the newest wins
    terminal.wait_for(f"✓ {SUCCESSOR}", "✓ ✗", "All its checks passed")
    path = project.exercises / f"{WEEK}.py"
    path.rename(path.with_name("elsewhere.py"))
    terminal.wait_for(f"{WEEK}.py is missing", "? ?")
    path.with_name("elsewhere.py").rename(path)
    terminal.wait_for("✓ ✗")
    terminal.press("n")
    terminal.wait_for(f"✗ {DOUBLE}", "expected")
    family = psutil.Process(terminal.process.pid).children(recursive=True)
    terminal.press("q")
    assert terminal.leave() == 0
    assert "1 of 2 exercises passed; course list shows them all" in terminal.received
    psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
    assert not any(process.is_running() for process in family)
    results = read_results(project, read_catalogue(project)[WEEK].exercises)
    assert [results[name].status for name in (SUCCESSOR, DOUBLE)] == ["passed", "failed"]


def test_many_saves_leave_nothing_behind(project, watch):
    terminal = watch()
    terminal.wait_for("Not written yet")
    own = psutil.Process(terminal.process.pid)

    def save_and_see(number):
        save(project, RIGHT.replace("number + 1", f"number + {number}"))
        terminal.wait_for(f"got {4 + number}\033")

    def usage():
        family = [own, *own.children(recursive=True)]
        return len(family), [process.num_fds() for process in family[:2]], own.num_threads()

    save_and_see(2)
    before = usage()
    for number in range(3, 13):
        save(project, ENDLESS)
        save_and_see(number)
    wait_until(lambda: usage() == before)
    terminal.press("q")
    assert terminal.leave() == 0


def test_run_judge_killed_and_a_terminal_that_is_closed(project, watch):
    terminal = watch()
    terminal.wait_for("Not written yet")
    save(project, WRONG)
    terminal.wait_for(f"✗ {SUCCESSOR}", "one before")
    terminal.press("r")
    terminal.read()
    wait_until(lambda: terminal.read() or "Any key goes back" in terminal.received)
    assert f"course run {WEEK}" in terminal.received
    terminal.received = ""
    terminal.press("x")
    terminal.wait_for(keys())
    (judge, *_) = psutil.Process(terminal.process.pid).children()
    judge.kill()
    save(project, RIGHT)
    terminal.wait_for(f"✓ {SUCCESSOR}", "✓ ✓", "All its checks passed")
    family = psutil.Process(terminal.process.pid).children(recursive=True)
    terminal.process.terminate()
    assert terminal.leave() == 128 + 15
    psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
    assert not any(process.is_running() for process in family)


def test_without_a_terminal_it_prints_each_verdict(project):
    with subprocess.Popen(
        [sys.executable, "-m", "course", "watch"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        lines = iter(process.stdout.readline, "")
        assert next(line for line in lines if "Not written yet" in line)
        save(project, RIGHT)
        assert next(line for line in lines if SUCCESSOR in line).startswith("✓")
        save(project, SOLUTION.replace("number + 1", "number - 1"))
        assert next(line for line in lines if SUCCESSOR in line).startswith("✗")
        assert "\033" not in "".join(next(lines) for _ in range(3))
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()  # even then
    psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
    assert not any(child.is_running() for child in family)
