"""The loaders of tables: what is read, what is refused, what is simulated."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets import abalone, advertising
from datasets.files import DataError

REAL_FOLDER = os.environ.get("COURSE_DATA")
SHELL = "M,0.455,0.365,0.095,0.514,0.2245,0.101,0.15,15"
MARKETS = ['"","TV","Radio","Newspaper","Sales"', '"1",230.1,37.8,69.2,22.1', '"2",44.5,39,45,10.4']


@pytest.fixture(autouse=True)
def no_data(tmp_path, monkeypatch):
    """No COURSE_DATA, an empty cache, and no network."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    for module in (abalone, advertising):
        monkeypatch.setattr(module, "obtain", lambda file, instead: None)


def written(tmp_path, *lines):
    path = tmp_path / "table.csv"
    path.write_bytes("\r\n".join(lines).encode("latin-1"))
    return path


def test_reads_shells(tmp_path):
    frame = abalone.read_abalone(written(tmp_path, SHELL, SHELL.replace("M", "I")))
    assert list(frame.columns) == list(abalone.COLUMNS)
    assert frame.loc[0].tolist() == ["M", 0.455, 0.365, 0.095, 0.514, 0.2245, 0.101, 0.15, 15]
    assert frame["sex"].tolist() == ["M", "I"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (SHELL.replace("M", "X"), "line 2: sex is 'X'; expected I, F or M"),
        (SHELL.replace("0.095", "-1"), "line 2: height is '-1'"),
        (SHELL.replace("0.095", "nan"), "line 2: height is 'nan'"),
        (SHELL.replace("0.095", "tall"), "line 2: height is 'tall'"),
        (SHELL.replace(",15", ",0"), "line 2: rings is '0'"),
        (SHELL + ",1", "line 2: expected 9 cells, got 10"),
        (SHELL.replace("M", "é"), "is not a readable CSV file"),
    ],
)
def test_a_bad_shell_is_named(tmp_path, line, message):
    with pytest.raises(DataError, match=message):
        abalone.read_abalone(written(tmp_path, SHELL, line))


def test_reads_markets(tmp_path):
    frame = advertising.read_advertising(written(tmp_path, *MARKETS))
    values = [[230.1, 37.8, 69.2, 22.1], [44.5, 39.0, 45.0, 10.4]]
    expected = pd.DataFrame(values, [1, 2], ["tv", "radio", "newspaper", "sales"])
    pd.testing.assert_frame_equal(frame, expected, check_index_type=False)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([*MARKETS, '"3",1,2,3'], "line 4: expected 5 cells, got 4"),
        ([*MARKETS, '"3",1,2,3,much'], "line 4: sales is 'much'"),
        ([*MARKETS, '"3",1,-2,3,4'], "line 4: radio is '-2'"),
        ([*MARKETS, '"3",inf,2,3,4'], "line 4: tv is 'inf'"),
        (MARKETS[1:], "expected .*'TV'"),
        (MARKETS[:1], "has no rows"),
        ([], "has the columns"),
        ([*MARKETS, '"3",1,2,3,"4'], "is not a readable CSV file"),
    ],
)
def test_bad_markets_are_named(tmp_path, lines, message):
    with pytest.raises(DataError, match=message) as caught:
        advertising.read_advertising(written(tmp_path, *lines))
    assert "table.csv" in str(caught.value)


def test_embedded_defaults_say_so_and_are_repeatable():
    for load in (abalone.load_abalone, advertising.load_advertising):
        frame, provenance = load()
        assert provenance.source == "embedded" and provenance.n == len(frame)
        pd.testing.assert_frame_equal(frame, load().frame)
    assert not advertising.simulate_advertising(1).equals(advertising.simulate_advertising(0))


@pytest.mark.parametrize("seed", range(3))
def test_simulated_markets_are_like_the_real_ones(seed):
    """TV sells most, radio too, newspapers do not; figures of the real ones in brackets."""
    frame = advertising.simulate_advertising(seed)
    assert frame.shape == (200, 4) and frame.index.tolist() == list(range(1, 201))
    assert frame["sales"].between(1.6, 32).all()
    assert 11 < frame["sales"].mean() < 17  # (14.0)
    by = frame.corr()["sales"]
    assert by["tv"] > 0.6 and by["radio"] > 0.3 and by["newspaper"] < 0.45  # (0.78, 0.58, 0.23)


@pytest.mark.parametrize("seed", range(3))
def test_simulated_shells_are_like_the_real_ones(seed):
    frame = abalone.simulate_abalone(seed)
    assert frame.shape == (4_177, 9)
    means = frame.groupby("sex")["rings"].mean()
    assert means["I"] + 2 < min(means["F"], means["M"])  # (7.9; 11.1, 10.7)
    assert 0.4 < frame["rings"].corr(frame["shell_weight"]) < 0.8  # (0.63)
    assert 0.03 < np.mean(frame["rings"] >= 16) < 0.10  # (0.06)


@pytest.mark.skipif(
    not REAL_FOLDER or not (Path(REAL_FOLDER) / advertising.FILE.name).is_file(),
    reason="COURSE_DATA does not hold the real tables",
)
def test_facts_of_the_real_files(monkeypatch):
    monkeypatch.undo()
    markets = advertising.load_advertising()
    assert markets.provenance.as_dict() == {"name": "advertising", "source": "real", "n": 200}
    assert markets.frame.loc[200].tolist() == [232.1, 8.6, 8.7, 13.4]
    shells = abalone.load_abalone()
    assert shells.provenance.as_dict() == {"name": "abalone", "source": "real", "n": 4_177}
    assert shells.frame["sex"].value_counts().to_dict() == {"M": 1528, "I": 1342, "F": 1307}
