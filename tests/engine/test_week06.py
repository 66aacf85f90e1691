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
from solutions import week06_attention as attention

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
