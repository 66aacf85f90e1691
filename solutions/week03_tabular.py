"""Week 3: tables, trees, and the first models in Keras.

A table's columns are numbers, categories and row names, and each needs its own treatment. Trees ask
one question after the other, forests average many trees, and a network of dense layers is two lines
of Keras. Beside them stand the tools that every analyst of tables has at hand: principal
components, nearest neighbours, k-means, and SMOTE against rare classes.

The experiment tells age and sex of abalones by ten-fold cross-validation, with a linear model, a
tree, a forest and a network side by side, and shows how three common mistakes flatter a score.
Sources: L. Breiman et al., Classification and Regression Trees (1984); L. Breiman, Bagging
predictors (1996) and Random forests (2001); N. Chawla et al., SMOTE (2002); G. James et al., An
Introduction to Statistical Learning (the Advertising data); W. Nash et al. (1994; Abalone).
"""

import tempfile
import time
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn.dummy
import sklearn.linear_model
import sklearn.neighbors
import sklearn.tree

from course import exercise
from course.experiment import Experiment
from datasets.abalone import SEXES, load_abalone
from datasets.advertising import load_advertising

N_FOLDS = 10
MAX_RINGS_ERROR, MIN_SEX_ACCURACY = 1.50, 0.55  # the bars on Abalone
FARTHEST = 5.0  # standard deviations; the heights of two abalones are slips of the pen
TREE_DEPTH = 5
N_NEIGHBOURS = 25
OLD = 16  # rings from which a shell counts as old: 6 % of them do
PILOT, SURVEY = 20, 400  # shells of a small and of a larger study, for the three mistakes


# -- Tables ----------------------------------------------------------------------------------------


@exercise(
    points=2,
    difficulty=1,
    minutes=15,
    uses=("pandas",),
    hints=(
        "pd.read_csv(path) reads it. Look at frame.columns: what does pandas call a column whose "
        "name is empty?",
        'A first column called "Unnamed: 0" had no name in the file. frame.set_index(name) makes a '
        "column the index.",
        "index_col=0 alone would take the first column of every table, also where it is a feature. "
        "And mind a file that has a header and nothing below it.",
    ),
)
def load_table(path):
    """Reads a table from a CSV file whose first line names the columns.

    R and pandas write row names into a first column that has no name. They only number the rows: a
    model that takes them for a feature learns the order of the file.

    Args:
        path: the file, a text or a pathlib.Path.

    Returns:
        A pandas.DataFrame of the columns in the file's order. A first column without a name becomes
        the index; where all columns are named, the rows are numbered from 0.

    Raises:
        ValueError: the file has no rows.
    """
    frame = pd.read_csv(path)
    if frame.empty:
        raise ValueError(f"expected a table with rows, got none in {path}")
    first = frame.columns[0]
    if str(first).startswith("Unnamed:"):  # pandas' word for an empty name
        frame = frame.set_index(first).rename_axis(None)
    return frame


@exercise(
    points=3,
    difficulty=2,
    minutes=20,
    uses=("pandas",),
    hints=(
        "Numbers stay as they are. F, I and M as 0, 1 and 2 would say that I lies between F and M: "
        "give each value a column of its own, 1 where it applies and 0 elsewhere.",
        "pd.get_dummies(frame) does that for columns of text and of dtype category.",
        "Before you convert to float32, ask frame.isna() for missing values: get_dummies gives "
        "them zeros everywhere, and nobody notices.",
    ),
)
def encode_features(frame):
    """Turns a table into the numbers that a model takes.

    Args:
        frame: pandas.DataFrame. Columns hold numbers (also True and False), texts, or categories
            (dtype category).

    Returns:
        float32 array of shape (n, f). A column of numbers is one feature, unchanged. A column of
        texts gives a feature for each value that occurs, a column of categories one for each of its
        categories, whether it occurs or not: 1 where the row has that value, else 0 (one-hot).
        Features may come in any order. The index is none of them.

    Raises:
        ValueError: a value is missing.
    """
    features = []
    for name in frame.columns:
        column = frame[name]
        if column.isna().any():
            raise ValueError(f"expected no missing values, got {column.isna().sum()} in {name!r}")
        if isinstance(column.dtype, pd.CategoricalDtype):
            values = column.cat.categories
        elif pd.api.types.is_numeric_dtype(column.dtype):
            features.append(column)
            continue
        else:
            values = sorted(column.unique())
        features += [column == value for value in values]
    return np.column_stack([np.asarray(feature, dtype="float32") for feature in features])


# -- Keras' first models ---------------------------------------------------------------------------


@exercise(
    points=3,
    difficulty=1,
    minutes=15,
    uses=("keras",),
    hints=(
        "keras.Sequential takes a list: keras.Input((n_features,)), then Dense layers.",
        "Hidden layers need an activation such as relu, or the whole is one linear function. The "
        "last layer has one unit and none, as rings may be any number.",
        'model.compile(optimizer="adam", loss="mse", metrics=["mae"])',
    ),
)
def build_regressor(n_features):
    """Builds a network that predicts a number.

    Args:
        n_features: how many features a row has, at least 1.

    Returns:
        A compiled keras.Model, (None, n_features) -> (None, 1), with at least one hidden layer and
        a nonlinear activation; its output may be any number. The loss is the mean squared error,
        the metric the mean absolute error. It begins with random weights, and on standardised rows
        a few epochs of fit lower the loss.

    Raises:
        ValueError: n_features is below 1.
    """
    if n_features < 1:
        raise ValueError(f"expected n_features of at least 1, got {n_features}")
    model = _hidden_layers(n_features)
    model.add(keras.layers.Dense(1))
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="mse", metrics=["mae"])
    return model


