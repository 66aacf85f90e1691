"""The gradebook and what is made of it: points, policies, pages, tables. No submission runs."""

import csv
import html.parser
import json
import sqlite3
from datetime import datetime

import pytest

from course.classroom.exports import FORMATS
from course.classroom.exports.files import file_stems
from course.classroom.gradebook import NAME, Gradebook
from course.classroom.intake import Submission
from course.classroom.names import Student
from course.classroom.policy import Policy, parse_due, read_policy
from course.classroom.summary import Summary
from course.errors import CourseError
from course.grading.report import CheckResult, Report, with_cause

DAY = 24 * 3600
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>"


def submission(student="s01", submitted=0.0, notes=(), refused=""):
    return Submission(Student(student, student), {}, (), submitted, tuple(notes), refused)


def check(
    status="passed", exercise="week01_toy.successor", points=2.0, message="", seconds=0.1, **more
):
    return CheckResult(
        exercise, "one_more", "It is one more.", status, points, seconds, message, **more
    )


def report(*checks, student="s01"):
    return Report(student, 7, checks or (check(), check("failed", "week01_toy.double", 1.0)))


@pytest.fixture
def gradebook(tmp_path):
    with Gradebook(tmp_path / "out", writing=True) as gradebook:
        gradebook.set_exercises([("week01_toy.successor", 2.0), ("week01_toy.double", 1.0)])
        yield gradebook


def only(gradebook):
    (grade,) = gradebook.grades()
    return grade


def export(gradebook, name):
    return FORMATS[name](gradebook, gradebook.path.parent)


# -- what is recorded ------------------------------------------------------------------------------


def test_what_is_recorded_comes_back(gradebook):
    given = report(check(seconds=0.5), check("failed", message="got 3 \N{HANGUL SYLLABLE GA}"))
    gradebook.record(submission(notes=["a note"], refused="a link"), "abc", given, 1.5)
    grade = only(gradebook)
    assert grade.report == given
    assert (grade.notes, grade.refused, grade.seconds) == (("a note",), "a link", 1.5)
    assert gradebook.fingerprints() == {"s01": "abc"}
    gradebook.record(submission(), "def", report(), 1.0)
    assert only(gradebook).report == report() and gradebook.fingerprints() == {"s01": "def"}


def test_text_that_no_file_can_hold(gradebook):
    gradebook.record(submission(), "abc", report(check("failed", message="\ud800!")), 0.0)
    assert only(gradebook).report.checks[0].message == "?!"
    for name in FORMATS:
        export(gradebook, name)


def test_one_writer_at_a_time(gradebook):
    folder = gradebook.path.parent
    with pytest.raises(CourseError, match="another course grade"):
        Gradebook(folder, writing=True)
    with Gradebook(folder) as reader:
        assert len(reader) == 0


def test_reading_makes_nothing(tmp_path):
    with pytest.raises(CourseError, match="expected a gradebook"):
        Gradebook(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["rubbish", "middle", "version", "cut"])
def test_a_damaged_gradebook_is_named_and_left_alone(tmp_path, damage):
    with Gradebook(tmp_path, writing=True) as gradebook:
        for number in range(50):
            many = [check(message="x" * 300) for _ in range(5)]
            gradebook.record(submission(f"s{number}"), "abc", report(*many), 0.0)
    path = tmp_path / NAME
    data = path.read_bytes()
    if damage == "version":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
    else:
        half = len(data) // 2
        broken = {
            "rubbish": b"this is no database" * 100,
            "middle": data[: half - 4096] + b"\xff" * 8192 + data[half + 4096 :],
            "cut": data[:half],
        }
        path.write_bytes(broken[damage])
    before = path.read_bytes()
    for writing in (True, False):
        with pytest.raises(CourseError, match=r"damaged|version 99") as caught:
            Gradebook(tmp_path, writing=writing)
        assert NAME in str(caught.value)
    assert path.read_bytes() == before


