"""Checks of week 2: splits, scaling, metrics, curves, penalties and cross-validation."""

import numpy as np
import pytest

from course.grading import expect
from course.language import say

# -- What the checks expect, in loops that are easy to believe -------------------------------------


def expected_confusion(y_true, y_pred, n_classes):
    cells = [[(int(t), int(p)) for t, p in zip(y_true, y_pred, strict=True)].count((i, j))
             for i in range(n_classes) for j in range(n_classes)]  # fmt: skip
    return np.reshape(cells, (n_classes, n_classes))


def expected_precision_recall_f1(y_true, y_pred):
    (_, false_alarms), (missed, found) = expected_confusion(y_true, y_pred, 2)
    precision = found / (found + false_alarms) if found else 0.0
    recall = found / (found + missed) if found else 0.0
    return precision, recall, 2 * found / (2 * found + false_alarms + missed) if found else 0.0


def expected_f_beta(y_true, y_pred, beta):
    precision, recall, _ = expected_precision_recall_f1(y_true, y_pred)
    if precision == recall == 0:
        return 0.0
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def expected_macro_f1(y_true, y_pred, n_classes):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    scores = [expected_precision_recall_f1(y_true == c, y_pred == c)[2] for c in range(n_classes)]
    return sum(scores) / n_classes


def expected_roc_curve(y_true, scores):
    y_true, scores = np.asarray(y_true), np.asarray(scores)
    thresholds = [np.inf, *sorted(set(scores.tolist()), reverse=True)]
    rates = [[(scores[y_true == c] >= t).mean() for t in thresholds] for c in (0, 1)]
    return (*np.array(rates), np.array(thresholds))


def expected_roc_auc(y_true, scores):
    positives = [s for s, t in zip(scores, y_true, strict=True) if t]
    negatives = [s for s, t in zip(scores, y_true, strict=True) if not t]
    wins = sum((p > n) + (p == n) / 2 for p in positives for n in negatives)
    return wins / (len(positives) * len(negatives))


def expected_early_stopping_epoch(valid_losses, patience):
    best, epochs_without_improvement = 0, 0
    for epoch in range(1, len(valid_losses)):
        if valid_losses[epoch] < valid_losses[best]:
            best, epochs_without_improvement = epoch, 0
        else:
            epochs_without_improvement += 1
        if epochs_without_improvement == patience:
            return best
    return best


def expected_standardize(train, *others):
    train = np.asarray(train, dtype=float)
    deviation = train.std(axis=0)
    deviation[train.min(axis=0) == train.max(axis=0)] = 1.0
    return [(np.asarray(array, dtype=float) - train.mean(axis=0)) / deviation
            for array in (train, *others)]  # fmt: skip


# -- split_indices ---------------------------------------------------------------------------------


def indices(got, n, of):
    """`got` as a one-dimensional array of different indices below n."""
    result = expect.array(got, of)
    expect.that(
        result.ndim == 1 and (result.size == 0 or result.dtype.kind in "iu"),
        say(
            "expected {of} to be integers of shape (m,), got shape {shape}, {dtype}",
            of=of,
            shape=result.shape,
            dtype=result.dtype,
        ),
    )
    expect.that(
        bool(np.all((result >= 0) & (result < n))),
        say("expected {of} to hold indices from 0 to {last}, got others", of=of, last=n - 1),
    )
    expect.that(
        len(np.unique(result)) == len(result),
        say("expected each index once in {of}, got repetitions", of=of),
    )
    return result.astype(int)


