"""Writes a week as a Jupyter notebook: the story, and a cell to write and to check per exercise."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.catalogue import Exercise, Week
from course.errors import CourseError
from course.language import LANGUAGES, language, say
from course.outline import last_line_with_comments
from course.project import write_text
from course.source import read_source
from course.stubs import make_stub

OPENING = """\
from course.notebook import open_week

check, hint, solution, run = open_week({arguments})
"""
CHECKING = """\
check("{name}")
# hint("{name}")
# solution("{name}")
"""
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}
SECTION = re.compile(r"^# -- (.+?) -+$")


def _how_to_begin() -> str:
    return say("""\
**Before you begin**, this notebook's Python needs the course, once:

- *Jupyter*: in the folder of the course, `python -m pip install -e ".[notebook]" jupyterlab`, then
  `jupyter lab`.
- *VS Code*: the same without `jupyterlab`, then choose that Python (`.venv`) as the kernel.
- *Colab*: run these lines in a cell of their own above, with the address of your course:
  `!git clone --depth 1 ADDRESS /content/course-files` · `%cd /content/course-files` ·
  `%pip install --quiet -e ".[notebook]"`

Run the cells from the top. Write the bodies marked TODO; below each, `check` judges what you have
written, in a process of its own. `hint("name")` gives one more hint each time, and
`solution("name")` the solution after an attempt. To hand in, save the notebook as it is.
""").strip()


def _running(week: str) -> str:
    return say(
        """\
## The experiment, with your functions

Trains little, for a first impression; `run(quick=False)` is the whole of it. Results and plots are
also kept in `runs/{week}/`.
""",
        week=week,
    ).strip()


def write_notebook(week: Week, path: Path) -> None:
    """Writes the notebook of a week.

    Raises:
        CourseError: the file is there already, or cannot be written.
    """
    if path.exists():
        raise CourseError(
            say(
                "{path} is there already and may hold work; move it away, or name another file "
                "with -o",
                path=path,
            )
        )
    try:
        write_text(path, nbformat.writes(make_notebook(week)) + "\n")
    except OSError as error:
        raise CourseError(
            say("cannot write {path}: {why}", path=path, why=error.strerror)
        ) from None


def make_notebook(week: Week) -> NotebookNode:
    """The notebook of a week, with the bodies of its exercises still to be written."""
    stub = make_stub(read_source(week.path), week.name)
    cells = [*_opening(week, stub), *_cells_of_stub(week, stub), *_closing(week)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # the same each time
    notebook = new_notebook(cells=cells, metadata=METADATA)
    nbformat.validate(notebook)
    return notebook


def _opening(week: Week, stub: str) -> Iterator[NotebookNode]:
    title, _, story = (ast.get_docstring(ast.parse(stub)) or "").partition("\n")
    yield new_markdown_cell(f"# {say(title)}\n\n{story.strip()}".rstrip())
    yield new_markdown_cell(_how_to_begin())
    # Where it is opened, the system may speak another language.
    lang = "" if language() == LANGUAGES[0] else f', lang="{language()}"'
    yield new_code_cell(OPENING.format(arguments=f'"{week.name}"{lang}').strip())


def _closing(week: Week) -> Iterator[NotebookNode]:
    yield new_markdown_cell(_running(week.name))
    yield new_code_cell("run(quick=True)")


def _cells_of_stub(week: Week, stub: str) -> Iterator[NotebookNode]:
    exercises = {exercise.name: exercise for exercise in week.exercises}
    for node, text in _blocks(stub):
        section, code = _without_section(text)
        if section:
            yield new_markdown_cell(f"## {section}")
        exercise = exercises.get(node.name) if isinstance(node, ast.FunctionDef) else None
        if exercise is None:
            yield new_code_cell(code)
        else:
            yield from _exercise_cells(exercise, code)


def _exercise_cells(exercise: Exercise, code: str) -> Iterator[NotebookNode]:
    about = say(
        "{stars} · {points} points · {minutes} minutes",
        stars="★" * exercise.difficulty,
        points=f"{exercise.points:g}",
        minutes=exercise.minutes,
    )
    yield new_markdown_cell(f"### {exercise.name}\n\n{say(exercise.summary)}\n\n{about}")
    yield new_code_cell(code, metadata={"tags": ["exercise"], "exercise": exercise.name})
    yield new_code_cell(CHECKING.format(name=exercise.name).strip())


def _blocks(stub: str) -> Iterator[tuple[ast.stmt, str]]:
    """The statements of a module with the comments above them; what is no definition, together."""
    lines = stub.split("\n")
    body = ast.parse(stub).body
    start = (body[0].end_lineno or 1) + 2  # behind the docstring and the line below it
    definitions = ast.FunctionDef | ast.ClassDef
    for node, following in zip(body[1:], [*body[2:], None], strict=True):
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            return  # the last cell runs the experiment
        end = last_line_with_comments(lines, node)
        goes_on = following is not None and not isinstance(node, definitions)
        if goes_on and not isinstance(following, definitions):
            continue
        yield node, "\n".join(lines[start:end]).strip()
        start = end


def _without_section(code: str) -> tuple[str, str]:
    """The heading that a comment such as `# -- The experiment ----` makes, and the code below."""
    first, _, rest = code.partition("\n")
    found = SECTION.match(first)
    return (found[1], rest.strip()) if found else ("", code)
