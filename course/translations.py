"""The translators' files: what there is to say, gathered from the sources, and its translations.

    sources -> messages -> translations/LANGUAGE/*.po -> course/locale/LANGUAGE/…/course.mo

Needs Babel, which only those who translate install (`pip install -e '.[dev]'`).
"""

from __future__ import annotations

import ast
import io
import string
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from course.catalogue import Week, read_catalogue
from course.grading.wording import check_title
from course.language import COMPILED, LANGUAGES
from course.project import Project

TOOL = "course"  # the file of what no week says
# argparse looks these up itself.
ARGPARSE = (
    "usage: ",
    "options",
    "positional arguments",
    "show this help message and exit",
    "argument %(argument_name)s: %(message)s",
    "the following arguments are required: %s",
    "unrecognized arguments: %s",
    "invalid choice: %(value)r (choose from %(choices)s)",
    "expected one argument",
    "expected at least one argument",
    "not allowed with argument %s",
    "ignored explicit argument %r",
    "ambiguous option: %(option)s could match %(matches)s",
    "invalid %(type)s value: %(value)r",
    "%(prog)s: error: %(message)s\n",
)

Message = tuple[str, str]  # the sentence in English, and a word to the translator on what it is


def messages(project: Project) -> dict[str, list[Message]]:
    """All sentences by translators' file: the tool's own, and each week's."""
    tool = [(text, "argparse") for text in ARGPARSE]
    for path in sorted((project.root / "course").rglob("*.py")):
        tool += _said(path, project)
    weeks = {week.name: list(_of_week(project, week)) for week in read_catalogue(project).values()}
    return {TOOL: tool, **weeks}


def _of_week(project: Project, week: Week) -> Iterator[Message]:
    yield week.title, "title of the week"
    for exercise in week.exercises:
        yield exercise.summary, f"{exercise.name}: summary"
        for number, hint in enumerate(exercise.hints, 1):
            yield hint, f"{exercise.name}: hint {number}"
    graders = project.graders / f"{week.name}.py"
    for function in _functions(graders):
        if function.name.startswith("test_"):
            yield check_title(ast.get_docstring(function)), f"title of check {function.name}"
    yield from _said(graders, project)
    for function in _functions(project.misconceptions / f"{week.name}.py"):
        for decorator in function.decorator_list:
            for keyword in getattr(decorator, "keywords", ()):
                if keyword.arg == "says":
                    yield ast.literal_eval(keyword.value), f"misconception {function.name}"


def _functions(path: Path) -> Iterator[ast.FunctionDef]:
    if path.is_file():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from (node for node in tree.body if isinstance(node, ast.FunctionDef))


def _said(path: Path, project: Project) -> Iterator[Message]:
    """The texts in `say("…", …)`.

    Raises:
        ValueError: When one is no literal text, so that no translator would see it.
    """
    if not path.is_file():
        return
    where = path.relative_to(project.root).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
            match node.args[0]:
                case ast.Constant(value=str(text)):
                    yield text, where
                case ast.JoinedStr():
                    raise ValueError(
                        f'{where}, line {node.lineno}: expected say("… {{name}}", '
                        "name=…), got an f-string, which cannot be looked up"
                    )


def translators_file(project: Project, language: str, name: str) -> Path:
    return project.root / "translations" / language / f"{name}.po"


def gathered(project: Project, language: str, name: str, found: list[Message]) -> Catalog:
    """The translators' file as it should be: today's sentences with the translations there are."""
    path = translators_file(project, language, name)
    known = Catalog(locale=language)
    if path.is_file():
        with path.open("rb") as stream:
            known = read_po(stream, locale=language)
    fresh = Catalog(
        locale=language,
        project="deep-learning-course",
        header_comment=f"# {name}",
        creation_date=known.creation_date,
        revision_date=known.revision_date,
        fuzzy=False,
    )
    for text, note in found:
        old = known.get(text)
        fresh.add(text, old.string if old else "", auto_comments=[note])
    return fresh


def as_po(catalogue: Catalog) -> bytes:
    stream = io.BytesIO()
    write_po(stream, catalogue, width=100)
    return stream.getvalue()


def translated(catalogues: Iterable[Catalog]) -> dict[str, str]:
    """What there is of translations in all of a language's files."""
    return {
        str(message.id): str(message.string)
        for catalogue in catalogues
        for message in catalogue
        if message.id and message.string
    }


def compiled_file(language: str) -> Path:
    return COMPILED / language / "LC_MESSAGES" / "course.mo"


def compiled(language: str) -> dict[str, str]:
    """The translations that the tool uses."""
    path = compiled_file(language)
    if not path.is_file():
        return {}
    with path.open("rb") as stream:
        return translated([read_mo(stream)])


def compile_translations(translations: dict[str, str], language: str) -> None:
    """Writes what the tool reads, unless it is there already: its header holds the date."""
    if translations == compiled(language):
        return
    whole = Catalog(locale=language, fuzzy=False)
    for text, translation in translations.items():
        whole.add(text, translation)
    path = compiled_file(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        write_mo(stream, whole)


def update(project: Project) -> list[tuple[Path, int, int]]:
    """Gathers and compiles.

    Returns: each translators' file, how many sentences it has and how many are not translated.
    """
    found = messages(project)
    written = []
    for language in LANGUAGES[1:]:
        catalogues = {name: gathered(project, language, name, m) for name, m in found.items()}
        for name, catalogue in catalogues.items():
            path = translators_file(project, language, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(as_po(catalogue))
            missing = sum(not message.string for message in catalogue)
            written.append((path, len(catalogue), missing))
        compile_translations(translated(catalogues.values()), language)
    return written


def placeholders(text: str) -> set[str]:
    """The names in braces; texts that are not templates may hold other braces, and have none."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}
    except ValueError:
        return set()
