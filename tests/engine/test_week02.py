"""Week 2's reference and its graders' own expectations, against scikit-learn and Keras."""

import importlib.util
import types

import keras
import numpy as np
import pytest
import sklearn.metrics
import sklearn.preprocessing
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course.project import Project
from datasets.breast_cancer import load_breast_cancer
from solutions import week02_generalization as week

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
quick = settings(max_examples=60, deadline=None, derandomize=True)


def load_graders():
    path = Project.find().root / "tests" / "graders" / "week02_generalization.py"
    spec = importlib.util.spec_from_file_location("graders_of_week02", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


graders = load_graders()


def pairs(n_classes, min_size=1):
    """Two arrays of classes of one length; some classes may be missing from one or both."""
    labels = st.integers(0, n_classes - 1)
    return st.lists(st.tuples(labels, labels), min_size=min_size, max_size=25).map(
        lambda rows: tuple(np.array(rows, int).reshape(-1, 2).T)
    )


def assert_both(reference, grader, theirs):
    """The reference and the grader's expectation are what the library gives."""
    np.testing.assert_allclose(reference, theirs, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(grader, theirs, rtol=1e-9, atol=1e-12)


@st.composite
def scored(draw):
    """Labels with both classes, and scores with many ties."""
    labels = [*draw(st.lists(st.integers(0, 1), max_size=20)), 0, 1]
    scores = draw(
        st.lists(st.integers(-4, 4), min_size=len(labels), max_size=len(labels)).map(np.array)
    )
    return np.array(draw(st.permutations(labels))), scores / 4


@quick
@given(pairs(4), st.integers(4, 6))
def test_confusion_matrix_and_macro_f1(labels, n_classes):
    classes = list(range(n_classes))
    assert_both(
        week.confusion_matrix(*labels, n_classes),
        graders.expected_confusion(*labels, n_classes),
        sklearn.metrics.confusion_matrix(*labels, labels=classes),
    )
    assert_both(
        week.macro_f1(*labels, n_classes),
        graders.expected_macro_f1(*labels, n_classes),
        sklearn.metrics.f1_score(*labels, labels=classes, average="macro", zero_division=0),
    )
    assert week.accuracy(*labels) == pytest.approx(sklearn.metrics.accuracy_score(*labels))


@quick
@given(pairs(2), st.sampled_from([0.1, 0.5, 1, 2, 7.5]))
def test_scores_of_the_positives(labels, beta):
    scores = sklearn.metrics.precision_recall_fscore_support(
        *labels, labels=[1], zero_division=0, average="macro"
    )
    assert_both(
        week.precision_recall_f1(*labels),
        graders.expected_precision_recall_f1(*labels),
        scores[:3],
    )
    theirs = sklearn.metrics.fbeta_score(*labels, beta=beta, labels=[1], average="macro",
                                         zero_division=0)  # fmt: skip
    assert_both(week.f_beta(*labels, beta), graders.expected_f_beta(*labels, beta), theirs)


@quick
@given(scored())
def test_roc(data):
    theirs = sklearn.metrics.roc_curve(*data, drop_intermediate=False)
    for ours in (week.roc_curve(*data), graders.expected_roc_curve(*data)):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other)
    assert_both(
        week.roc_auc(*data),
        graders.expected_roc_auc(*data),
        sklearn.metrics.roc_auc_score(*data),
    )


@quick
@given(hnp.arrays(int, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6),
                  elements=st.integers(0, 1)))  # fmt: skip
def test_multilabel(labels):
    one, other = labels[0], labels[-1]
    n_right = sum(list(a) == list(b) for a, b in zip(one, other, strict=True))
    assert week.exact_match_ratio(one, other) == pytest.approx(n_right / len(one))
    hamming = sklearn.metrics.hamming_loss(one.ravel(), other.ravel())
    assert week.element_accuracy(one, other) == pytest.approx(1 - hamming)
    if one.shape[1] > 1:  # scikit-learn takes a single column for classes
        theirs = sklearn.metrics.accuracy_score(one, other)
        assert week.exact_match_ratio(one, other) == pytest.approx(theirs)


