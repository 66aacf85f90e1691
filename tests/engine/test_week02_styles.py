"""Right answers to week 2 in other styles: loops, other generators, lists, float32."""

import pytest

from course.catalogue import read_catalogue, select
from course.grading.grade import grade
from course.project import Project
from course.sandbox.launcher import Sandbox

WEEK = "week02_generalization"
STYLES = '''
import random
import numpy as np


def split_indices(n, valid_fraction, test_fraction, seed, groups=None, labels=None):
    """Whole groups, rounded up, with random.Random; lists."""
    if n < 1 or valid_fraction < 0 or test_fraction < 0 or valid_fraction + test_fraction >= 1:
        raise ValueError(f"bad sizes {n}, {valid_fraction}, {test_fraction}")
    for given in (groups, labels):
        if given is not None and len(given) != n:
            raise ValueError(f"expected {n} values, got {len(given)}")
    members = {}
    for i in range(n):
        members.setdefault(i if groups is None else groups[i], []).append(i)
    classes = {}
    for group, rows in members.items():
        of_group = [0 if labels is None else labels[i] for i in rows]
        classes.setdefault(max(set(of_group), key=of_group.count), []).append(group)
    parts = [], [], []
    for names in classes.values():
        random.Random(seed).shuffle(names)
        n_valid = int(np.ceil(len(names) * valid_fraction))
        n_test = int(len(names) * test_fraction)
        for k, name in enumerate(names):
            parts[1 if k < n_valid else 2 if k < n_valid + n_test else 0].extend(members[name])
    return list(parts)


def k_fold_indices(n, k, seed):
    if k < 2 or k > n:
        raise ValueError(f"k={k} does not fit n={n}")
    order = np.random.RandomState(seed).permutation(n).tolist()
    folds = [order[i::k] for i in range(k)]
    return [([i for i in order if i not in fold], fold) for fold in folds]


def standardize(train, *others):
    train = np.asarray(train, "float32")
    others = [np.asarray(other, "float32") for other in others]
    if not len(train) or any(other.shape[1] != train.shape[1] for other in others):
        raise ValueError("expected the columns of train")
    std = train.std(axis=0)
    std[std == 0] = 1
    return tuple((a - train.mean(axis=0)) / std for a in [train, *others])


def confusion_matrix(y_true, y_pred, n_classes):
    if len(y_true) != len(y_pred):
        raise ValueError("lengths differ")
    matrix = [[0] * n_classes for _ in range(n_classes)]
    for t, p in zip(y_true, y_pred):
        if not (0 <= t < n_classes and 0 <= p < n_classes):
            raise ValueError(f"no class {t} or {p}")
        matrix[t][p] += 1
    return matrix


def roc_curve(y_true, scores):
    """By counting downwards, as scikit-learn does."""
    y, s = np.asarray(y_true), np.asarray(scores, float)
    if y.shape != s.shape or y.min() == y.max():
        raise ValueError("expected both classes and a score each")
    order = np.argsort(-s, kind="stable")
    last = np.append(np.flatnonzero(np.diff(s[order])), len(s) - 1)
    tp, fp = np.cumsum(y[order])[last], np.cumsum(1 - y[order])[last]
    return [0, *fp / fp[-1]], [0, *tp / tp[-1]], [np.inf, *s[order][last]]


def roc_auc(y_true, scores):
    """By ranks, with SciPy."""
    from scipy.stats import rankdata
    y = np.asarray(y_true)
    if y.shape != np.shape(scores) or y.min() == y.max():
        raise ValueError("expected both classes and a score each")
    n = y.sum()
    return (rankdata(scores)[y == 1].sum() - n * (n + 1) / 2) / (n * (len(y) - n))


def macro_f1(y_true, y_pred, n_classes):
    """With scikit-learn."""
    from sklearn.metrics import f1_score
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape or not len(y_true):
        raise ValueError("shapes differ")
    if {*y_true, *y_pred} - {*range(n_classes)}:
        raise ValueError("unknown class")
    names = range(n_classes)
    return f1_score(y_true, y_pred, labels=[*names], average="macro", zero_division=0)


def cross_validate(fit, x, y, k, seed):
    """Own folds, a list, and an extra look at the training score."""
    if len(x) != len(y):
        raise ValueError("lengths differ")
    scores = []
    for train, valid in k_fold_indices(len(x), k, seed):
        predict = fit(x_train := np.asarray(x)[train], np.asarray(y)[train])
        predict(x_train)
        pairs = zip(predict(np.asarray(x)[valid]), np.asarray(y)[valid])
        scores.append(sum(p == t for p, t in pairs) / len(valid))
    return scores
'''
NAMES = ("split_indices", "k_fold_indices", "standardize", "confusion_matrix", "roc_curve",
         "roc_auc", "macro_f1", "cross_validate")  # fmt: skip


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("seed", range(3))
def test_other_styles_pass(tmp_path, sandbox, seed):
    project = Project.find()
    exercises = select(read_catalogue(project), [f"{WEEK}.{name}" for name in NAMES])
    (tmp_path / f"{WEEK}.py").write_text(STYLES)
    report = grade(project, exercises, tmp_path, sandbox, seed=seed)
    assert [c.message for c in report.checks if c.status != "passed"] == []
