"""Exports, read by parsers and held against schemas that are not ours."""

import base64
import importlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from datetime import datetime
from pathlib import Path

import pandas
import pytest
from toy import RIGHT, WEEK, write_toy

from course import cli
from course.classroom.exports import ALWAYS, FORMATS
from course.classroom.exports.spreadsheet import defused
from course.classroom.gradebook import Gradebook
from course.classroom.intake import Submission
from course.classroom.names import Student
from course.classroom.policy import Policy
from course.grading.report import CheckResult, Report

CHECKOUT = Path(__file__).parents[2]
SCHEMAS = Path(__file__).parent / "schemas"
FORMULAS = ("=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", " =1", "＝1", "\r=1", "\n=1")
DAY = 24 * 3600.0
SECRET = "assert hidden_label == 7"
bash = pytest.mark.skipif(
    os.name != "posix" or shutil.which("bash") is None, reason="Gradescope's scripts need bash"
)


def check(name, status, points, exercise="successor", week="week01_toy", message="", **more):
    return CheckResult(
        f"{week}.{exercise}", name, f"About {name}.", status, points, 0.25, message, **more
    )


ALL_STATUSES = (
    check("one_more", "passed", 1.0),
    check("of_negatives", "failed", 1.0, message="expected -6,\n got -8 <&>\x07", credit=0.5),
    check("any_values", "crashed", 1.0, "double", message="it \x00 died"),
    check("of_nothing", "timeout", 1.0, "double", message="slow"),
    check("untouched", "unattempted", 2.0, week="week02_more"),
)
BROKEN = (
    check("one_more", "passed", 1.0),
    check("of_negatives", "grader_error", 0.0, message=SECRET),
    check("any_values", "passed", 1.0, "double"),
    check("of_nothing", "passed", 1.0, "double"),
    check("untouched", "grader_error", 0.0, week="week02_more", message=SECRET),
)
PERFECT = (
    check("one_more", "passed", 2.0),
    check("any_values", "passed", 2.0, "double"),
    check("untouched", "passed", 2.0, week="week02_more"),
)


@pytest.fixture
def gradebook(tmp_path):
    """Two weeks; the first counts twice, and a day late costs a half."""
    with Gradebook(tmp_path / "out", writing=True) as gradebook:
        gradebook.set_exercises(
            [("week01_toy.successor", 2.0), ("week01_toy.double", 2.0), ("week02_more.other", 2.0)]
        )
        gradebook.set_policy(Policy(0.0, penalty_per_day=0.5, weights={"week01_toy": 2.0}))
        yield gradebook


def record(gradebook, student, checks=ALL_STATUSES, submitted=0.0, refused=""):
    if isinstance(student, str):
        student = Student(student, student)
    submission = Submission(student, {}, (), submitted, (), refused)
    gradebook.record(submission, "abc", Report(student.id, 7, tuple(checks)), 1.5)


def export(gradebook, name):
    return FORMATS[name](gradebook, gradebook.path.parent)


def table(path):
    """As a spreadsheet would read it, but for guesses at numbers."""
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    return pandas.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)


def validate(found, schema):
    jsonschema = pytest.importorskip("jsonschema")
    text = (SCHEMAS / schema).read_text(encoding="utf-8")
    jsonschema.Draft202012Validator(json.loads(text)).validate(found)


def results(folder, schema):
    """All JSON files of a folder, by student, held against a schema."""
    found = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in folder.iterdir()}
    for each in found.values():
        validate(each, schema)
    return found


# -- all of them -----------------------------------------------------------------------------------


def test_the_command_knows_every_format():
    assert tuple(FORMATS) == cli.EXPORT_FORMATS and set(ALWAYS) <= set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_any_class(gradebook, tmp_path, capsys, name):
    assert export(gradebook, name).exists() or not len(gradebook)  # of nobody
    for student in ("김 민지", "a/b", '<x>&"', *FORMULAS, "x" * 300):
        record(gradebook, student, refused="no archive")
    record(gradebook, "broken", BROKEN)
    assert (
        cli.main(["export", str(tmp_path / "out"), "--format", name, "--out", str(tmp_path)]) == 0
    )
    first = Path(capsys.readouterr().out.strip())
    files = [first] if first.is_file() else sorted(first.iterdir())
    assert files and first.is_relative_to(tmp_path)
    before = [path.read_bytes() for path in files]
    export(gradebook, name)
    again = gradebook.path.parent / first.name
    after = [again] if again.is_file() else sorted(again.iterdir())
    assert before == [path.read_bytes() for path in after]  # the same, byte for byte


