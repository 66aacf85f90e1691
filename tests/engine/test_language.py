"""The tool speaks English or Korean: how the language is chosen, and what never depends on it."""

import io
import json
import os
import subprocess
import sys

import pytest
from toy import RIGHT, WEEK, write_toy

from course.classroom.containers import printable
from course.classroom.gradebook import Grade
from course.classroom.names import Student
from course.classroom.summary import Summary
from course.grading.console import Console
from course.grading.report import (
    CheckResult,
    Report,
    second_result,
    split_message,
    with_cause,
    without_repeats,
)
from course.language import LANGUAGES, language, say
from course.project import Project
from course.wrapping import padded, width, wrap

CHECKOUT = Project.find().root
CHOOSING = ("COURSE_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
WRONG = RIGHT.replace("number + 1", "number - 1")


@pytest.fixture
def project(tmp_path):
    return write_toy(tmp_path / "checkout")


@pytest.fixture
def course(project):
    """Runs the command as a program in an environment that chooses no language by itself."""

    def run(*arguments, **chosen):
        kept = {name: value for name, value in os.environ.items() if name not in CHOOSING}
        paths = {"PYTHONPATH": str(CHECKOUT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "80"}
        done = subprocess.run(
            [sys.executable, "-m", "course", *map(str, arguments)],
            cwd=project.root,
            env=kept | paths | chosen,
            capture_output=True,
            encoding="utf-8",
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def spoken(monkeypatch):
    """Chooses a language in this process."""
    return lambda chosen: monkeypatch.setenv("COURSE_LANG", chosen)


def speaks_korean(text):
    return any("가" <= character <= "힣" for character in text)


# -- which language --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (["--lang", "ko", "list"], {}),
        (["list", "--lang", "ko"], {}),
        (["list", "--lang=ko", WEEK], {}),
        (["--lang", "ko", "list"], {"COURSE_LANG": "en", "LC_ALL": "en_US.UTF-8"}),
        (["list"], {"COURSE_LANG": "ko"}),
        (["list"], {"COURSE_LANG": "ko_KR", "LANG": "en_US.UTF-8"}),
        (["list"], {"LANG": "ko_KR.UTF-8"}),
        (["list"], {"LC_ALL": "ko_KR.UTF-8", "LANG": "en_US.UTF-8"}),
        (["list"], {"LC_MESSAGES": "ko_KR.UTF-8", "LANG": "en_US.UTF-8"}),
        (["list"], {"LANGUAGE": "ko:en", "LC_ALL": "en_US.UTF-8"}),
    ],
)
def test_korean_is_chosen(course, arguments, chosen):
    code, out, err = course(*arguments, **chosen)
    assert (code, err) == (0, "")
    assert "3점 중 0점" in out and "미작성" in out and "points" not in out


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (["list"], {}),
        (["list"], {"LANG": "C"}),
        (["list"], {"LANG": "fr_FR.UTF-8", "LC_ALL": "fr_FR.UTF-8"}),
        (["list"], {"COURSE_LANG": "en", "LANG": "ko_KR.UTF-8"}),
        (["list", "--lang", "en"], {"COURSE_LANG": "ko"}),
    ],
)
def test_english_is_spoken_otherwise(course, arguments, chosen):
    code, out, err = course(*arguments, **chosen)
    assert (code, err) == (0, "")
    assert "0 of 3 points" in out and not speaks_korean(out)


@pytest.mark.parametrize(
    ("arguments", "chosen", "name"),
    [
        (["--lang", "fr", "list"], {}, "--lang"),
        (["list", "--lang", "korea"], {}, "--lang"),
        (["list"], {"COURSE_LANG": "fr"}, "COURSE_LANG"),
    ],
)
def test_an_unknown_language_is_the_users_mistake(course, arguments, chosen, name):
    code, out, err = course(*arguments, **chosen)
    assert (code, out) == (2, "")
    assert err.startswith(f"course: expected {name} to be one of en | ko, got ")


def test_no_language_behind_the_option(course):
    code, out, err = course("list", "--lang")
    assert (code, out) == (2, "") and "--lang" in err and err.startswith("usage: course")


# -- what is said ----------------------------------------------------------------------------------


def test_help_and_mistakes_in_the_asking(course):
    code, out, err = course("--help", COURSE_LANG="ko")
    assert (code, err) == (0, "")
    assert out.startswith("사용법: course") and "답을 채점" in out and "show this" not in out
    code, out, err = course("grade", "--help", COURSE_LANG="ko")
    assert code == 0 and max(width(line) for line in out.splitlines()) <= 80
    code, out, err = course("check", "--seed", "x", COURSE_LANG="ko")
    assert (code, out) == (2, "") and "오류: 인자 --seed: 0 이상의 정수여야 합니다" in err
    code, out, err = course("check", "week01_tory", COURSE_LANG="ko")
    assert (code, out) == (2, "")
    assert err == f"course: 'week01_tory' 주차가 없습니다. 혹시 '{WEEK}'인가요?\n"


def test_a_wrong_answer_in_korean(course, project):
    (project.exercises / f"{WEEK}.py").write_text(WRONG)
    code, out, err = course("check", COURSE_LANG="ko")
    assert (code, err) == (1, "")
    assert f"✗ {WEEK}.successor  2점 중 0점" in out
    assert "기대: 반환값 = 5, 결과: 3\n      호출: successor(4)" in out
    assert "예상 원인: That is the one before." in out  # the toy is not translated
    assert out.endswith(f"3점 중 1점; 2문제 중 1문제 통과\n다음: course hint {WEEK}.successor\n")
    code, out, _ = course("hint", f"{WEEK}.successor", COURSE_LANG="ko")
    assert (code, out) == (0, "힌트 1/2: Add.\n")
    code, out, _ = course("list", WEEK, COURSE_LANG="ko")
    assert code == 0 and "실패, 0점\n      The next number.\n" in out and "통과" in out


