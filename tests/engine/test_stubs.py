"""The student's file: everything of the solution but the answers."""

import importlib.util
import random
import re
import subprocess
import sys

import pytest

from course.catalogue import read_catalogue
from course.errors import CourseError
from course.project import Project
from course.source import unattempted
from course.stubs import exercise_source, make_stub, stale_stubs, write_stubs

DECORATOR = '@exercise(points=1, difficulty=1, minutes=5, hints=("x",))'

SOLUTION = '''"""Week 1: everything at once.

Ünïcode.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import (
    cache,
    partial,
)

import keras
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course import exercise
from datasets import ridership

# A constant that stays,   with its odd   spacing.
SIZE = 3
_ANSWER = {"the": "answer"}
_SHARED = 4


class _Trick(keras.layers.Layer):
    """Only a body uses this."""

    def call(self, x):
        return _inner(x)
        # a comment that closes the class


# What this does is the secret.
# In two lines.
@cache
def _inner(x):
    return math.floor(x) + _SHARED


def _shared(x):
    return x * _SHARED


@exercise(
    points=2,  # a comment in the decorator
    difficulty=1,
    minutes=5,
    hints=("a", "b"),
)
def windows(sequence, n_steps=SIZE, *, kind: Kind = None):  # a comment on the signature
    """Cuts. Ünïcode.

    Returns:
        Windows.
    """
    # the answer begins

    return _Trick()(sliding_window_view(sequence, n_steps)), _ANSWER, field
    # the answer ends


@partial
@exercise(points=1, difficulty=1, minutes=5, hints=("x",))
def second(x):
    """Short."""
    return windows(_shared(x), 1)


@dataclass
class Kind:
    """A helper that stays."""

    value: int = 0


def main() -> None:
    """Runs."""
    print(_shared(SIZE), ridership)  # noqa: T201


if __name__ == "__main__":
    main()
'''

STUB = '''"""Week 1: everything at once.

Ünïcode.
"""

# Write the bodies marked TODO, then: course check week01_all

from __future__ import annotations

from dataclasses import dataclass
from functools import (
    partial,
)

import keras
import numpy as np

from datasets import ridership

# A constant that stays,   with its odd   spacing.
SIZE = 3
_SHARED = 4


def _shared(x):
    return x * _SHARED


def windows(sequence, n_steps=SIZE, *, kind: Kind = None):  # a comment on the signature
    """Cuts. Ünïcode.

    Returns:
        Windows.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("windows is still to be written")


@partial
def second(x):
    """Short."""
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("second is still to be written")


@dataclass
class Kind:
    """A helper that stays."""

    value: int = 0


def main() -> None:
    """Runs."""
    print(_shared(SIZE), ridership)  # noqa: T201


if __name__ == "__main__":
    main()
'''

IMPORTS = ["import keras", "import numpy as np", "import math", "from json import dumps, loads"]
# Pieces of modules: the name that each binds, and its text, which uses some other name.
PIECES = {
    "C": "{name} = {use}",
    "_C": "{name} = {use}",
    "_D": "# note\n{name} = {use}",
    "helper": "\n\ndef {name}(x):\n    return {use}\n\n",
    "_helper": "\n\n# note\ndef {name}(x):\n    return {use}\n    # end\n\n",
    "_Class": "\n\nclass {name}:\n    x = {use}\n\n",
    "exercise": f'\n\n{DECORATOR}\ndef {{name}}(x):\n    """Doc."""\n    return {{use}}\n\n',
    "task": f'\n\n# note\n{DECORATOR}\ndef {{name}}(x):\n    """Doc."""\n    return {{use}}\n\n',
}


def random_module(seed):
    """A solution module of random pieces, each of which uses one before it, and its names."""
    draw = random.Random(seed)
    known, parts = ["len", "math", "np", "keras", "dumps", "loads"], []
    names = [f"{draw.choice(list(PIECES))}{n}" for n in range(draw.randrange(2, 9))]
    for name in names:
        parts.append(PIECES[name[:-1]].format(name=name, use=draw.choice(known)))
        known += [name] * 2
    text = "\n".join(['"""Doc."""\n', *IMPORTS, "", "from course import exercise\n", *parts, ""])
    return text, names


@pytest.fixture
def project(tmp_path):
    for part in ("solutions", "exercises", "course"):
        (tmp_path / part).mkdir()
    (tmp_path / "solutions" / "week01_all.py").write_text(SOLUTION, encoding="utf-8")
    return Project(tmp_path)


def test_answers_go_and_the_rest_stays_byte_for_byte():
    assert make_stub(SOLUTION, "week01_all") == STUB


def test_line_ends_make_no_difference():
    assert make_stub(SOLUTION.replace("\n", "\r\n"), "week01_all") == STUB


def test_the_students_file_is_all_stubs():
    compile(STUB, "stub", "exec")
    assert unattempted(STUB.replace("@partial\n", ""), ["windows", "second"]) == {
        "windows",
        "second",
    }


