"""Week 5: the recordings that are read, refused or simulated, and right answers in other styles."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from datasets import daily_sports
from datasets.activity_simulator import simulate_activities
from datasets.daily_sports import FILE, check_archive, load_activities, read_activities
from datasets.files import DataError
from datasets.store import fetch

ROOT = Path(__file__).resolve().parents[2]
REAL_FOLDER = os.environ.get("COURSE_DATA")
ROW = ",".join(["1.5"] * 45)
GOOD = "\n".join([ROW] * 125) + "\n"
PEOPLE = (1, 2, 3)


def names(activities=(1, 18), people=PEOPLE, segments=(1, 2)) -> list[str]:
    return [f"data/a{a:02}/p{p}/s{s:02}.txt" for a in activities for p in people for s in segments]


def write(folder: Path, members: dict[str, str]) -> Path:
    path = folder / FILE.name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def data_dir(tmp_path, monkeypatch) -> Path:
    """An empty folder that COURSE_DATA names, and an empty cache."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("COURSE_DATA", str(folder))
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    return folder


def test_reads_a_part_in_order(data_dir):
    members = dict.fromkeys(reversed(names()), GOOD)
    members["data/a18/p2/s01.txt"] = GOOD.replace("1.5", "-7", 1)
    path = write(
        data_dir, members | {"data/": "", "README": "no recording", "data/a01/.DS_Store": ""}
    )
    windows, activity, subject, provenance = load_activities()
    assert windows.shape == (12, 125, 45) and windows.dtype == np.float32
    assert activity.tolist() == [1] * 6 + [18] * 6
    assert subject.tolist() == [1, 1, 2, 2, 3, 3] * 2
    assert windows[8, 0, 0] == -7 and windows[8, 0, 1] == 1.5
    assert provenance.as_dict() == {"name": "daily_sports", "source": "real", "n": 12}
    assert provenance.path == path


def test_chosen_activities_only(data_dir):
    write(data_dir, dict.fromkeys(names((1, 2, 18)), GOOD))
    assert load_activities([18, 2]).activity.tolist() == [2] * 6 + [18] * 6
    with pytest.raises(DataError, match=r"activities 1, 2, 18; expected also 3"):
        load_activities([1, 3])
    for activities in ([], [0], [1, 20]):
        with pytest.raises(ValueError, match="expected activities of 1 … 19"):
            load_activities(activities)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace(ROW, ROW + ",1", 1), "line 1 has 46 columns; expected 45"),
        (GOOD + ROW + "\n", "has 126 rows; expected 125"),
        ("\n".join([ROW] * 124), "has 124 rows; expected 125"),
        ("", "has 0 rows"),
        (GOOD.replace("1.5", "nan", 1), "line 1 has NaN or infinity"),
        (GOOD.replace("1.5", "much", 1), "expected comma-separated numbers, got .*much"),
        (GOOD.replace("1.5", "½", 1), "expected comma-separated numbers"),
    ],
)
def test_a_bad_recording_is_named(data_dir, text, message):
    members = dict.fromkeys(names(), GOOD) | {"data/a18/p2/s01.txt": text}
    path = write(data_dir, members)
    with pytest.raises(DataError, match=message) as caught:
        load_activities()
    assert f"{path}: data/a18/p2/s01.txt" in str(caught.value)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (names(people=[4]), r"of 1 people \(p4\); expected at least 3"),
        ([], "of 0 people; expected at least 3"),
        (names()[:-1], r"lacks data/a18/p3/s02\.txt"),
        ([*names(), "data/a20/p1/s01.txt"], r"holds data/a20/p1/s01\.txt; expected"),
        ([*names(), "data/a01/p9/s01.txt"], r"holds data/a01/p9/s01\.txt; expected"),
        ([*names(), "data/a1/p1/s01.txt"], r"holds data/a1/p1/s01\.txt; expected"),
    ],
)
def test_missing_and_odd_members_are_named(data_dir, members, message):
    path = write(data_dir, dict.fromkeys(members, GOOD))
    with pytest.raises(DataError, match=message) as caught:
        load_activities()
    assert str(path) in str(caught.value)


