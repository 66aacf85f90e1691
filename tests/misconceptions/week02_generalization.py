"""Wrong answers to week 2, and what to tell those who gave them."""

import numpy as np

from course.misconception import misconception

# -- split_indices ---------------------------------------------------------------------------------


@misconception(
    exercise="split_indices",
    rejected_by="shuffled_by_the_seed",
    says="The samples are cut in the order in which they came. Files are often sorted by class or "
    "person; then the test holds only the last of them. Shuffle first.",
)
def never_shuffled(n, valid_fraction, test_fraction, seed, groups=None, labels=None):
    n_valid, n_test = int(n * valid_fraction), int(n * test_fraction)
    order = np.arange(n)
    n_train = n - n_valid - n_test
    return order[:n_train], order[n_train : n_train + n_valid], order[n_train + n_valid :]


@misconception(
    exercise="split_indices",
    rejected_by="shuffled_by_the_seed",
    says="The seed is not used: every seed gives the same split. Make the generator from it, "
    "np.random.default_rng(seed).",
)
def seed_ignored(n, valid_fraction, test_fraction, seed, groups=None, labels=None):
    n_valid, n_test = int(n * valid_fraction), int(n * test_fraction)
    order = np.random.default_rng(0).permutation(n)
    return order[n_valid + n_test :], order[:n_valid], order[n_valid : n_valid + n_test]


@misconception(
    exercise="split_indices",
    rejected_by="shuffled_by_the_seed",
    says="Two calls with one seed give two splits. With a new split in every run, the model has "
    "soon seen all test samples. Make the generator from the seed.",
)
def split_without_a_seed(n, valid_fraction, test_fraction, seed, groups=None, labels=None):
    n_valid, n_test = int(n * valid_fraction), int(n * test_fraction)
    order = np.random.default_rng().permutation(n)
    return order[n_valid + n_test :], order[:n_valid], order[n_valid : n_valid + n_test]


@misconception(
    exercise="split_indices",
    rejected_by="every_sample_in_one_part",
    says="The parts are drawn independently of each other, so samples of the test are in train as "
    "well. Shuffle once and cut.",
)
def parts_overlap(n, valid_fraction, test_fraction, seed, groups=None, labels=None):
    rng = np.random.default_rng(seed)
    n_valid, n_test = int(n * valid_fraction), int(n * test_fraction)
    sizes = (n - n_valid - n_test, n_valid, n_test)
    return tuple(rng.permutation(n)[:size] for size in sizes)


@misconception(
    exercise="split_indices",
    rejected_by="every_sample_in_one_part",
    says="Some samples are in no part. What rounding leaves belongs to train.",
)
def samples_lost(n, valid_fraction, test_fraction, seed, groups=None, labels=None):
    order = np.random.default_rng(seed).permutation(n)
    n_train = int(n * (1 - valid_fraction - test_fraction))
    n_valid, n_test = int(n * valid_fraction), int(n * test_fraction)
    train, rest = order[:n_train], order[n_train:]
    return train, rest[:n_valid], rest[n_valid : n_valid + n_test]


@misconception(
    exercise="split_indices",
    rejected_by="every_sample_in_one_part",
    says="One fraction is taken of what the other has left. Both are fractions of all samples.",
)
def fraction_of_the_rest(n, valid_fraction, test_fraction, seed, groups=None, labels=None):
    order = np.random.default_rng(seed).permutation(n)
    n_test = int(n * test_fraction)
    n_valid = int((n - n_test) * valid_fraction)
    return order[n_test + n_valid :], order[n_test : n_test + n_valid], order[:n_test]


@misconception(
    exercise="split_indices",
    rejected_by="groups_never_straddle",
    says="Samples of one group are in several parts. The model then recognises the person or the "
    "patient, and the test says nothing about new ones. Deal out whole groups.",
)
def group_straddles(n, valid_fraction, test_fraction, seed, groups=None, labels=None):
    n_valid, n_test = int(n * valid_fraction), int(n * test_fraction)
    order = np.random.default_rng(seed).permutation(n)
    return order[n_valid + n_test :], order[:n_valid], order[n_valid : n_valid + n_test]


@misconception(
    exercise="split_indices",
    rejected_by="labels_keep_their_mixture",
    says="The labels are not used, so a rare class may miss from a part altogether. Shuffle and "
    "cut each class by itself.",
)
def labels_ignored(n, valid_fraction, test_fraction, seed, groups=None, labels=None):
    # Cut in order of the labels: the unluckiest of all shuffles that ignore them.
    n_valid, n_test = int(n * valid_fraction), int(n * test_fraction)
    order = np.random.default_rng(seed).permutation(n)
    if labels is not None:
        order = np.argsort(labels, kind="stable")
    return order[n_valid + n_test :], order[:n_valid], order[n_valid : n_valid + n_test]