def parts_of_split(submission, *args, **kwargs):
    """The three parts, once it is certain that each index is in exactly one of them."""
    n = args[0]
    got = expect.parts(submission.split_indices(*args, **kwargs), "train", "valid", "test")
    names = ("train", "valid", "test")
    parts = [indices(part, n, name) for part, name in zip(got, names, strict=True)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        shared = np.intersect1d(parts[one], parts[other])
        expect.that(
            shared.size == 0,
            say(
                "expected no sample in two parts, got index {index} in both {one} and {other}",
                index=shared[:1].tolist(),
                one=names[one],
                other=names[other],
            ),
            misconception="parts_overlap",
        )
    n_dealt = sum(map(len, parts))
    expect.that(
        n_dealt == n,
        say("expected each of {n} samples in one of the parts, got {got} in all", n=n, got=n_dealt),
        misconception="samples_lost",
    )
    return parts


def expect_share(count, whole, fraction, of, misconception=None):
    """`count` is whole * fraction, rounded down or up."""
    share = whole * fraction
    expect.that(
        abs(count - share) < 1 or count == int(share),
        say(
            "expected {of} to be {share:g} (rounded down or up), got {count}",
            of=of,
            share=share,
            count=count,
        ),
        misconception=misconception,
    )


def expect_shares(parts, n, valid_fraction, test_fraction):
    for part, fraction, of in (
        (parts[1], valid_fraction, say("the number of validation samples")),
        (parts[2], test_fraction, say("the number of test samples")),
    ):
        # Taken from what the other part has left
        of_the_rest = abs(len(part) - n * (1 - valid_fraction) * fraction) < 1
        of_the_rest |= abs(len(part) - n * (1 - test_fraction) * fraction) < 1
        wrong = "fraction_of_the_rest" if of_the_rest else None
        expect_share(len(part), n, fraction, of, wrong)


@pytest.mark.exercise("split_indices")
def test_every_sample_in_one_part(submission):
    """Each sample is in exactly one part, and the parts have the sizes asked for."""
    for n, valid_fraction, test_fraction in ((100, 0.25, 0.25), (50, 0.2, 0.5), (11, 0.3, 0.2)):
        parts = parts_of_split(submission, n, valid_fraction, test_fraction, 3)
        expect_shares(parts, n, valid_fraction, test_fraction)


@pytest.mark.exercise("split_indices")
def test_shuffled_by_the_seed(submission, rng):
    """The same seed gives the same split, and another seed another one."""
    seed = int(rng.integers(1_000))
    first = parts_of_split(submission, 60, 0.25, 0.25, seed)
    again = parts_of_split(submission, 60, 0.25, 0.25, seed)
    other = parts_of_split(submission, 60, 0.25, 0.25, seed=seed + 1)
    expect.that(
        all(set(a) == set(b) for a, b in zip(first, again, strict=True)),
        say("expected the same split twice for seed {seed}, got two different ones", seed=seed),
        misconception="split_without_a_seed",
    )
    in_order = all(np.ptp(part) == len(part) - 1 for part in first)
    expect.that(
        any(set(a) != set(b) for a, b in zip(first, other, strict=True)) and not in_order,
        say(
            "expected other samples in the parts for seed {other} than for seed {seed}, got the "
            "same split",
            other=seed + 1,
            seed=seed,
        ),
        misconception="never_shuffled" if in_order else "seed_ignored",
    )


@pytest.mark.exercise("split_indices")
def test_groups_never_straddle(submission, rng):
    """All samples of a group are in one part, and the fractions are fractions of the groups."""
    for n_groups, name in ((10, "person {}"), (8, None)):
        groups = rng.permutation(np.repeat(np.arange(n_groups), rng.integers(1, 6, n_groups)))
        given = [name.format(group) for group in groups] if name else groups * 7
        seed = int(rng.integers(100))
        parts = parts_of_split(submission, len(groups), 0.3, 0.2, seed, groups=given)
        for group in range(n_groups):
            where = [k for k, part in enumerate(parts) if group in groups[part]]
            expect.that(
                len(where) == 1,
                say(
                    "expected the samples of a group in one part, got those of group {group!r} in "
                    "{n_parts} parts",
                    group=given[list(groups).index(group)],
                    n_parts=len(where),
                ),
                misconception="group_straddles",
            )
        for part, fraction, of in (
            (1, 0.3, say("the number of validation groups")),
            (2, 0.2, say("the number of test groups")),
        ):
            count = len(np.unique(groups[parts[part]]))
            expect_share(count, n_groups, fraction, of)


@pytest.mark.exercise("split_indices")
def test_labels_keep_their_mixture(submission, rng):
    """With labels, each part gets its share of every class, the rare ones included."""
    labels = rng.permutation(np.repeat([0, 1, 5], (60, 20, 8)))
    for given in (labels, labels.tolist()):
        parts = parts_of_split(submission, 88, 0.25, 0.25, int(rng.integers(100)), labels=given)
        for label in (0, 1, 5):
            for part, of in (
                (1, say("the number of validation samples of class {label}", label=label)),
                (2, say("the number of test samples of class {label}", label=label)),
            ):
                count, whole = np.sum(labels[parts[part]] == label), np.sum(labels == label)
                expect_share(int(count), int(whole), 0.25, of, "labels_ignored")


@pytest.mark.exercise("split_indices")
def test_groups_and_labels(submission, rng):
    """With both, whole groups are dealt out, in each class its share of the groups."""
    label_of = rng.permutation(np.repeat([0, 1], (12, 4)))  # of each group
    groups = rng.permutation(np.repeat(np.arange(16), rng.integers(1, 5, 16)))
    got = parts_of_split(
        submission, len(groups), 0.25, 0.5, 1, groups=groups, labels=label_of[groups]
    )
    of_part = [set(groups[part]) for part in got]
    expect.that(
        sum(map(len, of_part)) == 16,
        say("expected the samples of a group in one part, got a group in several"),
        misconception="group_straddles",
    )
    for label, whole in ((0, 12), (1, 4)):
        for part, fraction, of in (
            (1, 0.25, say("the number of validation groups of class {label}", label=label)),
            (2, 0.5, say("the number of test groups of class {label}", label=label)),
        ):
            count = sum(label_of[group] == label for group in of_part[part])
            expect_share(int(count), whole, fraction, of)


@pytest.mark.exercise("split_indices")
def test_rejects_impossible_splits(submission):
    """Fractions that leave nothing for training, no samples, missing labels are a ValueError."""
    train, _, _ = parts_of_split(submission, 1, 0.0, 0.0, 0)
    expect.equal(train, [0], of="train")
    for args, kwargs, why in (
        ((10, -0.1, 0.2, 0), {}, say("valid_fraction is -0.1")),
        ((10, 0.2, -0.1, 0), {}, say("test_fraction is -0.1")),
        ((10, 0.5, 0.5, 0), {}, say("the fractions add up to 1")),
        ((0, 0.2, 0.2, 0), {}, say("n is 0")),
        ((4, 0.25, 0.25, 0), {"groups": [1, 2, 3]}, say("there are 4 samples and 3 groups")),
        ((4, 0.25, 0.25, 0), {"labels": [1, 0, 1, 0, 1]}, say("there are 4 samples and 5 labels")),
    ):
        expect.raises(
            ValueError,
            lambda args=args, kwargs=kwargs: submission.split_indices(*args, **kwargs),
            why,
        )


# -- k_fold_indices --------------------------------------------------------------------------------


def folds_of(submission, n, k, seed):
    """The folds as pairs of index arrays, each train being all that its valid is not."""
    names = [say("fold {number}", number=number) for number in range(k)]
    got = expect.parts(submission.k_fold_indices(n, k, seed), *names)
    folds = []
    for name, fold in zip(names, got, strict=True):
        train, valid = expect.parts(fold, "train", "valid")
        train = indices(train, n, say("train of {fold}", fold=name))
        valid = indices(valid, n, say("valid of {fold}", fold=name))
        shared = np.intersect1d(train, valid)
        expect.that(
            shared.size == 0,
            say(
                "expected train and valid of {fold} without common samples, got {n_shared}",
                fold=name,
                n_shared=shared.size,
            ),
            misconception="train_holds_the_fold",
        )
        folds.append((train, valid))
    return folds


@pytest.mark.exercise("k_fold_indices")
def test_every_sample_is_validated_once(submission, rng):
    """The validation parts together hold each sample once, also when k does not divide n."""
    for n, k in ((12, 3), (11, 4), (23, 5), (7, 7)):
        valid = np.concatenate([v for _, v in folds_of(submission, n, k, int(rng.integers(99)))])
        counts = np.bincount(valid, minlength=n)
        expect.that(
            counts.max() == 1,
            say(
                "expected each sample in one validation part, got index {index} in {n_parts} "
                "(n={n}, k={k})",
                index=counts.argmax(),
                n_parts=counts.max(),
                n=n,
                k=k,
            ),
            misconception="folds_drawn_independently",
        )
        expect.that(
            counts.min() == 1,
            say(
                "expected each of {n} samples in a validation part, got {got} in all (k={k})",
                n=n,
                got=counts.sum(),
                k=k,
            ),
            misconception="remainder_lost",
        )


@pytest.mark.exercise("k_fold_indices")
def test_train_is_the_rest(submission):
    """In each fold, train holds all samples that valid does not."""
    for n, k in ((10, 2), (14, 4)):
        for number, (train, valid) in enumerate(folds_of(submission, n, k, 5)):
            expect.that(
                len(valid) > 0 and len(train) + len(valid) == n,
                say(
                    "expected train and valid of fold {number} to hold {n} samples together, got "
                    "{n_train} and {n_valid}",
                    number=number,
                    n=n,
                    n_train=len(train),
                    n_valid=len(valid),
                ),
            )


@pytest.mark.exercise("k_fold_indices")
def test_sizes_differ_by_at_most_one(submission):
    """The remainder is spread: no fold is larger than another by more than one sample."""
    for n, k in ((11, 4), (19, 5), (8, 3)):
        sizes = [len(valid) for _, valid in folds_of(submission, n, k, 2)]
        expect.that(
            min(sizes) >= 1 and max(sizes) - min(sizes) <= 1,
            say(
                "expected {k} validation parts of {small} or {large} samples, got sizes {sizes}",
                k=k,
                small=n // k,
                large=-(-n // k),
                sizes=sizes,
            ),
            misconception="last_fold_takes_the_remainder" if sizes[-1] > max(sizes[:-1]) else None,
        )


@pytest.mark.exercise("k_fold_indices")
def test_folds_are_shuffled_by_the_seed(submission, rng):
    """The same seed gives the same folds, another seed others; they are no runs of neighbours."""
    seed = int(rng.integers(1_000))

    def validated(seed):
        return [set(valid) for _, valid in folds_of(submission, 40, 4, seed)]

    first, again, other = validated(seed), validated(seed), validated(seed + 1)
    expect.that(all(first), say("expected samples in every validation part, got an empty one"))
    same = first == again
    expect.that(same, say("expected the same folds twice for seed {seed}, got others", seed=seed))
    in_order = all(max(valid) - min(valid) == len(valid) - 1 for valid in first)
    expect.that(
        not in_order and sorted(map(sorted, first)) != sorted(map(sorted, other)),
        say(
            "expected other folds for seed {other} than for seed {seed}, and shuffled ones; got "
            "{got}",
            other=seed + 1,
            seed=seed,
            got=say("runs of neighbours") if in_order else say("the same folds"),
        ),
        misconception="folds_not_shuffled" if in_order else None,
    )


@pytest.mark.exercise("k_fold_indices")
def test_rejects_impossible_numbers_of_folds(submission):
    """Fewer than 2 folds, or more folds than samples, are a ValueError; k = n is fine."""
    expect.that(
        sorted(int(v[0]) for _, v in folds_of(submission, 3, 3, 0) if len(v) == 1) == [0, 1, 2],
        say("expected each sample to be a fold of its own for n=3, k=3"),
    )
    for k in (0, 1, 4):
        expect.raises(
            ValueError,
            lambda k=k: submission.k_fold_indices(3, k, 0),
            say("k is {k} and n is 3", k=k),
        )


# -- standardize -----------------------------------------------------------------------------------


def expect_standardized(submission, *arrays):
    names = ["train", *(f"others[{number}]" for number in range(len(arrays) - 1))]
    got = expect.parts(submission.standardize(*arrays), *names)
    for one, wanted, name in zip(got, expected_standardize(*arrays), names, strict=True):
        expect.equal(one, wanted, of=name, atol=1e-5)


@pytest.mark.exercise("standardize")
def test_by_the_statistics_of_train(submission, rng):
    """All arrays are scaled by the mean and deviation of train's columns, and of train alone."""
    train = np.array([[0.0, 10.0], [2.0, 30.0], [4.0, 20.0]])
    expect_standardized(submission, train, np.array([[10.0, 10.0], [8.0, 50.0]]))
    scale = np.array([1.0, 50.0, 0.1])
    train = (rng.normal(size=(9, 3)) * scale + 3).round(2)
    others = [(rng.normal(size=(m, 3)) * scale).round(2) for m in (4, 1)]
    expect_standardized(submission, train, *others)


@pytest.mark.exercise("standardize")
def test_any_number_of_others(submission):
    """Train alone gives a list of one; lists and arrays without rows are welcome."""
    expect_standardized(submission, [[1.0, 5.0], [3.0, 9.0]])
    expect_standardized(submission, [[1], [3]], np.zeros((0, 1)), [[5]])


@pytest.mark.exercise("standardize")
def test_constant_columns(submission):
    """A column that is constant in train is centred, and nothing becomes infinite."""
    train = np.array([[4.0, 1.0, 0.0], [4.0, 3.0, 0.0]])
    expect_standardized(submission, train, np.array([[4.0, 2.0, 0.0], [6.0, 5.0, 1.0]]))
    expect_standardized(submission, np.array([[2.0, 8.0]]), np.array([[3.0, 8.0]]))


@pytest.mark.exercise("standardize")
def test_rejects_other_columns(submission):
    """Arrays with other columns than train, and a train without rows, are a ValueError."""
    train = np.array([[1.0, 2.0], [3.0, 6.0]])
    expect_standardized(submission, train, train + 1)
    expect.raises(
        ValueError,
        lambda: submission.standardize(train, train[:, :1]),
        say("the columns are 2 and 1"),
    )
    expect.raises(
        ValueError, lambda: submission.standardize(train[:0], train), say("train is empty")
    )


# -- confusion_matrix and accuracy -----------------------------------------------------------------


@pytest.mark.exercise("confusion_matrix")
def test_rows_are_the_truth(submission):
    """Row i, column j counts the samples of class i that were taken for class j."""
    y_true, y_pred = np.array([0, 0, 0, 1, 2, 2, 1]), np.array([0, 1, 1, 1, 0, 2, 2])
    got = submission.confusion_matrix(y_true, y_pred, 3)
    expect.equal(got, [[1, 2, 0], [0, 1, 1], [1, 0, 1]], of="matrix")


@pytest.mark.exercise("confusion_matrix")
def test_random_classes(submission, rng):
    """The same holds for many samples and any number of classes."""
    for n, n_classes in ((60, 4), (25, 2), (1, 1)):
        y_true, y_pred = rng.integers(n_classes, size=(2, n))
        got = submission.confusion_matrix(y_true, y_pred, n_classes)
        expect.equal(got, expected_confusion(y_true, y_pred, n_classes), of="matrix")


@pytest.mark.exercise("confusion_matrix")
def test_classes_that_do_not_occur(submission):
    """A class without samples has its row and column; lists are welcome."""
    got = submission.confusion_matrix([3, 1, 1], [1, 1, 3], 5)
    expect.equal(got, expected_confusion([3, 1, 1], [1, 1, 3], 5), of="matrix")


@pytest.mark.exercise("confusion_matrix")
def test_rejects_unknown_classes(submission):
    """Classes outside 0 … n_classes - 1 and arrays of different lengths are a ValueError."""
    expect.equal(submission.confusion_matrix([0, 1], [1, 1], 2), [[0, 1], [0, 1]], of="matrix")
    for y_true, y_pred, why in (
        ([0, 2], [1, 1], say("class 2 is not one of 2")),
        ([0, 1], [1, -1], say("class -1 is not one of 2")),
        ([0, 1, 1], [1, 1], say("the lengths are 3 and 2")),
    ):
        expect.raises(
            ValueError,
            lambda t=y_true, p=y_pred: submission.confusion_matrix(np.array(t), np.array(p), 2),
            why,
        )


def rejects_shapes(call, right, expected):
    """`call(y_true, y_pred)` is right once, then refuses what would broadcast, and nothing."""
    y_true, y_pred = map(np.asarray, right)
    expect.number(call(y_true, y_pred), expected)
    expect.raises(
        ValueError,
        lambda: call(y_true, y_pred[:, None]),
        say(
            "the shapes are {one} and {other}",
            one=y_true.shape,
            other=y_pred[:, None].shape,
        ),
    )
    expect.raises(ValueError, lambda: call(y_true[:0], y_pred[:0]), say("there are no predictions"))


@pytest.mark.exercise("accuracy")
def test_part_that_is_right(submission, rng):
    """It is the number of right predictions over the number of predictions."""
    expect.number(submission.accuracy([0, 1, 2, 1, 1], [0, 1, 1, 1, 0]), 0.6)
    y_true, y_pred = rng.integers(3, size=(2, 40))
    y_pred[0] = y_true[0]
    right = sum(t == p for t, p in zip(y_true.tolist(), y_pred.tolist(), strict=True))
    expect.number(submission.accuracy(y_true, y_pred), right / 40)


@pytest.mark.exercise("accuracy")
def test_all_right_and_all_wrong(submission):
    """It is 1 when all are right and 0 when none is, also for one sample."""
    expect.number(submission.accuracy(np.array([3, 1]), np.array([3, 1])), 1)
    expect.number(submission.accuracy(np.array([3, 1]), np.array([1, 3])), 0)
    expect.number(submission.accuracy(np.array([1]), np.array([1])), 1)


@pytest.mark.exercise("accuracy")
def test_rejects_shapes_that_would_broadcast(submission):
    """Arrays of different shapes, or without predictions, are a ValueError."""
    rejects_shapes(submission.accuracy, ([0, 1, 1], [0, 1, 0]), 2 / 3)


# -- precision, recall and F -----------------------------------------------------------------------


def expect_scores(submission, y_true, y_pred):
    got = submission.precision_recall_f1(y_true, y_pred)
    names = ("precision", "recall", "f1")
    wanted = expected_precision_recall_f1(y_true, y_pred)
    for one, number, name in zip(expect.parts(got, *names), wanted, names, strict=True):
        expect.number(one, number, of=name)


@pytest.mark.exercise("precision_recall_f1")
def test_of_the_positives(submission, rng):
    """Precision is about the predicted positives, recall about the true ones."""
    # 2 of 3 predicted positives are right, and 2 of 5 positives were found.
    expect_scores(submission, np.array([1, 1, 1, 1, 1, 0, 0]), np.array([1, 1, 0, 0, 0, 1, 0]))
    expect_scores(submission, rng.permutation([0] * 15 + [1] * 9), np.resize([1, 0, 1], 24))


@pytest.mark.exercise("precision_recall_f1")
def test_two_percent_of_positives(submission):
    """Where 2 % are positive, "always negative" scores 0 and finding them scores 1."""
    y_true = np.array([1, 1] + [0] * 98)
    expect_scores(submission, y_true, y_true)
    expect_scores(submission, y_true, np.roll(y_true, 1))
    expect_scores(submission, y_true, np.zeros(100, int))


@pytest.mark.exercise("precision_recall_f1")
def test_zero_denominators_give_zero(submission):
    """No positives, no predicted positives, or neither: the score is 0, not nan."""
    expect_scores(submission, [1, 0], [1, 1])
    for y_true, y_pred in (([1, 1, 0], [0, 0, 0]), ([0, 0, 0], [0, 1, 1]), ([0], [0])):
        expect_scores(submission, np.array(y_true), np.array(y_pred))
    expect_scores(submission, np.array([1, 0]), np.array([0, 1]))


@pytest.mark.exercise("precision_recall_f1")
def test_rejects_shapes_that_would_broadcast_scores(submission):
    """Arrays of different shapes, or without predictions, are a ValueError."""

    def precision(y_true, y_pred):
        got = submission.precision_recall_f1(y_true, y_pred)
        return expect.parts(got, "precision", "recall", "f1")[0]

    rejects_shapes(precision, ([0, 1, 1], [1, 1, 1]), 2 / 3)


@pytest.mark.exercise("f_beta")
def test_recall_counts_beta_times(submission, rng):
    """beta above 1 favours recall, below 1 precision; 1 gives F1."""
    y_true, y_pred = np.array([1, 1, 1, 1, 0, 0]), np.array([1, 1, 0, 0, 1, 0])
    for beta in (2.0, 0.5, 1.0, 3):
        got = submission.f_beta(y_true, y_pred, beta)
        expect.number(got, expected_f_beta(y_true, y_pred, beta))
    y_true, y_pred = rng.permutation([0] * 15 + [1] * 9), np.resize([1, 0, 1], 24)
    got = submission.f_beta(y_true, y_pred, beta=1.5)
    expect.number(got, expected_f_beta(y_true, y_pred, 1.5))


@pytest.mark.exercise("f_beta")
def test_zero_denominators_give_zero_f_beta(submission):
    """Without a positive that was found it is 0, however many negatives are right."""
    rare = np.array([1, 1] + [0] * 98)
    expect.number(submission.f_beta(rare, rare, 2), 1)
    expect.number(submission.f_beta(rare, np.zeros(100, int), 2), 0)
    expect.number(submission.f_beta(np.array([0, 0]), np.array([0, 0]), 0.5), 0)
    expect.number(submission.f_beta(np.array([1, 0]), np.array([0, 1]), 0.5), 0)


@pytest.mark.exercise("f_beta")
def test_rejects_beta_of_zero(submission):
    """A beta that is not above 0, and arrays of different shapes, are a ValueError."""
    y = np.array([1, 0])
    rejects_shapes(lambda t, p: submission.f_beta(t, p, 1), ([0, 1, 1], [1, 1, 1]), 0.8)
    for beta in (0, -1.0):
        expect.raises(
            ValueError,
            lambda b=beta: submission.f_beta(y, y, b),
            say("beta is {beta}", beta=beta),
        )


@pytest.mark.exercise("macro_f1")
def test_classes_count_alike(submission, rng):
    """It is the plain mean of the F1 of each class, whatever the class sizes."""
    y_true, y_pred = np.array([0, 0, 0, 0, 0, 0, 1, 1, 2]), np.array([0, 0, 0, 0, 0, 1, 1, 2, 1])
    got = submission.macro_f1(y_true, y_pred, 3)
    expect.number(got, expected_macro_f1(y_true, y_pred, 3))
    y_true = rng.choice(4, p=(0.6, 0.2, 0.1, 0.1), size=50)
    y_true[:4] = range(4)
    y_pred = np.where(rng.random(50) < 0.6, y_true, rng.integers(4, size=50))
    y_pred[:4] = range(4)
    expect.number(submission.macro_f1(y_true, y_pred, 4), expected_macro_f1(y_true, y_pred, 4))


@pytest.mark.exercise("macro_f1")
def test_classes_that_do_not_occur_count_zero(submission):
    """A class that is nowhere counts 0, and so does one that is never right."""
    expect.number(submission.macro_f1([0, 1, 1], [0, 1, 1], 4), 0.5)
    expect.number(submission.macro_f1(np.array([2, 0]), np.array([2, 1]), 3), 1 / 3)
    expect.number(submission.macro_f1(np.array([1]), np.array([1]), 2), 0.5)


@pytest.mark.exercise("macro_f1")
def test_rejects_unknown_classes_macro(submission):
    """Classes outside 0 … n_classes - 1 and arrays of different shapes are a ValueError."""
    rejects_shapes(lambda t, p: submission.macro_f1(t, p, 2), ([0, 1, 1], [1, 1, 1]), 0.4)
    for y_true, y_pred in (([0, 2], [0, 1]), ([0, 1], [-1, 1])):
        expect.raises(
            ValueError,
            lambda t=y_true, p=y_pred: submission.macro_f1(np.array(t), np.array(p), 2),
            say(
                "y_true is {y_true} and y_pred {y_pred}, with 2 classes",
                y_true=y_true,
                y_pred=y_pred,
            ),
        )


# -- several labels per sample ---------------------------------------------------------------------

# Rows: right, one of three wrong, all wrong, right. Columns: 3, 2 and 3 of 4 right.
LABELS = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0]])
PREDICTED = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0]])


