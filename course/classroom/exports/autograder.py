"""`gradescope-autograder.zip`: what is uploaded to Gradescope, to grade there as here.

The format is https://gradescope-autograders.readthedocs.io/en/latest/specs/: `setup.sh` makes the
image, and `run_autograder` grades one submission in it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import course
from course.classroom.exports.grading import filled_template
from course.classroom.gradebook import Gradebook
from course.project import Project

ENGINE = ("course", "datasets")
PARTS = ("exercises", "solutions", "tests/graders", "tests/misconceptions")
SINGLE_FILES = ("pyproject.toml", "requirements.txt", "README.md", "LICENSE")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same files make the same archive, whenever
PROGRAM, DOCUMENT = 0o100755, 0o100644


def write_autograder(gradebook: Gradebook, folder: Path) -> Path:
    """Writes the archive: the course, and the two scripts that Gradescope runs."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("setup.sh", "run_autograder", "unfinished.json"):
            _add(archive, name, filled_template(name, gradebook).encode())
        for name, path in _course_files(Project.find().root):
            _add(archive, name, path.read_bytes())
    path = folder / "gradescope-autograder.zip"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.getvalue())
    return path


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, whose permissions follow
    entry.external_attr = (PROGRAM if name in ("setup.sh", "run_autograder") else DOCUMENT) << 16
    archive.writestr(entry, content)


def _course_files(root: Path) -> Iterator[tuple[str, Path]]:
    """Names in the archive and files."""
    yield from ((name, root / name) for name in SINGLE_FILES if (root / name).is_file())
    engine = Path(course.__file__).parents[1]
    for base, part in [*((engine, part) for part in ENGINE), *((root, part) for part in PARTS)]:
        for path in sorted((base / part).rglob("*")):
            name = path.relative_to(base)
            hidden = any(piece.startswith((".", "__pycache__")) for piece in name.parts)
            if path.is_file() and not hidden:
                yield name.as_posix(), path
