"""What a change can affect: which exercises' fingerprints it changes."""

import pytest

from course.fingerprint import fingerprints

WEEK = "week01_toy"
NAMES = ["first", "second", "third"]
TEXT = '''"""Doc."""

import numpy as np

RATE = 0.5
SIZES = list(range(3))


class Layer:
    width = 3

    def call(self, x):
        return x


def helper(x):
    return RATE * x


def first(x):
    """Doc."""
    return helper(x)


def second(x):
    return Layer().call(x)


def third(x, n=3):
    return first(x) + n


def main():
    print(first(1))


if __name__ == "__main__":
    main()
'''


@pytest.fixture
def changed(tmp_path):
    """Which exercises an edit affects."""
    path = tmp_path / f"{WEEK}.py"
    path.write_text(TEXT)
    before = fingerprints(tmp_path, WEEK, NAMES)

    def after(old, new, passed=True):
        assert old in TEXT
        path.write_text(TEXT.replace(old, new))
        now = fingerprints(tmp_path, WEEK, NAMES)
        return [name for name in NAMES if now[name].may_change(before[name], passed)]

    return after


@pytest.mark.parametrize(
    ("old", "new", "affected"),
    [
        ("import numpy", "# a comment\n\nimport numpy", []),
        ("print(first(1))", "print(first(2))", []),
        ('if __name__ == "__main__":\n    main()', 'if __name__ == "__main__":\n    pass', []),
        ("n=3", "n=4", ["third"]),
        ("n=3", "n=SIZES", NAMES),  # defaults are evaluated when the module is imported
        ("def main()", "def main() -> None", []),
        ("def main()", "def main() -> Nothing", NAMES),
        ("+ n", "- n", ["third"]),
        ("return helper(x)", "return -helper(x)", ["first", "third"]),
        ("RATE * x", "x / RATE", ["first", "third"]),
        ("RATE = 0.5", "RATE = 0.6", ["first", "third"]),
        ("        return x\n", "        return -x\n", ["second"]),
        ("width = 3", "width = nowhere", NAMES),
        ("range(3)", "range(4)", NAMES),
        ("import numpy as np", "import nampy as np", NAMES),
        ("def main", "def second(x):\n    return x\n\n\ndef main", ["second"]),
        ("def second(x)", "def zweite(x)", ["second"]),
    ],
)
def test_what_an_edit_affects(changed, old, new, affected):
    assert changed(old, new) == affected


def test_a_message_names_lines_so_what_failed_is_judged_again_where_it_moves(changed):
    edit = ("def second", "# a line more\ndef second")
    assert changed(*edit) == [] and changed(*edit, passed=False) == ["second", "third"]


def test_where_names_tell_nothing_everything_counts(tmp_path):
    path = tmp_path / f"{WEEK}.py"
    texts = [f"def first(x):\n    return globals()['hidden'](x)\n\ndef hidden(x):\n    return {n}\n"
             for n in range(2)]  # fmt: skip
    prints = []
    for text in texts:
        path.write_text(text)
        prints.append(fingerprints(tmp_path, WEEK, ["first"])["first"])
    assert prints[0].may_change(prints[1], passed=True)


def test_a_module_beside_it_counts_where_it_is_imported(tmp_path):
    (tmp_path / f"{WEEK}.py").write_text("import tools\n\ndef first(x):\n    return tools.f(x)\n")
    (tmp_path / "deep.py").write_text("X = 1\n")
    (tmp_path / "other.py").write_text("X = 1\n")

    def now():
        return fingerprints(tmp_path, WEEK, ["first"])["first"]

    seen = [now()]
    (tmp_path / "tools.py").write_text("from deep import X\n")
    seen.append(now())
    (tmp_path / "deep.py").write_text("X = 2\n")
    seen.append(now())
    (tmp_path / "deep.py").write_text("X = = 2\n")
    seen.append(now())
    assert len(set(seen)) == 4
    (tmp_path / "other.py").write_text("X = 2\n")
    assert now() == seen[-1]


@pytest.mark.parametrize("text", [None, "def first(:\n", "\0"])
def test_what_cannot_be_read_has_an_empty_one(tmp_path, text):
    if text is not None:
        (tmp_path / f"{WEEK}.py").write_text(text)
    assert {f.code for f in fingerprints(tmp_path, WEEK, NAMES).values()} == {""}
