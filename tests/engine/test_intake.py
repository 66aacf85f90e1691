"""What students hand in, as it comes: found, read, and refused where it must be."""

import json
import os
import stat
import time
import unicodedata
import zipfile

import pytest

from course.catalogue import read_catalogue
from course.classroom import containers
from course.classroom.intake import collect
from course.classroom.notebooks import notebook_code
from course.errors import CourseError
from course.project import Project

W4, W5 = "week04_sequences", "week05_anomaly"
CODE = "def split_sequence(sequence, n_steps):\n    return 1\n"
OTHER = "def classify(errors, threshold):\n    return 5\n"
WEEKS = read_catalogue(Project.find())
posix = pytest.mark.skipif(os.name != "posix", reason="there are no such files")


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    return folder


def write(path, content=CODE, age=0.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, dict):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in content.items():
                archive.writestr(name, text)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def notebook(*cells, **more):
    code = [{"cell_type": "code", "source": cell, "outputs": [{"text": "x"}]} for cell in cells]
    text = {"cell_type": "markdown", "source": ["# not code\n"]}
    return json.dumps({"cells": [text, *code], "metadata": {}, "nbformat": 4, **more})


def read(source):
    """The submissions by the student's id."""
    entries = collect(source, WEEKS).entries
    return {entry.student.id: entry.read(WEEKS) for entry in entries}


def only(source):
    (submission,) = read(source).values()
    return submission


# -- the shapes in which work comes ----------------------------------------------------------------


def test_every_shape_of_entry(source):
    write(source / "folder" / f"{W4}.py")
    write(source / "single.py")
    write(source / "note book.ipynb", notebook(CODE))
    write(source / "archive.zip", {f"{W4}.py": CODE, f"{W5}.py": OTHER})
    write(source / "김민지.zip", {f"숙제 4/{W4}.py": CODE})
    write(
        source / "twice.zip",
        {"inner.zip": write(source / "x.tmp", {f"{W4}.py": CODE}).read_bytes()},
    )
    (source / "empty").mkdir()
    found = read(source)
    assert sorted(found) == ["archive", "empty", "folder", "note book", "single", "twice", "김민지"]
    for student in sorted(found.keys() - {"empty", "archive"}):
        assert found[student].weeks == (W4,), student
        assert CODE.strip() in found[student].files[f"{W4}.py"].decode()
        assert found[student].notes == () and found[student].refused == ""
    assert found["archive"].weeks == (W4, W5)
    assert found["empty"].weeks == () and "no week module" in found["empty"].notes[0]
    assert list(collect(source, WEEKS).ignored) == ["x.tmp"]


def test_week_is_known_by_name_or_by_what_is_defined(source):
    for name in (f"{W5}.py", f"{W5} (1).py", "Week05-Anomaly.py", "hw.py", f"my_{W5}_final.py"):
        write(source / name.replace(".", "_") / name, OTHER)
    for submission in read(source).values():
        assert submission.weeks == (W5,), submission


def test_several_files_of_one_student(source):
    write(source / f"s01_{W4}.py")
    write(source / f"s01_{W5}.py", OTHER)
    assert only(source).weeks == (W4, W5)


def test_helpers_beside_the_module_come_along(source):
    write(source / "s01" / "deep" / f"{W4}.py", f"import helper\n{CODE}")
    write(source / "s01" / "deep" / "helper.py", "X = 1\n")
    write(source / "s01" / "helper2.py", "X = 2\n")
    assert set(only(source).files) == {f"{W4}.py", "helper.py"}


def test_what_tools_leave_behind_is_no_work(source):
    write(source / "s01" / f"{W4}.py")
    for name in (".ipynb_checkpoints", "__pycache__", ".git", "__MACOSX", ".venv/lib"):
        write(source / "s01" / name / f"{W4}.py", "wrong")
    write(source / ".DS_Store", "x")
    assert only(source).files == {f"{W4}.py": CODE.encode()}


def test_one_student_s_own_folder_is_no_class(source):
    write(source / f"{W4}.py")
    with pytest.raises(CourseError, match="course check --target"):
        collect(source, WEEKS)
    with pytest.raises(CourseError, match="found none"):
        collect(source / "nowhere", WEEKS)


def test_result_folder_among_the_submissions_is_left_out(source):
    write(source / "s01.py")
    write(source / "out" / f"{W4}.py")
    intake = collect(source, WEEKS, leave_out=(source / "out").resolve())
    assert [entry.student.id for entry in intake.entries] == ["s01"]


# -- several attempts ------------------------------------------------------------------------------


def test_newest_of_several_attempts_counts(source):
    write(source / "s01" / f"{W4}.py", "old = 1\n", age=500)
    write(source / "s01.zip", {f"{W4}.py": "newest = 1\n"}, age=10)
    write(source / "s01.py", "older = 1\n", age=300)
    write(source / "s01 (1).py", "newer = 1\n", age=200)
    submission = only(source)
    assert submission.files == {f"{W4}.py": b"newest = 1\n"}
    assert submission.submitted == pytest.approx(time.time() - 10, abs=5)
    assert submission.notes == ("4 attempts: s01.zip is newer than s01 (1).py, s01.py, s01",)