def _hidden_layers(n_features):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(32, activation="relu"),
        ]
    )


@exercise(
    points=3,
    difficulty=2,
    minutes=15,
    uses=("keras",),
    hints=(
        "Like the regressor, but the output is a probability for each class: softmax.",
        "Two classes need one number, the probability of class 1: a sigmoid. Softmax over a single "
        "unit is always 1.",
        'The losses are "sparse_categorical_crossentropy", which takes integer labels, and '
        '"binary_crossentropy".',
    ),
)
def build_classifier(n_features, n_classes):
    """Builds a network that predicts the probabilities of classes.

    Args:
        n_features: how many features a row has, at least 1.
        n_classes: how many classes there are, at least 2.

    Returns:
        A compiled keras.Model with at least one hidden layer, for integer labels 0 … n_classes - 1
        of shape (n,). More than two classes: (None, n_features) -> (None, n_classes), probabilities
        by softmax, trained with the categorical cross-entropy. Two classes: -> (None, 1), the
        probability of class 1 from one sigmoid unit, trained with the binary cross-entropy. It
        begins with random weights, and on standardised rows a few epochs of fit lower the loss.

    Raises:
        ValueError: n_features is below 1, or n_classes below 2.
    """
    if n_features < 1 or n_classes < 2:
        raise ValueError(
            f"expected at least 1 feature and 2 classes, got {n_features} and {n_classes}"
        )
    model = _hidden_layers(n_features)
    if n_classes == 2:
        model.add(keras.layers.Dense(1, activation="sigmoid"))
        loss = "binary_crossentropy"
    else:
        model.add(keras.layers.Dense(n_classes, activation="softmax"))
        loss = "sparse_categorical_crossentropy"
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss=loss, metrics=["accuracy"])
    return model


@exercise(
    points=2,
    difficulty=1,
    minutes=10,
    uses=("keras",),
    hints=(
        "model.save(path) writes the whole model, when the path ends in .keras.",
        "keras.models.load_model(path) gives a new model, ready to be trained further.",
    ),
)
def save_and_reload(model, path):
    """Saves a model to a file and reads it back, as tomorrow's program would.

    Args:
        model: a compiled keras.Model.
        path: where to save it, a text or pathlib.Path that ends in ".keras".

    Returns:
        Another keras.Model, made from what is in the file: it predicts the same, is compiled, and
        training it does not change the first.

    Raises:
        ValueError: path does not end in ".keras".
    """
    if not str(path).endswith(".keras"):
        raise ValueError(f'expected a path that ends in ".keras", got {path}')
    model.save(path)
    return keras.models.load_model(path)


# -- Trees -----------------------------------------------------------------------------------------


@exercise(
    points=2,
    difficulty=1,
    minutes=10,
    hints=(
        "Which part of the labels is of each class? np.unique(labels, return_counts=True) counts.",
        "1 minus the sum of the squared parts. Of no labels there are no parts, and 0 / 0 is NaN: "
        "look for that first.",
    ),
)
def gini(labels):
    """How mixed some labels are: the chance that two draws, with replacement, differ.

    Args:
        labels: array or list of class labels, integers or texts, shape (n,).

    Returns:
        1 - Σ p², p being each class's part of the labels: 0 when all are alike, near 1 for many
        classes. 0 for no labels.
    """
    if len(labels) == 0:
        return 0.0
    _, counts = np.unique(labels, return_counts=True)
    return float(1 - np.sum((counts / counts.sum()) ** 2))


@exercise(
    points=5,
    difficulty=3,
    minutes=40,
    hints=(
        "Try every feature and, between any two neighbouring values of it, a threshold. Two loops "
        "and gini are enough.",
        "A side of 1 row counts less than one of 99: impurity is (n_left * gini(left) + "
        "n_right * gini(right)) / n.",
        "np.unique(x[:, feature]) gives the values in order. The last of them is no threshold: "
        "nothing would go to the right.",
    ),
)
def best_split(x, y):
    """Finds the question by which a tree parts its rows best.

    Rows with x[:, feature] <= threshold go to the left, all others to the right.

    Args:
        x: features of shape (n, f), finite numbers.
        y: class labels of shape (n,).

    Returns:
        (feature, threshold, impurity): the column's number, an int; the threshold, a number that
        leaves at least one row on each side; and the Gini impurity of both sides, weighted by their
        parts of the rows, the least that any question gives. Of questions that are equally good any
        may be returned, and of thresholds between the same two values any; half-way is usual.

    Raises:
        ValueError: no question parts the rows, as all are alike or there is only one; or x and y
            differ in length.
    """
    x = np.asarray(x)
    if len(x) != len(y):
        raise ValueError(f"expected a label for each row, got {len(y)} and {len(x)}")
    classes, codes = np.unique(y, return_inverse=True)
    one_hot = np.eye(len(classes))[codes]  # (n, classes)
    n_left = np.arange(1, len(x))
    best = None
    for feature in range(x.shape[1]):
        order = np.argsort(x[:, feature])
        values = x[order, feature]
        counts = np.cumsum(one_hot[order], axis=0)  # (n, classes) of the first 1 … n rows
        left, right = counts[:-1], counts[-1] - counts[:-1]
        # n_left * gini(left) is n_left - Σ counts² / n_left.
        kept = (left**2).sum(axis=1) / n_left + (right**2).sum(axis=1) / n_left[::-1]
        impurity = np.where(values[:-1] < values[1:], 1 - kept / len(x), np.inf)
        if impurity.size and impurity.min() < (best[2] if best else np.inf):
            at = int(np.argmin(impurity))
            threshold = _between(float(values[at]), float(values[at + 1]))
            best = feature, threshold, float(impurity[at])
    if best is None:
        raise ValueError(f"expected rows that differ, got {len(x)} that are alike")
    return best


