"""Advertising: what 200 markets spent on three media, and what was sold there.

Source: G. James, D. Witten, T. Hastie, R. Tibshirani, "An Introduction to Statistical Learning"
(2013), whose data it belongs to. The embedded default is a simulation of the same columns.

pandas is imported where it is used: the modules that students write import this one, and checking
them must not take the half second that pandas needs.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from datasets.files import DataError, Provenance, RemoteFile
from datasets.store import obtain

if TYPE_CHECKING:
    import pandas as pd

FILE = RemoteFile(
    name="Advertising.csv",
    description="Advertising: budgets for TV, radio and newspapers, and sales, in 200 markets",
    url="https://raw.githubusercontent.com/JWarmenhoven/ISLR-python/master/Notebooks/Data/"
    "Advertising.csv",
    sha256="69104adc017e75d7019f61fe66ca2eb4ab014ee6f2a9b39b452943f209352010",
    size=5_166,
)
HEADER = ("", "TV", "Radio", "Newspaper", "Sales")  # the first column numbers the markets
COLUMNS = ("tv", "radio", "newspaper", "sales")
N_SIMULATED = 200


class Advertising(NamedTuple):
    """The markets, and where they come from.

    Attributes:
        frame: One row per market, index 1 … n; columns `tv`, `radio` and `newspaper` (float,
            thousands of dollars) and `sales` (float, thousands of units).
        provenance: For the report of a run.
    """

    frame: pd.DataFrame
    provenance: Provenance


def load_advertising() -> Advertising:
    """The real markets when they can be had, else simulated ones, saying so on the terminal.

    Raises:
        DataError: The file in `COURSE_DATA` is altered.
    """
    path = obtain(FILE, instead="simulated markets")
    if path is None:
        frame = simulate_advertising()
        return Advertising(frame, Provenance("advertising", "embedded", len(frame)))
    frame = read_advertising(path)
    return Advertising(frame, Provenance("advertising", "real", len(frame), path))


def read_advertising(path: Path) -> pd.DataFrame:
    """Reads the book's file: a header, then a market's number, three budgets and its sales.

    Returns:
        The frame that `Advertising` describes.

    Raises:
        DataError: A row is not what it should be; names file, line and what was expected.
    """
    import pandas as pd

    try:
        with path.open(encoding="ascii", newline="") as stream:
            header, *rows = [*csv.reader(stream, strict=True)] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a readable CSV file: {error}.") from error
    if tuple(header) != HEADER:
        raise DataError(f"{path} has the columns {header}; expected {list(HEADER)}.")
    if not rows:
        raise DataError(f"{path} has no rows; expected one per market.")
    values = [_parse(cells, f"{path}, line {line}") for line, cells in enumerate(rows, start=2)]
    return pd.DataFrame(values, columns=list(COLUMNS), index=pd.RangeIndex(1, len(values) + 1))


def _parse(cells: list[str], line: str) -> list[float]:
    """The cells of one row as values, without the market's number."""
    if len(cells) != len(HEADER):
        raise DataError(f"{line}: expected {len(HEADER)} cells, got {len(cells)}.")
    values = []
    for name, cell in zip(COLUMNS, cells[1:], strict=True):
        try:
            value = float(cell)
        except ValueError:
            value = -1.0
        if not 0 <= value < math.inf:
            raise DataError(f"{line}: {name} is {cell!r}; expected a number of at least 0.")
        values.append(value)
    return values


def simulate_advertising(seed: int = 0) -> pd.DataFrame:
    """Simulates markets: TV and radio sell, together more than each alone; newspapers do not.

    Ranges and correlations are near those of the real markets: newspapers and radio are bought
    together, and what TV sells grows ever more slowly.

    Returns:
        Frame of shape (200, 4), as `Advertising` describes.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    tv = rng.uniform(0.7, 296.4, N_SIMULATED)
    radio = rng.uniform(0.0, 49.6, N_SIMULATED)
    newspaper = (0.4 * radio + rng.gamma(2.0, 10.0, N_SIMULATED)).clip(0.3, 114.0)
    sales = 3.8 + 0.42 * np.sqrt(tv) + 0.0012 * tv * radio + rng.normal(0, 0.5, N_SIMULATED)
    numbers = np.column_stack([tv, radio, newspaper, sales.clip(1.6)]).round(1)
    return pd.DataFrame(numbers, columns=list(COLUMNS), index=pd.RangeIndex(1, N_SIMULATED + 1))
