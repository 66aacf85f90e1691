"""MNIST: the archives that are read or refused, and the digits that stand in for them."""

from __future__ import annotations

import io
import os
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets import mnist
from datasets.files import DataError
from datasets.mnist import FILE, load_mnist, read_mnist
from datasets.registry import DATA_SETS

REAL_FOLDER = os.environ.get("COURSE_DATA")


def arrays(**changed: object) -> dict[str, object]:
    """What a small archive holds."""
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (12, 28, 28), np.uint8),
        "y_train": rng.integers(0, 10, 12, np.uint8),
        "x_test": rng.integers(0, 256, (5, 28, 28), np.uint8),
        "y_test": rng.integers(0, 10, 5, np.uint8),
    } | changed


def packed(members: dict[str, object]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **members)
    return buffer.getvalue()


def saved(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def put(folder: Path, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / FILE.name
    path.write_bytes(content)
    return path


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache, no COURSE_DATA, and nobody who answers."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    monkeypatch.setattr(mnist, "FILE", replace(FILE, url=f"http://127.0.0.1:{port}/{FILE.name}"))
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def data_dir(cache, tmp_path, monkeypatch) -> Path:
    """A folder that COURSE_DATA names; the small archive is the one that is expected."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("COURSE_DATA", str(folder))
    path = put(tmp_path / "digest", packed(arrays()))
    monkeypatch.setattr(mnist, "ARRAYS_SHA256", mnist._digest(read_mnist(path)))
    return folder


def test_reads_the_expected_arrays_however_they_are_packed(data_dir):
    members = dict(reversed(arrays().items()))
    members["y_test"] = members["y_test"].astype(np.int64)
    path = put(data_dir, packed(members))
    x_train, y_train, x_test, y_test, provenance = load_mnist()
    assert provenance.path == path
    assert provenance.as_dict() == {"name": "mnist", "source": "real", "n": 17}
    assert x_train.dtype == x_test.dtype == np.uint8
    assert y_train.dtype == y_test.dtype == int
    for name, array in zip(mnist.ARRAYS, (x_train, y_train, x_test, y_test), strict=True):
        np.testing.assert_array_equal(array, arrays()[name])


def altered() -> dict[str, object]:
    """One pixel is not what it was."""
    members = arrays()
    members["x_train"][3, 4, 5] ^= 1
    return members


GOOD = packed(arrays())


@pytest.mark.parametrize(
    "content",
    [packed(altered()), GOOD[: len(GOOD) // 2], b"", b"not an archive", saved(np.zeros(3))],
    ids=["altered", "truncated", "empty", "text", "one array"],
)
def test_altered_in_course_data_is_an_error(data_dir, content):
    path = put(data_dir, content)
    with pytest.raises(DataError, match="truncated or altered") as caught:
        load_mnist()
    for part in (str(path), mnist.FILE_SHA256, f"got {len(content)} bytes", "unset COURSE_DATA"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"x_train": arrays()["x_train"]}, "not a readable .npz archive"),
        (arrays(x_train=np.zeros((12, 784), np.uint8)), r"x_train is uint8 of shape \(12, 784\)"),
        (arrays(x_test=np.zeros((5, 28, 28))), "x_test is float64 of shape"),
        (arrays(x_test=np.zeros((0, 28, 28), np.uint8)), r"x_test is uint8 of shape \(0, 28"),
        (arrays(y_test=np.zeros(4, np.uint8)), r"y_test has values \[0\] of shape \(4,\)"),
        (arrays(y_train=np.full(12, 10)), r"y_train has values \[10\]"),
        (arrays(y_train=np.array([None] * 12)), "not a readable .npz archive"),  # a pickle
    ],
)
def test_another_archive_is_named(tmp_path, members, message):
    path = put(tmp_path, packed(members))
    with pytest.raises(DataError, match=message) as caught:
        read_mnist(path)
    assert str(path) in str(caught.value)


def test_without_the_file_digits_of_the_same_kind_stand_in(cache, capsys):
    x_train, y_train, x_test, y_test, provenance = load_mnist()
    assert provenance.as_dict() == {"name": "digits, enlarged", "source": "embedded", "n": 1797}
    assert provenance.path is None
    (line,) = capsys.readouterr().err.splitlines()
    for part in ("no connection to 127.0.0.1", "digits", "course data download", "COURSE_DATA"):
        assert part in line
    for images, labels in ((x_train, y_train), (x_test, y_test)):
        assert images.shape == (len(labels), 28, 28) and images.dtype == np.uint8
        assert set(labels) == set(range(10))
        inner = images[:, 4:-4, 4:-4]
        assert images.sum(dtype=int) == inner.sum(dtype=int)  # an empty frame, as in MNIST
        assert inner.max() == 255
    means = np.stack([x_train[y_train == digit].mean(axis=0) for digit in range(10)])
    distances = ((x_test[:, None] - means) ** 2).sum(axis=(2, 3))
    assert (distances.argmin(axis=1) == y_test).mean() > 0.8  # they are still digits


def test_it_can_be_downloaded_by_name():
    assert FILE in DATA_SETS


@pytest.mark.skipif(
    not REAL_FOLDER or not (Path(REAL_FOLDER) / FILE.name).is_file(),
    reason="COURSE_DATA does not hold MNIST",
)
def test_facts_of_the_real_file(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(REAL_FOLDER))
    x_train, y_train, x_test, y_test, provenance = load_mnist()
    assert provenance.as_dict() == {"name": "mnist", "source": "real", "n": 70_000}
    assert x_train.shape == (60_000, 28, 28) and x_test.shape == (10_000, 28, 28)
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9] and y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert round(x_train.mean() / 255, 4) == 0.1307
    assert capsys.readouterr() == ("", "")