def _between(lower, upper):
    """Half-way, or the lower number where rounding leaves nothing between the two."""
    middle = lower / 2 + upper / 2
    return middle if lower <= middle < upper else lower


@exercise(
    points=1,
    difficulty=1,
    minutes=10,
    hints=(
        "Draw n row numbers, each from all of 0 … n - 1: the same number may come again.",
        "np.random.default_rng(seed).integers(n, size=n)",
    ),
)
def bootstrap_indices(n, seed):
    """Draws as many rows as there are, with replacement: another sample of the same world.

    Args:
        n: number of rows, at least 1.
        seed: integer; the same seed gives the same draw, another one another.

    Returns:
        n integers from 0 to n - 1, each drawn independently and uniformly. About 37 % of the rows
        (1 / e) are not among them.

    Raises:
        ValueError: n is below 1.
    """
    if n < 1:
        raise ValueError(f"expected n of at least 1, got {n}")
    return np.random.default_rng(seed).integers(n, size=n)


@exercise(
    points=1,
    difficulty=1,
    minutes=5,
    hints=(
        "Those of 0 … n - 1 that are not among the indices.",
        "np.setdiff1d(np.arange(n), indices)",
    ),
)
def out_of_bag(indices, n):
    """The rows that a bootstrap sample left out: test data for the model that was trained on it.

    Args:
        indices: integers from 0 to n - 1, some of them repeated.
        n: number of rows.

    Returns:
        Integer array of the numbers 0 … n - 1 that are not among the indices, each once, in any
        order; empty when all are.

    Raises:
        ValueError: an index is not in 0 … n - 1.
    """
    indices = np.asarray(indices, dtype=int)
    if np.any((indices < 0) | (indices >= n)):
        raise ValueError(f"expected indices from 0 to {n - 1}, got {np.unique(indices)}")
    return np.setdiff1d(np.arange(n), indices)


@exercise(
    points=3,
    difficulty=2,
    minutes=20,
    hints=(
        "One row of predictions per model: np.stack([model.predict(x) for model in models]).",
        "predictions.dtype.kind tells numbers (f) from classes. Numbers have a mean over axis 0.",
        "For classes count, at each row of x, how many models say each class. np.argmax takes the "
        "first of equal counts, so keep the classes in order.",
    ),
)
def bagging_predict(models, x):
    """The common prediction of several models: a vote on classes, a mean of numbers.

    Args:
        models: a list of objects with a method predict(x), as of scikit-learn.
        x: rows of shape (n, f), passed to each of them.

    Returns:
        When the models predict classes (integers) of shape (n,): the class that most of them
        predict, for each row; of classes with equally many votes the smallest. When they predict
        floats of shape (n, …): their mean, of that shape.

    Raises:
        ValueError: there is no model.
    """
    if len(models) == 0:
        raise ValueError("expected at least one model, got none")
    predictions = np.stack([np.asarray(model.predict(x)) for model in models])  # (models, n, …)
    if predictions.dtype.kind == "f":
        return predictions.mean(axis=0)
    classes = np.unique(predictions)
    votes = (predictions[:, :, np.newaxis] == classes).sum(axis=0)  # (n, classes)
    return classes[np.argmax(votes, axis=1)]


# -- Directions, neighbours, groups ----------------------------------------------------------------


@exercise(
    points=4,
    difficulty=3,
    minutes=30,
    hints=(
        "Subtract the mean of each column first. Otherwise the first component points from the "
        "origin to the middle of the data.",
        "U, S, Vt = np.linalg.svd(centred, full_matrices=False): the rows of Vt are the "
        "components, most important first; project with centred @ components.T.",
        "S**2 is proportional to the variances. The ratio's denominator is the sum over all of "
        "them, not over the first n_components.",
    ),
)
def pca(x, n_components):
    """Finds the directions in which data vary most, and the data as seen along them.

    Args:
        x: array or list of shape (n, f), finite numbers.
        n_components: k, how many directions to keep, 1 <= k <= min(n, f).

    Returns:
        (projected, components, explained_variance_ratio). components has shape (k, f): unit vectors
        at right angles, the direction of the largest variance first; each may point either way.
        projected has shape (n, k): the rows minus the column means, along the components.
        explained_variance_ratio has shape (k,): each one's part of the variance of all columns;
        0 where nothing varies.

    Raises:
        ValueError: n_components is below 1 or above min(n, f).
    """
    x = np.asarray(x, dtype=float)
    if not 1 <= n_components <= min(x.shape):
        raise ValueError(f"expected 1 <= n_components <= {min(x.shape)}, got {n_components}")
    # Rounding gives a column of 0.1 a variance of 1e-34, so ask the values themselves.
    centred = np.where(x.max(axis=0) == x.min(axis=0), 0.0, x - x.mean(axis=0))
    _, deviations, directions = np.linalg.svd(centred, full_matrices=False)
    components = directions[:n_components]  # (k, f)
    variances = deviations**2
    ratio = variances[:n_components] / (variances.sum() or 1.0)
    return centred @ components.T, components, ratio