# -- spreadsheets and platforms --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["csv", "canvas", "moodle"])
def test_no_cell_is_a_formula(gradebook, name):
    for student in FORMULAS:
        record(gradebook, student, refused=student)
    found = table(export(gradebook, name))
    assert len(found) == len(FORMULAS) + (name == "canvas")
    for cell in found.to_numpy().ravel():
        assert not re.match(r"\s*[=+@＝＋－＠]|\s*-.|[\t\r\n]", cell), cell
    assert set(FORMULAS) <= {cell.removeprefix("'") for cell in found.to_numpy().ravel()}


def test_harmless_text_stays():
    for text in ("s017", "김민지", "a=b", "3-1", "", "it's"):
        assert defused(text) == text


def test_grades_csv_holds_numbers(gradebook):
    record(gradebook, "s01")
    frame = pandas.read_csv(export(gradebook, "csv"), encoding="utf-8-sig")
    (row,) = frame.to_dict("records")
    assert (row["id"], row["score"], row["max_score"]) == ("s01", 3.0, 10.0)
    assert (row["raw_score"], row["week01_toy.successor"]) == (1.5, 1.5)


def test_canvas_reads_it(gradebook):
    """The rules are those of canvas-lms/lib/gradebook_importer.rb."""
    record(gradebook, Student("kim_4711", "kim", "canvas", "4711"), submitted=1.0)
    record(gradebook, "s01", PERFECT)
    found = table(export(gradebook, "canvas"))
    assert "Student" in found.columns[0] and "ID" in found.columns[1]
    assert list(found.columns[2:5]) == ["SIS User ID", "SIS Login ID", "Section"]
    assert list(found.columns[5:]) == ["week01_toy", "week02_more"]
    points, *students = found.to_dict("records")
    assert "Points Possible" in points["Student"]
    assert (points["week01_toy"], points["week02_more"]) == ("8", "2")
    assert [(row["ID"], row["SIS Login ID"]) for row in students] == [("4711", ""), ("", "s01")]
    assert [row["week01_toy"] for row in students] == ["1.5", "8"]  # late by a day, and not


def test_moodle_reads_it(gradebook):
    """The columns are those that mod/assign/feedback/offline/importgradeslib.php looks for."""
    record(gradebook, Student("Kim Minji_1234", "Kim Minji", "moodle", "1234"), PERFECT)
    record(gradebook, "s01")
    found = table(export(gradebook, "moodle")).to_dict("records")
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(found[0])
    assert (found[0]["Identifier"], found[0]["Full name"]) == ("Participant 1234", "Kim Minji")
    assert [(row["Grade"], row["Maximum grade"]) for row in found] == [("10", "10"), ("3", "10")]
    assert (found[1]["ID number"], found[1]["week01_toy"], found[1]["week02_more"]) == (
        "s01",
        "3",
        "0",
    )


def test_a_fault_of_ours_costs_nothing_anywhere(gradebook):
    record(gradebook, "broken", BROKEN)
    row = table(export(gradebook, "canvas")).to_dict("records")[1]
    assert (row["week01_toy"], row["week02_more"]) == ("8", "")  # none is not zero
    assert table(export(gradebook, "moodle")).to_dict("records")[0]["Grade"] == "10"
    (result,) = results(export(gradebook, "gradescope"), "gradescope_results.json").values()
    assert result["score"] == 10.0 and SECRET not in json.dumps(result)
    assert "fault of ours" in result["output"]
    (result,) = results(export(gradebook, "github"), "github_result.json").values()
    assert result["status"] == "error" and SECRET not in json.dumps(result)
    assert sum(test["score"] for test in result["tests"]) == result["max_score"] == 6.0


# -- JUnit XML -------------------------------------------------------------------------------------