def random_labels(rng):
    labels = rng.integers(2, size=(12, 4))
    return labels, np.where(rng.random((12, 4)) < 0.15, 1 - labels, labels)


@pytest.mark.exercise("exact_match_ratio")
def test_every_label_of_a_row(submission, rng):
    """A sample counts when all its labels are right."""
    expect.number(submission.exact_match_ratio(LABELS, PREDICTED), 0.5)
    expect.number(submission.exact_match_ratio(LABELS, LABELS), 1)
    labels, predicted = random_labels(rng)
    rows = [list(t) == list(p) for t, p in zip(labels, predicted, strict=True)]
    expect.number(submission.exact_match_ratio(labels, predicted), sum(rows) / 12)
    expect.number(submission.exact_match_ratio([[1, 0]], [[1, 1]]), 0)


@pytest.mark.exercise("exact_match_ratio")
def test_rejects_shapes_that_would_broadcast_rows(submission):
    """Arrays of different shapes, or without predictions, are a ValueError."""
    rejects_shapes(submission.exact_match_ratio, (LABELS, PREDICTED), 0.5)


@pytest.mark.exercise("element_accuracy")
def test_every_label_by_itself(submission, rng):
    """Each single label counts, wherever it stands."""
    expect.number(submission.element_accuracy(LABELS, PREDICTED), 8 / 12)
    labels, predicted = random_labels(rng)
    right = sum(t == p for t, p in zip(labels.flat, predicted.flat, strict=True))
    expect.number(submission.element_accuracy(labels, predicted), right / 48)
    expect.number(submission.element_accuracy([[1, 0]], [[1, 1]]), 0.5)


