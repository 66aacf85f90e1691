"""The data sets: where files are found, what is refused, what is left behind, what is read."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets import chicago_ridership, download, registry, store
from datasets.chicago_ridership import (
    FILE,
    MEMBER,
    load_ridership,
    read_ridership,
    simulate_ridership,
)
from datasets.files import DataError, DownloadError, RemoteFile

ROOT = Path(__file__).resolve().parents[2]
REAL_FOLDER = os.environ.get("COURSE_DATA")
HEADER = "service_date,day_type,bus,rail_boardings,total_rides"
ROWS = ["01/01/2001,U,10,1,11", "01/02/2001,W,20,2,22", "01/03/2001,W,30,3,33"]


def make_archive(*lines: str, member: str = MEMBER) -> bytes:
    """A .tgz with one text file."""
    text = "\n".join(lines).encode() + b"\n"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
    return buffer.getvalue()


GOOD = make_archive(HEADER, *ROWS)
ALTERED = GOOD[:-20] + bytes(20)
TRUNCATED = GOOD[: len(GOOD) // 2]


class Server(ThreadingHTTPServer):
    """Serves one body; `complete` False announces all of it, sends half and closes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = GOOD
        self.status = 200
        self.complete = True
        self.downloads = 0
        self.half_sent = threading.Event()
        self.stall: threading.Event | None = None  # set: wait for it after half

    def handle_error(self, request: object, client_address: object) -> None:
        """Silence: clients that hang up are what is tested."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/ridership.tgz"


class Handler(BaseHTTPRequestHandler):
    """Answers for `Server`."""

    server: Server

    def do_HEAD(self) -> None:
        self.send_response(self.server.status)
        self.end_headers()

    def do_GET(self) -> None:
        server, body = self.server, self.server.body
        server.downloads += 1
        self.send_response(server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        half = len(body) // 2
        self.wfile.write(body[:half])
        server.half_sent.set()
        if server.stall is not None:
            server.stall.wait(10)
        if server.complete:
            self.wfile.write(body[half:])

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def server(monkeypatch):
    """A server on this machine that proxies of the environment do not get in front of."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with Server() as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()


@pytest.fixture
def file(server, monkeypatch) -> RemoteFile:
    """The ridership file, small and served here; the loader asks for it too."""
    small = replace(FILE, url=server.url, sha256=hashlib.sha256(GOOD).hexdigest(), size=len(GOOD))
    monkeypatch.setattr(chicago_ridership, "FILE", small)
    return small


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache, no COURSE_DATA, and no folder left over from another test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("COURSE_CACHE", str(folder))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    store._process_dir.cache_clear()
    yield folder
    store._process_dir.cache_clear()


@pytest.fixture
def data_dir(tmp_path, monkeypatch) -> Path:
    """An empty folder that COURSE_DATA names."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("COURSE_DATA", str(folder))
    return folder


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """The pauses between attempts, recorded instead of slept through."""
    recorded: list[float] = []
    monkeypatch.setattr("pooch.core.time.sleep", recorded.append)
    return recorded


def put(folder: Path, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "ridership.tgz"
    path.write_bytes(content)
    return path


def fetch_code(file: RemoteFile) -> str:
    """Python text for another process that fetches the file and prints its path."""
    return (
        "from datasets.files import RemoteFile; from datasets.store import fetch; "
        f"print(fetch({file!r}))"
    )


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What was printed on standard error; nothing may be printed on standard output."""
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


# --- where a file is found ---------------------------------------------------------------------


def test_course_data_comes_first(file, server, cache, data_dir, capsys):
    expected = put(data_dir, GOOD)
    put(cache, GOOD)
    ridership = load_ridership()
    assert ridership.provenance.path == expected
    assert ridership.provenance.as_dict() == {"name": "chicago_ridership", "source": "real", "n": 3}
    assert server.downloads == 0
    assert lines(capsys) == []


def test_cache_comes_second(file, server, cache, data_dir, capsys):
    expected = put(cache, GOOD)
    assert load_ridership().provenance.path == expected
    assert server.downloads == 0
    assert lines(capsys) == []


def test_downloaded_once_then_cached(file, server, cache, capsys):
    first, second = load_ridership(), load_ridership()
    assert first.provenance.path == second.provenance.path == cache / "ridership.tgz"
    assert first.provenance.source == "real"
    assert server.downloads == 1
    assert names_in(cache) == ["ridership.tgz"]
    assert (cache / "ridership.tgz").read_bytes() == GOOD
    assert lines(capsys) == []  # no notices of pooch, no bar where there is no terminal


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_cached_file_can_be_read_by_others(file, cache):
    assert store.fetch(file).stat().st_mode & 0o444 == 0o444