def test_one_name_of_an_import_on_one_line_goes_and_its_comment_stays():
    solution = (
        '"""Doc."""\n\nfrom json import dumps, loads  # both\n\n\n'
        f'{DECORATOR}\ndef f(x=loads):\n    """D."""\n    return dumps(x)\n'
    )
    assert "from json import loads  # both\n" in make_stub(solution, "week01_all")


def test_a_malformed_solution_is_refused():
    with pytest.raises(CourseError, match=r"solutions/week01_all\.py, line 4: f has no docstring"):
        make_stub(f'"""Doc."""\n\n{DECORATOR}\ndef f():\n    return 1\n', "week01_all")


@pytest.mark.parametrize("seed", range(40))
def test_of_any_solution_the_stub_compiles_adds_little_and_gives_nothing_away(seed):
    solution, names = random_module(seed)
    stub = make_stub(solution, "week01_all")
    compile(stub, "stub", "exec")
    exercises = {name for name in names if name.startswith(("exercise", "task"))}
    assert unattempted(stub, names) == exercises
    added = set(stub.split("\n")) - set(solution.split("\n"))
    expected = ("# Write the bodies", "    # TODO", "    raise NotImplementedError", "from json ")
    assert all(line.startswith(expected) for line in added)
    for name in names:
        # What is private stays only where something else that stays uses it.
        uses = len(re.findall(rf"\b{name}\b", stub))
        assert uses != 1 or not name.startswith("_"), name


def test_the_stub_of_a_formatted_solution_is_formatted(tmp_path):
    if importlib.util.find_spec("ruff") is None:
        pytest.skip("ruff is not installed")

    def ruff(*arguments):
        command = [
            sys.executable,
            "-m",
            "ruff",
            *arguments,
            "--isolated",
            "--no-cache",
            str(tmp_path),
        ]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr

    for seed in range(300):
        (tmp_path / f"week01_{seed}.py").write_text(random_module(seed)[0])
    ruff("check", "--select=I,F401", "--fix", "--quiet")
    ruff("format")
    for path in tmp_path.iterdir():
        path.write_text(make_stub(path.read_text(), path.stem))
    ruff("format", "--check")
    ruff("check", "--select=I,F811,F821", "--quiet")


def test_the_source_of_one_exercise_comes_with_its_helpers_only():
    source = exercise_source(SOLUTION, "week01_all", "windows")
    assert source.startswith('_ANSWER = {"the": "answer"}\n\n\nclass _Trick(')
    assert source.endswith("    # the answer ends\n")
    assert "\n\n\ndef windows(" in source
    assert "@exercise" not in source and "_shared" not in source
    second = exercise_source(SOLUTION, "week01_all", "second")
    assert (
        second == '@partial\ndef second(x):\n    """Short."""\n    return windows(_shared(x), 1)\n'
    )


def test_stubs_are_written_once_and_drift_is_seen(project):
    path = project.exercises / "week01_all.py"
    assert stale_stubs(project) == ["week01_all"]
    assert write_stubs(project, ["week01_all"]) == [(path, True)]
    assert path.read_text(encoding="utf-8") == STUB
    assert stale_stubs(project) == []
    assert write_stubs(project, ["week01_all"]) == [(path, False)]
    path.write_text(STUB.replace("Cuts.", "Cut."), encoding="utf-8")
    assert stale_stubs(project) == ["week01_all"]
    assert write_stubs(project, ["week01_all"]) == [(path, True)]  # nobody's work was lost
    assert path.read_text(encoding="utf-8") == STUB
    (project.exercises / "week02_gone.py").write_text("")
    assert stale_stubs(project) == ["week02_gone"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('raise NotImplementedError("windows is still to be written")', "return 1", "windows"),
        ("def windows(", "def windows", "line 29"),
    ],
)
def test_work_is_not_overwritten_unless_forced_and_then_kept(project, old, new, named):
    write_stubs(project, ["week01_all"])
    path = project.exercises / "week01_all.py"
    work = STUB.replace(old, new)
    for number in (1, 2):
        path.write_text(work, encoding="utf-8")
        with pytest.raises(CourseError, match=rf"exercises/week01_all\.py holds work: .*{named}"):
            write_stubs(project, ["week01_all"])
        assert path.read_text(encoding="utf-8") == work
        assert write_stubs(project, ["week01_all"], force=True) == [(path, True)]
        assert path.read_text(encoding="utf-8") == STUB
        kept = path.with_name(f"week01_all.py.bak{number}")
        assert kept.read_text(encoding="utf-8") == work


def test_one_refusal_writes_nothing(project):
    (project.solutions / "week00_first.py").write_text(SOLUTION, encoding="utf-8")
    write_stubs(project, ["week01_all"])
    (project.exercises / "week01_all.py").write_text("def windows():\n    return 1\n")
    with pytest.raises(CourseError):
        write_stubs(project, list(read_catalogue(project)))
    assert not (project.exercises / "week00_first.py").exists()


def test_an_unknown_week_is_refused(project):
    with pytest.raises(CourseError, match="did you mean 'week01_all'"):
        write_stubs(project, ["week01_al"])