@pytest.mark.exercise("element_accuracy")
def test_rejects_shapes_that_would_broadcast_labels(submission):
    """Arrays of different shapes, or without predictions, are a ValueError."""
    rejects_shapes(submission.element_accuracy, (LABELS, PREDICTED), 8 / 12)


# -- ROC -------------------------------------------------------------------------------------------


def expect_curve(submission, y_true, scores):
    names = ("fpr", "tpr", "thresholds")
    got = expect.parts(submission.roc_curve(y_true, scores), *names)
    wanted = expected_roc_curve(y_true, scores)
    for one, values, name in zip(got, wanted, names, strict=True):
        expect.equal(one, values, of=name)


@pytest.mark.exercise("roc_curve")
def test_one_point_per_distinct_score(submission, rng):
    """After (0, 0) at threshold inf comes a point for each distinct score, highest first."""
    expect_curve(submission, np.array([0, 1, 0, 1]), np.array([0.1, 0.9, 0.6, 0.4]))
    scores = rng.permutation(30).astype(float)  # all different
    y_true = rng.permutation([0] * 18 + [1] * 12)
    expect_curve(submission, y_true, scores)


@pytest.mark.exercise("roc_curve")
def test_ties_share_a_point(submission, rng):
    """Samples of equal score pass the threshold together, so there is one point for them."""
    expect_curve(submission, np.array([1, 0, 1, 0, 0]), np.array([0.8, 0.5, 0.5, 0.5, 0.2]))
    y_true = rng.permutation([0] * 18 + [1] * 12)
    expect_curve(submission, y_true, rng.integers(5, size=30) / 4)
    expect_curve(submission, [0, 1, 1], [2.0, 2.0, 2.0])


