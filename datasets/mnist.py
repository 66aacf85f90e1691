"""MNIST: handwritten digits, 28 × 28 pixels, 60,000 to learn from and 10,000 to test on.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits" (1998), CC BY-SA
3.0, as the file `mnist.npz` that Keras downloads. The embedded default is scikit-learn's digits,
enlarged (see `digits`).
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datasets.digits import load_digits
from datasets.files import DataError, Provenance, RemoteFile
from datasets.store import obtain

SIZE = 28  # of an image, in pixels
FRAME = 4  # pixels around a digit, as in MNIST
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
# Of the file that Keras downloads, and of its pixels and labels, whoever packed them.
FILE_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
ARRAYS_SHA256 = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"
# What np.load raises of a file that is no such archive; a TypeError where it is a single array.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


def _problem(path: Path) -> str:
    """Keras' own file is good, and so is any other that holds the same pixels and labels."""
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 == FILE_SHA256:
        return ""
    try:
        if _digest(read_mnist(path)) == ARRAYS_SHA256:
            return ""
    except DataError:
        pass  # not even readable: the same words say so
    return (
        f"is truncated or altered: expected {FILE.size} bytes with sha256 {FILE_SHA256}, or the "
        f"same arrays packed otherwise, got {len(content)} bytes with sha256 {sha256}"
    )


FILE = RemoteFile(
    name="mnist.npz",
    description="MNIST: 70,000 handwritten digits",
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    sha256=None,
    size=11_490_434,
    check=_problem,
)


class Mnist(NamedTuple):
    """Digits and their values.

    Attributes:
        x_train: (n_train, 28, 28) uint8, 0 background … 255 ink; n_train is 60,000.
        y_train: (n_train,) int, 0 … 9.
        x_test: (n_test, 28, 28) uint8, by other writers; n_test is 10,000.
        y_test: (n_test,) int.
        provenance: For the report of a run.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    provenance: Provenance


def load_mnist() -> Mnist:
    """MNIST when it can be had, else scikit-learn's digits enlarged, saying so on the terminal.

    Raises:
        DataError: The file in `COURSE_DATA` is altered.
    """
    path = obtain(FILE, instead="scikit-learn's digits, enlarged to 28 x 28")
    if path is None:
        arrays = enlarged_digits()
        return Mnist(*arrays, Provenance("digits, enlarged", "embedded", _count(arrays)))
    arrays = read_mnist(path)
    return Mnist(*arrays, Provenance("mnist", "real", _count(arrays), path))


Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def read_mnist(path: Path) -> Arrays:
    """Reads an archive of four arrays, as NumPy and Keras write it.

    Returns:
        x_train, y_train, x_test, y_test, as `Mnist` describes.

    Raises:
        DataError: An array is missing or is not what it should be; names file and array.
    """
    try:
        # NumPy leaves a file open that it opened and cannot read.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            x_train, y_train, x_test, y_test = (archive[name] for name in ARRAYS)
    except UNREADABLE as error:
        raise DataError(
            f"{path} is not a readable .npz archive of {', '.join(ARRAYS)}: {error}."
        ) from error
    for part, images, labels in (("train", x_train, y_train), ("test", x_test, y_test)):
        if images.dtype != np.uint8 or images.shape[1:] != (SIZE, SIZE) or not len(images):
            got = f"{images.dtype} of shape {images.shape}"
            raise DataError(f"{path}: x_{part} is {got}; expected uint8 of shape (n, 28, 28).")
        if labels.shape != images.shape[:1] or not np.isin(labels, range(10)).all():
            got = f"values {np.unique(labels)[:12]} of shape {labels.shape}"
            raise DataError(f"{path}: y_{part} has {got}; expected 0 … 9, one for each image.")
    return x_train, y_train.astype(int), x_test, y_test.astype(int)


def enlarged_digits(test_fraction: float = 0.2) -> Arrays:
    """scikit-learn's digits, 8 × 8 pixels, as MNIST would show them.

    A digit fills 20 × 20 pixels in the middle of the image. The file keeps its writers together, so
    the last part of it, held out as it stands, is nearly all by people unseen in the first.

    Returns:
        x_train, y_train, x_test, y_test, as `Mnist` describes, for 1,797 digits.
    """
    images, labels, _ = load_digits()
    side = images.shape[1]
    # Linear interpolation is a matrix: its rows weigh the pixels between which a new pixel lies.
    places = np.linspace(0, side - 1, SIZE - 2 * FRAME)
    weights = np.stack([np.interp(places, range(side), row) for row in np.eye(side)], axis=1)
    inner = np.round(weights @ images @ weights.T).astype(np.uint8)  # (n, 20, 20)
    enlarged = np.pad(inner, ((0, 0), (FRAME, FRAME), (FRAME, FRAME)))
    n_train = len(images) - int(len(images) * test_fraction)
    return enlarged[:n_train], labels[:n_train], enlarged[n_train:], labels[n_train:]


def _count(arrays: Arrays) -> int:
    return len(arrays[1]) + len(arrays[3])


def _digest(arrays: Arrays) -> str:
    """A checksum of pixels and labels, the labels as bytes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array, np.uint8).tobytes())
    return digest.hexdigest()