@quick
@given(
    hnp.arrays(float, st.tuples(st.integers(1, 12), st.just(3)),
               elements=st.sampled_from([0.0, 0.1, -3.5, 7.0, 120.0])),
    hnp.arrays(float, st.tuples(st.integers(1, 5), st.just(3)),
               elements=st.floats(-100, 100)),
)  # fmt: skip
def test_standardize(train, other):
    """Constant columns, also of numbers that binary cannot hold, and single rows included."""
    scaler = sklearn.preprocessing.StandardScaler().fit(train)
    for ours in (week.standardize(train, other), graders.expected_standardize(train, other)):
        for one, array in zip(ours, (train, other), strict=True):
            np.testing.assert_allclose(one, scaler.transform(array), atol=1e-9)


@quick
@given(st.lists(st.integers(0, 6).map(float), min_size=1, max_size=15), st.integers(1, 4))
def test_early_stopping(losses, patience):
    callback = keras.callbacks.EarlyStopping("val_loss", patience=patience, mode="min")
    callback.set_model(types.SimpleNamespace(stop_training=False))
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if callback.model.stop_training:
            break
    seen = losses[: epoch + 1]
    best = seen.index(min(seen))
    assert week.early_stopping_epoch(losses, patience) == best
    assert graders.expected_early_stopping_epoch(losses, patience) == best


def test_penalties_are_keras():
    weights = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    for ours, theirs in ((week.l1_penalty, keras.regularizers.L1),
                         (week.l2_penalty, keras.regularizers.L2)):  # fmt: skip
        assert ours(weights, 0.3) == pytest.approx(float(theirs(0.3)(weights)), rel=1e-5)


@quick
@given(st.data(), st.integers(2, 30), st.integers(0, 99))
def test_folds_part_all_samples(data, n, seed):
    k = data.draw(st.integers(2, n))
    folds = week.k_fold_indices(n, k, seed)
    assert sorted(np.concatenate([valid for _, valid in folds])) == list(range(n))
    sizes = [len(valid) for _, valid in folds]
    assert len(folds) == k and max(sizes) - min(sizes) <= 1
    for train, valid in folds:
        assert sorted([*train, *valid]) == list(range(n))


@quick
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=40),
    st.floats(0, 0.49), st.floats(0, 0.5), st.integers(0, 99), st.booleans(), st.booleans(),
)  # fmt: skip
def test_splits_part_all_samples(rows, valid, test, seed, by_group, by_label):
    groups, labels = np.array(rows).T
    kept = {"groups": groups} if by_group else {}
    kept |= {"labels": labels} if by_label else {}
    parts = week.split_indices(len(rows), valid, test, seed, **kept)
    assert sorted(np.concatenate(parts)) == list(range(len(rows)))
    assert len(parts[0]) > 0
    if by_group:
        assert sum(len(set(groups[part])) for part in parts) == len(set(groups))
    elif by_label:
        for label in set(labels):
            for part, fraction in ((parts[1], valid), (parts[2], test)):
                share = np.sum(labels == label) * fraction
                assert abs(np.sum(labels[part] == label) - share) < 1


def test_breast_cancer_counts_the_malignant():
    x, y, provenance = load_breast_cancer()
    assert x.shape == (569, 30) and y.sum() == 212 and provenance.n == 569
    # Malignant tumours are larger: the labels are not turned over.
    assert x[y == 1, 0].mean() > x[y == 0, 0].mean()


def test_week_loads_no_tensorflow():
    import subprocess
    import sys

    program = (
        "from course import lazy; lazy.install(); import sys; "
        "from solutions import week02_generalization as week; week.accuracy([0, 1], [0, 1]); "
        "assert not {'tensorflow', 'keras'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Project.find().root)