@pytest.mark.exercise("roc_curve")
def test_perfect_and_perfectly_wrong(submission):
    """The curve goes through (0, 1) when positives score highest, through (1, 0) when lowest."""
    scores = np.array([-3.0, -1.0, 2.0, 5.0])  # scores need not be probabilities
    expect_curve(submission, np.array([0, 0, 1, 1]), scores)
    expect_curve(submission, np.array([1, 1, 0, 0]), scores)


@pytest.mark.exercise("roc_curve")
def test_rejects_one_class_only(submission):
    """Without positives, or without negatives, there is no curve: a ValueError."""
    expect_curve(submission, np.array([1, 0]), np.array([0.3, 0.2]))
    for y_true, scores, why in (
        ([1, 1], [0.3, 0.2], say("there are no negatives")),
        ([0, 0], [0.3, 0.2], say("there are no positives")),
        ([0, 1], [0.3, 0.2, 0.1], say("the lengths are 2 and 3")),
    ):
        expect.raises(
            ValueError,
            lambda t=y_true, s=scores: submission.roc_curve(np.array(t), np.array(s)),
            why,
        )


@pytest.mark.exercise("roc_auc")
def test_part_of_the_pairs(submission, rng):
    """It is the part of the pairs of positive and negative that are in the right order."""
    got = submission.roc_auc(np.array([0, 1, 0, 1, 1]), np.array([0.1, 0.9, 0.6, 0.4, 0.3]))
    expect.number(got, 4 / 6)
    scores, y_true = rng.permutation(30) / 7, rng.permutation([0] * 18 + [1] * 12)
    expect.number(submission.roc_auc(y_true, scores), expected_roc_auc(y_true, scores))