@exercise(
    points=3,
    difficulty=2,
    minutes=20,
    hints=(
        "For each row of x: its distances to all rows of x_train, the k smallest, and their "
        "labels.",
        "np.argsort(distances)[:k] are the nearest. The root of the squares does not change their "
        "order, so it can be left out.",
        "np.unique(labels, return_counts=True) gives the labels in order; np.argmax takes the "
        "first of equal counts.",
    ),
)
def k_nearest_neighbours(x_train, y_train, x, k):
    """Classifies each row by a vote of the k training rows nearest to it.

    Args:
        x_train: shape (n, f).
        y_train: integer labels of shape (n,).
        x: rows to classify, shape (m, f).
        k: how many neighbours vote, 1 <= k <= n.

    Returns:
        Labels of shape (m,): the most frequent among the k rows of x_train with the least Euclidean
        distance; of equally frequent ones the smallest. Which of several rows at the same distance
        votes last is open.

    Raises:
        ValueError: k is below 1 or above n, or x_train and y_train differ in length.
    """
    x_train, y_train, x = np.asarray(x_train), np.asarray(y_train), np.asarray(x)
    if len(x_train) != len(y_train):
        raise ValueError(f"expected a label for each row, got {len(y_train)} and {len(x_train)}")
    if not 1 <= k <= len(x_train):
        raise ValueError(f"expected 1 <= k <= {len(x_train)}, got {k}")
    predicted = []
    for row in x:
        distances = np.sum((x_train - row) ** 2, axis=1)  # (n,)
        labels, counts = np.unique(y_train[np.argsort(distances)[:k]], return_counts=True)
        predicted.append(labels[np.argmax(counts)])
    return np.array(predicted, dtype=y_train.dtype)


@exercise(
    points=4,
    difficulty=3,
    minutes=35,
    hints=(
        "Begin with k different rows as centres. Then two steps, again and again: each row to its "
        "nearest centre, each centre to the mean of its rows.",
        "End when no label changes any more. The distances of all rows to all centres: "
        "((x[:, np.newaxis] - centres) ** 2).sum(axis=2), of shape (n, k).",
        "A centre may lose all its rows, and the mean of nothing is NaN. Put it on the row that is "
        "farthest from its own centre.",
    ),
)
def k_means(x, k, seed):
    """Groups rows around k centres (S. Lloyd, Least squares quantization in PCM, 1982).

    Args:
        x: shape (n, f), finite numbers.
        k: number of groups, from 1 to the number of different rows.
        seed: integer, of the first centres; the same seed gives the same groups.

    Returns:
        (labels, centres): integers 0 … k - 1 of shape (n,), and floats of shape (k, f). Each row's
        label is that of the nearest centre, each centre is the mean of its rows, and no group is
        empty. Which group has which number is open, and so is which of several such groupings is
        found.

    Raises:
        ValueError: k is below 1 or above the number of different rows.
    """
    x = np.asarray(x, dtype=float)
    different = np.unique(x, axis=0)
    if not 1 <= k <= len(different):
        raise ValueError(f"expected 1 <= k <= {len(different)} different rows, got {k}")
    centres = np.random.default_rng(seed).permutation(different)[:k]
    before = None
    while True:
        distances = ((x[:, np.newaxis] - centres) ** 2).sum(axis=2)  # (n, k)
        labels = distances.argmin(axis=1)
        empty = np.setdiff1d(np.arange(k), labels)
        if empty.size:  # on to the row that is worst off, and look again
            centres[empty[0]] = x[distances.min(axis=1).argmax()]
            continue
        if np.array_equal(labels, before):
            return labels, centres
        before = labels
        centres = np.array([x[labels == group].mean(axis=0) for group in range(k)])


@exercise(
    points=4,
    difficulty=3,
    minutes=30,
    hints=(
        "For each new row: choose a row, choose one of its k nearest neighbours, and go a random "
        "part of the way to it.",
        "A row is its own nearest neighbour, at distance 0: leave it out, "
        "np.argsort(distances)[1 : k + 1].",
        "row + rng.random() * (neighbour - row): one random number for the whole row. With one for "
        "each feature the point would leave the line.",
    ),
)
def smote(x, n_new, k, seed):
    """Makes new rows of a rare class, between neighbours of it (N. Chawla et al., 2002).

    Args:
        x: the rows of the rare class alone, shape (n, f), no two of them equal.
        n_new: how many new rows to make, at least 0.
        k: how many neighbours of a row come into question, 1 <= k <= n - 1.
        seed: integer; the same seed gives the same rows, another one others.

    Returns:
        Shape (n_new, f). Each new row lies on the line from a row of x, drawn at random, to one of
        that row's k nearest neighbours in x (the row itself is none), drawn at random, at a uniform
        random part of the way.

    Raises:
        ValueError: n_new is negative, or k is below 1 or above n - 1.
    """
    x = np.asarray(x, dtype=float)
    if n_new < 0 or not 1 <= k <= len(x) - 1:
        raise ValueError(
            f"expected n_new >= 0 and 1 <= k <= {len(x) - 1} for {len(x)} rows, got {n_new} and {k}"
        )
    distances = ((x[:, np.newaxis] - x) ** 2).sum(axis=2)  # (n, n)
    np.fill_diagonal(distances, np.inf)  # nobody is a neighbour of oneself
    neighbours = np.argsort(distances, axis=1)[:, :k]
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(x), size=n_new)
    towards = neighbours[chosen, rng.integers(k, size=n_new)]
    part = rng.random((n_new, 1))
    return x[chosen] + part * (x[towards] - x[chosen])


