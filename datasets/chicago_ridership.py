"""Daily boardings on Chicago's trains and buses, 2001–2021.

Source: Chicago Transit Authority, "Ridership - Daily Boarding Totals", Chicago Data Portal, as
archived at github.com/ageron/data. The embedded default is a simulation of the same shape.

pandas is imported where it is used: the modules that students write import this one, and checking
them must not take the half second that pandas needs.
"""

from __future__ import annotations

import csv
import gzip
import io
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.files import DataError, Provenance, RemoteFile
from datasets.ridership_simulator import simulate_ridership
from datasets.store import obtain

if TYPE_CHECKING:
    import pandas as pd

FILE = RemoteFile(
    name="ridership.tgz",
    description="Chicago: daily boardings on trains and buses, 2001–2021",
    url="https://github.com/ageron/data/raw/main/ridership.tgz",
    sha256="0ff99f3dddd886ddea161b68f25f90b56b0468f5c91949b75376fb494516c794",
    size=108_512,
)
MEMBER = "ridership/CTA_-_Ridership_-_Daily_Boarding_Totals.csv"
MAX_BYTES = 16 * 1024 * 1024  # of the archive when unpacked; the real one has 0.3 MB
COLUMNS = ("service_date", "day_type", "bus", "rail_boardings")
DAY_TYPES = ("W", "A", "U")

_Day = tuple[float, float, str]  # rail, bus, day type


@dataclass(frozen=True)
class Ridership:
    """Daily boardings, and where they come from.

    Attributes:
        frame: One row per day without gaps, index `date` (DatetimeIndex, frequency D), columns
            `rail` and `bus` (float, boardings per day) and `day_type` ("W" weekday, "A" Saturday,
            "U" Sunday or holiday).
        provenance: For the report of a run.
    """

    frame: pd.DataFrame
    provenance: Provenance


def load_ridership() -> Ridership:
    """The real boardings when they can be had, else simulated ones, saying so on the terminal.

    Raises:
        DataError: The file in `COURSE_DATA` is altered.
    """
    path = obtain(FILE, instead="simulated boardings")
    if path is None:
        frame = simulate_ridership()
        return Ridership(frame, Provenance("chicago_ridership", "embedded", len(frame)))
    frame = read_ridership(path)
    return Ridership(frame, Provenance("chicago_ridership", "real", len(frame), path))


def read_ridership(path: Path) -> pd.DataFrame:
    """Reads the archive, without unpacking it to disk.

    Args:
        path: A .tgz that holds `MEMBER`. Rows that repeat another one in full are dropped.

    Returns:
        The frame that `Ridership` describes.

    Raises:
        DataError: The archive is damaged, or a row is not what it should be; names file, line and
            what was expected.
    """
    import pandas as pd

    where = f"{path}: {MEMBER}"
    days = _one_row_per_day(_records(_member_text(path), where), where)
    index = pd.date_range(min(days).isoformat(), max(days).isoformat(), freq="D", name="date")
    values = [days[day] for day in sorted(days)]
    return pd.DataFrame(values, columns=["rail", "bus", "day_type"], index=index)


def _member_text(path: Path) -> str:
    """The CSV file in the archive."""
    try:
        # The archive whole and then the member: tarfile alone stops before the checksum at the
        # end of the gzip stream, and so would read altered bytes.
        with gzip.open(path) as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise DataError(f"{path} unpacks to more than the expected {MAX_BYTES} bytes at most.")
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            member = archive.extractfile(MEMBER)
            if member is None:
                raise DataError(f"{path}: {MEMBER} is not a file.")
            return member.read().decode("utf-8-sig")
    except KeyError:
        raise DataError(f"{path} does not hold {MEMBER}.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: {MEMBER} is not UTF-8 text: {error}.") from error
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DataError(f"{path} is not a readable .tgz archive: {error}.") from error


def _records(text: str, where: str) -> Iterator[tuple[int, list[str], date, _Day]]:
    """Reads the rows one by one, each checked: line of the file, its cells, what they mean."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if missing := [name for name in COLUMNS if name not in header]:
            raise DataError(
                f"{where} has the columns {', '.join(header) or '(none)'}; "
                f"expected also {', '.join(missing)}."
            )
        places = [header.index(name) for name in COLUMNS]
        for cells in reader:
            line = f"{where}, line {reader.line_num}"
            if len(cells) != len(header):
                raise DataError(f"{line}: expected {len(header)} cells, got {len(cells)}.")
            day, values = _parse([cells[place] for place in places], line)
            yield reader.line_num, cells, day, values
    except csv.Error as error:
        raise DataError(f"{where}, line {reader.line_num} is not CSV: {error}.") from error


def _one_row_per_day(
    records: Iterable[tuple[int, list[str], date, _Day]], where: str
) -> dict[date, _Day]:
    """Drops rows that repeat another one in full; refuses conflicts and gaps."""
    days: dict[date, _Day] = {}
    seen: dict[date, tuple[int, list[str]]] = {}
    for line, cells, day, values in records:
        earlier_line, earlier_cells = seen.setdefault(day, (line, cells))
        if earlier_cells != cells:
            raise DataError(
                f"{where}, lines {earlier_line} and {line} differ for the same day, {day}; "
                "expected one row per day."
            )
        days[day] = values
    if not days:
        raise DataError(f"{where} has no rows; expected one per day.")
    first, last = min(days), max(days)
    every_day = (first + timedelta(days=i) for i in range((last - first).days + 1))
    if missing := [day for day in every_day if day not in days]:
        raise DataError(
            f"{where} has no row for {missing[0]} ({len(missing)} days missing in all); "
            f"expected every day from {first} to {last}."
        )
    return days


def _parse(cells: list[str], line: str) -> tuple[date, _Day]:
    """The cells of a row, in the order of `COLUMNS`, as a day and its values."""
    day, day_type, bus, rail = cells
    try:
        parsed_day = datetime.strptime(day, "%m/%d/%Y").date()
    except ValueError:
        raise DataError(
            f"{line}: service_date is {day!r}; expected month/day/year, like 01/31/2001."
        ) from None
    if day_type not in DAY_TYPES:
        raise DataError(f"{line}: day_type is {day_type!r}; expected W, A or U.")
    rail_boardings = _boardings(rail, "rail_boardings", line)
    return parsed_day, (rail_boardings, _boardings(bus, "bus", line), day_type)


def _boardings(cell: str, column: str, line: str) -> float:
    """A cell as a count."""
    if not (cell.isascii() and cell.isdigit()):
        raise DataError(f"{line}: {column} is {cell!r}; expected a number of boardings.")
    return float(cell)
