"""What the graders of weeks 1 and 2 expect, and cases at the edge, against other libraries.

The graders' own expectations are tried here, not only the solutions that they pass.
"""

import importlib.util

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course.project import Project
from solutions import week01_foundations as foundations
from solutions import week02_generalization as generalization

quick = settings(max_examples=60, deadline=None, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)


def load_graders(week):
    path = Project.find().root / "tests" / "graders" / f"{week}.py"
    spec = importlib.util.spec_from_file_location(f"graders_of_{week}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


graders_1 = load_graders("week01_foundations")
graders_2 = load_graders("week02_generalization")


# -- week 1 ----------------------------------------------------------------------------------------


@quick
@given(hnp.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 4)),
                  elements=st.sampled_from([-1e4, -3.0, 0.0, 0.1, 2.0, 1e4])),
       st.sampled_from([0, 1, -1]))  # fmt: skip
def test_expected_softmax(z, axis):
    np.testing.assert_allclose(graders_1.softmax_of(z, axis), scipy.special.softmax(z, axis=axis))


@quick
@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.2, 0.5, 1.0])), min_size=1))
def test_expected_binary_crossentropy(pairs):
    """Certain and right, certain and wrong, one sample, and one class alone included."""
    y_true, p = np.array(pairs).T
    clipped = np.clip(p, 1e-7, 1 - 1e-7)
    theirs = sklearn.metrics.log_loss(y_true, clipped, labels=[0, 1])
    assert graders_1.binary_crossentropy_of(y_true, p) == pytest.approx(theirs)
    assert foundations.binary_crossentropy(y_true, p) == pytest.approx(theirs)


@quick
@given(SEEDS, st.integers(1, 6), st.integers(2, 5), st.sampled_from([0.1, 1.0, 1e3]))
def test_expected_categorical_crossentropy(seed, n, n_classes, sharpness):
    """Perfectly right and perfectly wrong rows, and classes without a sample, included."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_classes, size=n)
    p = scipy.special.softmax(sharpness * rng.normal(size=(n, n_classes)), axis=1)
    one_hot = np.eye(n_classes)[labels]
    theirs = -scipy.special.xlogy(one_hot, np.clip(p, 1e-7, 1 - 1e-7)).sum() / n
    assert graders_1.categorical_crossentropy_of(one_hot, p) == pytest.approx(theirs)
    assert foundations.categorical_crossentropy(one_hot, p) == pytest.approx(theirs)


@quick
@given(SEEDS, st.integers(1, 4))
def test_expected_gradients(seed, n):
    """The finite differences that backpropagation is measured against are SciPy's."""
    at = np.random.default_rng(seed).normal(size=n)

    def loss(point):
        return float(np.sum(np.sin(point) * np.arange(1, n + 1)) + np.prod(point))

    theirs = scipy.optimize.approx_fprime(at, loss, 1e-7)
    before = at.copy()
    np.testing.assert_allclose(
        graders_1.numerical_gradient(lambda: loss(at), at), theirs, atol=1e-5
    )
    np.testing.assert_array_equal(at, before)


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("depth", [1, 5])
def test_expected_gradient_norms(activation, depth):
    """The grader's own experiment and the solution's agree over many draws, layer by layer."""
    draws = range(30)
    theirs = [foundations.gradient_norms(depth, 40, activation, seed) for seed in draws]
    ours = [graders_1.norms_of(depth, 40, activation, seed) for seed in draws]
    np.testing.assert_allclose(graders_1.typical(ours), graders_1.typical(theirs), atol=0.12)


# -- week 2 ----------------------------------------------------------------------------------------


@quick
@given(st.integers(1, 6), st.integers(1, 6), st.booleans())
def test_perfect_and_perfectly_wrong_rankings(n_positive, n_negative, right):
    """One sample of a class is enough, and the curve then has corners only."""
    y_true = np.repeat([1, 0], (n_positive, n_negative))
    scores = np.arange(len(y_true), 0, -1.0) * (1 if right else -1)
    for auc in (generalization.roc_auc, graders_2.expected_roc_auc, sklearn.metrics.roc_auc_score):
        assert auc(y_true, scores) == pytest.approx(float(right))
    for curve in (generalization.roc_curve, graders_2.expected_roc_curve):
        fpr, tpr, _ = curve(y_true, scores)
        corner = tpr[fpr == 0].max() if right else fpr[tpr == 0].max()
        assert corner == 1


@pytest.mark.parametrize("n", [1, 2, 5])
def test_constant_scores_are_worth_half(n):
    y_true, scores = np.repeat([0, 1], n), np.full(2 * n, 0.1)
    assert generalization.roc_auc(y_true, scores) == graders_2.expected_roc_auc(y_true, scores)
    assert generalization.roc_auc(y_true, scores) == 0.5
    assert [part.tolist() for part in generalization.roc_curve(y_true, scores)[:2]] == [[0, 1]] * 2


@pytest.mark.parametrize("y_true", [[0, 0], [1, 1], [1], [0]])
def test_one_class_alone_has_no_ranking(y_true):
    for of in (generalization.roc_auc, generalization.roc_curve):
        with pytest.raises(ValueError, match="expected 0s and 1s"):
            of(y_true, np.arange(len(y_true)))


@pytest.mark.parametrize("y", [[0], [1], [0, 1], [2, 2, 0]])
def test_predictions_that_are_all_right_or_all_wrong(y):
    y = np.array(y)
    wrong = (y + 1) % 3
    for y_pred, score in ((y, 1.0), (wrong, 0.0)):
        assert generalization.accuracy(y, y_pred) == score
        present = len(np.unique(y)) / 3
        expected = present if score else 0.0
        assert generalization.macro_f1(y, y_pred, 3) == pytest.approx(expected)
        assert graders_2.expected_macro_f1(y, y_pred, 3) == pytest.approx(expected)


@pytest.mark.parametrize(("n", "k"), [(3, 4), (1, 2), (0, 2), (5, 1)])
def test_more_folds_than_samples(n, k):
    with pytest.raises(ValueError, match="2 <= k <= n"):
        generalization.k_fold_indices(n, k, 0)
    with pytest.raises(ValueError):
        generalization.cross_validate(lambda x, y: lambda x: y, np.zeros((n, 1)), np.zeros(n), k, 0)


def test_a_single_sample_is_for_training():
    for labels in (None, [3]):
        train, valid, test = generalization.split_indices(1, 0.4, 0.4, 0, labels=labels)
        assert train.tolist() == [0] and not valid.size and not test.size