@exercise(
    points=5,
    difficulty=4,
    minutes=40,
    hints=(
        "Split first, and do everything else inside the loop over the folds, as if the rows of "
        "valid were not there yet.",
        "Of the training rows take the column means and the components: pca. The validation rows "
        "are moved by the same means and projected on the same components.",
        "Then smote on the training rows of class 1, projected, for as many rows as class 0 has "
        "more. Nothing is added to the validation rows: they must be real.",
    ),
)
def prepare_folds(x, y, n_folds, n_components, k, seed):
    """Cuts rows into folds and prepares each honestly: PCA and SMOTE know the training rows alone.

    For each fold the means and the principal components come from its training rows; new rows are
    made between training rows of class 1, the rare one, until both classes have equally many.

    Args:
        x: shape (n, f), finite numbers, no two rows equal.
        y: 0 or 1, shape (n,).
        n_folds: 2 <= n_folds <= n.
        n_components: components to keep, as for pca.
        k: neighbours for SMOTE, as for smote.
        seed: integer; the same seed gives the same folds and rows, another one others.

    Returns:
        A list of n_folds tuples (x_train, y_train, x_valid, valid). valid: the numbers of the
        fold's validation rows, integers; each of 0 … n - 1 is in one fold, shuffled by the seed,
        and the folds' sizes differ by at most one. x_valid: shape (len(valid), n_components), those
        rows in that order, minus the means and along the components of the training rows.
        x_train: all other rows in the order of x, in the same way; then the new rows of class 1, as
        many as class 0 has more (none if it has not). y_train: their classes.

    Raises:
        ValueError: n_folds is below 2 or above n, or x and y differ in length.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y)
    if len(x) != len(y):
        raise ValueError(f"expected a class for each row, got {len(y)} and {len(x)}")
    if not 2 <= n_folds <= len(x):
        raise ValueError(f"expected 2 <= n_folds <= {len(x)}, got {n_folds}")
    prepared = []
    for number, (train_rows, valid) in enumerate(folds_of(len(x), n_folds, seed)):
        x_train, y_train = x[train_rows], y[train_rows]
        projected, components, _ = pca(x_train, n_components)
        x_valid = (x[valid] - x_train.mean(axis=0)) @ components.T
        rare = projected[y_train == 1]
        n_new = max(0, len(y_train) - 2 * len(rare))
        new = smote(rare, n_new, k, seed + number)
        y_train = np.append(y_train, np.ones(n_new, dtype=int))
        prepared.append((np.concatenate([projected, new]), y_train, x_valid, valid))
    return prepared


def folds_of(n, n_folds, seed):
    """Pairs (train, valid) of row numbers; each row is in one valid."""
    parts = np.array_split(np.random.default_rng(seed).permutation(n), n_folds)
    return [(np.setdiff1d(np.arange(n), valid), valid) for valid in parts]


# -- The experiment: models ------------------------------------------------------------------------


def scaled(train, *others):
    """All arrays in train's standard deviations from train's mean, cut off at FARTHEST."""
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    return [((x - mean) / deviation).clip(-FARTHEST, FARTHEST) for x in (train, *others)]


def estimator(make):
    """A fit(x, y, seed) for a model of scikit-learn, which `make` makes from a seed."""
    return lambda x, y, seed: make(seed).fit(x, y).predict


def grow(x, y, depth):
    """A tree grown by hand: a class, or (feature, threshold, left, right)."""
    if depth > 0 and gini(y) > 0:
        feature, threshold, _ = best_split(x, y)
        left = x[:, feature] <= threshold
        return feature, threshold, *(grow(x[side], y[side], depth - 1) for side in (left, ~left))
    classes, counts = np.unique(y, return_counts=True)
    return int(classes[np.argmax(counts)])


def ask(tree, row):
    """The class that a tree gives a row."""
    while isinstance(tree, tuple):
        feature, threshold, left, right = tree
        tree = left if row[feature] <= threshold else right
    return tree


def tree_by_hand(x, y, seed):
    tree = grow(x, y, TREE_DEPTH)
    return lambda x: np.array([ask(tree, row) for row in x])


def grow_forest(x, y, make, n_trees, seed):
    """Trees of scikit-learn, each on a bootstrap sample, and those samples: (trees, samples)."""
    seeds = range(seed * n_trees, (seed + 1) * n_trees)
    samples = [bootstrap_indices(len(x), tree_seed) for tree_seed in seeds]
    trees = [
        make(tree_seed).fit(x[rows], y[rows])
        for tree_seed, rows in zip(seeds, samples, strict=True)
    ]
    return trees, samples


def forest(make, n_trees):
    """A fit(x, y, seed) for a random forest."""

    def fit(x, y, seed):
        trees, _ = grow_forest(x, y, make, n_trees, seed)
        return lambda x: bagging_predict(trees, x)

    return fit


def out_of_bag_error(x, y, make, n_trees, seed):
    """The forest's mean absolute error, each row predicted by the trees that have not seen it."""
    total, count = np.zeros(len(x)), np.zeros(len(x))
    for tree, sample in zip(*grow_forest(x, y, make, n_trees, seed), strict=True):
        rows = out_of_bag(sample, len(x))
        total[rows] += tree.predict(x[rows])
        count[rows] += 1
    seldom = count > 0
    return float(np.mean(np.abs(total[seldom] / count[seldom] - y[seldom])))


def train(model, x, y, batch_size, n_epochs):
    """Fits a network with steps that become smaller and smaller, down to nothing."""
    first = float(model.optimizer.learning_rate)
    schedule = keras.callbacks.LearningRateScheduler(
        lambda epoch, _: first * (1 + np.cos(np.pi * epoch / n_epochs)) / 2
    )
    model.fit(x, y, batch_size, n_epochs, verbose=0, callbacks=[schedule])
    return model