# -- k_fold_indices --------------------------------------------------------------------------------


@misconception(
    exercise="k_fold_indices",
    rejected_by="every_sample_is_validated_once",
    says="The remainder is lost: n // k samples per fold do not add up to n. np.array_split "
    "spreads what is left over the first folds.",
)
def remainder_lost(n, k, seed):
    order, size = np.random.default_rng(seed).permutation(n), n // k
    folds = [order[i * size : (i + 1) * size] for i in range(k)]
    return [(np.setdiff1d(order, valid), valid) for valid in folds]


@misconception(
    exercise="k_fold_indices",
    rejected_by="every_sample_is_validated_once",
    says="Each fold is drawn anew, so some samples are validated several times and others never. "
    "Shuffle once, then cut.",
)
def folds_drawn_independently(n, k, seed):
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(n) for _ in range(k)]
    return [(order[n // k :], order[: n // k]) for order in orders]


@misconception(
    exercise="k_fold_indices",
    rejected_by="train_is_the_rest",
    says="train holds the validation samples as well, so the model is judged on what it has "
    "learned by heart. Leave the fold out.",
)
def train_holds_the_fold(n, k, seed):
    order = np.random.default_rng(seed).permutation(n)
    return [(order, valid) for valid in np.array_split(order, k)]


@misconception(
    exercise="k_fold_indices",
    rejected_by="sizes_differ_by_at_most_one",
    says="The last fold takes the whole remainder and is much larger than the others. Spread it: "
    "np.array_split does.",
)
def last_fold_takes_the_remainder(n, k, seed):
    order, size = np.random.default_rng(seed).permutation(n), n // k
    folds = [order[i * size : (i + 1) * size if i < k - 1 else n] for i in range(k)]
    return [(np.setdiff1d(order, valid), valid) for valid in folds]


@misconception(
    exercise="k_fold_indices",
    rejected_by="folds_are_shuffled_by_the_seed",
    says="The folds are runs of neighbours. Data that are sorted by class then give folds of one "
    "class each. Shuffle with the seed before cutting.",
)
def folds_not_shuffled(n, k, seed):
    order = np.arange(n)
    return [(np.setdiff1d(order, valid), valid) for valid in np.array_split(order, k)]


# -- standardize -----------------------------------------------------------------------------------


@misconception(
    exercise="standardize",
    rejected_by="by_the_statistics_of_train",
    says="Mean and deviation come from all arrays together: scaled before the split. The training "
    "data then know something of the test data. Measure on train, apply to all.",
)
def scaled_before_the_split(train, *others):
    arrays = [np.asarray(array, float) for array in (train, *others)]
    everything = np.concatenate(arrays)
    return [(array - everything.mean(axis=0)) / everything.std(axis=0) for array in arrays]


@misconception(
    exercise="standardize",
    rejected_by="by_the_statistics_of_train",
    says="Each array is scaled by its own statistics, so one number means different things in "
    "train and test, and a shift between them disappears. Use train's mean and deviation for all.",
)
def each_by_its_own_statistics(train, *others):
    arrays = [np.asarray(array, float) for array in (train, *others)]
    return [(array - array.mean(axis=0)) / array.std(axis=0) for array in arrays]


@misconception(
    exercise="standardize",
    rejected_by="by_the_statistics_of_train",
    says="One mean and one deviation serve for all columns, so columns of small numbers stay small "
    "beside those of large ones. Use axis=0.",
)
def one_scale_for_all_columns(train, *others):
    arrays = [np.asarray(array, float) for array in (train, *others)]
    return [(array - arrays[0].mean()) / arrays[0].std() for array in arrays]


@misconception(
    exercise="standardize",
    rejected_by="by_the_statistics_of_train",
    says="The rows are scaled, not the columns: axis=0 runs over the samples.",
)
def rows_scaled(train, *others):
    arrays = [np.asarray(array, float) for array in (train, *others)]
    return [(a - a.mean(axis=1, keepdims=True)) / a.std(axis=1, keepdims=True) for a in arrays]


@misconception(
    exercise="standardize",
    rejected_by="by_the_statistics_of_train",
    says="The deviation has the divisor n - 1; the contract, like np.std and scikit-learn, has n.",
)
def divisor_n_minus_1(train, *others):
    arrays = [np.asarray(array, float) for array in (train, *others)]
    mean, deviation = arrays[0].mean(axis=0), arrays[0].std(axis=0, ddof=1)
    return [(array - mean) / deviation for array in arrays]


@misconception(
    exercise="standardize",
    rejected_by="by_the_statistics_of_train",
    says="The columns are divided by their variance; the deviation is its square root.",
)
def divided_by_the_variance(train, *others):
    arrays = [np.asarray(array, float) for array in (train, *others)]
    mean, variance = arrays[0].mean(axis=0), arrays[0].var(axis=0)
    return [(array - mean) / variance for array in arrays]


@misconception(
    exercise="standardize",
    rejected_by="constant_columns",
    says="A constant column has a deviation of 0, and dividing by it gives nan or inf, which then "
    "spread through the whole model. Divide such a column by 1.",
)
def constant_column_divided_by_zero(train, *others):
    arrays = [np.asarray(array, float) for array in (train, *others)]
    mean, deviation = arrays[0].mean(axis=0), arrays[0].std(axis=0)
    with np.errstate(all="ignore"):
        return [(array - mean) / deviation for array in arrays]


# -- confusion_matrix and accuracy -----------------------------------------------------------------


@misconception(
    exercise="confusion_matrix",
    rejected_by="rows_are_the_truth",
    says="The matrix is transposed: rows are the true classes, columns the predicted ones.",
)
def matrix_transposed(y_true, y_pred, n_classes):
    matrix = np.zeros((n_classes, n_classes), int)
    np.add.at(matrix, (np.asarray(y_pred), np.asarray(y_true)), 1)
    return matrix


@misconception(
    exercise="confusion_matrix",
    rejected_by="rows_are_the_truth",
    says="No count is above 1: matrix[y_true, y_pred] += 1 adds to each cell once, however often "
    "it occurs. Use a loop, np.add.at or np.bincount.",
)
def cells_counted_once(y_true, y_pred, n_classes):
    matrix = np.zeros((n_classes, n_classes), int)
    matrix[np.asarray(y_true), np.asarray(y_pred)] += 1
    return matrix


@misconception(
    exercise="confusion_matrix",
    rejected_by="rows_are_the_truth",
    says="Each row is divided by its sum. The contract wants counts.",
)
def rows_normalised(y_true, y_pred, n_classes):
    matrix = np.zeros((n_classes, n_classes))
    np.add.at(matrix, (np.asarray(y_true), np.asarray(y_pred)), 1)
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


@misconception(
    exercise="confusion_matrix",
    rejected_by="classes_that_do_not_occur",
    says="Classes that do not occur have no row, so the place in the matrix no longer tells the "
    "class. There are n_classes rows, whatever the data hold.",
)
def only_classes_that_occur(y_true, y_pred, n_classes):
    classes = sorted(set(map(int, y_true)) | set(map(int, y_pred)))
    pairs = list(zip(y_true, y_pred, strict=True))
    return np.array([[pairs.count((i, j)) for j in classes] for i in classes])


@misconception(
    exercise="confusion_matrix",
    rejected_by="rejects_unknown_classes",
    says="Class -1 counts as the last class, since NumPy counts negative indices from the end. "
    "Refuse classes outside 0 … n_classes - 1.",
    betrayed=False,
)
def negative_class_from_the_end(y_true, y_pred, n_classes):
    matrix = np.zeros((n_classes, n_classes), int)
    for true, predicted in zip(y_true, y_pred, strict=True):
        if max(true, predicted) >= n_classes:
            raise ValueError(f"expected classes below {n_classes}")
        matrix[true, predicted] += 1
    return matrix


@misconception(
    exercise="accuracy",
    rejected_by="part_that_is_right",
    says="This is the number of right predictions. Divide it by how many there are.",
)
def number_of_right_ones(y_true, y_pred):
    return float(np.sum(np.asarray(y_true) == np.asarray(y_pred)))


@misconception(
    exercise="accuracy",
    rejected_by="part_that_is_right",
    says="This is the part that is wrong: the error rate, 1 - accuracy.",
)
def error_rate(y_true, y_pred):
    return float(np.mean(np.asarray(y_true) != np.asarray(y_pred)))


@misconception(
    exercise="accuracy",
    rejected_by="rejects_shapes_that_would_broadcast",
    says="(n,) == (n, 1) is a table of n × n comparisons, and its mean is a number that means "
    "nothing. Refuse shapes that differ.",
)
def compares_by_broadcasting(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.size == 0:
        raise ValueError("expected predictions, got none")
    return float(np.mean(y_true == y_pred))


# -- precision, recall and F -----------------------------------------------------------------------


@misconception(
    exercise="precision_recall_f1",
    rejected_by="of_the_positives",
    says="Precision and recall are swapped. Precision divides by the predicted positives, recall "
    "by the true ones.",
)
def precision_and_recall_swapped(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    found = int(np.sum((y_true == 1) & (y_pred == 1)))
    recall = found / max(int(np.sum(y_true == 1)), 1)
    precision = found / max(int(np.sum(y_pred == 1)), 1)
    total = precision + recall
    return recall, precision, 2 * precision * recall / total if total else 0.0


@misconception(
    exercise="precision_recall_f1",
    rejected_by="of_the_positives",
    says="F1 is not the plain mean of precision and recall but their harmonic mean, which is near "
    "0 as soon as one of them is.",
)
def arithmetic_mean(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    found = int(np.sum((y_true == 1) & (y_pred == 1)))
    precision = found / max(int(np.sum(y_pred == 1)), 1)
    recall = found / max(int(np.sum(y_true == 1)), 1)
    return precision, recall, (precision + recall) / 2


@misconception(
    exercise="precision_recall_f1",
    rejected_by="two_percent_of_positives",
    says="The part of right predictions is given out for all three. Where 2 % are positive, "
    '"always negative" is 98 % accurate and finds nothing: that is why precision and recall exist.',
)
def accuracy_taken_as_good(y_true, y_pred):
    right = float(np.mean(np.asarray(y_true) == np.asarray(y_pred)))
    return right, right, right


@misconception(
    exercise="precision_recall_f1",
    rejected_by="of_the_positives",
    says="The negatives are judged: 0 is taken for the positive class. The positive class is 1.",
)
def zero_is_the_positive(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    found = int(np.sum((y_true == 0) & (y_pred == 0)))
    precision = found / max(int(np.sum(y_pred == 0)), 1)
    recall = found / max(int(np.sum(y_true == 0)), 1)
    total = precision + recall
    return precision, recall, 2 * precision * recall / total if total else 0.0


@misconception(
    exercise="precision_recall_f1",
    rejected_by="zero_denominators_give_zero",
    says="0 / 0 is nan, and one nan makes every mean of scores nan. Where the denominator is 0, "
    "the score is 0.",
)
def nan_without_positives(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    found = np.sum((y_true == 1) & (y_pred == 1))
    with np.errstate(all="ignore"):
        precision, recall = found / np.sum(y_pred == 1), found / np.sum(y_true == 1)
        return precision, recall, 2 * precision * recall / (precision + recall)


@misconception(
    exercise="f_beta",
    rejected_by="recall_counts_beta_times",
    says="beta stands there without its square. The formula has beta² above and below the line.",
)
def beta_not_squared(y_true, y_pred, beta):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    found = int(np.sum((y_true == 1) & (y_pred == 1)))
    precision = found / max(int(np.sum(y_pred == 1)), 1)
    recall = found / max(int(np.sum(y_true == 1)), 1)
    below = beta * precision + recall
    return (1 + beta) * precision * recall / below if below else 0.0


@misconception(
    exercise="f_beta",
    rejected_by="recall_counts_beta_times",
    says="beta² stands at recall below the line, so a large beta favours precision. It belongs to "
    "precision there: then recall is what counts.",
)
def favours_precision(y_true, y_pred, beta):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    found = int(np.sum((y_true == 1) & (y_pred == 1)))
    precision = found / max(int(np.sum(y_pred == 1)), 1)
    recall = found / max(int(np.sum(y_true == 1)), 1)
    below = precision + beta**2 * recall
    return (1 + beta**2) * precision * recall / below if below else 0.0


@misconception(
    exercise="f_beta",
    rejected_by="recall_counts_beta_times",
    says="beta is not used: this is F1.",
)
def beta_ignored(y_true, y_pred, beta):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    found = int(np.sum((y_true == 1) & (y_pred == 1)))
    both = int(np.sum(y_true == 1) + np.sum(y_pred == 1))
    return 2 * found / both if both else 0.0


@misconception(
    exercise="f_beta",
    rejected_by="zero_denominators_give_zero_f_beta",
    says='This is accuracy. Where 2 % are positive, "always negative" is 98 % accurate and finds '
    "nothing; an F-score looks at the positives alone.",
)
def accuracy_for_f_beta(y_true, y_pred, beta):
    return float(np.mean(np.asarray(y_true) == np.asarray(y_pred)))


@misconception(
    exercise="macro_f1",
    rejected_by="classes_count_alike",
    says="This is micro-F1, which is just accuracy: frequent classes drown rare ones. Macro is the "
    "plain mean of the classes' F1.",
)
def micro_for_macro(y_true, y_pred, n_classes):
    return float(np.mean(np.asarray(y_true) == np.asarray(y_pred)))


@misconception(
    exercise="macro_f1",
    rejected_by="classes_count_alike",
    says="The classes are weighted by how many samples they have. In a macro mean each class "
    "counts alike.",
)
def weighted_by_size(y_true, y_pred, n_classes):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    total = 0.0
    for c in range(n_classes):
        size, predicted = np.sum(y_true == c), np.sum(y_pred == c)
        found = np.sum((y_true == c) & (y_pred == c))
        total += size * 2 * found / max(size + predicted, 1)
    return float(total / len(y_true))


@misconception(
    exercise="macro_f1",
    rejected_by="classes_count_alike",
    says="Precision and recall are averaged over the classes first, and F1 is made of the means. "
    "Make each class's F1 first, then the mean.",
)
def f1_of_the_means(y_true, y_pred, n_classes):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    found = [np.sum((y_true == c) & (y_pred == c)) for c in range(n_classes)]
    precisions = [found[c] / max(np.sum(y_pred == c), 1) for c in range(n_classes)]
    recalls = [found[c] / max(np.sum(y_true == c), 1) for c in range(n_classes)]
    precision, recall = np.mean(precisions), np.mean(recalls)
    return float(2 * precision * recall / max(precision + recall, 1e-12))


@misconception(
    exercise="macro_f1",
    rejected_by="classes_that_do_not_occur_count_zero",
    says="Classes that do not occur are left out of the mean. The contract divides by n_classes, "
    "so that scores of different samples can be compared.",
)
def mean_over_occurring_classes(y_true, y_pred, n_classes):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    scores = []
    for c in np.union1d(y_true, y_pred):
        found = np.sum((y_true == c) & (y_pred == c))
        scores.append(2 * found / (np.sum(y_true == c) + np.sum(y_pred == c)))
    return float(np.mean(scores))


# -- several labels per sample ---------------------------------------------------------------------


@misconception(
    exercise="exact_match_ratio",
    rejected_by="every_label_of_a_row",
    says="Every label is counted by itself: that is element_accuracy. Here a row counts only when "
    "all of its labels are right.",
)
def counts_single_labels(y_true, y_pred):
    return float(np.mean(np.asarray(y_true) == np.asarray(y_pred)))


@misconception(
    exercise="exact_match_ratio",
    rejected_by="every_label_of_a_row",
    says="A row counts as soon as one label is right. It takes all of them.",
)
def any_label_is_enough(y_true, y_pred):
    return float(np.mean((np.asarray(y_true) == np.asarray(y_pred)).any(axis=1)))


@misconception(
    exercise="exact_match_ratio",
    rejected_by="every_label_of_a_row",
    says="Columns are compared, not rows: a sample's labels lie along axis 1.",
)
def columns_compared(y_true, y_pred):
    return float(np.mean((np.asarray(y_true) == np.asarray(y_pred)).all(axis=0)))


@misconception(
    exercise="element_accuracy",
    rejected_by="every_label_by_itself",
    says="Only rows without any mistake are counted: that is exact_match_ratio. Here every single "
    "label counts.",
)
def counts_whole_rows(y_true, y_pred):
    return float(np.mean((np.asarray(y_true) == np.asarray(y_pred)).all(axis=1)))


@misconception(
    exercise="element_accuracy",
    rejected_by="every_label_by_itself",
    says="Only labels that apply are compared. A 0 that was predicted as 0 is right as well.",
)
def only_labels_that_apply(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    return float(np.mean(y_pred[y_true == 1] == 1))


# -- ROC -------------------------------------------------------------------------------------------


@misconception(
    exercise="roc_curve",
    rejected_by="ties_share_a_point",
    says="Samples of the same score get a point each, so the curve depends on the order in which "
    "they happen to stand. No threshold parts them: one point per distinct score.",
)
def ties_broken_by_order(y_true, scores):
    y_true, scores = np.asarray(y_true), np.asarray(scores, float)
    order = np.argsort(-scores, kind="stable")
    tpr = np.cumsum(y_true[order] == 1) / np.sum(y_true == 1)
    fpr = np.cumsum(y_true[order] == 0) / np.sum(y_true == 0)
    return np.append(0, fpr), np.append(0, tpr), np.append(np.inf, scores[order])


@misconception(
    exercise="roc_curve",
    rejected_by="one_point_per_distinct_score",
    says="The two rates are exchanged. The false-positive rate comes first: it is the x-axis.",
)
def rates_exchanged(y_true, scores):
    y_true, scores = np.asarray(y_true), np.asarray(scores, float)
    thresholds = np.append(np.inf, np.unique(scores)[::-1])
    fpr, tpr = (np.array([np.mean(scores[y_true == c] >= t) for t in thresholds]) for c in (0, 1))
    return tpr, fpr, thresholds


@misconception(
    exercise="roc_curve",
    rejected_by="one_point_per_distinct_score",
    says="The start at (0, 0) with threshold inf is missing.",
)
def start_missing(y_true, scores):
    y_true, scores = np.asarray(y_true), np.asarray(scores, float)
    thresholds = np.unique(scores)[::-1]
    fpr, tpr = (np.array([np.mean(scores[y_true == c] >= t) for t in thresholds]) for c in (0, 1))
    return fpr, tpr, thresholds


@misconception(
    exercise="roc_curve",
    rejected_by="one_point_per_distinct_score",
    says="Samples exactly at the threshold are left out: a score counts as positive when it is at "
    "least the threshold, >= and not >.",
)
def above_the_threshold_only(y_true, scores):
    y_true, scores = np.asarray(y_true), np.asarray(scores, float)
    thresholds = np.append(np.inf, np.unique(scores)[::-1])
    fpr, tpr = (np.array([np.mean(scores[y_true == c] > t) for t in thresholds]) for c in (0, 1))
    return fpr, tpr, thresholds


@misconception(
    exercise="roc_curve",
    rejected_by="one_point_per_distinct_score",
    says="The counts are divided by all samples. Each rate has its own whole: false positives of "
    "the negatives, true positives of the positives.",
)
def rates_of_all_samples(y_true, scores):
    y_true, scores = np.asarray(y_true), np.asarray(scores, float)
    thresholds = np.append(np.inf, np.unique(scores)[::-1])
    fpr, tpr = (
        np.array([np.mean((scores >= t) & (y_true == c)) for t in thresholds]) for c in (0, 1)
    )
    return fpr, tpr, thresholds


@misconception(
    exercise="roc_auc",
    rejected_by="part_of_the_pairs",
    says="The scores were turned into classes before the curve was drawn, so all that is left of "
    "the ranking is one threshold. Use the scores as they are.",
)
def auc_from_hard_labels(y_true, scores):
    y_true, hard = np.asarray(y_true), np.asarray(scores) >= 0.5
    return float((hard[y_true == 1].mean() + 1 - hard[y_true == 0].mean()) / 2)


@misconception(
    exercise="roc_auc",
    rejected_by="ties_count_half",
    says="Equal scores are broken by their order in the array, so another order gives another "
    "AUC. A pair of equal scores counts half.",
)
def auc_with_ties_broken_by_order(y_true, scores):
    y_true = np.asarray(y_true)[np.argsort(-np.asarray(scores, float), kind="stable")]
    tpr = np.append(0, np.cumsum(y_true == 1) / np.sum(y_true == 1))
    fpr = np.append(0, np.cumsum(y_true == 0) / np.sum(y_true == 0))
    return float(np.trapezoid(tpr, fpr))


@misconception(
    exercise="roc_auc",
    rejected_by="ties_count_half",
    says="Pairs of equal score count nothing. They count half: a coin would be right in half of "
    "them.",
)
def ties_count_nothing(y_true, scores):
    y_true, scores = np.asarray(y_true), np.asarray(scores)
    return float(np.mean(scores[y_true == 1][:, None] > scores[y_true == 0]))


@misconception(
    exercise="roc_auc",
    rejected_by="perfect_and_perfectly_wrong_ranking",
    says="An AUC below 0.5 is turned over. A ranking that is wrong is worse than none, and the "
    "score must say so; which direction is right may not be read off the test labels.",
)
def never_below_one_half(y_true, scores):
    y_true, scores = np.asarray(y_true), np.asarray(scores)
    gap = np.sign(scores[y_true == 1][:, None] - scores[y_true == 0])
    auc = float(np.mean((gap + 1) / 2))
    return max(auc, 1 - auc)


@misconception(
    exercise="roc_auc",
    rejected_by="part_of_the_pairs",
    says="The ranking is turned over: a high score speaks for the positive class. Perhaps the "
    "curve's axes are exchanged, or it is run through backwards.",
)
def ranking_turned_over(y_true, scores):
    y_true, scores = np.asarray(y_true), np.asarray(scores)
    gap = np.sign(scores[y_true == 0][:, None] - scores[y_true == 1])
    return float(np.mean((gap + 1) / 2))


# -- penalties -------------------------------------------------------------------------------------


@misconception(
    exercise="l1_penalty",
    rejected_by="sum_of_sizes",
    says="The sign of the weights is kept, so positive and negative ones cancel. Add up their "
    "absolute values.",
)
def signs_kept(weights, strength):
    return float(strength * np.sum(weights))


@misconception(
    exercise="l1_penalty",
    rejected_by="sum_of_sizes",
    says="This is the mean, so a large layer is punished no more than a small one. The penalty is "
    "a sum.",
)
def mean_of_sizes(weights, strength):
    return float(strength * np.mean(np.abs(weights)))


@misconception(
    exercise="l1_penalty",
    rejected_by="sum_of_sizes",
    says="This is the L2 penalty, of the squares. L1 adds up absolute values.",
)
def l2_for_l1(weights, strength):
    return float(strength * np.sum(np.square(weights)))


@misconception(
    exercise="l2_penalty",
    rejected_by="sum_of_squares",
    says="There is a half too much. Textbooks often write ½·Σw²; Keras does not.",
)
def half_too_much(weights, strength):
    return float(strength * np.sum(np.square(weights)) / 2)


@misconception(
    exercise="l2_penalty",
    rejected_by="sum_of_squares",
    says="This is the norm, the root of the sum of squares. The penalty is the sum itself.",
)
def norm_for_penalty(weights, strength):
    return float(strength * np.sqrt(np.sum(np.square(weights))))


@misconception(
    exercise="l2_penalty",
    rejected_by="sum_of_squares",
    says="This is the mean of the squares. The penalty is their sum.",
)
def mean_of_squares(weights, strength):
    return float(strength * np.mean(np.square(weights)))


@misconception(
    exercise="l2_penalty",
    rejected_by="sum_of_squares",
    says="This is the L1 penalty, of absolute values. L2 adds up squares.",
)
def l1_for_l2(weights, strength):
    return float(strength * np.sum(np.abs(weights)))


# -- early_stopping_epoch --------------------------------------------------------------------------


@misconception(
    exercise="early_stopping_epoch",
    rejected_by="best_epoch_before_the_end",
    says="Training goes on one epoch too long: it ends when patience epochs in a row were no "
    "better, not after one more.",
)
def patience_one_too_long(valid_losses, patience):
    best = 0
    for epoch, loss in enumerate(valid_losses):
        if loss < valid_losses[best]:
            best = epoch
        elif epoch - best > patience:
            break
    return best


@misconception(
    exercise="early_stopping_epoch",
    rejected_by="best_epoch_before_the_end",
    says="Training ends one epoch too early: patience epochs without improvement are allowed to "
    "pass before it does.",
)
def patience_one_too_short(valid_losses, patience):
    best = 0
    for epoch, loss in enumerate(valid_losses):
        if loss < valid_losses[best]:
            best = epoch
        elif epoch - best >= patience - 1:
            break
    return best


@misconception(
    exercise="early_stopping_epoch",
    rejected_by="best_epoch_before_the_end",
    says="This is the lowest of all losses, as if training had never ended. What comes after the "
    "end is not seen.",
)
def lowest_of_all(valid_losses, patience):
    return int(np.argmin(valid_losses))


@misconception(
    exercise="early_stopping_epoch",
    rejected_by="best_epoch_before_the_end",
    says="This is the epoch at which training ended. Wanted is the best one before, whose weights "
    "are kept.",
)
def epoch_of_the_end(valid_losses, patience):
    best = 0
    for epoch, loss in enumerate(valid_losses):
        if loss < valid_losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return epoch
    return len(valid_losses) - 1


@misconception(
    exercise="early_stopping_epoch",
    rejected_by="best_epoch_before_the_end",
    says="An improvement does not end the wait: bad epochs are counted in all, not in a row.",
)
def wait_never_reset(valid_losses, patience):
    best, wait = 0, 0
    for epoch, loss in enumerate(valid_losses[1:], start=1):
        if loss < valid_losses[best]:
            best = epoch
        else:
            wait += 1
        if wait >= patience:
            break
    return best


@misconception(
    exercise="early_stopping_epoch",
    rejected_by="best_epoch_before_the_end",
    says="Each loss is compared with the one before it. A loss that recovers a little is still no "
    "improvement: compare with the best so far.",
)
def compared_with_the_last_loss(valid_losses, patience):
    best, wait = 0, 0
    for epoch in range(1, len(valid_losses)):
        wait = 0 if valid_losses[epoch] < valid_losses[epoch - 1] else wait + 1
        if valid_losses[epoch] < valid_losses[best]:
            best = epoch
        if wait >= patience:
            break
    return best


@misconception(
    exercise="early_stopping_epoch",
    rejected_by="equal_losses_are_no_improvement",
    says="A loss equal to the best is taken as better. Only a lower loss is an improvement.",
)
def equal_is_better(valid_losses, patience):
    best = 0
    for epoch, loss in enumerate(valid_losses):
        if loss <= valid_losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


@misconception(
    exercise="early_stopping_epoch",
    rejected_by="best_epoch_before_the_end",
    says="Epochs are counted from 1. They are counted from 0, as everywhere in Python.",
)
def epochs_from_one(valid_losses, patience):
    best = 0
    for epoch, loss in enumerate(valid_losses):
        if loss < valid_losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best + 1


# -- cross_validate --------------------------------------------------------------------------------


@misconception(
    exercise="cross_validate",
    rejected_by="a_fresh_model_per_fold",
    says="One model is fitted to all samples and judged on every fold, all of which it has seen. "
    "Call fit in each fold, on its training part.",
)
def one_model_for_all_folds(fit, x, y, k, seed):
    predict = fit(x, y)
    folds = k_fold_indices(len(x), k, seed)  # noqa: F821
    return np.array([np.mean(predict(x[valid]) == y[valid]) for _, valid in folds])


@misconception(
    exercise="cross_validate",
    rejected_by="a_fresh_model_per_fold",
    says="The first fold's model is reused in the others, whose samples it was trained on. Each "
    "fold needs a fresh model: call fit inside the loop.",
)
def first_model_reused(fit, x, y, k, seed):
    folds = k_fold_indices(len(x), k, seed)  # noqa: F821
    predict = fit(x[folds[0][0]], y[folds[0][0]])
    return np.array([np.mean(predict(x[valid]) == y[valid]) for _, valid in folds])


@misconception(
    exercise="cross_validate",
    rejected_by="a_fresh_model_per_fold",
    says="There is a model per fold, but each is trained on all samples, the fold's included. "
    "Train on the fold's training part.",
)
def trained_on_everything(fit, x, y, k, seed):
    folds = k_fold_indices(len(x), k, seed)  # noqa: F821
    return np.array([np.mean(fit(x, y)(x[valid]) == y[valid]) for _, valid in folds])


@misconception(
    exercise="cross_validate",
    rejected_by="scores_of_the_folds_left_out",
    says="The models are judged on the samples that they were trained on. Judge each on the fold "
    "that it has not seen.",
)
def scored_on_the_training_part(fit, x, y, k, seed):
    folds = k_fold_indices(len(x), k, seed)  # noqa: F821
    return np.array([np.mean(fit(x[t], y[t])(x[t]) == y[t]) for t, _ in folds])


@misconception(
    exercise="cross_validate",
    rejected_by="scores_of_the_folds_left_out",
    says="The best fold alone is reported. Of k folds one is always lucky; the estimate is their "
    "mean, and their spread belongs to it. Return all k scores.",
)
def best_fold_reported(fit, x, y, k, seed):
    folds = k_fold_indices(len(x), k, seed)  # noqa: F821
    return float(max(np.mean(fit(x[t], y[t])(x[v]) == y[v]) for t, v in folds))


@misconception(
    exercise="cross_validate",
    rejected_by="scores_of_the_folds_left_out",
    says="Only the mean comes back. Return the score of every fold: without their spread nobody "
    "knows how far to trust the mean.",
)
def mean_reported(fit, x, y, k, seed):
    folds = k_fold_indices(len(x), k, seed)  # noqa: F821
    return float(np.mean([np.mean(fit(x[t], y[t])(x[v]) == y[v]) for t, v in folds]))


@misconception(
    exercise="cross_validate",
    rejected_by="folds_by_the_seed",
    says="The seed is not passed on: every seed gives the same folds.",
)
def seed_not_passed_on(fit, x, y, k, seed):
    if len(x) != len(y):
        raise ValueError(f"expected as many rows as classes, got {len(x)} and {len(y)}")
    folds = k_fold_indices(len(x), k, 0)  # noqa: F821
    return np.array([np.mean(fit(x[t], y[t])(x[v]) == y[v]) for t, v in folds])
