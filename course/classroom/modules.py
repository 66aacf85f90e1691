"""Which of a submission's files are its week modules, and which of several copies counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from course.catalogue import Week
from course.classroom.containers import Item, RefusedError, printable
from course.classroom.notebooks import notebook_code
from course.language import say
from course.source import MAX_BYTES, SourceProblem, defined_names

MAX_NOTEBOOK_BYTES = 24 * 2**20  # pictures in outputs make them large
MAX_HELPERS, MAX_NAME = 50, 60
# What browsers, systems and Canvas append to a second file of the same name.
_COPY = re.compile(r"[\s_-]*(\(\d+\)|\d+|copy|복사본)?$")


@dataclass(frozen=True)
class Modules:
    """What of a submission is graded.

    Attributes:
        files: the modules by file name, week modules and what lay beside them.
        weeks: the names of the week modules among them.
        notes: what was unusual, for the instructor.
    """

    files: Mapping[str, bytes]
    weeks: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Candidate:
    item: Item
    week: str
    exact: bool


def find_modules(items: Iterable[Item], weeks: Mapping[str, Week]) -> Modules:
    """Finds week modules by their names; where a name says nothing, by the functions inside.

    Raises:
        RefusedError: the items cannot be graded.
    """
    sources = [item for item in items if item.kind in (".py", ".ipynb")]
    sources.sort(key=lambda item: str(item.path))
    named = [candidate for item in sources if (candidate := _by_name(item, weeks))]
    taken = {candidate.week for candidate in named}
    nameless = [item for item in sources if all(item is not c.item for c in named)]
    notes: list[str] = []
    by_content = [c for item in nameless for c in _by_content(item, weeks, taken, notes)]
    files: dict[str, bytes] = {}
    chosen = [_newest(week, [*named, *by_content], notes) for week in weeks]
    for candidate in filter(None, chosen):
        files[f"{candidate.week}.py"] = _module_text(candidate.item, notes)
    found = tuple(name.removesuffix(".py") for name in files)
    _add_helpers(files, [c.item for c in chosen if c], nameless)
    if not found:
        notes.append(say("no week module was found in it"))
    return Modules(files, found, tuple(notes))


def week_in_name(stem: str, weeks: Iterable[str]) -> tuple[str, bool] | None:
    """The week that a file's name names, and whether it names nothing else."""
    plain = _plain(stem)
    for week in sorted(weeks, key=len, reverse=True):
        before, there, after = plain.partition(_plain(week))
        if there:
            return week, not before and _COPY.fullmatch(after.lower()) is not None
    return None


def _by_name(item: Item, weeks: Mapping[str, Week]) -> _Candidate | None:
    found = week_in_name(item.path.stem, weeks)
    return _Candidate(item, *found) if found else None


def _by_content(
    item: Item, weeks: Mapping[str, Week], taken: set[str], notes: list[str]
) -> Sequence[_Candidate]:
    """The weeks, not taken yet, most of whose exercises the file seems to define."""
    try:
        names = defined_names(_module_text(item, []).decode("utf-8", "replace"))
    except (RefusedError, SourceProblem) as error:
        notes.append(str(error))
        return []
    scores = {
        week.name: sum(exercise.name in names for exercise in week.exercises)
        for week in weeks.values()
        if week.name not in taken
    }
    best = max(scores.values(), default=0)
    if best == 0:
        return []
    return [_Candidate(item, week, False) for week, score in scores.items() if score == best]


def _newest(week: str, candidates: Sequence[_Candidate], notes: list[str]) -> _Candidate | None:
    of_week = [candidate for candidate in candidates if candidate.week == week]
    exact = [candidate for candidate in of_week if candidate.exact] or of_week
    if not exact:
        return None
    exact.sort(key=lambda c: (-c.item.modified, c.item.kind != ".py", len(c.item.path.parts)))
    if len(exact) > 1:
        others = ", ".join(printable(str(candidate.item.path)) for candidate in exact[1:])
        best = printable(str(exact[0].item.path))
        notes.append(
            say(
                "{week} was handed in {n} times: {newest} is newer than {others}",
                week=week,
                n=len(exact),
                newest=best,
                others=others,
            )
        )
    return exact[0]


def _module_text(item: Item, notes: list[str]) -> bytes:
    if item.kind == ".py":
        return item.read(MAX_BYTES + 1)  # if there is more, the grader says so
    data = item.read(MAX_NOTEBOOK_BYTES + 1)
    if len(data) > MAX_NOTEBOOK_BYTES:
        raise RefusedError(
            say(
                "{file} is larger than {n} MB; clear its outputs",
                file=item.path.name,
                n=MAX_NOTEBOOK_BYTES // 2**20,
            )
        )
    text, left_out = notebook_code(data, printable(item.path.name))
    notes += left_out
    return text.encode()


def _add_helpers(files: dict[str, bytes], chosen: Sequence[Item], others: Sequence[Item]) -> None:
    """Adds modules that lie beside a week module, which may import them."""
    folders = {item.path.parent for item in chosen}
    beside = [item for item in others if item.kind == ".py" and item.path.parent in folders]
    for item in beside[:MAX_HELPERS]:
        name = unicodedata.normalize("NFC", item.path.name)
        importable = item.path.stem.isidentifier() and len(name) <= MAX_NAME
        if importable and name not in files:
            files[name] = item.read(MAX_BYTES)


def _plain(name: str) -> str:
    """A file's name as far as it tells: `Week04-Sequences` is week04_sequences."""
    return re.sub(r"[^\w()]+", "_", unicodedata.normalize("NFC", name)).lower()
