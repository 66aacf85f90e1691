"""Week 1 against SciPy and scikit-learn, and correct answers in other styles against its graders.

The honest submissions are written with those libraries: that they pass, with several seeds, proves
what the graders expect.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import sklearn.metrics
import sklearn.neural_network
import sklearn.preprocessing
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course.catalogue import read_catalogue, select
from course.grading.grade import grade
from course.project import Project
from course.sandbox.launcher import Sandbox
from course.sandbox.supervisor import Limits
from solutions import week01_foundations as week

ROOT = Path(__file__).resolve().parents[2]
HONEST = ROOT / "tests/engine/honest_week01"
FLOATS = st.floats(-1e4, 1e4, width=32)
PROBABILITIES = st.floats(0, 1, width=32)
SEEDS = st.integers(0, 2**32 - 1)

settings.register_profile("week01", deadline=None, max_examples=50)
settings.load_profile("week01")


def in_some_form(values, form):
    """The same numbers as a float32 array, a list or a float64 array."""
    return {"float32": values, "list": values.tolist(), "float64": values.astype(float)}[form]


FORMS = st.sampled_from(["float32", "list", "float64"])
SCORES = arrays.arrays(
    np.float32, arrays.array_shapes(min_dims=1, max_dims=3, max_side=4), elements=FLOATS
)


@pytest.fixture(autouse=True)
def no_warnings():
    """Nothing overflows or divides by zero on the way."""
    with np.errstate(all="raise", under="ignore"):
        yield


# -- the solution against other libraries ----------------------------------------------------------


@given(SCORES, FORMS)
def test_activations(z, form):
    given_as = in_some_form(z, form)
    np.testing.assert_allclose(week.sigmoid(given_as), scipy.special.expit(z), 1e-4, 1e-7)
    np.testing.assert_array_equal(week.relu(given_as), np.where(z > 0, z, 0))


@given(SCORES, FORMS, st.data())
def test_softmax(z, form, data):
    axis = data.draw(st.integers(-z.ndim, z.ndim - 1))
    expected = scipy.special.softmax(z.astype(float), axis=axis)
    np.testing.assert_allclose(week.softmax(in_some_form(z, form), axis=axis), expected, 1e-6)


@given(st.lists(st.integers(0, 6), max_size=9), st.integers(7, 9))
def test_one_hot(labels, n_classes):
    got = week.one_hot(labels, n_classes)
    assert got.dtype == np.float32 and got.shape == (len(labels), n_classes)
    if labels:
        expected = sklearn.preprocessing.label_binarize(labels, classes=range(n_classes))
        np.testing.assert_array_equal(got, expected)


@given(SEEDS, st.integers(1, 6), FORMS)
def test_mean_squared_error(seed, n, form):
    y_true, y_pred = np.random.default_rng(seed).normal(0, 100, (2, n, 3)).astype("float32")
    got = week.mean_squared_error(in_some_form(y_true, form), y_pred)
    assert got == pytest.approx(
        sklearn.metrics.mean_squared_error(y_true.astype(float), y_pred.astype(float))
    )


@given(st.lists(st.tuples(st.booleans(), PROBABILITIES), min_size=1, max_size=8), FORMS)
def test_binary_crossentropy(pairs, form):
    y_true, p = np.array(pairs, dtype="float32").T
    clipped = np.clip(p.astype(float), 1e-7, 1 - 1e-7)
    expected = sklearn.metrics.log_loss(y_true.astype(int), clipped, labels=[0, 1])
    got = week.binary_crossentropy(in_some_form(y_true, form), in_some_form(p, form))
    assert got == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(SEEDS, st.integers(1, 6), st.integers(2, 5), st.floats(0.1, 1e4), FORMS)
def test_categorical_crossentropy(seed, n, n_classes, sharpness, form):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, n)
    p = scipy.special.softmax(sharpness * rng.normal(size=(n, n_classes)), axis=1).astype("float32")
    clipped = np.clip(p.astype(float), 1e-7, 1 - 1e-7)
    expected = -scipy.special.xlogy(np.eye(n_classes)[labels], clipped).sum() / n
    got = week.categorical_crossentropy(np.eye(n_classes)[labels], in_some_form(p, form))
    assert got == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    "loss", [week.mean_squared_error, week.binary_crossentropy, week.categorical_crossentropy]
)
def test_losses_refuse_to_broadcast(loss):
    with pytest.raises(ValueError, match="one shape"):
        loss(np.ones((3, 1)), np.ones((3, 3)))


@given(SEEDS, st.integers(1, 4), st.floats(0.01, 0.3))
def test_descent_finds_the_minimum(seed, n, learning_rate):
    rng = np.random.default_rng(seed)
    A, target = np.diag(rng.uniform(1, 3, n)), rng.normal(size=n)
    start = rng.normal(size=n)
    path = week.gradient_descent(lambda w: A @ w - target, start, learning_rate, 2_000)
    np.testing.assert_array_equal(path[0], start)
    np.testing.assert_allclose(path[-1], np.linalg.solve(A, target), atol=1e-6)


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))
def test_gradients_by_finite_differences(seed, n, n_features, n_hidden, n_classes):
    rng = np.random.default_rng(seed)
    x, y_true = rng.normal(size=(n, n_features)), np.eye(n_classes)[rng.integers(0, n_classes, n)]
    shapes = (n_features, n_hidden), (n_hidden,), (n_hidden, n_classes), (n_classes,)
    ends = np.cumsum([np.prod(shape) for shape in shapes])

    def loss_and_gradient(point):
        weights = [
            part.reshape(shape)
            for part, shape in zip(np.split(point, ends[:-1]), shapes, strict=True)
        ]
        loss, gradients = week.backpropagate(weights, x, y_true)
        return loss, np.concatenate([gradient.ravel() for gradient in gradients])

    error = scipy.optimize.check_grad(
        lambda point: loss_and_gradient(point)[0],
        lambda point: loss_and_gradient(point)[1],
        rng.normal(size=ends[-1]),
    )
    assert error < 1e-4


@given(SEEDS, st.integers(1, 4), st.floats(1e-3, 1e3))
def test_clipped_gradients(seed, n, max_norm):
    rng = np.random.default_rng(seed)
    gradients = [rng.normal(size=rng.integers(1, 4, 2)) for _ in range(n)]
    one = np.concatenate([gradient.ravel() for gradient in gradients])
    clipped = week.clip_gradients(gradients, max_norm)
    assert [c.shape for c in clipped] == [g.shape for g in gradients]
    two = np.concatenate([gradient.ravel() for gradient in clipped])
    assert np.linalg.norm(two) == pytest.approx(min(max_norm, np.linalg.norm(one)))
    np.testing.assert_allclose(two / np.linalg.norm(two), one / np.linalg.norm(one))


def test_zero_gradients_are_not_divided_by_their_norm():
    np.testing.assert_array_equal(week.clip_gradients([np.zeros((2, 2))], 1.0)[0], np.zeros((2, 2)))


def test_network_trains_as_well_as_scikit_learns():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (600, 2))
    labels = (x[:, 0] * x[:, 1] > 0).astype(int)
    predict = week.train_mlp(x[:300], labels[:300], 16, 0.5, 60, 10, seed=0)
    theirs = sklearn.neural_network.MLPClassifier(
        (16,), solver="lbfgs", alpha=0, max_iter=2_000, random_state=0
    ).fit(x[:300], labels[:300])
    accuracy = np.mean(predict(x[300:]).argmax(axis=1) == labels[300:])
    assert accuracy >= theirs.score(x[300:], labels[300:]) - 0.05


def test_depth_one_gradient_of_a_sigmoid():
    norms = [week.gradient_norms(1, 60, "sigmoid", seed)[0] for seed in range(30)]
    # E|Σ x s'| / (32 · 60) over 32 samples, with x and the scores standard normal, the latter √2.
    scores = np.sqrt(2) * np.random.default_rng(0).normal(size=1_000_000)
    slope = scipy.special.expit(scores) * scipy.special.expit(-scores)
    expected = np.sqrt(2 / np.pi) * np.sqrt(32 * np.mean(slope**2)) / (32 * 60)
    assert np.mean(norms) == pytest.approx(expected, rel=0.05)


# -- the graders -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(Limits(memory_mb=800), confine=False) as running:
        yield running


@pytest.mark.parametrize("style", sorted(path.stem for path in HONEST.glob("*.py")))
@pytest.mark.parametrize("seed", range(3))
def test_other_styles_pass(sandbox, tmp_path, style, seed):
    text = (HONEST / f"{style}.py").read_text(encoding="utf-8")
    (tmp_path / "week01_foundations.py").write_text(text, encoding="utf-8")
    project = Project.find()
    exercises = select(read_catalogue(project), ["week01_foundations"])
    report = grade(project, exercises, tmp_path, sandbox, seed=seed)
    assert not [(c.check, c.status, c.message) for c in report.checks if c.status != "passed"]


def test_no_tensorflow():
    """Neither the week nor what it imports loads TensorFlow."""
    code = (
        "import sys, solutions.week01_foundations; print({'keras', 'tensorflow'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "set()", run.stderr