def test_a_truncated_archive_is_refused(data_dir):
    path = write(data_dir, dict.fromkeys(names(), GOOD))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataError, match="truncated or altered"):
        load_activities()
    with pytest.raises(DataError, match="not a readable zip"):
        read_activities(path)


def test_altered_bytes_are_refused(data_dir):
    path = write(data_dir, dict.fromkeys(names(), GOOD))
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    assert check_archive(path) == ""  # the list of members is as it was
    with pytest.raises(DataError, match=FILE.name):
        load_activities()


def test_an_oversized_member_is_refused(data_dir):
    members = dict.fromkeys(names(), GOOD)
    path = write(data_dir, members | {"data/a01/p1/s01.txt": "1" * 600_000})
    assert "of 600000 bytes; expected at most" in check_archive(path)


def test_the_array_is_cached_once_for_each_archive(data_dir, tmp_path, monkeypatch):
    path = write(data_dir, dict.fromkeys(names(), GOOD))
    first = load_activities()
    (cached,) = (tmp_path / "cache").iterdir()
    assert cached.suffix == ".npz"
    with monkeypatch.context() as patch:
        patch.setattr(daily_sports, "read_activities", pytest.fail)
        np.testing.assert_array_equal(load_activities().windows, first.windows)
    cached.write_bytes(cached.read_bytes()[:100])  # broken: read again, and written anew
    np.testing.assert_array_equal(load_activities().windows, first.windows)
    assert cached.stat().st_size > 100
    write(path.parent, dict.fromkeys(names(), GOOD.replace("1.5", "2.5")))
    assert load_activities().windows[0, 0, 0] == 2.5  # another archive of the same name


def test_an_unwritable_cache_is_named(data_dir, tmp_path, monkeypatch, capsys):
    write(data_dir, dict.fromkeys(names(), GOOD))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))
    assert len(load_activities().windows) == 12
    assert "cannot be written" in capsys.readouterr().err


def test_the_store_takes_any_good_archive(data_dir):
    path = write(data_dir, dict.fromkeys(names(), GOOD))
    assert fetch(FILE) == path


def test_simulated_people_differ_and_activities_stand_alone():
    windows, activity, subject = simulate_activities([1, 18])
    assert windows.shape == (960, 125, 45) and windows.dtype == np.float32
    assert np.isfinite(windows).all()
    assert sorted(set(subject.tolist())) == list(range(1, 9))
    only = simulate_activities([18])[0]
    np.testing.assert_array_equal(windows[activity == 18], only)
    assert not np.array_equal(only, simulate_activities([18], seed=1)[0])
    sitting = activity == 1
    means = np.array([windows[sitting & (subject == s)].mean((0, 1)) for s in range(1, 9)])
    within = windows[sitting & (subject == 1)].mean(axis=1).std(axis=0)
    assert (means.std(axis=0) > within).mean() > 0.6  # not the gyroscopes
    deviation = windows.std(axis=1).mean(axis=1)
    assert deviation[~sitting].min() > deviation[sitting].max()


