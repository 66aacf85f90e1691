"""A report on the terminal: each exercise once it is done, each reason once."""

import io

import pytest

from course.grading import console
from course.grading.report import CheckResult, Report


class Terminal(io.StringIO):
    def isatty(self):
        return True


def check(exercise, name, status="passed", message="", wrong=None, points=1.0):
    maximum = 0.0 if status == "grader_error" else points
    title = f"{name.capitalize()} is right."
    return CheckResult(exercise, name, title, status, maximum, 0.1, message, wrong)


def printed(*checks, stream=None, **options):
    stream = stream or io.StringIO()
    shown = console.Console(stream, **options)
    for result in checks:
        shown.show(result)
    shown.finish(Report("s", 0, checks))
    return stream.getvalue()


def test_whole_report():
    text = printed(
        check("w.good", "shape"),
        check("w.good", "values"),
        check("w.bad", "shape"),
        check("w.bad", "values", "failed", "expected 3, got 2\nfor bad(1)"),
        check("w.stub", "shape", "unattempted", "not written yet"),
        check("w.stub", "values", "unattempted", "not written yet"),
    )
    assert text == (
        "✓ w.good  2 of 2 points\n"
        "✗ w.bad  1 of 2 points\n"
        "  ✓ Shape is right.\n"
        "  ✗ Values is right.\n"
        "      expected 3, got 2\n"
        "      for bad(1)\n"
        "· w.stub  0 of 2 points\n"
        "    not written yet\n"
        "3 of 6 points; 1 of 3 exercises passed\n"
        "next: course hint w.bad\n"
    )


def test_exercises_appear_as_they_come():
    stream = io.StringIO()
    shown = console.Console(stream)
    shown.show(check("w.one", "shape"))
    assert stream.getvalue() == ""
    shown.show(check("w.two", "shape"))
    assert stream.getvalue() == "✓ w.one  1 of 1 points\n"


def test_same_reason_is_not_repeated():
    def both(exercise, message):
        return [check(exercise, name, "failed", message) for name in ("shape", "values")]

    text = printed(*both("w.a", "syntax error"), *both("w.b", "syntax error"))
    assert text.count("syntax error") == 1 and "    (as above)\n" in text
    between = [check("w.c", "shape", "failed", "no"), check("w.c", "values")]
    text = printed(*both("w.a", "syntax error"), *between, *both("w.b", "syntax error"))
    assert text.count("syntax error") == 2 and "as above" not in text


def test_misconception_is_explained_once_per_exercise():
    message = "expected 3, got 2\nlikely cause: you count from one"
    bad = [check("w.bad", name, "failed", f"{name}: {message}", "off") for name in ("a", "b")]
    text = printed(*bad)
    assert text.count("likely cause") == 1 and text.count("expected 3, got 2") == 2
    other = [check("w.worse", name, "failed", f"{name}: {message}", "off") for name in ("a", "b")]
    assert printed(*bad, *other).count("likely cause") == 2


def test_grader_error_is_owned_up_to():
    text = printed(check("w.odd", "shape", "grader_error", "NameError: five"), check("w.odd", "x"))
    assert "! w.odd  1 of 1 points" in text
    assert "This is our fault and costs no points" in text and "  ! w.odd shape\n" in text
    assert "1 of 1 points; 0 of 1 exercises passed" in text


def test_points_are_short():
    thirds = [check("w.a", name, points=1 / 3) for name in ("a", "b", "c")]
    assert printed(*thirds).startswith("✓ w.a  1 of 1 points\n1 of 1 points;")


def test_quiet():
    assert printed(check("w.a", "x", "failed", "no"), quiet=True) == ""


def test_colours(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    bad = check("w.a", "x", "failed", "no")
    assert "\033[31m✗ w.a\033[0m" in printed(bad, stream=Terminal())
    assert "\033[" not in printed(bad)
    monkeypatch.setenv("NO_COLOR", "")
    assert "\033[" not in printed(bad, stream=Terminal())


@pytest.mark.parametrize("columns", [20, 60, 200])
def test_long_lines_are_wrapped_and_indentation_stays(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    words = "word " * 100
    text = printed(check("w.a", "x", "failed", f"{words}\n    return x\n           ^"))
    lines = text.splitlines()
    assert all(len(line) <= max(columns, 46) for line in lines if "word" in line)
    assert text.split().count("word") == 100
    assert lines[-4:-2] == ["          return x", "                 ^"]