def test_course_data_that_is_no_folder_is_named(file, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="nowhere, which is not a folder"):
        load_ridership()


def test_the_default_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("COURSE_CACHE")
    assert store.cache_dir().is_absolute()
    assert "course" in store.cache_dir().parts


# --- altered files -----------------------------------------------------------------------------


@pytest.mark.parametrize("content", [ALTERED, TRUNCATED, b""], ids=["altered", "half", "empty"])
def test_altered_in_course_data_is_an_error(file, server, cache, data_dir, content):
    path = put(data_dir, content)
    put(cache, GOOD)  # a good copy elsewhere does not make the asked-for one right
    with pytest.raises(DataError) as caught:
        load_ridership()
    message = str(caught.value)
    assert str(path) in message
    assert f"expected {file.size} bytes with sha256 {file.sha256}" in message
    assert f"got {len(content)} bytes with sha256 {hashlib.sha256(content).hexdigest()}" in message
    assert "unset COURSE_DATA" in message
    assert server.downloads == 0


@pytest.mark.parametrize("content", [ALTERED, TRUNCATED], ids=["altered", "truncated"])
def test_altered_in_the_cache_is_named_and_downloaded_again(file, server, cache, content, capsys):
    path = put(cache, content)
    assert load_ridership().provenance.path == path
    assert path.read_bytes() == GOOD
    (line,) = lines(capsys)
    assert f"{path} is truncated or altered" in line
    assert hashlib.sha256(content).hexdigest() in line


def test_altered_in_the_cache_is_not_used_even_offline(cache, closed_port, capsys):
    path = put(cache, ALTERED)
    assert load_ridership().provenance.source == "embedded"
    altered, embedded = lines(capsys)
    assert str(path) in altered
    assert "Using simulated boardings" in embedded


@pytest.mark.parametrize("content", [ALTERED, TRUNCATED], ids=["altered", "truncated"])
def test_altered_on_the_server_is_tried_again_then_refused(
    file, server, cache, content, waits, capsys
):
    server.body = content
    assert load_ridership().provenance.source == "embedded"
    assert server.downloads == 1 + download.RETRIES == 1 + len(waits)
    (line,) = lines(capsys)
    assert file.sha256 in line
    assert hashlib.sha256(content).hexdigest() in line
    assert names_in(cache) == []


def test_a_folder_in_the_place_of_the_file_is_named(file, data_dir):
    (data_dir / "ridership.tgz").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        load_ridership()


# --- downloads that fail -----------------------------------------------------------------------


