"""Eight people, nineteen activities, five sensor units: UCI "Daily and Sports Activities".

Source: K. Altun, B. Barshan, O. Tunçel, "Comparative study on classifying human activities with
miniature inertial and magnetic sensors", Pattern Recognition 43 (2010); UCI Machine Learning
Repository 256, CC BY 4.0. The embedded default is a simulation of the same shape.

Parts of the data set are passed around as well as all of it, so no checksum can tell a good
archive. Its content does: the zip's own checksums, the names of its members, and the rows, columns
and numbers in each. An archive is read once; after that, its numbers are in the cache.
"""

from __future__ import annotations

import hashlib
import math
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datasets.activity_simulator import simulate_activities
from datasets.files import DataError, Provenance, RemoteFile, say
from datasets.store import cache_dir, obtain

N_STEPS, N_CHANNELS = 125, 45  # 5 s at 25 Hz; 5 units of 9 channels
N_ACTIVITIES, N_SUBJECTS, N_SEGMENTS = 19, 8, 60
UNITS = ("torso", "right arm", "left arm", "right leg", "left leg")
SENSORS = ("accelerometer", "gyroscope", "magnetometer")  # each x, y, z, within every unit
ACTIVITY_NAMES = (
    "sitting",
    "standing",
    "lying on back",
    "lying on right side",
    "ascending stairs",
    "descending stairs",
    "standing in a lift",
    "moving in a lift",
    "walking in a parking lot",
    "walking on a treadmill",
    "walking up a treadmill",
    "running on a treadmill",
    "exercising on a stepper",
    "exercising on a cross trainer",
    "cycling horizontally",
    "cycling vertically",
    "rowing",
    "jumping",
    "playing basketball",
)  # of activity 1, 2, ... 19
MEMBER = re.compile(r"data/a(\d\d)/p(\d)/s(\d\d)\.txt")
MAX_MEMBER_BYTES = 512 * 1024  # when unpacked; the real ones have 47 kB
LEAST_SUBJECTS = 3  # to train, validate and test on different people

_Key = tuple[int, int, int]  # activity, subject, segment


class Activities(NamedTuple):
    """Windows of 5 s, ordered by activity, subject and time, and where they come from.

    Attributes:
        windows: (n, 125, 45) float32. Columns: for each of `UNITS`, for each of `SENSORS`, x, y, z;
            acceleration in m/s², turning rate in rad/s, magnetic field relative to the earth's.
        activity: (n,) int, 1 … 19, as in `ACTIVITY_NAMES`.
        subject: (n,) int, 1 … 8.
        provenance: For the report of a run.
    """

    windows: np.ndarray
    activity: np.ndarray
    subject: np.ndarray
    provenance: Provenance


def load_activities(activities: Sequence[int] | None = None) -> Activities:
    """The real recordings when they can be had, else simulated ones, saying so on the terminal.

    Args:
        activities: Numbers from 1 to 19; None means all that there are.

    Raises:
        DataError: The archive in `COURSE_DATA` is altered, or lacks one of the activities.
        ValueError: A number is not in 1 … 19, or there are none.
    """
    wanted = range(1, N_ACTIVITIES + 1) if activities is None else sorted(set(activities))
    if not wanted or not set(wanted) <= set(range(1, N_ACTIVITIES + 1)):
        raise ValueError(f"expected activities of 1 … {N_ACTIVITIES}, got {activities}")
    path = obtain(FILE, instead="simulated recordings")
    if path is None:
        windows, activity, subject = simulate_activities(wanted)
        provenance = Provenance("daily_sports", "embedded", len(windows))
        return Activities(windows, activity, subject, provenance)
    windows, activity, subject = _read_once(path)
    missing = set(wanted) - set(activity.tolist()) if activities is not None else set()
    if missing:
        raise DataError(
            f"{path} holds the activities {_listed(activity)}; expected also {_listed(missing)}."
        )
    chosen = np.isin(activity, wanted)
    provenance = Provenance("daily_sports", "real", int(chosen.sum()), path)
    return Activities(windows[chosen], activity[chosen], subject[chosen], provenance)


