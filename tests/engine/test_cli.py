"""The `course` command as those who type it see it: output, exit codes, and no traceback ever."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest
from toy import GRADER, RIGHT, SOLUTION, WEEK, write_toy

from course import cli
from course.project import Project

CHECKOUT = Project.find().root
ANSWERS = {
    "right": RIGHT,
    "wrong": RIGHT.replace("number + 1", "number - 1"),
    "raises": RIGHT.replace("return number + 1", "return nombre"),
    "returns nothing": RIGHT.replace("return number + 1", "number + 1"),
    "returns a set": RIGHT.replace("return number + 1", "return {number + 1}"),
    "returns an object": RIGHT.replace("return number + 1", "return object()"),
    "missing": RIGHT.replace("successor", "succesor"),
    "wrong signature": RIGHT.replace("successor(number)", "successor()"),
    "not written": RIGHT.replace("return number + 1", '"""TODO"""\n    raise NotImplementedError'),
    "uses what is not written": RIGHT.replace("return number", "return after(0) + number")
    + "\n\ndef after(number):\n    raise NotImplementedError('later')\n",
    "leaves": RIGHT.replace("return number + 1", "raise SystemExit(0)"),
    "leaves at import": f"import sys\nsys.exit(0)\n{RIGHT}",
    "imports what is not there": f"import nowhere_to_be_found\n{RIGHT}",
    "does not parse": "def successor(number:\n    return number + 1\n",
    "prints": RIGHT.replace("return number + 1", "print('hello')\n    return number + 1"),
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The toy course, which is also the working directory."""
    project = write_toy(tmp_path / "checkout")
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.delenv("NO_COLOR", raising=False)
    return project


@pytest.fixture
def course(project, capfd):
    """Runs the command in this process; gives exit code, standard output and standard error."""

    def run(*arguments):
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as leaving:  # from argparse
            code = leaving.code
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return run


@pytest.fixture
def hand_in(tmp_path):
    """Writes a submission and returns its folder."""

    def write(text):
        folder = tmp_path / "s017"
        folder.mkdir(exist_ok=True)
        (folder / f"{WEEK}.py").write_text(text, encoding="utf-8")
        return folder

    return write