@pytest.fixture
def closed_port(file, monkeypatch) -> RemoteFile:
    """The file at a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    offline = replace(file, url=f"http://127.0.0.1:{port}/ridership.tgz")
    monkeypatch.setattr(chicago_ridership, "FILE", offline)
    return offline


def test_no_network_gives_the_embedded_default_at_once(closed_port, cache, capsys):
    start = time.monotonic()
    ridership = load_ridership()
    assert time.monotonic() - start < 5
    assert ridership.provenance.as_dict()["source"] == "embedded"
    assert ridership.provenance.path is None
    pd.testing.assert_frame_equal(ridership.frame, simulate_ridership())
    (line,) = lines(capsys)
    for part in ("no connection to 127.0.0.1", "simulated", "course data download", "COURSE_DATA"):
        assert part in line
    assert not cache.exists()


def test_a_name_lookup_that_hangs_is_given_up(file, monkeypatch, capsys):
    release = threading.Event()
    done = threading.Event()

    def hang(*args: object, **kwargs: object) -> list[object]:
        release.wait(10)
        done.set()
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(download, "ANSWER_SECONDS", 0.2)
    start = time.monotonic()
    assert load_ridership().provenance.source == "embedded"
    assert time.monotonic() - start < 3
    assert len(lines(capsys)) == 1
    release.set()
    assert done.wait(5)


def test_an_error_of_the_server_is_named(file, server, cache, waits, capsys):
    server.status = 404
    assert load_ridership().provenance.source == "embedded"
    (line,) = lines(capsys)
    assert "answered 404 Not Found" in line


def test_a_broken_connection_leaves_nothing_and_the_next_attempt_works(
    file, server, cache, waits, capsys
):
    server.complete = False
    with pytest.raises(DownloadError, match="broke off"):
        store.fetch(file)
    assert names_in(cache) == []
    assert server.downloads == 1 + download.RETRIES
    server.complete = True
    assert store.fetch(file).read_bytes() == GOOD
    assert names_in(cache) == ["ridership.tgz"]
    assert lines(capsys) == []


def test_a_connection_that_breaks_once_is_tried_again(file, server, monkeypatch, capsys):
    server.complete = False

    def recover(seconds: float) -> None:
        server.complete = True

    monkeypatch.setattr("pooch.core.time.sleep", recover)
    assert store.fetch(file).read_bytes() == GOOD
    assert server.downloads == 2
    assert lines(capsys) == []


def test_an_interrupt_in_the_middle_leaves_nothing(file, server, cache, monkeypatch):
    from requests import Response

    whole = Response.iter_content

    def half_then_interrupt(response: Response, chunk_size: int):
        if response.request.method != "GET":
            return whole(response, chunk_size)
        return interrupted(response)

    def interrupted(response: Response):
        yield response.raw.read(10)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Response, "iter_content", half_then_interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.fetch(file)
    assert names_in(cache) == []
    assert store.fetch(file).read_bytes() == GOOD


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_in_the_middle_leaves_nothing(file, server, cache):
    server.stall = threading.Event()
    # A test run in the background of a shell ignores SIGINT, and so would this process.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += fetch_code(file)
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.half_sent.wait(10)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    finally:
        process.kill()
        server.stall.set()
    assert "KeyboardInterrupt" in err
    assert names_in(cache) == []


# --- a cache that cannot be written --------------------------------------------------------------


@pytest.fixture
def unwritable(tmp_path, monkeypatch) -> Path:
    """A cache below a regular file: not even root can make it."""
    (tmp_path / "a_file").write_text("")
    folder = tmp_path / "a_file" / "cache"
    monkeypatch.setenv("COURSE_CACHE", str(folder))
    monkeypatch.setattr(store.tempfile, "tempdir", str(tmp_path))
    return folder


def test_an_unwritable_cache_is_named_and_replaced_for_this_process(
    file, server, unwritable, tmp_path, capsys
):
    first, second = load_ridership(), load_ridership()
    path = first.provenance.path
    assert path is not None
    assert path.read_bytes() == GOOD
    assert path == second.provenance.path
    assert path.parent.parent == tmp_path
    assert server.downloads == 1
    (line,) = lines(capsys)
    assert str(unwritable) in line
    assert str(path.parent) in line
    assert "COURSE_CACHE" in line


def test_a_folder_of_this_process_goes_with_it(file, unwritable, tmp_path):
    code = fetch_code(file)
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert result.stdout.strip().endswith("ridership.tgz")
    assert not Path(result.stdout.strip()).parent.exists()


def test_a_read_only_cache_still_serves_what_it_holds(file, server, cache, monkeypatch):
    path = put(cache, GOOD)
    monkeypatch.setattr(store, "_writable_folder", pytest.fail)
    assert store.fetch(file) == path


def test_nowhere_to_write_gives_the_embedded_default(file, unwritable, monkeypatch, capsys):
    monkeypatch.setattr(store.tempfile, "tempdir", str(unwritable))
    assert load_ridership().provenance.source == "embedded"
    (line,) = lines(capsys)
    assert "nowhere to put a download" in line


# --- the list for `course data` ------------------------------------------------------------------


def test_status_says_where_each_file_is(file, server, cache, data_dir):
    def found() -> tuple[str, Path | None, int]:
        (row,) = registry.status([file])
        return row.found, row.path, row.size

    assert found() == ("not here", None, len(GOOD))
    in_cache = put(cache, TRUNCATED)
    assert found() == ("altered", in_cache, len(TRUNCATED))
    put(cache, GOOD)
    assert found() == ("cache", in_cache, len(GOOD))
    in_data = put(data_dir, ALTERED)
    assert found() == ("altered", in_data, len(ALTERED))
    put(data_dir, GOOD)
    assert found() == ("COURSE_DATA", in_data, len(GOOD))
    assert server.downloads == 0


@pytest.mark.parametrize("names", [[], ["ridership"], ["ridership.tgz"]])
def test_download_fetches_and_reports(file, cache, names):
    (row,) = registry.download(names, [file])
    assert (row.name, row.found, row.path) == ("ridership.tgz", "cache", cache / "ridership.tgz")


def test_download_goes_on_after_a_failure(file, closed_port, cache):
    missing = replace(closed_port, name="other.zip")
    with pytest.raises(DataError, match=r"other\.zip is not on this machine"):
        registry.download([], [missing, file])
    assert (cache / "ridership.tgz").exists()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(DataError, match=r"no data file 'mnits'; there are: .*ridership\.tgz"):
        registry.download(["mnits"])


def test_importing_the_loaders_imports_nothing_heavy():
    code = (
        "import sys, datasets.registry; "
        "print([m for m in ('pandas', 'pooch', 'requests', 'tqdm') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


# --- reading -------------------------------------------------------------------------------------


def read(tmp_path: Path, content: bytes) -> pd.DataFrame:
    return read_ridership(put(tmp_path / "read", content))


def test_reads_sorted_days(tmp_path):
    frame = read(tmp_path, make_archive(HEADER, ROWS[2], ROWS[0], ROWS[1]))
    index = pd.date_range("2001-01-01", "2001-01-03", freq="D", name="date")
    expected = pd.DataFrame(
        {"rail": [1.0, 2.0, 3.0], "bus": [10.0, 20.0, 30.0], "day_type": ["U", "W", "W"]}, index
    )
    pd.testing.assert_frame_equal(frame, expected)
    assert frame.index.freq is not None


def test_repeated_rows_are_dropped(tmp_path):
    frame = read(tmp_path, make_archive(HEADER, *ROWS, ROWS[1], ROWS[1]))
    pd.testing.assert_frame_equal(frame, read(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([HEADER, *ROWS, "01/02/2001,W,20,9,29"], "lines 3 and 5 differ .* 2001-01-02"),
        ([HEADER, ROWS[0], ROWS[2]], r"no row for 2001-01-02 \(1 days missing in all\)"),
        ([HEADER], "has no rows"),
        ([""], "expected also service_date, day_type, bus, rail_boardings"),
        (["service_date,day_type,bus", "01/01/2001,U,1"], "expected also rail_boardings"),
        ([HEADER, ROWS[0], "01/02/2001,W,20,many,22"], "line 3: rail_boardings is 'many'"),
        ([HEADER, ROWS[0], "01/02/2001,W,,2,22"], "line 3: bus is ''; expected a number"),
        ([HEADER, ROWS[0], "01/02/2001,W,-5,2,22"], "line 3: bus is '-5'; expected a number"),
        ([HEADER, ROWS[0], "01/02/2001,W,nan,2,22"], "line 3: bus is 'nan'; expected a number"),
        ([HEADER, ROWS[0], "2001-01-02,W,20,2,22"], "line 3: service_date is '2001-01-02'"),
        ([HEADER, ROWS[0], "01/02/2001,X,20,2,22"], "line 3: day_type is 'X'; expected W, A or U"),
        ([HEADER, ROWS[0], "01/02/2001,W,20"], "line 3: expected 5 cells, got 3"),
        ([HEADER, ROWS[0], "01/02/2001,W,20,2,22,7"], "line 3: expected 5 cells, got 6"),
        ([HEADER, ROWS[0], ""], "line 3: expected 5 cells, got 0"),
        ([HEADER, ROWS[0], '01/02/2001,W,"20,2,22'], "is not CSV"),
        ([HEADER, "01/01/2001,U,\udcff,1,1"], "is not UTF-8"),
    ],
)
def test_a_bad_row_is_named(tmp_path, rows, message):
    content = make_archive(*rows) if "\udcff" not in rows[-1] else not_utf8(*rows)
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path, content)
    assert "ridership.tgz" in str(caught.value)


def not_utf8(*rows: str) -> bytes:
    """An archive of the rows with a byte that is not UTF-8 where the escape stands."""
    data = "\n".join(rows).encode("utf-8", "surrogateescape")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo(MEMBER)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("keep", [0, 1, 10, 60, 0.5, -8, -1])
def test_a_truncated_archive_is_refused_by_the_reader_too(tmp_path, keep):
    end = int(len(GOOD) * keep) if isinstance(keep, float) else keep
    with pytest.raises(DataError, match=r"ridership\.tgz is not a readable \.tgz archive"):
        read(tmp_path, GOOD[:end])


def test_every_altered_byte_is_refused_or_harmless(tmp_path):
    expected = read(tmp_path, GOOD)
    for place in range(len(GOOD)):
        content = bytearray(GOOD)
        content[place] ^= 0xFF
        try:
            frame = read(tmp_path, bytes(content))
        except DataError:
            continue
        pd.testing.assert_frame_equal(frame, expected)  # the gzip header's name and time


def test_another_archive_is_refused(tmp_path):
    with pytest.raises(DataError, match="does not hold ridership/CTA"):
        read(tmp_path, make_archive(HEADER, *ROWS, member="other.csv"))


def test_an_oversized_archive_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(chicago_ridership, "MAX_BYTES", 50)
    with pytest.raises(DataError, match="more than the expected 50 bytes"):
        read(tmp_path, GOOD)


@pytest.mark.skipif(
    not REAL_FOLDER or not (Path(REAL_FOLDER) / FILE.name).is_file(),
    reason="COURSE_DATA does not hold the real ridership file",
)
def test_facts_of_the_real_file(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(REAL_FOLDER))
    ridership = load_ridership()
    frame, simulated = ridership.frame, simulate_ridership()
    assert ridership.provenance.as_dict() == {
        "name": "chicago_ridership",
        "source": "real",
        "n": 7639,
    }
    assert frame.loc["2001-01-01"].tolist() == [126455.0, 297192.0, "U"]
    assert frame.loc["2021-11-30"].tolist() == [302349.0, 450230.0, "W"]
    assert frame.loc["2011-10-01", "rail"] == 480889  # one of the 62 days that are there twice
    # The simulator has the same shape, and the timetable's holidays to the day.
    assert frame.dtypes.equals(simulated.dtypes)
    assert frame.index.equals(simulated.index)
    assert frame["day_type"].equals(simulated["day_type"])
    assert lines(capsys) == []


# --- the simulator -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def simulated() -> pd.DataFrame:
    return simulate_ridership(seed=0)


def test_simulated_shape(simulated):
    index = pd.date_range("2001-01-01", "2021-11-30", freq="D", name="date")
    assert simulated.index.equals(index)
    assert list(simulated.columns) == ["rail", "bus", "day_type"]
    assert simulated[["rail", "bus"]].dtypes.eq(np.float64).all()
    assert set(simulated["day_type"]) == {"W", "A", "U"}
    assert simulated[["rail", "bus"]].min().min() > 50_000
    assert simulated[["rail", "bus"]].max().max() < 1_500_000


def test_simulation_is_repeatable_and_depends_on_the_seed(simulated):
    pd.testing.assert_frame_equal(simulated, simulate_ridership(seed=0))
    other = simulate_ridership(seed=1)
    assert (other["rail"] != simulated["rail"]).mean() > 0.99
    assert other["day_type"].equals(simulated["day_type"])


@pytest.mark.parametrize("mode", ["rail", "bus"])
def test_simulated_week_year_and_holidays(simulated, mode):
    boardings = simulated[mode]
    by_type = boardings.groupby(simulated["day_type"]).mean()
    assert by_type["W"] > 1.4 * by_type["A"] > 1.6 * by_type["U"]
    weekdays = boardings[simulated["day_type"] == "W"]
    by_month = weekdays.groupby(weekdays.index.month).mean()
    assert by_month[9] > 1.1 * by_month[12]
    sundays = boardings[simulated.index.day_of_week == 6]
    assert boardings["2018-12-25"] < 0.7 * sundays["2018-12"].mean()
    assert boardings["2018-11-23"] < 0.7 * boardings["2018-11-16"]


@pytest.mark.parametrize(
    ("day", "day_type"),
    [
        ("2018-07-04", "U"),
        ("2018-11-22", "U"),
        ("2019-05-27", "U"),
        ("2017-01-02", "U"),  # 1 January was a Sunday
        ("2015-07-03", "U"),  # 4 July was a Saturday
        ("2018-11-23", "W"),
        ("2019-11-11", "W"),  # a federal holiday on which the timetable is the usual one
    ],
)
def test_simulated_holidays_run_on_the_sunday_timetable(simulated, day, day_type):
    assert simulated.loc[day, "day_type"] == day_type


def test_simulated_trains_and_buses_share_their_noise(simulated):
    weekdays = simulated[simulated["day_type"] == "W"]
    change = np.log(weekdays[["rail", "bus"]]).diff()
    assert change["rail"].corr(change["bus"]) > 0.8


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_simulated_boardings_can_be_learned(seed):
    """A line through the last two weeks and the day's type beats "as a week ago" by far."""
    frame = simulate_ridership(seed)["2016":"2019"]
    rail = frame["rail"] / 1e6
    lags = {f"lag {k}": rail.shift(k) for k in range(1, 15)}
    kinds = {kind: (frame["day_type"] == kind).astype(float) for kind in "WAU"}
    earlier = {f"{kind} {k}": kinds[kind].shift(k) for kind in "WA" for k in range(1, 15)}
    table = pd.DataFrame({**lags, **kinds, **earlier}).iloc[14:]
    target = rail.iloc[14:]
    train = (table.index < "2019").nonzero()[0]
    test = (table.index >= "2019").nonzero()[0]
    weights, *_ = np.linalg.lstsq(table.values[train], target.values[train], rcond=None)
    error = np.abs(table.values[test] @ weights - target.values[test]).mean()
    naive = np.abs(rail.diff(7).iloc[14:].values[test]).mean()
    assert error < 0.7 * naive
