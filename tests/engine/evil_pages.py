"""A page of each kind, with evil wherever a student can put it."""

from datetime import datetime

import pytest
from PIL import Image, PngImagePlugin
from toy import RIGHT, WEEK, write_toy

from course import cli
from course.catalogue import read_catalogue
from course.classroom.exports import FORMATS
from course.classroom.gradebook import Gradebook
from course.classroom.intake import Submission
from course.classroom.names import Student
from course.classroom.policy import Policy
from course.grading.report import CheckResult, Report, with_cause
from course.pages.verify import verify_page

EVIL = (
    "</script></style></pre><script>pwned=1</script><img src=x onerror=pwned=1>\"' onclick=pwned=1 "
    "<a href='javascript:pwned=1'>x</a><svg onload=pwned=1> &lt;b&gt; \u202e\u2066\x07 {title} 김"
)
ANSWER = RIGHT.replace("return number + 1", f"print({EVIL!r})\n    return {EVIL!r}")


def evil_pages(folder):
    """Writes the pages; gives their paths by name."""
    project = write_toy(folder / "checkout")
    of_class = class_page(folder / "class")
    (of_student,) = (of_class.parent / "reports").glob("*script*.html")
    return {
        "check": check_page(project),
        "verify": run_page(project, folder),
        "class": of_class,
        "student": of_student,
    }


def check_page(project):
    """What the command writes of an answer that returns and prints evil."""
    (project.exercises / f"{WEEK}.py").write_text(ANSWER, encoding="utf-8")
    path = project.root / "answers.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        assert cli.main(["check", "--html", str(path)]) == 1
    return path


def run_page(project, folder):
    information = PngImagePlugin.PngInfo()
    information.add_text("Title", EVIL)
    information.add_text("Description", EVIL)
    (folder / WEEK).mkdir()
    Image.new("RGB", (900, 300), "white").save(folder / WEEK / "plot.png", pnginfo=information)
    outcome = {
        "week": WEEK,
        "data": {"name": EVIL, "source": "real", "n": 1234},
        "seed": 0,
        "seconds": 12.5,
        "quick": False,
        "metrics": {EVIL: 0.5, "lost": None},
        "bars": {EVIL: {"at_least": 0.4, "met": True}, "lost": {"at_most": 1.0, "met": False}},
        "table": [{"model": EVIL, "error": 1234.5}, {"model": "b", "error": 0.25}, {"model": "a"}],
        "ok": False,
    }
    text = verify_page(
        evil_report(), [outcome], read_catalogue(project), folder, datetime(2026, 1, 1)
    )
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def class_page(folder):
    """Twelve students, s1 late by 11 days, s2 by 10 and so on, and an evil one."""
    with Gradebook(folder, writing=True) as gradebook:
        gradebook.set_exercises([(f"{WEEK}.successor", 12.0), (f"{WEEK}.{EVIL}", 1.0)])
        gradebook.set_policy(Policy(due=0.0))
        for number in range(1, 13):
            result = CheckResult(
                f"{WEEK}.successor", "one_more", "One more.", "failed", 12.0, credit=number / 12
            )
            days = 12 - number
            record(gradebook, f"s{number}", Report(f"s{number}", 7, (result,)), 86_400.0 * days)
        record(gradebook, EVIL, evil_report(), notes=(EVIL,), refused=EVIL)
        return FORMATS["html"](gradebook, folder)


def record(gradebook, student, report, submitted=0.0, notes=(), refused=""):
    handed_in = Submission(Student(student, student), {}, (), submitted, notes, refused)
    gradebook.record(handed_in, "abc", report, 1.0)


def evil_report():
    statuses = ("failed", "failed", "crashed", "timeout", "unattempted", "grader_error")
    message = with_cause(EVIL, f"{EVIL}\n{EVIL}")
    checks = [
        CheckResult(f"{WEEK}.{EVIL}", f"{EVIL}{i}", EVIL, status, 1.0, 0.1, message, f"{i}{EVIL}")
        for i, status in enumerate(statuses)
    ]
    return Report(EVIL, 7, tuple(checks))
