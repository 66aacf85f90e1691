"""A week as a notebook: written, filled in, run, and handed in."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from toy import SOLUTION, WEEK, write_toy

from course import cli
from course.catalogue import read_catalogue
from course.grading.report import CheckResult
from course.notebook import open_week
from course.notebook.cells import module_text
from course.notebook.verdict import Verdict
from course.notebook.writing import make_notebook
from course.project import Project
from course.stubs import exercise_source

CHECKOUT = Project.find()
WRONG = "def successor(number):\n    return number - 1\n\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    project = write_toy(tmp_path / "checkout")
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT.root))
    return project


def toy_notebook(project):
    return make_notebook(read_catalogue(project)[WEEK])


def fill(notebook, solution, week):
    """Writes the solutions where a student would."""
    for cell in notebook.cells:
        if name := cell.metadata.get("exercise"):
            cell.source = exercise_source(solution, week, name)


def module_of(notebook):
    """As it is handed in: the code cells one below the other, without magics."""
    code = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return re.sub(r"(?m)^[%!].*$", "", code)


def said(cell):
    """What a cell showed, as HTML where there is HTML."""
    shown = [output.get("data", {}).get("text/html", "") for output in cell.outputs]
    return "".join([*shown, *(output.get("text", "") for output in cell.outputs)])


# -- the file --------------------------------------------------------------------------------------


def test_story_stubs_and_checks(project):
    notebook = toy_notebook(project)
    nbformat.validate(notebook)
    sources = [cell.source for cell in notebook.cells]
    assert sources[0] == "# Week 1: a toy."
    assert "Colab" in sources[1] and "VS Code" in sources[1] and "Jupyter" in sources[1]
    assert sources[2].endswith(f'= open_week("{WEEK}")')
    assert sources[3].startswith("import numpy as np") and "exercise" not in sources[3]
    assert sources[4] == "### successor\n\nThe next number.\n\n★ · 2 points · 1 minutes"
    assert sources[5].startswith("def successor(number):") and "TODO" in sources[5]
    assert sources[6].splitlines()[0] == 'check("successor")'
    assert sources[-1] == "run(quick=True)" and "__main__" not in "".join(sources)


def test_the_same_course_gives_the_same_file(project):
    assert toy_notebook(project) == toy_notebook(project)


@pytest.mark.parametrize("week", read_catalogue(CHECKOUT))
def test_every_week_hands_in_what_its_module_has(week):
    """Nothing of the stub is lost on the way: the definitions of the module are in the cells."""
    text = module_of(make_notebook(read_catalogue(CHECKOUT)[week]))
    stub = (CHECKOUT.exercises / f"{week}.py").read_text(encoding="utf-8")
    for line in re.findall(r"(?m)^(?:def|class|import) .*|^from \S+ import .*|^[A-Z_]+ = .*", stub):
        assert line in text
    compile(text, week, "exec")


def test_a_notebook_is_not_written_over(project, capsys):
    assert cli.main(["notebook", WEEK]) == 0
    path = project.root / f"{WEEK}.ipynb"
    path.write_text("work")
    assert cli.main(["notebook", WEEK]) == 2
    assert "may hold work" in capsys.readouterr().err and path.read_text() == "work"
    assert cli.main(["notebook", WEEK, "-o", "other.ipynb"]) == 0
    assert nbformat.read("other.ipynb", 4) == toy_notebook(project)
    assert cli.main(["notebook", "week01_tory"]) == 2


# -- in a kernel -----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_filled_in_it_runs_from_top_to_bottom_and_can_be_handed_in(project, tmp_path, capsys):
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = toy_notebook(project)
    stub = next(cell.source for cell in notebook.cells if cell.source.startswith("def successor"))
    fill(notebook, SOLUTION, WEEK)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    setup, _, successor, check_successor, _, check_double, _, run = code
    check_successor.source = WRONG + check_successor.source.replace("# ", "")
    setup.source += '\ncheck("successor")\nhint("sucessor")'
    right = successor.source
    successor.source = f'{stub}\ncheck("successor")\nsolution("successor")'
    # What shows or trains is not repeated by a check; what is gone again is not needed by it.
    aside = new_code_cell('print("aside")\nscale = 1\ndel scale\n%time 1 + 1')
    again = new_code_cell(f"{right}\ncheck('{WEEK}.successor')")
    place = notebook.cells.index(check_successor) + 1
    notebook.cells[place:place] = [aside, again]

    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": "."}}).execute()

    assert "run the cell that defines it" in said(setup) and "did you mean" in said(setup)
    early, after_attempt = said(successor), said(check_successor)
    assert "· successor   0 of 2 points" in early and "after an attempt" in early
    assert "✗ successor   0 of 2 points" in after_attempt and "one before." in after_attempt
    assert "hint 1 of 2: Add." in after_attempt and "<pre" in after_attempt
    assert "✓ successor   2 of 2 points" in said(again) and "✓ double" in said(check_double)
    assert "✓ sum 12, at most 12" in said(run)

    folder = tmp_path / "s017"
    folder.mkdir()
    (folder / f"{WEEK}.py").write_text(module_of(notebook), encoding="utf-8")
    assert cli.main(["check", "--target", str(folder)]) == 0
    assert "3 of 3 points" in capsys.readouterr().out


def test_outside_a_notebook_its_calls_do_nothing(capsys):
    for call in open_week("week99_nowhere"):
        assert call("successor") is None
    assert capsys.readouterr().out == ""


# -- what a check takes from the cells -------------------------------------------------------------


def test_of_each_name_the_last_definition_with_what_it_uses():
    cells = [
        "import numpy as np\nimport math",
        "RATE = 1",
        "def helper(x):\n    return old(x)",
        "model = train(helper)\nmodel.fit()",
        "RATE = 2; wanted(RATE)",
        "@np.vectorize\ndef helper(x):\n    return RATE * x",
        "def wanted(x):\n    return helper(x)",
        "def broken(:",
        "wanted(3)",
    ]
    text = module_text(cells, "wanted")
    assert text == (
        "import numpy as np\n\nRATE = 2\n\n"
        "@np.vectorize\ndef helper(x):\n    return RATE * x\n\n"
        "def wanted(x):\n    return helper(x)\n"
    )


def test_names_bound_in_blocks_and_in_steps_are_kept():
    cells = [
        "from math import *",
        "sizes = []",
        "sizes = [*sizes, 1]",
        "sizes += [2]",
        "try:\n    import fast as lib\nexcept ImportError:\n    import math as lib",
        "for size in range(3):\n    last = size",
        "def wanted():\n    return lib.floor(last), sizes",
    ]
    assert module_text(cells, "wanted").split("\n\n") == [*cells[:-1], cells[-1] + "\n"]


def test_nothing_of_what_is_not_there():
    assert module_text(["x = 1"], "wanted").strip() == ""


# -- how it looks ----------------------------------------------------------------------------------


def test_a_verdict_shows_failures_first_and_escapes_everything(project):
    exercise = read_catalogue(project)[WEEK].exercises[0]
    checks = [
        CheckResult(exercise.id, "a", "First & right.", "passed", 1.0),
        CheckResult(exercise.id, "b", "Second.", "failed", 1.0, message="<script>1</script>"),
    ]
    verdict = Verdict(exercise, checks)
    html = verdict._repr_html_()
    assert "<script" not in html and "&lt;script&gt;" in html and "First &amp; right." in html
    assert html.index("Second.") < html.index("First")
    assert repr(verdict).splitlines() == [
        "✗ successor   1 of 2 points",
        "  ✗ Second.",
        "      <script>1</script>",
        "  ✓ First & right.",
        'hint("successor")  or  solution("successor")',
    ]
    same = [CheckResult(exercise.id, name, name, "failed", 1.0, message="no\nway") for name in "ab"]
    assert repr(Verdict(exercise, same)).count("no") == 1
    assert Verdict(exercise, same)._repr_html_().count("way") == 1
