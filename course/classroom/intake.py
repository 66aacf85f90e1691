"""From a folder of what a class handed in, or a platform's archive, to one entry per student."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from course.catalogue import Week
from course.classroom.containers import (
    Allowance,
    Item,
    RefusedError,
    archive_items,
    items_of,
    printable,
    unpacked,
    walk,
)
from course.classroom.modules import Modules, find_modules, week_in_name
from course.classroom.names import Owner, Student, whose
from course.errors import CourseError
from course.language import say


@dataclass(frozen=True)
class Submission:
    """What is graded of one student, read and bounded.

    Attributes:
        student: whose it is.
        files: modules by file name.
        weeks: the week modules among them.
        submitted: when it was handed in, in seconds since 1970.
        notes: what was unusual, for the instructor.
        refused: why it cannot be graded; empty when it can.
    """

    student: Student
    files: Mapping[str, bytes]
    weeks: tuple[str, ...]
    submitted: float
    notes: tuple[str, ...] = ()
    refused: str = ""

    @cached_property
    def digest(self) -> str:
        """Stands for all that its grade can depend on."""
        found = hashlib.sha256(self.refused.encode())
        for name, content in sorted(self.files.items()):
            found.update(f"\0{name}\0{len(content)}\0".encode("utf-8", "surrogatepass") + content)
        return found.hexdigest()


@dataclass(frozen=True)
class _Part:
    """A file or folder at the top of what was collected; `items` gives the files inside."""

    name: str
    is_folder: bool
    modified: float
    items: Callable[[Allowance], Iterable[Item]]


@dataclass
class Entry:
    """All that one student handed in, not yet read."""

    student: Student
    _parts: list[tuple[_Part, Owner]] = field(default_factory=list)

    def add(self, part: _Part, owner: Owner) -> None:
        self._parts.append((part, owner))

    def read(self, weeks: Mapping[str, Week]) -> Submission:
        """Reads what counts of it. Whatever is wrong with that is said in `refused`."""
        parts = sorted(self._parts, key=lambda one: (-one[0].modified, one[0].name))
        late = [owner.student.platform for _, owner in parts if owner.late][:1]
        notes = [say("{platform} marked it late", platform=platform) for platform in late]
        if len(parts) > 1 and not any(owner.together for _, owner in parts):
            newest, *older = (printable(part.name) for part, _ in parts)
            notes.append(
                say(
                    "{n} attempts: {newest} is newer than {others}",
                    n=len(parts),
                    newest=newest,
                    others=", ".join(older),
                )
            )
            del parts[1:]
        submitted = parts[0][0].modified
        try:
            modules = _read(parts, weeks)
        except (RefusedError, OSError) as error:
            why = printable(" ".join(str(error).split()))
            return Submission(self.student, {}, (), submitted, tuple(notes), why)
        notes += modules.notes
        return Submission(self.student, modules.files, modules.weeks, submitted, tuple(notes))


@dataclass(frozen=True)
class Intake:
    """A class's submissions.

    Attributes:
        entries: one per student, in the order of their ids.
        ignored: names of what is no submission.
    """

    entries: Sequence[Entry]
    ignored: Sequence[str]


def collect(source: Path, weeks: Mapping[str, Week], leave_out: Path | None = None) -> Intake:
    """Finds the entries in a folder or in a platform's archive.

    Args:
        source: the folder or archive.
        weeks: the course's weeks.
        leave_out: a folder that is no submission, though it may lie among them.

    Raises:
        CourseError: there is no such folder or archive, or it is one student's own.
    """
    parts = list(_parts(source, leave_out))
    names = [part.name for part in parts]
    entries: dict[str, Entry] = {}
    ignored = []
    for part in parts:
        owner = whose(part.name, part.is_folder, weeks, names)
        if owner is not None:
            entries.setdefault(owner.student.id, Entry(owner.student)).add(part, owner)
        elif not part.is_folder and week_in_name(Path(part.name).stem, weeks):
            raise CourseError(
                say(
                    "expected an entry for each student in {path}, found the week module "
                    "{name}; for one submission: course check --target {path}",
                    path=source,
                    name=printable(part.name),
                )
            )
        else:
            ignored.append(printable(part.name))
    return Intake([entries[student] for student in sorted(entries)], sorted(ignored))


def _read(parts: Sequence[tuple[_Part, Owner]], weeks: Mapping[str, Week]) -> Modules:
    allowance = Allowance()

    def items() -> Iterator[Item]:
        for part, owner in parts:
            for item in part.items(allowance):
                alone = not part.is_folder and item.path.name == part.name
                path = PurePosixPath(owner.rest) if alone else item.path
                yield Item(path, item.modified, item.read)

    return find_modules(items(), weeks)


def _parts(source: Path, leave_out: Path | None) -> Iterator[_Part]:
    if source.is_dir():
        return _parts_of_folder(source, leave_out)
    if source.suffix.lower() == ".zip" and source.is_file():
        return _parts_of_archive(source)
    raise CourseError(
        say(
            "expected a folder, or a .zip, with an entry for each student at {path}, found none",
            path=source,
        )
    )


def _parts_of_folder(source: Path, leave_out: Path | None) -> Iterator[_Part]:
    for path in sorted(source.iterdir()):
        if leave_out is not None and path.resolve() == leave_out:
            continue
        modified, link = path.lstat().st_mtime, path.is_symlink()
        is_folder = path.is_dir() and not link
        if is_folder:  # whose own time changes with whatever a system leaves in it
            modified = max(_times(path), default=modified)
        yield _Part(
            path.name,
            is_folder or link,
            modified,
            lambda allowance, path=path: items_of(path, allowance),  # type: ignore[misc]
        )


def _times(folder: Path) -> Iterator[float]:
    try:
        for item in walk(folder, Allowance()):
            yield item.modified
    except (RefusedError, OSError):
        return


def _parts_of_archive(source: Path) -> Iterator[_Part]:
    """The entries of an archive; a folder that holds them all is none."""
    try:
        items = list(archive_items(source, source.name, Unlimited()))
    except RefusedError as error:
        raise CourseError(f"{error}") from None
    tops = {item.path.parts[0] for item in items}
    if len(tops) == 1 and all(len(item.path.parts) > 2 for item in items):
        items = [Item(item.path.relative_to(*tops), item.modified, item.read) for item in items]
    grouped: dict[str, list[Item]] = {}
    for item in items:
        grouped.setdefault(item.path.parts[0], []).append(item)
    for name, group in grouped.items():
        is_folder = len(group[0].path.parts) > 1
        modified = max(item.modified for item in group)
        yield _Part(name, is_folder, modified, _items_from(group, is_folder))


def _items_from(group: Sequence[Item], is_folder: bool) -> Callable[[Allowance], Iterable[Item]]:
    def items(allowance: Allowance) -> Iterator[Item]:
        for item in group:
            allowance.count_file()

            def read(n_bytes: int, item: Item = item) -> bytes:
                data = item.read(n_bytes)
                allowance.spend(len(data), item.path.name)
                return data

            inside = PurePosixPath(*item.path.parts[1:]) if is_folder else item.path
            yield from unpacked(Item(inside, item.modified, read), allowance)

    return items


class Unlimited(Allowance):
    """For the archive of a whole class, which comes from the platform."""

    def count_file(self) -> None:
        pass

    def spend(self, n_bytes: int, name: str) -> None:
        pass