def test_newest_of_several_copies_of_a_module_counts(source):
    write(source / "s01" / f"{W4}.py", "old = 1\n", age=100)
    write(source / "s01" / f"{W4} (1).py", "new = 1\n")
    write(source / "s01" / "other" / f"my_{W4}_notes.py", "no = 1\n")
    submission = only(source)
    assert submission.files[f"{W4}.py"] == b"new = 1\n"
    assert "handed in 2 times" in submission.notes[0]


def test_one_name_in_two_ways_of_writing_is_one_student(source):
    write(source / f"{unicodedata.normalize('NFD', '김민지')}.py", "old = 1\n", age=100)
    write(source / "김민지.zip", {f"{W4}.py": "new = 1\n"})
    submission = only(source)
    assert submission.student.id == "김민지"
    assert submission.files == {f"{W4}.py": b"new = 1\n"}


# -- platforms -------------------------------------------------------------------------------------


def test_moodle_download(source):
    write(source / "김 민지_1234_assignsubmission_file_" / f"{W4}.py")
    write(source / f"Lee Jun_77_assignsubmission_file_{W4}.ipynb", notebook(CODE))
    write(source / "Lee Jun_77_assignsubmission_onlinetext_onlinetext.html", "<p>hello")
    found = read(source)
    assert {(s.student.name, s.student.platform, s.student.number) for s in found.values()} == {
        ("김 민지", "moodle", "1234"),
        ("Lee Jun", "moodle", "77"),
    }
    assert all(submission.weeks == (W4,) for submission in found.values())


def test_canvas_download(source):
    write(source / f"kimminji_LATE_4711_98_{W4}-1.py")
    write(source / "kimminji_LATE_4711_99_helper.py", "X = 1\n")
    write(source / "leejun_4712_100_homework.zip", {f"hw/{W5}.py": OTHER})
    found = read(source)
    assert sorted(found) == ["kimminji_4711", "leejun_4712"]
    kim = found["kimminji_4711"]
    assert set(kim.files) == {f"{W4}.py", "helper.py"}
    assert kim.student.platform == "canvas" and kim.notes == ("canvas marked it late",)
    assert found["leejun_4712"].weeks == (W5,)


def test_the_platform_s_archive_as_it_comes(source, tmp_path):
    content = {
        f"김 민지_1_assignsubmission_file_/{W4}.py": CODE,
        "Lee_2_assignsubmission_file_/hw.zip": write(source / "x", {f"{W4}.py": CODE}).read_bytes(),
    }
    found = read(write(tmp_path / "bulk.zip", content))
    assert sorted(found) == ["Lee_2", "김 민지_1"]
    assert all(submission.weeks == (W4,) for submission in found.values())
    wrapped = {f"Homework/{name}": text for name, text in content.items()}
    assert sorted(read(write(tmp_path / "wrapped.zip", wrapped))) == sorted(found)


def test_hangul_names_of_windows_archives(source):
    with zipfile.ZipFile(source / "s01.zip", "w") as archive:
        member = zipfile.ZipInfo("x")
        member.filename = "숙제".encode("cp949").decode("cp437") + f"/{W4}.py"
        archive.writestr(member, CODE)
        member = zipfile.ZipInfo("y")
        member.filename = "숙제".encode("cp949").decode("cp437") + "/도우미.py"
        archive.writestr(member, "X = 1\n")
    data = (source / "s01.zip").read_bytes()
    assert only(source).weeks == (W4,), data


# -- refused ---------------------------------------------------------------------------------------


def archive_with(path, name, content=CODE, **attributes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(name)
        member.compress_type = attributes.pop("compress_type", zipfile.ZIP_DEFLATED)
        for key, value in attributes.items():
            setattr(member, key, value)
        archive.writestr(member, content)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        (f"../../etc/{W4}.py", "leads out of it"),
        (f"a/../{W4}.py", "leads out of it"),
        (f"/etc/{W4}.py", "absolute path"),
        (f"..\\{W4}.py", "leads out of it"),
        (f"C:\\x\\{W4}.py", "absolute path"),
    ],
)
def test_archives_that_lead_elsewhere(source, name, word):
    archive_with(source / "s01.zip", name)
    submission = only(source)
    assert "s01.zip" in submission.refused and word in submission.refused
    assert submission.files == {}


@posix
def test_links(source):
    archive_with(source / "s01.zip", f"{W4}.py", "/etc/passwd", external_attr=stat.S_IFLNK << 16)
    secret = write(source.parent / "secret.py", "SECRET = 1\n")
    (source / "s02").mkdir()
    (source / "s02" / f"{W4}.py").symlink_to(secret)
    (source / "s03").symlink_to(source.parent)
    (source / "s04.py").symlink_to(secret)
    for submission in read(source).values():
        assert "link" in submission.refused, submission
        assert submission.files == {}