@pytest.mark.exercise("roc_auc")
def test_ties_count_half(submission, rng):
    """A pair of equal scores counts half, so a constant score is worth 0.5."""
    y_true = np.array([1, 1, 0, 1, 0, 0])
    got = submission.roc_auc(y_true, np.array([0.9, 0.6, 0.6, 0.6, 0.6, 0.1]))
    expect.number(got, 7 / 9)
    expect.number(submission.roc_auc([1, 0, 0], [0.3, 0.3, 0.3]), 0.5)
    y_true, scores = rng.permutation([0] * 18 + [1] * 12), rng.integers(5, size=30) / 4
    expect.number(submission.roc_auc(y_true, scores), expected_roc_auc(y_true, scores))


@pytest.mark.exercise("roc_auc")
def test_perfect_and_perfectly_wrong_ranking(submission):
    """1 when every positive scores higher, 0 when every one scores lower, on any scale."""
    y_true, scores = np.array([0, 0, 1, 1]), np.array([-30.0, -1.0, 0.01, 0.02])
    expect.number(submission.roc_auc(y_true, scores), 1)
    expect.number(submission.roc_auc(1 - y_true, scores), 0)


@pytest.mark.exercise("roc_auc")
def test_rejects_one_class_only_auc(submission):
    """Without positives, or without negatives, there are no pairs: a ValueError."""
    expect.number(submission.roc_auc(np.array([1, 0]), np.array([0.3, 0.2])), 1)
    for y_true, scores, why in (
        ([1, 1], [0.3, 0.2], say("there are no negatives")),
        ([0, 0], [0.3, 0.2], say("there are no positives")),
        ([0, 1], [0.3, 0.2, 0.1], say("the lengths are 2 and 3")),
    ):
        expect.raises(
            ValueError,
            lambda t=y_true, s=scores: submission.roc_auc(np.array(t), np.array(s)),
            why,
        )