class LogNetwork:
    """A network for positive numbers that predicts their logarithm.

    Trained with squared errors of logarithms it predicts the median rather than the mean, which
    a few very old shells would draw upwards, and the absolute error is least at the median.
    """

    def __init__(self, x, y, batch_size, n_epochs, seed):
        keras.utils.set_random_seed(seed)
        self.middle = np.log(y).mean()
        model = build_regressor(x.shape[1])
        self.model = train(model, x, np.log(y) - self.middle, batch_size, n_epochs)

    def predict(self, x):
        return np.exp(self.model.predict(x, verbose=0)[:, 0] + self.middle)


def bagged_networks(n_networks, batch_size, n_epochs):
    """A fit(x, y, seed) for the mean of several networks, which begin differently."""

    def fit(x, y, seed):
        seeds = range(seed * n_networks, (seed + 1) * n_networks)
        networks = [LogNetwork(x, y, batch_size, n_epochs, each) for each in seeds]
        return lambda x: bagging_predict(networks, x)

    return fit


def network_classifier(batch_size, n_epochs):
    """A fit(x, y, seed) for a network that gives the most probable class."""

    def fit(x, y, seed):
        keras.utils.set_random_seed(seed)
        model = build_classifier(x.shape[1], len(np.unique(y)))
        train(model, x, y, batch_size, n_epochs)
        return lambda x: model.predict(x, verbose=0).argmax(axis=1)

    return fit


def regression_tree(seed):
    return sklearn.tree.DecisionTreeRegressor(
        max_features=0.5, min_samples_leaf=3, random_state=seed
    )


def classification_tree(seed):
    return sklearn.tree.DecisionTreeClassifier(
        max_features="sqrt", min_samples_leaf=5, random_state=seed
    )


def regressors(n_trees, network):
    """A fit(x, y, seed) for each way to predict a number; the first is the baseline."""
    return {
        "baseline": estimator(lambda seed: sklearn.dummy.DummyRegressor(strategy="median")),
        "linear": estimator(lambda seed: sklearn.linear_model.LinearRegression()),
        "tree": estimator(
            lambda seed: sklearn.tree.DecisionTreeRegressor(min_samples_leaf=20, random_state=seed)
        ),
        "forest": forest(regression_tree, n_trees),
        "MLP": network,
    }


def classifiers(n_trees, network):
    """A fit(x, y, seed) for each way to predict a class; the first is the baseline."""
    return {
        "baseline": estimator(lambda seed: sklearn.dummy.DummyClassifier()),
        "linear": estimator(lambda seed: sklearn.linear_model.LogisticRegression(max_iter=1_000)),
        "tree": tree_by_hand,
        "forest": forest(classification_tree, n_trees),
        "neighbours": lambda x, y, seed: (
            lambda other: k_nearest_neighbours(x, y, other, N_NEIGHBOURS)
        ),
        "MLP": network,
    }


# -- The experiment: ten folds ---------------------------------------------------------------------


def absolute_error(y_true, y_pred):
    return float(np.mean(np.abs(y_true - y_pred)))


def accuracy(y_true, y_pred):
    return float(np.mean(y_true == y_pred))


def cross_validate(run, what, x, y, models, score, n_folds):
    """Scores of every model on every fold, each of a fresh model: {name: list of n_folds}."""
    scores = {name: [] for name in models}
    for number, (train_rows, valid) in enumerate(
        run.progress(folds_of(len(x), n_folds, run.seed), what)
    ):

        def of_fold(train_rows=train_rows, valid=valid, number=number):
            x_train, x_valid = scaled(x[train_rows], x[valid])
            return {
                name: score(y[valid], fit(x_train, y[train_rows], run.seed + number)(x_valid))
                for name, fit in models.items()
            }

        for name, value in run.step(f"{what}, fold {number}", of_fold).items():
            scores[name].append(value)
    return scores


def as_a_file(frame):
    """The table as it comes to whoever gets it as a file: read back from CSV, row names and all."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        frame.to_csv(path)
        return load_table(path)


def reloading_changes(x, y):
    """The largest change in a network's predictions through being saved and read back."""
    model = train(build_regressor(x.shape[1]), x, y, batch_size=32, n_epochs=1)
    with tempfile.TemporaryDirectory() as folder:
        again = save_and_reload(model, Path(folder) / "model.keras")
    return float(np.abs(model.predict(x, verbose=0) - again.predict(x, verbose=0)).max())


# -- The experiment: three mistakes ----------------------------------------------------------------


def ridge_error(x_train, y_train, x_valid, y_valid):
    """Sum of the absolute errors of a linear model whose weights are held small."""
    model = sklearn.linear_model.Ridge(1.0).fit(x_train, y_train)
    return np.abs(model.predict(x_valid) - y_valid).sum()


def scaling_leak(x, y, n_folds, seed):
    """Error with scaling inside the folds and with scaling before them, on a few shells.

    The features are the measurements, their squares and their products. A shell of unusual size is
    far out when it is not among those that the scale was taken from. When it is, it stretches the
    scale, and so the test is made easier by the test data.
    """
    rows = np.random.default_rng(seed).choice(len(x), PILOT, replace=False)
    x, y = x[rows], y[rows]
    one, other = np.triu_indices(x.shape[1])
    x = np.column_stack([x, x[:, one] * x[:, other]])

    def standardized(train, *others):
        return [(each - train.mean(axis=0)) / train.std(axis=0) for each in (train, *others)]

    (before,) = standardized(x)
    honest = leaky = 0.0
    for train_rows, valid in folds_of(PILOT, n_folds, seed):
        x_train, x_valid = standardized(x[train_rows], x[valid])
        honest += ridge_error(x_train, y[train_rows], x_valid, y[valid])
        leaky += ridge_error(before[train_rows], y[train_rows], before[valid], y[valid])
    return honest / PILOT, leaky / PILOT


