"""Models that lie are caught by what they do.

The submissions in `hostile/models/` say in their docstring which exercise they answer, which of its
checks they pass, and what each of the others says.
"""

import ast
import re
import sys
from pathlib import Path

import pytest

from course.catalogue import read_catalogue, select
from course.grading.grade import grade
from course.project import Project
from course.sandbox.launcher import Sandbox

MODELS = sorted((Path(__file__).parent / "hostile" / "models").glob("*.py"))
PROJECT = Project.find()

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="they are for the sandbox")


def claims(path):
    """What the docstring says, by key; a line that is indented goes on with the one before."""
    text = re.sub(r"\n +", " ", ast.get_docstring(ast.parse(path.read_text())))
    return dict(re.findall(r"^(\S+): ?(.*)$", text, re.M))


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_lying_model(sandbox, tmp_path, path):
    expected = claims(path)
    exercise, passes = expected.pop("exercise"), expected.pop("passes")
    (tmp_path / f"{exercise.partition('.')[0]}.py").write_text(path.read_text())
    report = grade(PROJECT, select(read_catalogue(PROJECT), [exercise]), tmp_path, sandbox)
    results = {check.check: check for check in report.checks}
    passed = {name for name, check in results.items() if check.status == "passed"}
    assert passed == set(filter(None, passes.split(", "))), results
    assert not report.grader_errors
    for name, words in expected.items():
        assert words in results[name].message