# -- penalties -------------------------------------------------------------------------------------


def expect_penalty(penalty, size, rng):
    """`penalty(weights, strength)` is strength times the sum of `size` of each weight."""
    expect.number(penalty(np.array([3.0, -4.0, 0.0]), 0.1), 0.1 * (size(3.0) + size(4.0)))
    expect.number(penalty([[1.0, -2.0], [2.0, 0.5]], 2), 2 * sum(map(size, (1, 2, 2, 0.5))))
    weights = rng.normal(size=(3, 2, 4)).round(2)
    expect.number(penalty(weights, strength=0.01), 0.01 * sum(map(size, weights.flat)))
    expect.number(penalty(weights, 0), 0)


def rejects_negative_strength(penalty, expected):
    expect.number(penalty(np.array([2.0, -1.0]), 1), expected)
    expect.raises(ValueError, lambda: penalty(np.array([2.0]), -0.1), say("strength is -0.1"))


@pytest.mark.exercise("l1_penalty")
def test_sum_of_sizes(submission, rng):
    """It is strength times the sum of the weights' absolute values, for any shape."""
    expect_penalty(submission.l1_penalty, abs, rng)


@pytest.mark.exercise("l1_penalty")
def test_rejects_negative_strength_l1(submission):
    """A negative strength is a ValueError."""
    rejects_negative_strength(submission.l1_penalty, 3)


@pytest.mark.exercise("l2_penalty")
def test_sum_of_squares(submission, rng):
    """It is strength times the sum of the squared weights, with no half and no root."""
    expect_penalty(submission.l2_penalty, lambda weight: weight**2, rng)


@pytest.mark.exercise("l2_penalty")
def test_rejects_negative_strength_l2(submission):
    """A negative strength is a ValueError."""
    rejects_negative_strength(submission.l2_penalty, 5)


# -- early_stopping_epoch --------------------------------------------------------------------------


def expect_best_epoch(submission, losses, patience):
    got = submission.early_stopping_epoch(losses, patience)
    expect.number(got, expected_early_stopping_epoch(losses, patience), of=say("the epoch"))


@pytest.mark.exercise("early_stopping_epoch")
def test_best_epoch_before_the_end(submission):
    """Training ends when patience epochs in a row were no better; what comes later is not seen."""
    expect_best_epoch(submission, [3.0, 2.0, 4.0, 5.0, 6.0, 1.0], 2)
    expect_best_epoch(submission, [5.0, 2.0, 4.0, 3.0, 4.0, 1.0], 2)
    expect_best_epoch(submission, [3.0, 2.0, 4.0, 5.0, 1.0], 2)
    expect_best_epoch(submission, [3.0, 2.0, 4.0, 1.0, 5.0], 2)
    expect_best_epoch(submission, [5.0, 4.0, 4.5, 4.5, 4.5, 1.0], 3)
    expect_best_epoch(submission, [5.0, 4.0, 4.5, 4.5, 3.5, 4.5, 4.5, 3.0, 9.0], 3)


@pytest.mark.exercise("early_stopping_epoch")
def test_random_losses(submission, rng):
    """The same holds for any losses and any patience."""
    for patience in (1, 2, 3, 5):
        losses = (np.exp(-np.arange(40) / 8) + rng.normal(size=40) / 4).round(2)
        losses[:2] = 3, 2
        expect_best_epoch(submission, losses, patience)


@pytest.mark.exercise("early_stopping_epoch")
def test_equal_losses_are_no_improvement(submission):
    """A loss as low as the best is not better: the first epoch is kept, and the wait goes on."""
    expect_best_epoch(submission, [4.0, 2.0, 2.0, 3.0], 5)
    expect_best_epoch(submission, [4.0, 2.0, 2.0, 2.0, 1.0], 2)


@pytest.mark.exercise("early_stopping_epoch")
def test_losses_that_never_stop_it(submission):
    """Losses that keep falling are followed to the last; a single epoch is the best."""
    expect_best_epoch(submission, [4.0, 3.0, 2.0, 1.0], 1)
    expect_best_epoch(submission, [4.0, 3.0, 2.0, 2.5], 9)
    expect_best_epoch(submission, [1.0], 1)


@pytest.mark.exercise("early_stopping_epoch")
def test_rejects_no_patience(submission):
    """No losses, or a patience below 1, are a ValueError."""
    expect_best_epoch(submission, [2.0, 1.0], 1)
    expect.raises(
        ValueError, lambda: submission.early_stopping_epoch([2.0, 1.0], 0), say("patience is 0")
    )
    expect.raises(
        ValueError, lambda: submission.early_stopping_epoch([], 2), say("there is no loss")
    )


# -- cross_validate --------------------------------------------------------------------------------

# Notes what each model was trained on. The second column of x numbers the samples.
RECORDER = """
import numpy as np

class Recorder:
    def __init__(self):
        self.trained_on = []

    def fit(self, x, y):
        x, y = np.asarray(x), np.asarray(y)
        self.trained_on.append((x.copy(), y.copy()))
        middle = (x[y == 0, 0].mean() + x[y == 1, 0].mean()) / 2
        return lambda x: (np.asarray(x)[:, 0] > middle).astype(int)
"""


def two_classes(rng, n):
    """Overlapping classes; columns: a value, and the sample's number."""
    y = rng.permutation(np.arange(n) % 2)
    return np.stack([y + rng.normal(size=n).round(2), np.arange(n)], axis=1), y


