"""What is kept of checks, whatever happens at the same time; and `course reset`."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy import RIGHT, WEEK, write_toy

from course import cli
from course.catalogue import read_catalogue
from course.errors import CourseError
from course.progress import Result, changed_since, keep_results, read_results
from course.project import Project
from course.reset import with_stub

CHECKOUT = Project.find().root
WRITER = """
import itertools, sys
from course.progress import Result, keep_results
from course.project import Project
project = Project.find()
print("ready", flush=True)
for n in itertools.count():
    keep_results(project, {sys.argv[1]: Result("failed", n, 2, n, "x" * 100_000, 1)})
    if n == int(sys.argv[2]):
        break
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    project = write_toy(tmp_path / "checkout")
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    return project


@pytest.fixture
def course(project, capsys):
    def run(*arguments):
        code = cli.main(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture
def exercises(project):
    return read_catalogue(project)[WEEK].exercises


def write(project, text):
    """Saves the student's file a while after whatever was there before."""
    path = project.exercises / f"{WEEK}.py"
    path.write_text(text, encoding="utf-8")
    return path


def start_writer(name, last):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, name, str(last)], stdout=subprocess.PIPE, text=True
    )


# -- keeping ---------------------------------------------------------------------------------------


def test_what_is_kept_comes_back(project, exercises):
    result = Result("failed", 1.0, 2.0, 5.0, "abc", 3)
    keep_results(project, {exercises[0].id: result})
    assert read_results(project, exercises) == {exercises[0].id: result}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000, b"null", b'{"status": "passed"}']
)
def test_what_is_damaged_counts_as_nothing(project, exercises, content):
    (project.state / "results").mkdir(parents=True)
    (project.state / "results" / f"{exercises[0].id}.json").write_bytes(content)
    assert read_results(project, exercises) == {}


def test_a_place_that_cannot_be_written_is_said(project, exercises):
    project.state.write_text("a file where the directory should be")
    with pytest.raises(CourseError, match="cannot keep results"):
        keep_results(project, {exercises[0].id: Result("failed", 1.0, 2.0, 5.0, "abc", 3)})


def test_two_commands_at_once_lose_nothing(project, exercises):
    names = [exercise.id for exercise in exercises]
    writers = [start_writer(name, 50) for name in names]
    assert [writer.communicate()[0] for writer in writers] == ["ready\n"] * 2
    results = read_results(project, exercises)
    assert {name: result.score for name, result in results.items()} == dict.fromkeys(names, 50)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kill_in_the_middle_of_a_write_leaves_a_whole_result(project, exercises):
    name = exercises[0].id
    for _ in range(5):
        with start_writer(name, -1) as writer:
            writer.stdout.readline()
            while name not in read_results(project, exercises):
                assert writer.poll() is None
            time.sleep(0.02)
            writer.send_signal(signal.SIGKILL)
        assert read_results(project, exercises)[name].status == "failed"


# -- course list -----------------------------------------------------------------------------------


def test_list_says_how_things_stand_and_what_is_next(course, project):
    assert course("list")[1].endswith(
        f"next: write successor in exercises/{WEEK}.py, with course watch\n"
    )
    write(project, RIGHT.replace("2 *", "3 *"))
    course("check")
    listed = course("list")[1]
    assert re.search(r"✓ successor +2 points +\* +1 min +passed\n", listed)
    assert re.search(r"✗ double +1 points +\*\*\* +10 min +failed, 0 points\n", listed)
    assert "\n  2 of 3 points\n" in listed and listed.endswith(f"next: course hint {WEEK}.double\n")
    write(project, RIGHT)
    listed = course("list")[1]
    assert "failed, 0 points; changed since\n" in listed and "passed\n" in listed
    assert listed.endswith(f"next: course check {WEEK}.double\n")
    course("check", f"{WEEK}.double")
    assert course("list")[1].endswith("All 2 exercises passed.\n")
    write(project, RIGHT.replace("number + 1", "number + 2"))
    assert "passed; changed since\n" in course("list")[1]


def test_a_file_that_was_not_touched_is_not_read(project, exercises, monkeypatch):
    results = {exercises[0].id: Result("passed", 1.0, 2.0, time.time() + 60, "other", 3)}
    assert changed_since(project, exercises, results) == set()
    later = time.time() + 120
    os.utime(project.exercises / f"{WEEK}.py", (later, later))
    assert changed_since(project, exercises, results) == {exercises[0].id}


# -- course reset ----------------------------------------------------------------------------------


def test_reset_brings_one_stub_back_and_keeps_the_text(course, project):
    path = write(project, RIGHT)
    course("check")
    code, out = course("reset", f"{WEEK}.successor")
    assert code == 0 and f"kept in {Path('exercises', f'{WEEK}.py.bak1')}\n" in out
    assert path.with_name(f"{WEEK}.py.bak1").read_text() == RIGHT
    text = path.read_text()
    assert "successor is still to be written" in text and "2 * int(value)" in text
    listed = course("list")[1]
    assert re.search(r"· successor .* to do\n", listed) and re.search(
        r"✓ double .*passed\n", listed
    )
    assert course("reset", f"{WEEK}.successor")[1] == f"{WEEK}.successor is a stub again\n"
    assert not path.with_name(f"{WEEK}.py.bak2").exists()
    path.unlink()
    assert course("reset", f"{WEEK}.successor")[0] == 0
    assert path.read_text().count("is still to be written") == 2
    assert course("reset", WEEK)[0] == course("reset", f"{WEEK}.sucessor")[0] == 2


STUB = '"""Doc."""\n\nimport numpy as np\n\n\ndef a(x):\n    """A."""\n    # TODO\n    raise NotImplementedError\n\n\ndef b(x):\n    raise NotImplementedError\n\n\ndef main():\n    print(b(a(1)))\n'  # noqa: E501


@pytest.mark.parametrize(
    ("mine", "expected"),
    [
        # the function as it stands, comments at its end included
        ("def a(x):\n    return 1\n    # done\n\n\ndef b(x):\n    return 2\n",
         "{a}\n\n\ndef b(x):\n    return 2\n"),
        # renamed or deleted: below what stands above it
        ("import numpy as np\n\n\ndef b(x):\n    return 2\n",
         "import numpy as np\n\n\n{a}\n\n\ndef b(x):\n    return 2\n"),
        # a text that does not parse, because of that function or of another
        ("def a(x:\n    return 1\n\n\n\ndef b(x):\n    return 2\n",
         "{a}\n\n\n\ndef b(x):\n    return 2\n"),
        ("@cache\ndef a(x):\n    return 1\n\n\n# mine\ndef b(x:\n    return 2\n",
         "{a}\n\n\n# mine\ndef b(x:\n    return 2\n"),
        # of two definitions the one that counts
        ("def a(x):\n    return 1\n\n\ndef a(x):\n    return 2\n",
         "def a(x):\n    return 1\n\n\n{a}\n"),
        ("", "\n\n\n{a}\n"),
    ],
)  # fmt: skip
def test_where_the_stub_goes(mine, expected):
    own = STUB[STUB.index("def a") : STUB.index("\n\n\ndef b")]
    assert with_stub(mine, STUB, "a") == expected.format(a=own)


def test_a_function_that_cannot_be_found_in_a_broken_text(project):
    with pytest.raises(CourseError, match="cannot find where a stands"):
        with_stub("def c(:\n", STUB, "a")


def test_results_are_plain_json(course, project):
    write(project, RIGHT)
    course("check")
    kept = json.loads((project.state / "results" / f"{WEEK}.successor.json").read_text())
    assert kept["status"] == "passed" and kept["score"] == kept["max_score"] == 2.0
