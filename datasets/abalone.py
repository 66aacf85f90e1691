"""Abalones: sex, size, weights and rings of 4,177 shells.

Source: W. Nash, T. Sellers, S. Talbot, A. Cawthorn, W. Ford, "The Population Biology of Abalone in
Tasmania" (1994); UCI Machine Learning Repository 1, CC BY 4.0. The embedded default is a simulation
of the same columns.

pandas is imported where it is used: the modules that students write import this one, and checking
them must not take the half second that pandas needs.
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from datasets.files import DataError, Provenance, RemoteFile
from datasets.store import obtain

if TYPE_CHECKING:
    import pandas as pd

SEXES = ("I", "F", "M")  # infant, female, male
LENGTHS = ("length", "diameter", "height")  # in units of 200 mm
WEIGHTS = ("whole_weight", "shucked_weight", "viscera_weight", "shell_weight")  # of 200 g
COLUMNS = ("sex", *LENGTHS, *WEIGHTS, "rings")
N_SIMULATED = 4_177
SHA256 = "eb2de13be807e9bb9ec4128b9c89b98ab23d7739121cfd17b7dde69b46ba7bf6"  # of the rows


def _problem(path: Path) -> str:
    """Copies end with a line break or without; what comes before it must be the published rows."""
    content = path.read_bytes()
    sha256 = hashlib.sha256(content.rstrip()).hexdigest()
    if sha256 == SHA256:
        return ""
    return (
        f"is truncated or altered: expected {FILE.size} bytes with sha256 {SHA256} before the last "
        f"line break, got {len(content)} bytes with sha256 {sha256}"
    )


FILE = RemoteFile(
    name="abalone.data",
    description="Abalone: sex, size, weights and rings of 4,177 shells",
    url="https://archive.ics.uci.edu/ml/machine-learning-databases/abalone/abalone.data",
    sha256=None,
    size=191_873,
    check=_problem,
)


class Abalone(NamedTuple):
    """The shells, and where they come from.

    Attributes:
        frame: One row per shell; columns `sex` ("I", "F" or "M"), `length`, `diameter`, `height`,
            `whole_weight`, `shucked_weight`, `viscera_weight`, `shell_weight` (float, divided by
            200 mm or 200 g) and `rings` (int; the age in years is about 1.5 more).
        provenance: For the report of a run.
    """

    frame: pd.DataFrame
    provenance: Provenance


def load_abalone() -> Abalone:
    """The real shells when they can be had, else simulated ones, saying so on the terminal.

    Raises:
        DataError: The file in `COURSE_DATA` is altered.
    """
    path = obtain(FILE, instead="simulated abalones")
    if path is None:
        frame = simulate_abalone()
        return Abalone(frame, Provenance("abalone", "embedded", len(frame)))
    frame = read_abalone(path)
    return Abalone(frame, Provenance("abalone", "real", len(frame), path))


def read_abalone(path: Path) -> pd.DataFrame:
    """Reads UCI's file: no header, nine columns.

    Returns:
        The frame that `Abalone` describes.

    Raises:
        DataError: A row is not what it should be; names file, line and what was expected.
    """
    import pandas as pd

    rows = []
    try:
        with path.open(encoding="ascii", newline="") as stream:
            for number, cells in enumerate(csv.reader(stream, strict=True), start=1):
                rows.append(_parse(cells, f"{path}, line {number}"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a readable CSV file: {error}.") from error
    if not rows:
        raise DataError(f"{path} has no rows; expected one per shell.")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _parse(cells: list[str], line: str) -> list[str | float | int]:
    """The cells of one row as values."""
    if len(cells) != len(COLUMNS):
        raise DataError(f"{line}: expected {len(COLUMNS)} cells, got {len(cells)}.")
    sex, *measurements, rings = cells
    if sex not in SEXES:
        raise DataError(f"{line}: sex is {sex!r}; expected I, F or M.")
    if not (rings.isdigit() and int(rings) > 0):
        raise DataError(f"{line}: rings is {rings!r}; expected a number from 1 on.")
    values = []
    for name, cell in zip(COLUMNS[1:-1], measurements, strict=True):
        try:
            value = float(cell)
        except ValueError:
            value = -1.0
        if not 0 <= value < np.inf:
            raise DataError(f"{line}: {name} is {cell!r}; expected a number of at least 0.")
        values.append(value)
    return [sex, *values, int(rings)]


def simulate_abalone(seed: int = 0) -> pd.DataFrame:
    """Simulates shells: they grow with age and slow down, weights follow the cube of the length.

    Means, spreads and correlations are near those of the real shells; infants are younger and
    smaller, females and males hardly differ, and old shells are heavier for their size.

    Returns:
        Frame of shape (4177, 9), as `Abalone` describes.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    sex = rng.choice(SEXES, N_SIMULATED, p=(0.32, 0.31, 0.37))
    infant, female = sex == "I", sex == "F"
    mean_rings = np.select([infant, female], [7.9, 11.1], default=10.7)
    rings = np.round(mean_rings * np.exp(rng.normal(-0.04, 0.28, N_SIMULATED))).clip(1, 29)

    def spread(stddev: float) -> np.ndarray:
        return np.exp(rng.normal(0, stddev, N_SIMULATED))

    # Von Bertalanffy's law of growth; an infant is smaller than adults of its age.
    grown = 0.61 * (1 - np.exp(-0.24 * rings)) * np.where(infant, 0.84, 1.0)
    length = (grown * spread(0.13)).clip(0.075, 0.815)
    diameter = length * 0.778 * spread(0.025)
    height = length * 0.266 * spread(0.09)
    whole = 5.3 * length**3 * spread(0.11)
    shucked = whole * 0.435 * spread(0.12) * (rings / 10) ** -0.15
    viscera = whole * 0.217 * spread(0.14)
    shell = whole * 0.285 * spread(0.10) * (rings / 10) ** 0.22
    numbers = np.column_stack([length, diameter, height, whole, shucked, viscera, shell]).round(4)
    frame = pd.DataFrame(numbers, columns=[*LENGTHS, *WEIGHTS])
    frame.insert(0, "sex", sex.tolist())
    return frame.assign(rings=rings.astype(int))