def test_junit_is_read_by_another_parser(gradebook):
    junitparser = pytest.importorskip("junitparser")
    record(gradebook, "김 민지")
    record(gradebook, "s02", PERFECT)
    record(gradebook, "s03", BROKEN)
    suites = {
        suite.name: suite
        for suite in junitparser.JUnitXml.fromfile(str(export(gradebook, "junit")))
    }
    assert set(suites) == {"김 민지", "s02", "s03"}
    suite = suites["김 민지"]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 1, 2, 1)
    assert suite.time == 1.25
    assert datetime.fromisoformat(suite.timestamp).timestamp() == 0.0
    assert {p.name: p.value for p in suite.properties()} == {"score": "3", "max_score": "10"}
    cases = {case.name: case for case in suite}
    assert cases["one_more"].is_passed and cases["one_more"].classname == "week01_toy.successor"
    (failure,) = cases["of_negatives"].result
    assert isinstance(failure, junitparser.Failure)
    assert failure.text == "expected -6,\n got -8 <&>#x07"
    assert isinstance(cases["any_values"].result[0], junitparser.Error)
    assert "it #x00 died" in cases["any_values"].result[0].message
    assert cases["untouched"].is_skipped
    assert suites["s03"].errors == 2


def test_junit_is_what_pytest_writes(gradebook, tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n\n"
        "def test_a(record_property):\n    record_property('score', 1)\n\n\n"
        "def test_b():\n    assert False\n\n\n"
        "def test_c():\n    pytest.skip('no')\n\n\n"
        "def test_d(nothing):\n    pass\n"
    )
    theirs = tmp_path / "theirs.xml"
    arguments = ("-q", "-p", "no:cacheprovider", "-c", os.devnull, f"--junit-xml={theirs}")
    command = [sys.executable, "-m", "pytest", *arguments, "test_it.py"]
    bare = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, check=False, timeout=60)
    record(gradebook, "s01")
    ours = shapes(export(gradebook, "junit"))
    known = shapes(theirs)
    assert set(ours) - set(known) == {("testsuite", "properties")}  # xunit has them there as well
    for place in set(ours) & set(known):
        assert ours[place] <= known[place] | {"type"}, place
    assert known["testsuites", "testsuite"] - ours["testsuites", "testsuite"] == {"hostname"}


def shapes(path):
    """The attributes seen, by element and the element around it."""
    found = {}

    def visit(element):
        for child in element:
            found.setdefault((element.tag, child.tag), set()).update(child.attrib)
            visit(child)

    visit(ET.parse(path).getroot())
    return found


# -- Gradescope ------------------------------------------------------------------------------------


def test_gradescope_results(gradebook):
    record(gradebook, "s01", submitted=1.0)
    record(gradebook, "s02", PERFECT)
    found = results(export(gradebook, "gradescope"), "gradescope_results.json")
    assert found["s02"]["score"] == 10.0
    late = found["s01"]
    assert late["score"] == 1.5 and "1 day(s) late, 50 % taken off" in late["output"]
    tests = {test["number"]: test for test in late["tests"]}
    assert list(tests) == ["1.1", "1.2", "2.1", "2.2", "3.1"]
    assert [test["status"] for test in tests.values()] == ["passed", *4 * ["failed"]]
    assert (tests["1.2"]["score"], tests["1.2"]["max_score"]) == (1.0, 2.0)  # part credit, twice
    assert tests["1.2"]["name"] == "week01_toy.successor: About of_negatives."
    assert "expected -6" in tests["1.2"]["output"]
    assert {test["visibility"] for test in tests.values()} == {"visible"}


@pytest.fixture
def autograder(gradebook, tmp_path, monkeypatch):
    """The folder /autograder as Gradescope makes it from the archive, without `setup.sh`."""
    project = write_toy(tmp_path / "checkout")
    monkeypatch.chdir(project.root)
    gradebook.set_exercises([(f"{WEEK}.successor", 2.0), (f"{WEEK}.double", 1.0)])
    record(gradebook, "s01", PERFECT)
    home = tmp_path / "autograder"
    with zipfile.ZipFile(export(gradebook, "gradescope-autograder")) as archive:
        archive.extractall(home / "source")
        for name in ("setup.sh", "run_autograder"):
            assert stat.S_IMODE(archive.getinfo(name).external_attr >> 16) == 0o755
    shutil.copy(home / "source" / "run_autograder", home)
    (home / "results").mkdir()
    python = home / "source" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return home