def f1_score(y_true, y_pred):
    return float(2 * np.sum(y_true * y_pred) / max(1, np.sum(y_true) + np.sum(y_pred)))


def smote_leak(x, y, n_folds, seed):
    """F1 on rare old shells with SMOTE on the training part and with SMOTE before the split."""
    rows = np.random.default_rng(seed).choice(len(x), SURVEY, replace=False)
    (x,), y = scaled(x[rows]), (y[rows] >= OLD).astype(int)

    def out_of_fold(x, y):
        predicted = np.zeros(len(y), dtype=int)
        for x_train, y_train, x_valid, valid in prepare_folds(x, y, n_folds, x.shape[1], 5, seed):
            predicted[valid] = k_nearest_neighbours(x_train, y_train, x_valid, 5)
        return f1_score(y, predicted)

    n_new = len(y) - 2 * y.sum()
    x_more = np.concatenate([x, smote(x[y == 1], n_new, 5, seed)])
    return out_of_fold(x, y), out_of_fold(x_more, np.append(y, np.ones(n_new, dtype=int)))


def best_fold_leak(x, y, n_folds, seed):
    """Error of a linear model, the mean of the folds and the best of them."""
    rows = np.random.default_rng(seed).choice(len(x), SURVEY, replace=False)
    x, y = x[rows], y[rows]
    errors = []
    for train_rows, valid in folds_of(SURVEY, n_folds, seed):
        model = sklearn.linear_model.LinearRegression().fit(x[train_rows], y[train_rows])
        errors.append(absolute_error(y[valid], model.predict(x[valid])))
    return float(np.mean(errors)), min(errors)


def measure_leaks(run, x, y):
    """Pairs (honest, flattering) for each mistake, of many draws of shells."""
    n_draws = (
        {"scaling": 50, "smote": 4, "fold": 20}
        if run.quick
        else {"scaling": 400, "smote": 20, "fold": 100}
    )
    kinds = {"scaling": scaling_leak, "smote": smote_leak, "fold": best_fold_leak}
    return {
        name: [
            leak(x, y, N_FOLDS, run.seed + draw)
            for draw in run.progress(range(n_draws[name]), f"{name}, the mistake")
        ]
        for name, leak in kinds.items()
    }


# -- The experiment: figures -----------------------------------------------------------------------


def plot_models(results):
    """For each question the folds of every model, and their mean with one standard deviation."""
    figure, axes = plt.subplots(1, len(results), figsize=(14, 4.4), layout="constrained")
    for axis, (title, (label, bar, scores)) in zip(axes, results.items(), strict=True):
        for place, (name, values) in enumerate(scores.items()):
            aside = np.linspace(-0.2, 0.2, len(values))
            axis.plot(place + aside, values, ".", color="tab:blue", alpha=0.4)
            mean, deviation = np.mean(values), np.std(values)
            colour = "tab:red" if name == "MLP" else "black"
            axis.errorbar(place, mean, deviation, fmt="o", color=colour, capsize=6)
            axis.annotate(
                f"{mean:.2f}", (place, max(values)), (0, 6), textcoords="offset points", ha="center"
            )
        if bar is not None:
            axis.axhline(bar, color="grey", linestyle="--", label=f"bar: {bar:g}")
            axis.legend()
        axis.set(title=title, ylabel=label, xticks=range(len(scores)))
        axis.set_xticklabels(scores)
        axis.margins(y=0.12)
        axis.grid(axis="y", alpha=0.3)
    figure.suptitle("Cross-validation: dots are folds, bars one standard deviation")
    return figure


def plot_leaks(leaks):
    """Honest and flattering score of each mistake, side by side, with the error of the mean."""
    panels = {
        "scaling": (
            f"Scaling before the split\n{PILOT} shells, ridge regression on products",
            "mean absolute error, rings (less is better)",
        ),
        "smote": (
            f"SMOTE before the split\n{SURVEY} shells, are they old? 5 neighbours",
            "F1 of old shells (more is better)",
        ),
        "fold": (
            f"Picking the best fold\n{SURVEY} shells, linear regression",
            "mean absolute error, rings (less is better)",
        ),
    }
    figure, axes = plt.subplots(1, len(panels), figsize=(12, 4.4), layout="constrained")
    for axis, (name, (title, label)) in zip(axes, panels.items(), strict=True):
        pairs = np.array(leaks[name])  # (draws, 2)
        means, errors = pairs.mean(axis=0), pairs.std(axis=0) / np.sqrt(len(pairs))
        bars = axis.bar(
            ("honest", "with the mistake"), means, color=("tab:blue", "tab:red"), width=0.6
        )
        axis.errorbar((0, 1), means, errors, fmt="none", color="black", capsize=6)
        axis.bar_label(bars, fmt="%.2f", label_type="center", color="white", fontsize=13)
        change = pairs[:, 1] - pairs[:, 0]
        axis.set(
            title=f"{title}\n{change.mean():+.3f} ± {change.std() / np.sqrt(len(pairs)):.3f}",
            ylabel=label,
            ylim=(0, 1.15 * means.max()),
        )
    figure.suptitle("Three mistakes that flatter a score: mean and its error over many draws")
    return figure


