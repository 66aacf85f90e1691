"""What the READMEs show of a student's first ten minutes is what the tool prints."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from course.project import Project

CHECKOUT = Project.find().root
PARTS = ("solutions", "exercises", "datasets", "tests/graders", "tests/misconceptions")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXERCISE = "split_sequence"
SHOWN = ("list", "check", "hint")


@pytest.fixture
def checkout(tmp_path):
    for part in PARTS:
        leave_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / part, tmp_path / part, ignore=leave_out)
    (tmp_path / "course").mkdir()  # by which a checkout is known
    return tmp_path


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.ko.md", "ko")])
def test_the_first_ten_minutes(checkout, name, language):
    blocks = FENCED.findall((CHECKOUT / name).read_text(encoding="utf-8"))
    (answer,) = (text for kind, text in blocks if kind == "python")
    commands = [
        command.partition("\n")
        for kind, text in blocks
        if not kind
        for command in re.split(r"^\$ course ", text, flags=re.MULTILINE)[1:]
    ]
    seen = []
    for command, _, shown in commands:
        if command.split()[0] in SHOWN:
            seen.append(command.split()[0])
            assert_shows(said(checkout, command.split(), language), shown)
        if seen == ["list"]:  # then the student writes
            write(checkout / "exercises" / "week04_sequences.py", answer)
    assert seen == list(SHOWN)


def write(path, body):
    text = path.read_text(encoding="utf-8")
    stub = f'    raise NotImplementedError("{EXERCISE} is still to be written")\n'
    assert stub in text
    path.write_text(text.replace(stub, body), encoding="utf-8")


def said(checkout, arguments, language):
    done = subprocess.run(
        [sys.executable, "-m", "course", *arguments],
        cwd=checkout,
        env=os.environ
        | {"PYTHONPATH": str(CHECKOUT), "COURSE_LANG": language, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def assert_shows(printed, shown):
    """Up to line breaks, and to what `…` stands for."""
    rest = " ".join(printed.split())
    for number, part in enumerate(re.split(r"^ *…\n", shown, flags=re.MULTILINE)):
        text = " ".join(part.split())
        assert text in rest
        before, _, rest = rest.partition(text)
        assert number or not before
    assert not rest