def test_what_programs_read_stays_as_it_is(course, project):
    (project.exercises / f"{WEEK}.py").write_text(WRONG)
    reports = {}
    for chosen in LANGUAGES:
        code, out, _ = course("check", "--json", COURSE_LANG=chosen)
        assert code == 1
        reports[chosen] = json.loads(out)
    assert reports["en"].keys() == reports["ko"].keys()
    for english, korean in zip(reports["en"]["checks"], reports["ko"]["checks"], strict=True):
        differing = {name for name in english if english[name] != korean[name]}
        assert differing <= {"message", "seconds"}
    assert [check["status"] for check in reports["ko"]["checks"]] == ["failed", "failed", "passed"]


def test_a_run_speaks_the_same_language(course, project):
    code, out, err = course("--lang", "ko", "run", WEEK, "--target", project.solutions)
    assert (code, err) == (0, "")
    assert "(내장 데이터)" in out and "✓ sum 12, 기준: 12 이하" in out
    metrics = json.loads((project.runs / WEEK / "metrics.json").read_text())
    assert metrics["data"]["source"] == "embedded"
    code, _, err = course("--lang", "ko", "run", WEEK)
    assert (code, err) == (2, "course: successor을(를) 아직 작성하지 않았습니다\n")


def test_a_class_is_graded_in_korean_and_looked_at_in_english(course, project, tmp_path):
    folder = tmp_path / "class"
    (folder / "s017").mkdir(parents=True)
    (folder / "s017" / f"{WEEK}.py").write_text(WRONG)
    out = tmp_path / "out"
    code, printed, _ = course("grade", folder, "--out", out, COURSE_LANG="ko")
    assert code == 0 and "학생 1명" in printed and "1/1: " in printed
    report = json.loads((out / "reports" / "s017.json").read_text(encoding="utf-8"))
    assert report["checks"][0]["status"] == "failed" and speaks_korean(
        report["checks"][0]["message"]
    )
    code, printed, _ = course("grade", folder, "--out", out, COURSE_LANG="en")
    assert code == 0 and "graded 0 submissions" in printed
    assert f"1 of 1: {WEEK}.successor predecessor: That is the one before." in printed
    assert course("export", out, "--format", "github-workflow", COURSE_LANG="ko")[0] == 0
    assert 'COURSE_LANG: "ko"' in (out / "classroom.yml").read_text(encoding="utf-8")
    head = (out / "grades.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert head.startswith("id,score,max_score,")


def test_graded_code_does_not_see_the_language(course, project):
    telling = RIGHT.replace(
        "return number + 1", "import os\n    raise KeyError(sorted(os.environ))"
    )
    (project.exercises / f"{WEEK}.py").write_text(telling)
    code, out, _ = course("check", "--json", COURSE_LANG="ko", LANGUAGE="ko")
    message = json.loads(out)["checks"][0]["message"]
    assert code == 1 and "PYTHONUTF8" in message
    assert "COURSE_LANG" not in message and "LANGUAGE" not in message


# -- messages kept from an earlier run in another language -----------------------------------------


def check(message, name="one_more", status="failed", wrong="predecessor"):
    return CheckResult(f"{WEEK}.successor", name, "It.", status, 1.0, 0.1, message, wrong)


@pytest.mark.parametrize("written", LANGUAGES)
@pytest.mark.parametrize("read", LANGUAGES)
def test_parts_of_a_message(spoken, written, read):
    spoken(written)
    message = with_cause("got 3", "That is the one before.")
    twice = second_result(check(message), check("other", wrong=None)).message
    spoken(read)
    assert split_message(message) == ("got 3", "That is the one before.", "")
    found, cause, rest = split_message(twice)
    assert (found, cause) == ("got 3", "That is the one before.") and rest
    assert split_message("got 3") == ("got 3", "", "")
    assert without_repeats([check(message), check(message)]) == [message, "got 3"]


def test_old_messages_are_shown_and_counted(spoken):
    spoken("ko")
    old = check(with_cause("3", "하나 전입니다."))
    spoken("en")
    new = check(with_cause("got 3", "That is the one before."), "of_negative_numbers")
    stream = io.StringIO()
    console = Console(stream)
    report = Report("s017", 0, (old, new))
    for result in report.checks:
        console.show(result)
    console.finish(report)
    assert "예상 원인: 하나 전입니다." in stream.getvalue()
    assert "That is the one before." not in stream.getvalue()  # once is enough
    student = Student("s017", "s017")
    grade = Grade(student, 0.0, (), "", "", 1.0, report, 0, 0.0, 0.0, 2.0)
    (wrong,) = Summary([grade]).commonest()
    assert wrong.says == "하나 전입니다." and wrong.students == {"s017"}
    assert printable(wrong.says) == wrong.says


# -- sentences -------------------------------------------------------------------------------------


def test_say(spoken):
    spoken("ko")
    assert language() == "ko"
    assert say("") == ""
    assert say("nobody has translated this {yet}") == "nobody has translated this {yet}"
    assert say("next: {command}", command="{0.__class__} %s") == "다음: {0.__class__} %s"
    spoken("en")
    assert say("next: {command}", command="{x}") == "next: {x}"


def test_korean_letters_take_two_cells():
    assert width("가a") == 3
    assert wrap("가나 다라 마바", 5) == ["가나", "다라", "마바"]
    assert wrap("가나다라마", 4) == ["가나", "다라", "마"]
    assert wrap("one two-three", 8) == ["one two-", "three"]
    assert padded(["가", "abc"]) == ["가 ", "abc"]
    assert padded(["가", "abc"], right=True) == [" 가", "abc"]