def start(*arguments, **options):
    """Starts the command as a program."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "course", *map(str, arguments)],
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def assert_user_error(outcome, *words):
    code, out, err = outcome
    assert (code, out) == (2, "")
    assert err.startswith("course: ") and err.endswith("\n")
    for word in words:
        assert word in err


# -- check -----------------------------------------------------------------------------------------


def test_check_of_the_stub(course):
    code, out, err = course("check")
    assert (code, err) == (1, "")
    assert f"· {WEEK}.successor  0 of 2 points\n    not written yet" in out
    assert out.endswith(
        f"0 of 3 points; 0 of 2 exercises passed\nnext: course hint {WEEK}.successor\n"
    )


def test_check_passes_only_when_all_that_was_asked_for_passes(course, hand_in):
    folder = hand_in(RIGHT)
    code, out, err = course("check", "--target", folder)
    assert (code, err) == (0, "")
    assert "3 of 3 points; 2 of 2 exercises passed\n" in out and "next:" not in out
    folder = hand_in(ANSWERS["wrong"])
    code, out, _ = course("check", "--target", folder)
    assert code == 1
    assert "✗ It is one more." in out and "That is the one before." in out
    assert "successor(4)" in out and "expected" in out and "got 3" in out
    assert "1 of 3 points; 1 of 2 exercises passed" in out
    assert course("check", f"{WEEK}.double", "--target", folder)[0] == 0


def test_check_json_is_the_report(course, hand_in):
    code, out, _ = course("check", "--json", "--seed", 7, "--target", hand_in(ANSWERS["wrong"]))
    report = json.loads(out)
    assert code == 1
    assert report["submission"] == "s017" and report["seed"] == 7
    assert report["score"] == 1.0 and report["max_score"] == 3.0
    assert set(report) == {"submission", "seed", "score", "max_score", "checks"}
    wrong, also_wrong, right = report["checks"]
    assert wrong["exercise"] == f"{WEEK}.successor" and wrong["check"] == "one_more"
    assert wrong["status"] == also_wrong["status"] == "failed"
    assert (wrong["score"], wrong["max_score"]) == (0.0, 1.0)
    assert wrong["misconception"] == "predecessor"
    assert wrong["message"].startswith("expected the result = 5, got 3")
    assert right | {"seconds": 0} == {
        "exercise": f"{WEEK}.double",
        "check": "any_values",
        "title": "Any values are doubled.",
        "status": "passed",
        "score": 1.0,
        "max_score": 1.0,
        "seconds": 0,
        "message": "",
        "misconception": None,
        "attempts": 1,
    }
    assert right["seconds"] >= 0


def test_check_writes_a_page(course, project, hand_in, tmp_path):
    folder = hand_in(RIGHT.replace("number + 1", "number - 1").replace("2 *", "'<b>' +"))
    page = tmp_path / "answers.html"
    code, out, err = course("check", f"{WEEK}.successor", "--target", folder, "--html", page)
    assert (code, err) == (1, "") and out.endswith(f"the page: {page}\n")
    text = page.read_text(encoding="utf-8")
    assert "0 of 2 points" in text and "expected the result = 5, got 3" in text
    assert "Likely cause: </strong>That is the one before." in text
    code, out, err = course("check", "--target", folder, "--json", "--html")
    page = project.root / ".course" / "check.html"
    assert json.loads(out)["score"] == 0 and err == f"the page: {page}\n"
    assert "&lt;b&gt;" in page.read_text(encoding="utf-8")


def test_page_that_cannot_be_written(course, hand_in, tmp_path):
    code, out, err = course("check", "--html", WEEK)
    assert (code, out) == (2, "") and "what to check comes before --html" in err
    (tmp_path / "file").write_text("")
    code, _, err = course("check", "--target", hand_in(RIGHT), "--html", tmp_path / "file/a.html")
    assert code == 2 and err.startswith("course: cannot write the page to ")


def test_hard_coded_answers_fail_with_another_seed(course, hand_in):
    _, out, _ = course("check", "--json", "--target", hand_in(RIGHT.replace("2 *", "3 *")))
    message = json.loads(out)["checks"][2]["message"]
    drawn = [int(number) for number in re.search(r"double\(\[(.*?)\]\)", message)[1].split()]
    folder = hand_in(
        RIGHT.replace("[2 * int(value) for value in values]", f"{[2 * value for value in drawn]}")
    )
    asked = ("check", f"{WEEK}.double", "--target", folder)
    assert course(*asked)[0] == course(*asked, "--seed", 0)[0] == 0
    assert course(*asked, "--seed", 1)[0] == 1
    assert course(*asked, "--seed", 2**70)[0] == 1


def test_grader_error_is_loud_and_costs_nothing(course, project, hand_in):
    broken = GRADER.replace("submission.successor(4), 5", "submission.successor(4), five")
    (project.graders / f"{WEEK}.py").write_text(broken)
    code, out, _ = course("check", "--target", hand_in(RIGHT))
    assert code == 3
    assert "our fault" in out and "NameError" in out
    assert "2 of 2 points; 1 of 2 exercises passed" in out
    (project.graders / f"{WEEK}.py").write_text("import nowhere_to_be_found\n")
    code, out, _ = course("check", "--json", "--target", hand_in(RIGHT))
    report = json.loads(out)
    assert code == 3 and report["score"] == report["max_score"] == 0
    assert {check["status"] for check in report["checks"]} == {"grader_error"}
    assert "nowhere_to_be_found" in report["checks"][0]["message"]


@pytest.mark.parametrize("answer", ANSWERS)
def test_in_process_gives_the_same_verdicts(course, hand_in, answer):
    def verdicts(*options):
        _, out, _ = course("check", "--json", "--target", folder, *options)
        keys = ("check", "status", "score", "max_score", "message", "misconception")
        report = out[out.index("{\n") :]  # in process, what the answer prints comes first
        return [[check[key] for key in keys] for check in json.loads(report)["checks"]]

    folder = hand_in(ANSWERS[answer])
    assert verdicts("--in-process") == verdicts()


def test_progress_is_of_the_own_copy_only(course, project, hand_in):
    assert course("check", "--target", hand_in(RIGHT))[0] == 0
    assert course("list")[1].count("to do") == 2
    (project.exercises / f"{WEEK}.py").write_text(ANSWERS["wrong"])
    assert course("check")[0] == 1
    listed = course("list")[1]
    assert re.search(r"✗ successor .* failed", listed) and re.search(r"✓ double .* passed", listed)


# -- mistakes in the asking ------------------------------------------------------------------------


def test_unknown_names_come_with_a_suggestion(course):
    for command in ("check", "hint", "solution", "list"):
        assert_user_error(course(command, f"{WEEK}.succesor"), f"{WEEK}.successor")
    assert_user_error(course("check", "week01_tory"), WEEK)
    assert_user_error(course("run", "week01_tory"), WEEK)
    assert_user_error(course("authoring", "check", "week9"), "week9")
    assert_user_error(course("authoring", "stubs", "week9"), "week9")


def test_missing_target(course, tmp_path):
    nowhere = tmp_path / "nowhere"
    assert_user_error(course("check", "--target", nowhere), str(nowhere))
    assert_user_error(course("check", "--in-process", "--target", nowhere), str(nowhere))
    assert_user_error(course("run", WEEK, "--target", nowhere), str(nowhere))
    file = tmp_path / "file.py"
    file.write_text(RIGHT)
    assert_user_error(course("check", "--target", file), str(file))


def test_target_without_the_week_fails_every_check(course, tmp_path):
    code, out, _ = course("check", "--target", tmp_path)
    assert code == 1 and f"{WEEK}.py is missing" in out


@pytest.mark.parametrize("seed", ["-1", "1.5", "x", "", "²"])
def test_junk_seed(course, seed):
    code, out, err = course("check", f"--seed={seed}")
    assert (code, out) == (2, "") and "expected a whole number" in err


@pytest.mark.parametrize("arguments", [[], ["chekc"], ["check", "--jason"], ["data", "fetch"]])
def test_unknown_commands_and_options(course, arguments):
    code, out, err = course(*arguments)
    assert (code, out) == (2, "") and err.startswith("usage: course")


def test_missing_grader(course, project, hand_in):
    (project.graders / f"{WEEK}.py").unlink()
    assert_user_error(course("check", "--target", hand_in(RIGHT)), "graders", f"{WEEK}.py")


def test_malformed_solution(course, project):
    path = project.solutions / f"{WEEK}.py"
    path.write_text(SOLUTION.replace("points=2", "points='two'"))
    assert_user_error(course("list"), f"solutions/{WEEK}.py, line", "points")
    path.write_text(SOLUTION.replace("def double(values):", "def double(values:"))
    assert_user_error(course("check"), f"solutions/{WEEK}.py, line")


# -- the other commands ----------------------------------------------------------------------------


def test_list(course):
    code, out, err = course("list")
    assert (code, err) == (0, "")
    assert out.startswith(f"{WEEK}: Week 1: a toy.\n")
    assert re.search(r"· successor +2 points +\* +1 min +to do\n", out)
    assert re.search(r"· double +1 points +\*\*\* +10 min +to do\n", out)
    assert "successor" not in course("list", f"{WEEK}.double")[1]


def test_hints_one_by_one_then_the_solution(course, project):
    asked = ("hint", f"{WEEK}.successor")
    assert course(*asked)[:2] == (0, "hint 1 of 2: Add.\n")
    assert "hint 2 of 2: Add one.\n" in course(*asked)[1]
    assert_user_error(course("solution", f"{WEEK}.successor"), "after an attempt")
    (project.exercises / f"{WEEK}.py").write_text(ANSWERS["wrong"])
    code, out, _ = course("solution", f"{WEEK}.successor")
    assert code == 0 and out.startswith("def successor") and "return number + 1" in out
    assert "exercise(" not in out and "double" not in out
    for command in ("hint", "solution"):
        assert_user_error(course(command, WEEK), "expected one exercise")


def test_solution_when_the_own_copy_does_not_parse(course, project):
    (project.exercises / f"{WEEK}.py").write_text("def successor(:\n")
    assert_user_error(course("solution", f"{WEEK}.successor"), f"{WEEK}.py, line 1")


def test_authoring(course, project):
    code, out, err = course("authoring", "check")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"\d+ claims about 2 graders hold, 0 do not\n", out)
    weak = GRADER.replace("submission.successor(4), 5", "5, 5")
    (project.graders / f"{WEEK}.py").write_text(weak)
    code, out, _ = course("authoring", "check", f"{WEEK}.successor")
    assert code == 1 and f"✗ {WEEK}.successor: expected that predecessor is rejected by" in out


def test_authoring_stubs(course, project):
    stub = project.exercises / f"{WEEK}.py"
    text = stub.read_text()
    assert course("authoring", "stubs")[:2] == (0, f"as it was: {stub.relative_to(project.root)}\n")
    stub.write_text(text + "\nEXTRA = 1\n")
    code, out, _ = course("authoring", "check", f"{WEEK}.double")
    assert code == 1 and "course authoring stubs" in out
    assert course("authoring", "stubs", WEEK)[0] == 0 and stub.read_text() == text
    stub.write_text(RIGHT)
    assert_user_error(course("authoring", "stubs"), "holds work", "double, successor")
    assert stub.read_text() == RIGHT
    assert course("authoring", "stubs", "--force")[0] == 0 and stub.read_text() == text
    assert stub.with_name(f"{WEEK}.py.bak1").read_text() == RIGHT


def test_run_of_the_solution(course, project):
    code, out, err = course("run", WEEK, "--target", project.solutions, "--quick")
    assert (code, err) == (0, "")
    metrics = json.loads((project.runs / WEEK / "metrics.json").read_text())
    assert metrics["metrics"] == {"sum": 12.0} and metrics["quick"] is True
    assert "✓ sum 12, at most 12" in out


def test_run_of_the_own_copy(course, project, tmp_path):
    results = tmp_path / "results"
    outcome = course("run", WEEK, "--out", results)
    assert_user_error(outcome, "course: successor is still to be written")
    assert not (results / "metrics.json").exists()
    main = SOLUTION[SOLUTION.index("def main") :]
    own = f"import numpy as np\nfrom course.experiment import Experiment\n{RIGHT}\n\n{main}"
    own = own.replace("[2 * int(value) for value in values]", "np.array(values)")
    (project.exercises / f"{WEEK}.py").write_text(own)
    assert course("run", WEEK, "--out", results)[0] == 0
    assert json.loads((results / "metrics.json").read_text())["metrics"] == {"sum": 6.0}
    assert not (project.runs / WEEK).exists()


def test_run_of_a_folder_elsewhere(course, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / f"{WEEK}.py").write_text(SOLUTION)
    assert course("run", WEEK, "--target", folder, "--out", folder / "results")[0] == 0
    assert (folder / "results" / "metrics.json").exists()


def test_verify(course, project):
    code, printed, err = course("verify", "--quick")
    assert (code, err) == (0, "")
    assert "graders: 3 of 3 points" in printed
    assert f"✓ {WEEK}: 1 of 1 bars met on embedded data" in printed
    page = (project.runs / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and f'href="#{WEEK}"' in page
    assert "3 of 3 points" in page and "1 of 1 bars met" in page
    assert '<span class="badge warn">embedded data</span>' in page and "quick runs" in page


def test_verify_says_what_is_not_met(course, project):
    path = project.solutions / f"{WEEK}.py"
    path.write_text(SOLUTION.replace("at_most=12.0", "at_most=11.0"))
    code, out, _ = course("verify", "--json")
    outcome = json.loads(out)
    assert code == 1 and outcome["ok"] is False
    assert outcome["grading"]["score"] == 3.0
    assert outcome["weeks"][0]["bars"] == {"sum": {"at_most": 11.0, "met": False}}
    path.write_text(SOLUTION.replace("total = ", "raise SystemExit('no luck')\n        total = "))
    code, out, err = course("verify")
    assert code == 1 and f"✗ {WEEK}: 0 of 0 bars met" in out and err == "no luck\n"
    page = (project.runs / "report.html").read_text(encoding="utf-8")
    assert "runs failed: 1" in page and "ended without results" in page
    path.write_text(SOLUTION.replace("return number + 1", "return number"))
    assert course("verify")[0] == 1


def test_data_status(tmp_path):
    environment = os.environ | {"COURSE_CACHE": str(tmp_path)}
    environment.pop("COURSE_DATA", None)
    with start("data", cwd=CHECKOUT, env=environment) as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert re.search(r"ridership.* MB +not here", out) and "course data download" in out
    environment["COURSE_DATA"] = str(tmp_path / "nowhere")
    with start("data", cwd=CHECKOUT, env=environment) as process:
        outcome = process.communicate()
    assert_user_error((process.returncode, *outcome), "COURSE_DATA", "nowhere")


# -- as a program ----------------------------------------------------------------------------------


def test_outside_a_checkout_the_engine_s_own_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    with start("list", cwd=tmp_path) as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "week04_sequences" in out


def test_version_and_help(course):
    for option in ("--version", "--help"):
        code, out, err = course(option)
        assert (code, err) == (0, "") and out.startswith(("course ", "usage: course"))


def test_reader_that_leaves(project):
    for command in (["list"], ["check"], ["check", "--json"]):
        read_end, write_end = os.pipe()
        os.close(read_end)
        with start(*command, stdout=write_end) as process:
            os.close(write_end)
            err = process.stderr.read()
        assert err == ""
        assert process.returncode == cli.READER_LEFT


def test_terminal_that_knows_only_ascii(project):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    with start("list", env=environment) as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "? successor" in out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")
def test_interrupted(project, hand_in):
    folder = hand_in(RIGHT.replace("return number + 1", "while True: pass"))
    # A shell that runs these tests in the background has them ignore SIGINT.
    restored = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with start("check", "--target", folder, start_new_session=True, **restored) as process:
        own = psutil.Process(process.pid)
        while not (children := busy_descendants(own)):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == cli.INTERRUPTED
    assert err == "course: interrupted\n" and "points;" not in out
    psutil.wait_procs(children, timeout=5)
    assert not any(child.is_running() for child in children)


def busy_descendants(process):
    """All descendants, once one of them has been computing for a while."""
    found = process.children(recursive=True)
    for child in found:
        with contextlib.suppress(psutil.Error):
            if child.cpu_times().user > 0.5:
                return found
    return []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
@pytest.mark.parametrize("no_color", [False, True])
def test_colours_on_a_terminal_only(project, hand_in, no_color):
    ours, theirs = os.openpty()
    environment = os.environ | ({"NO_COLOR": ""} if no_color else {})
    folder = hand_in(ANSWERS["wrong"])
    with start("check", "--target", folder, stdout=theirs, env=environment) as process:
        os.close(theirs)
        printed = b""
        with contextlib.suppress(OSError):  # how Linux says that the terminal is gone
            while chunk := os.read(ours, 4096):
                printed += chunk
        assert process.stderr.read() == ""
    os.close(ours)
    assert b"That is the one before." in printed
    assert (b"\x1b[" in printed) is not no_color
    with start("check", "--target", folder) as process:
        assert "\x1b[" not in process.communicate()[0]


def test_graders_find_what_is_not_installed():
    """As the installed command runs: without the current directory on the import path."""
    command = [sys.executable, "-P", "-m", "course", "check", "week09_vae.sample_latent"]
    done = subprocess.run([*command, "--target", "solutions"], cwd=CHECKOUT, capture_output=True)
    assert done.returncode == 0, done.stdout