# -- final points ----------------------------------------------------------------------------------


def test_late_submissions_lose_points_up_to_the_cap(gradebook):
    due = parse_due("2026-05-01T18:00")
    policy = Policy(due, penalty_per_day=0.2, cap=0.5, grace_minutes=10)
    times = {"on time": -1, "grace": 500, "one": 601, "two": DAY + 1, "cap": 9 * DAY}
    for student, late in times.items():
        gradebook.record(submission(student, due + late), "abc", report(check()), 0.0)
    gradebook.set_policy(policy)
    found = {grade.student.id: (grade.days_late, grade.score) for grade in gradebook.grades()}
    assert found == {
        "on time": (0, 2.0),
        "grace": (0, 2.0),
        "one": (1, 1.6),
        "two": (2, 1.2),
        "cap": (9, 1.0),
    }
    assert {grade.report.score for grade in gradebook.grades()} == {2.0}  # raw stays raw
    gradebook.record(submission("later", due + 2 * DAY), "abc", report(check()), 0.0)
    assert {g.student.id: g.days_late for g in gradebook.grades()}["later"] == 2
    gradebook.set_policy(Policy())
    assert {grade.score for grade in gradebook.grades()} == {2.0}


def test_policy_file(tmp_path, gradebook):
    path = tmp_path / "policy.toml"
    path.write_text(
        "penalty_per_day = 0.1\n"
        "[weights]\nweek01_toy = 3\n'week01_toy.double' = 0.5\n"
        "[extensions]\ns02 = 2026-05-03\n"
        "[submitted]\ns03 = 2026-05-01T12:00:00\n"
    )
    due = parse_due("2026-05-01")
    assert due == datetime(2026, 5, 2).timestamp()
    for student in ("s01", "s02", "s03"):
        checks = check(), check(exercise="week01_toy.double", points=1.0)
        gradebook.record(submission(student, due + 60), "abc", report(*checks), 0.0)
    gradebook.set_policy(read_policy(path, due))
    grades = {grade.student.id: grade for grade in gradebook.grades()}
    assert {grade.max_score for grade in grades.values()} == {2 * 3 + 1 * 0.5}
    assert grades["s01"].score == pytest.approx(6.5 * 0.9) and grades["s01"].days_late == 1
    assert grades["s02"].score == grades["s03"].score == 6.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("penalty = 1", "expected only penalty_per_day"),
        ("penalty_per_day = 2", "number from 0 to 1"),
        ("cap = 'a'", "number from 0 to 1"),
        ("grace_minutes = -1", "number from 0"),
        ("weights = 3", "table of numbers"),
        ("[extensions]\ns01 = 3", "table of dates"),
        ("cap = ", "no TOML"),
    ],
)
def test_policies_that_say_nothing(tmp_path, text, words):
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(CourseError, match=words):
        read_policy(path, None)


def test_dates_that_are_none(tmp_path):
    with pytest.raises(CourseError, match="2026-05-01"):
        parse_due("tomorrow")
    with pytest.raises(CourseError, match="cannot read the policy"):
        read_policy(tmp_path / "nowhere.toml", None)


# -- what is made of it ----------------------------------------------------------------------------


def test_csv(gradebook):
    for student in ("=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "김민지", 'a,"b"'):
        gradebook.record(submission(student, notes=["=1+1"]), "abc", report(), 0.0)
    path = export(gradebook, "csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:5] == [
        "id",
        "score",
        "max_score",
        "week01_toy.successor",
        "week01_toy.double",
    ]
    assert {tuple(row.values())[1:5] for row in rows} == {("2", "3", "2", "0")}
    assert {row["id"].lstrip("'") for row in rows} >= {"=HYPERLINK(1)", "김민지", 'a,"b"'}
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row.values())