def read_activities(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reads an archive in UCI's layout, `data/aNN/pN/sNN.txt`: all of it, or a part.

    A part may lack activities, people, or for an activity the same segments of all people.

    Args:
        path: The zip.

    Returns:
        (windows, activity, subject), as in `Activities`.

    Raises:
        DataError: The archive is damaged, lacks members, or a member is not 125 rows of 45 numbers;
            names file, member and line.
    """
    from tqdm import tqdm  # here, because it is needed once in the life of an archive

    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, path)
            keys = sorted(members)
            windows = np.empty((len(keys), N_STEPS, N_CHANNELS), np.float32)
            # disable=None: no bar where standard error is not a terminal
            for i, key in enumerate(tqdm(keys, f"reading {path.name}", leave=False, disable=None)):
                content = archive.read(members[key])
                windows[i] = _parse(content, f"{path}: {members[key].filename}")
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise DataError(f"{path} is not a readable zip: {error}.") from error
    activity, subject, _ = np.array(keys).T
    return windows, activity, subject


def check_archive(path: Path) -> str:
    """What is wrong with an archive as far as its list of members tells; empty when nothing is."""
    try:
        with zipfile.ZipFile(path) as archive:
            _members(archive, path)
    except zipfile.BadZipFile as error:
        return f"is truncated or altered: it is not a readable zip ({error})"
    except DataError as error:
        return str(error).removeprefix(f"{path} ").rstrip(".")
    return ""


FILE = RemoteFile(
    name="daily-and-sports-activities.zip",
    description="Daily and Sports Activities: 8 people, 19 activities, 45 sensor channels",
    url="https://archive.ics.uci.edu/static/public/256/daily+and+sports+activities.zip",
    sha256=None,
    size=163_000_000,  # about: all of it, of which a part is smaller
    check=check_archive,
)


def _members(archive: zipfile.ZipFile, path: Path) -> dict[_Key, zipfile.ZipInfo]:
    """The recordings in an archive; refuses odd ones and gaps. Other files are passed over."""
    members: dict[_Key, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        if not info.filename.startswith("data/") or not info.filename.endswith(".txt"):
            continue
        match = MEMBER.fullmatch(info.filename)
        key = tuple(map(int, match.groups())) if match else (0, 0, 0)
        if not all(
            1 <= number <= most
            for number, most in zip(key, (N_ACTIVITIES, N_SUBJECTS, N_SEGMENTS), strict=True)
        ):
            raise DataError(
                f"{path} holds {info.filename}; expected data/a01/p1/s01.txt … data/a19/p8/s60.txt."
            )
        if info.file_size > MAX_MEMBER_BYTES:
            raise DataError(
                f"{path} holds {info.filename} of {info.file_size} bytes; "
                f"expected at most {MAX_MEMBER_BYTES}."
            )
        members[key] = info  # type: ignore[index]
    subjects = sorted({subject for _, subject, _ in members})
    if len(subjects) < LEAST_SUBJECTS:
        raise DataError(
            f"{path} holds recordings data/aNN/pN/sNN.txt of {len(subjects)} people"
            f"{_named(subjects)}; expected at least {LEAST_SUBJECTS}, to train, validate and test "
            "on different people."
        )
    of_somebody = {(activity, segment) for activity, _, segment in members}
    for activity, segment in sorted(of_somebody):
        for subject in subjects:
            if (activity, subject, segment) not in members:
                raise DataError(
                    f"{path} lacks data/a{activity:02}/p{subject}/s{segment:02}.txt; "
                    "expected the same activities and segments of all people in it."
                )
    return members


def _parse(content: bytes, where: str) -> np.ndarray:
    """The text of one recording as an array of shape (125, 45)."""
    try:
        lines = content.decode("ascii").splitlines()
        rows = [[float(cell) for cell in line.split(",")] for line in lines]
    except ValueError as error:
        raise DataError(f"{where}: expected comma-separated numbers, got {error}.") from None
    if len(rows) != N_STEPS:
        raise DataError(f"{where} has {len(rows)} rows; expected {N_STEPS}.")
    for line, row in enumerate(rows, start=1):
        if len(row) != N_CHANNELS:
            raise DataError(f"{where}, line {line} has {len(row)} columns; expected {N_CHANNELS}.")
        if not all(map(math.isfinite, row)):
            raise DataError(f"{where}, line {line} has NaN or infinity; expected finite numbers.")
    return np.array(rows, np.float32)


def _read_once(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The archive's arrays, from the cache if this archive has been read before."""
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    folder = cache_dir()
    cached = folder / f"{path.stem}-{sha256[:16]}.npz"
    try:
        with cached.open("rb") as stream, np.load(stream) as arrays:
            return arrays["windows"], arrays["activity"], arrays["subject"]
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
        pass  # not there, or broken: it is written anew
    windows, activity, subject = read_activities(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".array-", dir=folder) as staging:
            written = Path(staging) / cached.name
            np.savez(written, windows=windows, activity=activity, subject=subject)
            written.replace(cached)  # in one step: never a half file
    except OSError as error:
        say(f"{cached} cannot be written ({error.strerror}); {path.name} will be read again.")
    return windows, activity, subject


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in sorted(set(numbers)))


def _named(subjects: Sequence[int]) -> str:
    return f" ({', '.join(f'p{subject}' for subject in subjects)})" if subjects else ""
