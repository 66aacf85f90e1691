"""Week 6 against Keras' own layer, and right answers in other styles against its graders."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course.catalogue import read_catalogue, select
from course.grading.grade import grade
from course.project import Project
from course.sandbox.launcher import Sandbox
from datasets.daily_sports import Activities
from datasets.files import Provenance
from solutions import week06_attention as attention
from solutions import week06_transformer as transformer

ROOT = Path(__file__).resolve().parents[2]
PROJECT = Project.find()
CATALOGUE = read_catalogue(PROJECT)
HONEST = ROOT / "tests/engine/honest_week06"


# -- attention against Keras -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("batch", "n_queries", "n_keys", "depth", "num_heads"),
    [(2, 5, 5, 8, 2), (3, 7, 4, 12, 3), (1, 1, 9, 6, 1), (4, 6, 6, 16, 8)],
)
def test_multi_head_attention_is_that_of_keras(batch, n_queries, n_keys, depth, num_heads, seed):
    sizes = (batch, n_queries, n_keys, depth, num_heads)
    assert attention.difference_from_keras(sizes, seed) < 1e-5


def test_the_difference_would_show(monkeypatch):
    """The comparison is one: with another scale it fails."""
    right = attention.scaled_dot_product_attention
    monkeypatch.setattr(
        attention, "scaled_dot_product_attention", lambda q, *rest: right(1.01 * q, *rest)
    )
    assert attention.difference_from_keras((2, 5, 5, 8, 2), 0) > 1e-4


def test_layer_normalization_is_that_of_keras():
    import keras

    rng = np.random.default_rng(0)
    x = rng.normal(2, 3, (3, 4, 6)).astype("float32")
    gamma, beta = rng.normal(size=(2, 6)).astype("float32")
    layer = keras.layers.LayerNormalization(epsilon=1e-6)
    layer.build(x.shape)
    layer.set_weights([gamma, beta])
    theirs = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(attention.layer_normalization(x, gamma, beta), theirs, atol=1e-5)


def test_attention_needs_no_tensorflow():
    """Neither the week nor its graders load TensorFlow, and no exercise asks for it."""
    assert not any(exercise.uses for exercise in CATALOGUE["week06_attention"].exercises)
    code = """
import importlib.util, sys
import solutions.week06_attention
path = "tests/graders/week06_attention.py"
spec = importlib.util.spec_from_file_location("graders", path)
spec.loader.exec_module(importlib.util.module_from_spec(spec))
print({"keras", "tensorflow"} & {*sys.modules})
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "set()", run.stderr


# -- what the experiment takes from the recordings -------------------------------------------------


def recordings(rng):
    """Three activities of four people, of which one is rare; short windows."""
    subject, activity = np.repeat([1, 2, 3, 4], 10), np.tile([1] * 6 + [2] * 3 + [3], 4)
    windows = rng.normal(3, 1, (40, 12, 45)).astype("float32")
    return Activities(windows, activity, subject, Provenance("toy", "embedded", 40))


def test_nobody_under_test_is_seen_in_training():
    data = recordings(np.random.default_rng(0))
    train, valid, test = transformer.split_people(data, 1, seed=0)  # person 4 validates
    assert len(valid[0]) == len(test[0]) == 10
    for person in (1, 4):
        changed = data.windows.copy()
        changed[data.subject == person] *= 7
        others, _, _ = transformer.split_people(data._replace(windows=changed), 1, seed=0)
        np.testing.assert_array_equal(others[0], train[0])
    changed = data.windows.copy()
    changed[data.subject == 2] *= 7
    others, _, _ = transformer.split_people(data._replace(windows=changed), 1, seed=0)
    assert not np.array_equal(others[0], train[0])


def test_all_activities_are_equally_frequent_and_altered():
    data = recordings(np.random.default_rng(1))
    X, y = transformer.equally_frequent(data.windows, data.activity, np.random.default_rng(2))
    assert np.bincount(y).tolist() == [0, 24, 24, 24]
    came = {window.tobytes() for window in data.windows}
    unchanged = [sum(w.tobytes() in came for w in X[y == label]) for label in (1, 2, 3)]
    assert unchanged == [12, 12, 4]


def test_what_a_person_brings_along_is_taken_away():
    rng = np.random.default_rng(3)
    X = rng.normal(5, 1, (4, 20, 45)).astype("float32")
    seen = transformer.posture_and_motion(X)
    assert seen.shape == (4, 20, 75)
    magnetometers = [9 * unit + axis for unit in range(5) for axis in (6, 7, 8)]
    turned = X.copy()
    turned[:, :, magnetometers] += 3  # the person faces elsewhere
    moving = transformer.posture_and_motion(turned)
    np.testing.assert_allclose(moving[:, :, :45], seen[:, :, :45], atol=1e-3)
    np.testing.assert_allclose(moving[:, :, 60:], seen[:, :, 60:], atol=1e-5)
    tilted = transformer.altered(X, np.random.default_rng(4), tempo=0, size=0)
    lengths = [transformer.posture_and_motion(each)[:, :, 45:60] for each in (X, tilted)]
    np.testing.assert_allclose(*lengths, atol=1e-3)
    assert np.abs(tilted - X).max() > 0.5


# -- other styles ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.mark.parametrize("seed", range(3))
def test_attention_in_other_styles(sandbox, tmp_path, seed):
    assert_full_points(sandbox, tmp_path, "week06_attention", seed)


def test_transformer_in_another_style(sandbox, tmp_path):
    assert_full_points(sandbox, tmp_path, "week06_transformer", seed=1)


def assert_full_points(sandbox, folder, week, seed):
    text = (HONEST / f"{week}.py").read_text(encoding="utf-8")
    (folder / f"{week}.py").write_text(text, encoding="utf-8")
    report = grade(PROJECT, select(CATALOGUE, [week]), folder, sandbox, seed=seed)
    assert not [(c.check, c.status, c.message) for c in report.checks if c.status != "passed"]
