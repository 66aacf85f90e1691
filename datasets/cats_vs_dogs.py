"""Photos of cats and dogs, a thousand of them.

Source: the photos in github.com/ardamavi/Dog-Cat-Classifier, folder `Data/Train_Data` (Apache-2.0),
a part of the Asirra photos that became "Dogs vs. Cats" (J. Elson et al., 2007). A zip with
`cats_vs_dogs/cat/*.jpg` and `cats_vs_dogs/dog/*.jpg` serves as well as that repository's own zip,
so no checksum can tell a good archive: its layout does, and the checksums in it.

There is no embedded default of photos: the week that uses them falls back on digits.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datasets.files import DataError, Provenance, RemoteFile
from datasets.store import obtain

CLASSES = ("cat", "dog")  # labels 0 and 1
MEMBER = re.compile(r"(?:cats_vs_dogs|[^/]+/Data/Train_Data)/([^/]+)/[^/]+\.jpe?g", re.IGNORECASE)
LAYOUT = "cats_vs_dogs/cat/*.jpg and cats_vs_dogs/dog/*.jpg"
MAX_MEMBER_BYTES = 16 * 1024 * 1024  # of one photo


def _members(archive: zipfile.ZipFile) -> dict[str, list[zipfile.ZipInfo]]:
    """The photos of each class, in the order of their names."""
    photos: dict[str, list[zipfile.ZipInfo]] = {name: [] for name in CLASSES}
    for member in sorted(archive.infolist(), key=lambda member: member.filename):
        match = MEMBER.fullmatch(member.filename)
        if match and match[1] in photos:
            photos[match[1]].append(member)
    return photos


def _problem(path: Path) -> str:
    """What is wrong with the archive as a whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            photos = _members(archive)
    except (zipfile.BadZipFile, ValueError) as error:
        return f"is not a readable zip, perhaps truncated: {error}"
    if empty := [name for name in CLASSES if not photos[name]]:
        return f"holds no photo of class {' and '.join(empty)}; expected {LAYOUT}"
    return ""


FILE = RemoteFile(
    name="cats_vs_dogs.zip",
    description="Photos of 538 cats and 532 dogs",
    url="https://github.com/ardamavi/Dog-Cat-Classifier/archive/HEAD.zip",
    sha256=None,
    size=12_530_527,
    check=_problem,
)


class CatsVsDogs(NamedTuple):
    """Photos and what they show.

    Attributes:
        images: (n, size, size, 3) uint8, RGB; the square around each photo's centre.
        labels: (n,) int, 0 cat, 1 dog.
        provenance: For the report of a run.
    """

    images: np.ndarray
    labels: np.ndarray
    provenance: Provenance


def load_cats_vs_dogs(
    size: int = 160, instead: str = "the digits of scikit-learn"
) -> CatsVsDogs | None:
    """The photos, or None when they cannot be had, saying so on the terminal.

    Args:
        size: Side of the square images, in pixels.
        instead: What is used without them, for the line on the terminal.

    Raises:
        DataError: The archive in `COURSE_DATA` is damaged.
    """
    path = obtain(FILE, instead=instead)
    if path is None:
        return None
    images, labels = read_cats_vs_dogs(path, size)
    return CatsVsDogs(images, labels, Provenance("cats_vs_dogs", "real", len(images), path))


def read_cats_vs_dogs(path: Path, size: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """Reads the archive, without unpacking it to disk.

    Returns:
        Images and labels, as `CatsVsDogs` describes; cats first.

    Raises:
        DataError: The archive is damaged, a class is empty, or a photo cannot be decoded; names the
            archive and the photo.
    """
    if problem := _problem(path):
        raise DataError(f"{path} {problem}.")
    images, labels = [], []
    for label, name, content in _photos(path):
        images.append(_decode(content, size, f"{path}: {name}"))
        labels.append(label)
    return np.stack(images), np.array(labels)


def _photos(path: Path) -> Iterator[tuple[int, str, bytes]]:
    """Label, name and bytes of each photo."""
    with zipfile.ZipFile(path) as archive:
        photos = _members(archive)
        for label, kind in enumerate(CLASSES):
            for member in photos[kind]:
                where = f"{path}: {member.filename}"
                if member.file_size > MAX_MEMBER_BYTES:
                    raise DataError(
                        f"{where} has {member.file_size} bytes; "
                        f"expected a photo of at most {MAX_MEMBER_BYTES}."
                    )
                try:
                    yield label, member.filename, archive.read(member)
                except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
                    raise DataError(f"{where} is damaged in the archive: {error}.") from error


def _decode(content: bytes, size: int, where: str) -> np.ndarray:
    """A JPEG as a square RGB image, (size, size, 3) uint8."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as photo:
            photo.draft("RGB", (size, size))  # decodes a large photo at a smaller scale
            # The centre, not the whole squeezed: narrow cats are not what networks have learned.
            square = ImageOps.fit(photo.convert("RGB"), (size, size), Image.Resampling.BICUBIC)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{where} is not a photo: expected a whole JPEG file, got {error}.") from (
            error
        )
    return np.asarray(square)