def test_bombs(source, monkeypatch):
    monkeypatch.setattr(containers, "MAX_BYTES", 2**20)
    zeros = bytes(2**22)
    write(source / "flat.zip", {f"{W4}.ipynb": zeros})
    write(
        source / "packed.zip", {"in.zip": write(source / "x", {f"{W4}.ipynb": zeros}).read_bytes()}
    )
    write(source / "many.zip", {f"{n}.txt": "" for n in range(1_001)})
    for n in range(1_001):
        write(source / "files" / f"{n}.txt", "")
    archive_with(source / "bzip.zip", f"{W4}.py", zeros, compress_type=zipfile.ZIP_BZIP2)
    deep = b"x"
    for _ in range(5):
        deep = write(source / "x", {"in.zip": deep}).read_bytes()
    write(source / "matryoshka.zip", {"in.zip": deep})
    refused = {student: submission.refused for student, submission in read(source).items()}
    assert "more than 1 MB" in refused["flat"] and "more than 1 MB" in refused["packed"]
    assert "1,000 files" in refused["many"] and "1,000 files" in refused["files"]
    assert "unusual way" in refused["bzip"]
    assert "archive in an archive" in refused["matryoshka"]


def test_sizes_that_lie(source, monkeypatch):
    monkeypatch.setattr(containers, "MAX_BYTES", 2**20)
    path = write(source / "s01.zip", {f"{W4}.ipynb": bytes(2**22)})
    data = path.read_bytes()
    path.write_bytes(data.replace((2**22).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    submission = only(source)
    assert submission.refused or len(submission.files.get(f"{W4}.py", b"")) <= 10


@posix
def test_what_cannot_be_read(source):
    write(source / "broken.zip", b"PK\3\4 this is no archive")
    write(source / "empty.zip", b"")
    write(source / "nothing.ipynb", "{")
    write(source / "list.ipynb", "[]")
    write(source / "deep.ipynb", "[" * 100_000)
    write(source / "r.ipynb", notebook("x <- 1", metadata={"language_info": {"name": "R"}}))
    (source / "locked").mkdir()
    os.mkfifo(source / "locked" / "pipe.py")
    found = read(source)
    for student, word in {"broken": "unpacked", "empty": "unpacked", "locked": "regular"}.items():
        assert word in found[student].refused
    words = {"nothing": "JSON", "deep": "JSON", "list": "no notebook", "r": "in R, not in Python"}
    for student, word in words.items():
        assert found[student].weeks == () and word in found[student].notes[0], student


def test_names_that_no_file_can_have(source):
    names = {f"{'x' * 5_000}.py": "", "a-b.py": "", "NUL.py": "", "ok.py": "", f"{W4}.py": CODE}
    path = write(source / "s01.zip", names)
    path.write_bytes(path.read_bytes().replace(b"NUL.py", b"\0UL.py"))
    assert set(only(source).files) == {"ok.py", f"{W4}.py"}


def test_names_cannot_steer_a_terminal(source):
    write(source / "s\x1b[31m01.py")
    assert read(source).keys() == {"s\ufffd[31m01"}


# -- notebooks -------------------------------------------------------------------------------------

CELLS = {
    "plain": ("x = 1\n", "x = 1"),
    "magic": ("%matplotlib inline\nx = 1", "pass\nx = 1"),
    "shell": ("if True:\n    !pip install keras\nx = 1", "if True:\n    pass\nx = 1"),
    "assigned": ("files = !ls\nx = 1", "pass\nx = 1"),
    "help": ("x = 1\nlen?", "x = 1\npass"),
    "timed": ("%time x = f()\n%timeit -n 3 y = g()", "x = f()\ny = g()"),
    "cell timed": ("%%time\nx = 1", "x = 1"),
    "cell of a shell": ("%%bash\nrm -rf /", ""),
    "in a string": ('"""\n%of all\n!not a shell\n"""', '"""\n%of all\n!not a shell\n"""'),
    "string and magic": ('s = """\n%of\n"""\n%cd x', 's = """\n%of\n"""\npass'),
    "modulo": ("y = (7\n% 4)", "y = (7\n% 4)"),
    "not equal": ("z = 1 \\\n!= 2", "z = 1 \\\n!= 2"),
    "many": ("%cd x\n" * 500 + "x = 1", "pass\n" * 500 + "x = 1"),
}


@pytest.mark.parametrize("name", CELLS)
def test_code_of_a_cell(name):
    cell, expected = CELLS[name]
    text, notes = notebook_code(notebook(cell).encode(), "n.ipynb")
    assert text.partition("\n")[2].strip() == expected.strip()
    assert notes == []


def test_cells_of_lines_and_of_the_old_format():
    lines = [line + "\n" for line in CODE.splitlines()]
    text, _ = notebook_code(notebook(lines).encode(), "n.ipynb")
    assert CODE in text
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": CODE}]}]}
    assert CODE in notebook_code(json.dumps(old).encode(), "n.ipynb")[0]


def test_a_cell_that_is_not_python_costs_only_itself():
    text, notes = notebook_code(notebook("def f(:\n  pass", CODE).encode(), "n.ipynb")
    assert CODE in text and "def f(:" not in text
    (note,) = notes
    assert "code cell 1" in note