def score_on(judged, trained_on, x, y):
    """The accuracy on some samples of the recorder's model, trained on others."""
    x_train, y_train = x[trained_on], y[trained_on]
    middle = (x_train[y_train == 0, 0].mean() + x_train[y_train == 1, 0].mean()) / 2
    return float(np.mean((x[judged, 0] > middle) == y[judged]))


def run_recorded(submission, x, y, k, seed):
    """What came, and for each model the numbers of the samples it was trained on."""
    recorder = submission.helper(RECORDER, "Recorder")()
    got = submission.cross_validate(recorder.fit, x, y, k, seed)
    noted = recorder.trained_on
    fits = (
        expect.parts(noted, *(say("fit {number}", number=i) for i in range(len(noted))))
        if noted
        else []
    )
    trained_on = []
    for fit in fits:
        x_seen, y_seen = expect.parts(fit, "x", "y")
        x_seen = expect.array(x_seen, "x_train")
        expect.that(
            x_seen.ndim == 2 and x_seen.shape[1] == 2 and len(x_seen) > 0,
            say("expected x_train of shape (m, 2), got {shape}", shape=x_seen.shape),
        )
        numbers = indices(x_seen[:, 1].astype(int), len(x), say("x_train's samples"))
        expect.equal(x_seen, x[numbers], of="x_train")
        expect.equal(y_seen, y[numbers], of="y_train")
        trained_on.append(numbers)
    return got, trained_on


def expect_folds(trained_on, n, k):
    """There was a fit per fold; what each left out is returned, as sets."""
    wrong = None
    if len(trained_on) == 1:
        leaks = len(trained_on[0]) == n
        wrong = "one_model_for_all_folds" if leaks else "first_model_reused"
    expect.that(
        len(trained_on) == k,
        say(
            "expected fit to be called {k} times, once per fold, got {n_calls} calls",
            k=k,
            n_calls=len(trained_on),
        ),
        misconception=wrong,
    )
    left_out = [set(range(n)) - set(numbers.tolist()) for numbers in trained_on]
    expect.that(
        all(left_out),
        say("expected each model to be trained without its fold, got one trained on all samples"),
        misconception="trained_on_everything",
    )
    sizes = sorted(map(len, left_out))
    expect.that(
        sum(sizes) == n and set().union(*left_out) == set(range(n)) and sizes[-1] - sizes[0] <= 1,
        say(
            "expected each of {n} samples left out by one of {k} models, got {sizes} left out",
            n=n,
            k=k,
            sizes=sizes,
        ),
    )
    return [sorted(numbers) for numbers in left_out]


@pytest.mark.exercise("cross_validate")
def test_a_fresh_model_per_fold(submission, rng):
    """fit is called once per fold, and each sample is left out of exactly one training."""
    for n, k in ((20, 4), (23, 5)):
        x, y = two_classes(rng, n)
        got, trained_on = run_recorded(submission, x, y, k, 3)
        expect_folds(trained_on, n, k)
        scores = expect.array(got, say("the scores"))
        between = bool(np.all((scores >= 0) & (scores <= 1)))
        expect.that(between, say("expected scores between 0 and 1"))


@pytest.mark.exercise("cross_validate")
def test_scores_of_the_folds_left_out(submission, rng):
    """Each score is the accuracy on the fold that the model was not trained on; there are k."""
    for n, k in ((24, 3), (43, 4)):
        x, y = two_classes(rng, n)
        got, trained_on = run_recorded(submission, x, y, k, int(rng.integers(100)))
        left_out = expect_folds(trained_on, n, k)
        scores = [score_on(*pair, x, y) for pair in zip(left_out, trained_on, strict=True)]
        on_train = [score_on(numbers, numbers, x, y) for numbers in trained_on]
        if expect.array(got, say("the scores")).ndim == 0:
            best = bool(np.isclose(expect.array(got), max(scores)))
            expect.fail(
                say("expected {k} scores, one per fold, got one number", k=k),
                misconception="best_fold_reported" if best else "mean_reported",
            )
        expect.equal(
            got, scores, of=say("the scores"), betrays={"scored_on_the_training_part": on_train}
        )


@pytest.mark.exercise("cross_validate")
def test_folds_by_the_seed(submission, rng):
    """The same seed leaves out the same folds, and another seed others."""
    x, y = two_classes(rng, 40)
    seed = int(rng.integers(1_000))
    runs = [run_recorded(submission, x, y, 4, s)[1] for s in (seed, seed, seed + 1)]
    first, again, other = (sorted(expect_folds(trained_on, 40, 4)) for trained_on in runs)
    same = first == again
    expect.that(same, say("expected the same folds twice for seed {seed}, got others", seed=seed))
    expect.that(
        first != other,
        say(
            "expected other folds for seed {other} than for seed {seed}, got the same",
            other=seed + 1,
            seed=seed,
        ),
        misconception="seed_not_passed_on",
    )


@pytest.mark.exercise("cross_validate")
def test_rejects_rows_without_classes(submission, rng):
    """x and y of different lengths, and impossible numbers of folds, are a ValueError."""
    x, y = two_classes(rng, 12)
    got, trained_on = run_recorded(submission, x, y, 2, 0)
    expect_folds(trained_on, 12, 2)
    expect.shape(got, (2,), of=say("the scores"))
    fit = submission.helper(RECORDER, "Recorder")().fit
    for rows, classes, k, why in (
        (x, y[:-1], 2, say("x has 12 rows and y 11")),
        (x, y, 1, say("k is {k}", k=1)),
        (x, y, 13, say("k is 13 and there are 12 samples")),
    ):
        expect.raises(
            ValueError,
            lambda rows=rows, classes=classes, k=k: submission.cross_validate(
                fit, rows, classes, k, 0
            ),
            why,
        )