def plot_map(x, rings, sex, seed):
    """The shells along their first two principal components: by age, by sex, by k-means.

    Fitted on all shells: it is a picture, and no score comes from it.
    """
    (x,) = scaled(x)
    projected, _, ratio = pca(x, 2)
    groups, centres = k_means(x, 3, seed)
    figure, axes = plt.subplots(1, 3, figsize=(14, 4.4), sharex=True, sharey=True,
                                layout="constrained")  # fmt: skip
    shown = {"s": 4, "alpha": 0.6, "linewidths": 0}
    aged = axes[0].scatter(*projected.T, c=rings, cmap="viridis", vmax=20, **shown)
    figure.colorbar(aged, ax=axes[0], label="rings", extend="max")
    axes[0].set_title("Rings")
    for code, name in enumerate(("infant", "female", "male")):
        axes[1].scatter(*projected[sex == code].T, label=name, **shown)
    axes[1].set_title("Sex: females and males look alike")
    for group in np.argsort(centres[:, 0]):
        axes[2].scatter(*projected[groups == group].T, label=f"{sum(groups == group)}", **shown)
    axes[2].set_title("Groups by k-means: they follow size, not sex")
    for axis, title in zip(axes[1:], (None, "shells"), strict=True):
        axis.legend(title=title, markerscale=3)
    for axis in axes:
        axis.set_xlabel(f"first component, {ratio[0]:.0%} of the variance")
    axes[0].set_ylabel(f"second component, {ratio[1]:.0%}")
    return figure


def main(arguments=None):
    """Age and sex of abalones and the sales of advertisers by cross-validation; three mistakes."""
    with Experiment.from_arguments(__file__, arguments) as run:
        data = load_abalone()
        run.uses_data(data.provenance.as_dict())
        frame = data.frame.iloc[:1_200] if run.quick else data.frame
        measured = frame.drop(columns=["sex", "rings"])
        rings = frame["rings"].to_numpy(dtype=float)
        sex = frame["sex"].map({name: code for code, name in enumerate(SEXES)}).to_numpy()
        n_folds, n_trees, n_networks, n_epochs = (
            (2, 20, 1, 15) if run.quick else (N_FOLDS, 100, 2, 30)
        )

        started = time.perf_counter()
        x_rings = encode_features(frame.drop(columns="rings")).astype(float)
        models = regressors(n_trees, bagged_networks(n_networks, 64, n_epochs))
        errors = cross_validate(run, "rings", x_rings, rings, models, absolute_error, n_folds)
        x_sex = encode_features(frame.drop(columns="sex")).astype(float)
        models = classifiers(n_trees, network_classifier(64, n_epochs))
        hits = cross_validate(run, "sex", x_sex, sex, models, accuracy, n_folds)
        seconds = time.perf_counter() - started

        advertising = load_advertising()
        table = as_a_file(advertising.frame)
        x_sales = encode_features(table.drop(columns="sales")).astype(float)
        sales = table["sales"].to_numpy()
        models = regressors(n_trees, bagged_networks(1, 16, 2 * n_epochs))
        sold = cross_validate(run, "sales", x_sales, sales, models, absolute_error, n_folds)

        unseen = run.step(
            "out of bag",
            lambda: out_of_bag_error(x_rings, rings, regression_tree, n_trees, run.seed),
        )
        leaks = run.step(
            "mistakes", lambda: measure_leaks(run, measured.to_numpy(), frame["rings"].to_numpy())
        )

        results = {
            "Abalone: rings": ("mean absolute error, rings", MAX_RINGS_ERROR, errors),
            "Abalone: sex": ("accuracy", MIN_SEX_ACCURACY, hits),
            "Advertising: sales": ("mean absolute error, thousand units", None, sold),
        }
        for title, (label, _, scores) in results.items():
            for name, values in scores.items():
                run.row(
                    question=title,
                    model=name,
                    score=label,
                    value=float(np.mean(values)),
                    deviation=float(np.std(values)),
                    folds=len(values),
                )
        run.row(question="Abalone: rings", model="forest", score="out-of-bag error", value=unseen)
        for name, pairs in leaks.items():
            honest, flattering = np.mean(pairs, axis=0)
            run.row(question=f"mistake: {name}", model="honest", value=float(honest))
            run.row(question=f"mistake: {name}", model="flattering", value=float(flattering))

        record_metrics(run, data.provenance.source, errors, hits, sold, leaks)
        run.metric("forest_out_of_bag_error", unseen)
        run.metric(
            "reloading_changes_predictions_by",
            reloading_changes(*scaled(x_sales), sales),
            at_most=1e-6,
        )
        run.metric("seconds_abalone", seconds)
        run.save_figure(plot_models(results), "models")
        run.save_figure(plot_leaks(leaks), "mistakes")
        run.save_figure(plot_map(measured.to_numpy(), rings, sex, run.seed), "map")


def record_metrics(run, source, errors, hits, sold, leaks):
    """The figures of the run and their bars; a quick run, or simulated shells, have looser ones."""
    strict = source == "real" and not run.quick
    for name, values in errors.items():
        bar = (MAX_RINGS_ERROR if strict else 2.2) if name == "MLP" else None
        run.metric(f"rings_mae_{name}", np.mean(values), at_most=bar)
    for name, values in hits.items():
        bar = (MIN_SEX_ACCURACY if strict else 0.45) if name == "MLP" else None
        run.metric(f"sex_accuracy_{name}", np.mean(values), at_least=bar)
    for name, values in sold.items():
        run.metric(f"sales_mae_{name}", np.mean(values))
    for name, pairs in leaks.items():
        honest, flattering = np.mean(pairs, axis=0)
        gain = flattering - honest if name == "smote" else honest - flattering
        # What scaling gives away is little; a few draws do not show it.
        bar = {"scaling": 0.0 if strict else None, "smote": 0.1, "fold": 0.1}[name]
        run.metric(f"flattered_by_{name}", gain, at_least=bar)


if __name__ == "__main__":
    main()