def test_json_reports(gradebook):
    gradebook.record(submission("a/b: *"), "abc", report(student="a/b: *"), 0.0)
    folder = export(gradebook, "json")
    (path,) = folder.iterdir()
    found = json.loads(path.read_text(encoding="utf-8"))
    assert (found["submission"], found["seed"]) == ("a/b: *", 7)
    assert (found["score"], found["max_score"], found["final_score"]) == (2.0, 3.0, 2.0)
    assert found["checks"][0]["status"] == "passed"


def test_file_names_differ_on_every_system():
    ids = ["s1", "S1", "a/b", "a_b", "con", "..", "김민지", "x" * 500, "x" * 499, "trailing."]
    stems = file_stems(ids)
    assert len({stem.casefold() for stem in stems.values()}) == len(ids)
    assert stems["s1"] == "s1" and stems["김민지"] == "김민지"
    for stem in stems.values():
        assert len(stem) < 80 and "/" not in stem and not stem.endswith(".") and stem != "con"


class Tags(html.parser.HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


def links_of(page):
    """Where a page leads, but for its own parts."""
    tags = Tags(page.read_text(encoding="utf-8")).tags
    links = [attributes["href"] for tag, attributes in tags if tag == "a"]
    return [link for link in links if not link.startswith("#")]


def test_pages_hold_no_tag_of_a_student(gradebook):
    evil = check("failed", exercise=f"week01_toy.{EVIL}", message=with_cause(EVIL, EVIL))
    evil = CheckResult(**{**vars(evil), "misconception": EVIL, "check": EVIL, "title": EVIL})
    error = check("grader_error", message=EVIL)
    dirty = submission(EVIL, notes=[EVIL], refused=EVIL)
    gradebook.set_exercises([(evil.exercise, 1.0)])
    gradebook.record(dirty, "abc", report(evil, error, student=EVIL), 0.0)
    page = export(gradebook, "html")
    (own,) = (page.parent / "reports").glob("*.html")
    for path in (page, own):
        tags = Tags(path.read_text(encoding="utf-8")).tags
        names = [tag for tag, _ in tags]
        assert names.count("script") == 1 and "img" not in names
        assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
        policy = next(a["content"] for t, a in tags if t == "meta" and "http-equiv" in a)
        assert "default-src 'none'" in policy and "script-src 'sha256-" in policy
        assert "unsafe" not in policy
    (link,) = links_of(page)
    assert link.startswith("reports/")


def test_pages_link_to_every_student(gradebook):
    for student in ("s01", "김 민지", "a%20b#c"):
        gradebook.record(submission(student), "abc", report(student=student), 0.0)
    page = export(gradebook, "html")
    from urllib.parse import unquote

    links = links_of(page)
    assert len(links) == 3
    assert all((page.parent / unquote(link)).is_file() for link in links)


def test_summary(gradebook):
    says = "That is the one before."
    wrong = check("failed", message=with_cause("got 3", says), misconception="predecessor")
    for number in range(3):
        gradebook.record(submission(f"w{number}"), "w", report(wrong), 0.0)
    for student in ("r1", "r2"):
        gradebook.record(submission(student), "r", report(check()), 0.0)
    gradebook.record(submission("c1"), "a", report(check("crashed", message="it died\nmore")), 0.0)
    gradebook.record(submission("g1"), "a", report(check("grader_error", message="oops")), 0.0)
    text = "\n".join(Summary(gradebook.grades()).lines())
    assert "7 students" in text
    assert "2 of 7 passed: week01_toy.successor one_more" in text
    assert f"3 of 7: week01_toy.successor predecessor: {says}" in text
    assert "c1: crashed in week01_toy.successor: it died" in text
    assert "the very same files:\n  r1, r2\n" in text
    assert "GRADER ERRORS" in text and "g1: week01_toy.successor one_more: oops" in text


def test_summary_of_nobody(gradebook):
    assert Summary(gradebook.grades()).lines() == ["nobody has been graded yet"]
    for name in FORMATS:
        export(gradebook, name)