@pytest.mark.skipif(
    not REAL_FOLDER or not (Path(REAL_FOLDER) / FILE.name).is_file(),
    reason="COURSE_DATA does not hold the real recordings",
)
def test_facts_of_the_real_file(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    windows, activity, subject, provenance = load_activities([1, 18])
    assert provenance.source == "real"
    per_person = np.unique(subject, return_counts=True)[1]
    assert len(per_person) >= 6 and (per_person == 120).all()
    assert windows[0, 0, :3].tolist() == pytest.approx([8.1305, 1.0349, 5.4217])
    assert abs(windows[activity == 1][:, :, :3].mean(axis=1)).max() < 15  # gravity, in m/s²


# -- other styles ---------------------------------------------------------------------------------

OTHER_STYLES = """
import keras
import numpy as np
import pandas as pd


def split_train_valid_test(X, y, seed, groups=None):
    names = list(range(len(X))) if groups is None else sorted(set(np.asarray(groups).tolist()))
    if len(names) < 3 or len(X) != len(y) or groups is not None and len(groups) != len(X):
        raise ValueError("expected three parts, got less")
    import random
    random.Random(seed).shuffle(names)
    k = max(1, int(0.2 * len(names) + 0.5))
    owners = np.arange(len(X)) if groups is None else np.asarray(groups)
    masks = [np.isin(owners, part) for part in (names[2 * k :], names[:k], names[k : 2 * k])]
    return [[X[mask], y[mask]] for mask in masks]


def standardize(train, *others):
    train = np.asarray(train, "float64")
    if not len(train) or np.isnan(train).any() or any(o.shape[2] != train.shape[2] for o in others):
        raise ValueError("expected windows, got none")
    flat = pd.DataFrame(train.reshape(-1, train.shape[2]))
    mean, std = flat.mean().to_numpy(), flat.std(ddof=0).replace(0, 1).to_numpy()
    return tuple((part - mean) / std for part in (train, *others))


class Autoencoder(keras.Model):
    def __init__(self, n_steps, n_channels, latent_dim):
        super().__init__()
        layers = keras.layers
        self.conv = layers.Conv1D(24, 3, padding="same", activation="relu")
        self.dense = layers.TimeDistributed(layers.Dense(24, activation="tanh"))
        self.lstm = layers.LSTM(latent_dim)
        self.repeat = layers.RepeatVector(n_steps)
        self.back = layers.LSTM(32, return_sequences=True)
        self.out = layers.TimeDistributed(layers.Dense(n_channels))

    def call(self, x):
        return self.out(self.back(self.repeat(self.lstm(self.dense(self.conv(x))))))


def build_autoencoder(n_steps, n_channels, latent_dim=16):
    if min(n_steps, n_channels, latent_dim) < 1 or latent_dim >= n_steps * n_channels:
        raise ValueError("expected a narrow middle, got a wide one")
    model = Autoencoder(n_steps, n_channels, latent_dim)
    model.compile(optimizer=keras.optimizers.RMSprop(0.005), loss=keras.losses.MeanSquaredError())
    return model


def reconstruction_error(model, X):
    if np.ndim(X) != 3 or len(X) == 0:
        raise ValueError("expected windows, got none")
    back = keras.ops.convert_to_numpy(model(np.asarray(X, "float32"), training=False))
    return [float(np.square(a - b).mean()) for a, b in zip(X, back)]


def detection_report(y_true, errors, threshold):
    from sklearn import metrics
    if len(y_true) != len(errors) or len(set(y_true.tolist())) != 2:
        raise ValueError("expected two classes, got one")
    called = errors > threshold
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        y_true, called, average="binary", zero_division=0
    )
    tn, fp, _, _ = metrics.confusion_matrix(y_true, called).ravel()
    return dict(
        precision=precision, recall=recall, f1=f1, false_positive_rate=fp / (tn + fp),
        roc_auc=metrics.roc_auc_score(y_true, errors), support=len(y_true),
    )


def train_denoiser(X_train, stddev, seed):
    if stddev <= 0 or len(X_train) == 0:
        raise ValueError("expected noise, got none")
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.layers.Input(X_train.shape[1:]),
        keras.layers.GaussianNoise(stddev),
        keras.layers.Bidirectional(keras.layers.LSTM(32, return_sequences=True)),
        keras.layers.Dense(X_train.shape[2]),
    ])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mae")
    model.fit(X_train, X_train, epochs=25, batch_size=32, verbose=0)
    return model
"""
EXERCISES = (
    "split_train_valid_test",
    "standardize",
    "build_autoencoder",
    "reconstruction_error",
    "detection_report",
    "train_denoiser",
)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_right_answers_in_another_style_pass(exercise, tmp_path):
    (tmp_path / "week05_anomaly.py").write_text(OTHER_STYLES)
    command = [sys.executable, "-m", "course", "check", f"week05_anomaly.{exercise}"]
    command += ["--target", str(tmp_path), "--json"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    failed = [c for c in json.loads(result.stdout)["checks"] if c["status"] != "passed"]
    assert not failed