def run_autograder(home, answer):
    shutil.rmtree(home / "submission", ignore_errors=True)
    (home / "submission").mkdir()
    (home / "submission" / f"{WEEK}.py").write_text(answer, encoding="utf-8")
    environment = {**os.environ, "TMPDIR": str(home)}
    environment.pop("PYTHONPATH", None)
    ran = subprocess.run(
        ["bash", str(home / "run_autograder")],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = json.loads((home / "results" / "results.json").read_text(encoding="utf-8"))
    validate(found, "gradescope_results.json")
    return found, ran.stdout + ran.stderr


@bash
def test_the_autograder_grades_as_the_class_was_graded(autograder):
    found, printed = run_autograder(autograder, RIGHT)
    assert found["score"] == 6.0, printed  # the weight of the week came along
    assert [test["status"] for test in found["tests"]] == 3 * ["passed"]
    place = str(autograder / "results" / "results.json")
    forged = f"import os, pathlib\npathlib.Path({place!r}).write_text('{{\"score\": 100}}')\n"
    crash = f"try:\n    exec({forged!r})\nexcept OSError:\n    import os\nos._exit(0)\n"
    found, printed = run_autograder(autograder, crash)
    assert found["score"] == 0 and len(found["tests"]) == 3, printed
    assert {test["status"] for test in found["tests"]} == {"failed"}
    assert {tag for test in found["tests"] for tag in test["tags"]} == {"crashed"}


@bash
def test_the_autograder_leaves_results_even_when_it_fails_itself(autograder):
    python = autograder / "source" / ".venv" / "bin" / "python"
    python.write_text("#!/bin/sh\nkill -9 $$\n")
    found, _ = run_autograder(autograder, RIGHT)
    assert found["score"] == 0 and "not of yours" in found["output"]


def test_the_archive_is_the_course_and_no_more(gradebook, monkeypatch):
    monkeypatch.chdir(CHECKOUT)
    with zipfile.ZipFile(export(gradebook, "gradescope-autograder")) as archive:
        names = set(archive.namelist())
        assert archive.testzip() is None
    assert {"setup.sh", "run_autograder", "unfinished.json", "requirements.txt"} <= names
    for week in (CHECKOUT / "solutions").glob("week*.py"):
        assert {f"{part}/{week.name}" for part in ("solutions", "tests/graders")} <= names
    assert {"course/cli.py", "course/classroom/exports/templates/setup.sh"} <= names
    assert not any("__pycache__" in name or "/." in name or "engine" in name for name in names)


@bash
@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_scripts_are_bash(gradebook, name, tmp_path):
    record(gradebook, "s01")
    with zipfile.ZipFile(export(gradebook, "gradescope-autograder")) as archive:
        script = archive.read(name)
    assert script.startswith(b"#!/usr/bin/env bash\n") and b"\r" not in script
    assert b"@" not in script.replace(b'"$@"', b"")  # every blank is filled in
    subprocess.run(["bash", "-n"], input=script, check=True, timeout=60)


# -- GitHub ----------------------------------------------------------------------------------------


def test_github_results(gradebook):
    record(gradebook, "s01", submitted=1.0)
    record(gradebook, "s02", PERFECT)
    found = results(export(gradebook, "github"), "github_result.json")
    assert (found["s02"]["status"], found["s02"]["max_score"]) == ("pass", 10.0)
    assert sum(test["score"] for test in found["s02"]["tests"]) == 10.0
    late = found["s01"]
    assert sum(test["score"] for test in late["tests"]) == 1.5
    statuses = [test["status"] for test in late["tests"]]
    assert statuses == ["pass", "fail", "error", "error", "fail"] and late["status"] == "fail"


def test_github_results_fit_into_an_environment_variable(gradebook):
    record(gradebook, "s01", [check("x", "failed", 1.0, message="가" * 4000)] * 150)
    (path,) = export(gradebook, "github").iterdir()
    assert len(base64.b64encode(path.read_bytes())) < 128 * 1024


def test_github_workflow(gradebook):
    pytest.importorskip("check_jsonschema")
    yaml = importlib.import_module("ruamel.yaml")
    record(gradebook, "s01")
    path = export(gradebook, "github-workflow")
    command = ["check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    ran = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    with path.open(encoding="utf-8") as file:
        workflow = yaml.YAML(typ="safe").load(file)
    assert workflow["name"] == "Autograding Tests" and list(workflow["jobs"]) == [
        "run-autograding-tests"
    ]
    steps = workflow["jobs"]["run-autograding-tests"]["steps"]
    (graded,) = [step for step in steps if step.get("id") == "grade"]
    assert "--seed 7 --weeks week01_toy.successor" in graded["run"]
    assert "'\"week01_toy\" = 2.0'" in graded["run"] and "@" not in graded["run"]
    (report,) = [step for step in steps if "reporter" in step.get("uses", "")]
    assert report["with"]["runners"] == "grade"
    assert report["env"] == {"GRADE_RESULTS": "${{ steps.grade.outputs.result }}"}
