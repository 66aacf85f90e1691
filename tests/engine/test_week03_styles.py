"""Right answers to week 3 in other styles: loops and lists, other people's libraries, float32."""

import pytest

from course.catalogue import read_catalogue, select
from course.grading.grade import grade
from course.project import Project
from course.sandbox.launcher import Sandbox

WEEK = "week03_tabular"
LOOPS = '''
import math
import random

import numpy as np
import pandas as pd


def load_table(path):
    """By the header line."""
    with open(path) as stream:
        first = stream.readline().split(",")[0].strip().strip('"')
    table = pd.read_csv(path, index_col=None if first else 0)
    if len(table.index) < 1:
        raise ValueError("no rows")
    return table


def encode_features(frame):
    """With get_dummies, which puts numbers first."""
    if frame.isnull().values.any():
        raise ValueError("missing values")
    return pd.get_dummies(frame).values.astype(np.float32)


def gini(labels):
    counts = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    return sum(c / len(labels) * (1 - c / len(labels)) for c in counts.values())


def best_split(x, y):
    """The threshold is a value of the data, and the last of equally good questions wins."""
    if len(x) != len(y):
        raise ValueError("lengths differ")
    best = []
    for f in range(len(x[0])):
        column = [float(row[f]) for row in x]
        for t in sorted(set(column))[:-1]:
            left = [int(label) for value, label in zip(column, y) if value <= t]
            right = [int(label) for value, label in zip(column, y) if value > t]
            score = (len(left) * gini(left) + len(right) * gini(right)) / len(y)
            if not best or score <= best[2] + 1e-12:
                best = [f, t, score]
    if not best:
        raise ValueError("nothing to split")
    return best


def bootstrap_indices(n, seed):
    if n < 1:
        raise ValueError("no rows")
    return random.Random(seed).choices(range(n), k=n)


def out_of_bag(indices, n):
    if any(i < 0 or i >= n for i in indices):
        raise ValueError("no such row")
    return [i for i in range(n - 1, -1, -1) if i not in set(map(int, indices))]


def bagging_predict(models, x):
    if not models:
        raise ValueError("no models")
    said = [model.predict(x) for model in models]
    if np.issubdtype(said[0].dtype, np.floating):
        return sum(said) / len(said)
    result = []
    for i in range(len(x)):
        votes = [int(s[i]) for s in said]
        result.append(min(set(votes), key=lambda v: (-votes.count(v), v)))
    return result


def pca(x, n_components):
    """By the covariance matrix, in the other direction."""
    x = np.array(x, dtype="float64")
    if n_components < 1 or n_components > min(x.shape):
        raise ValueError("too many components")
    z = x - x.mean(axis=0)
    values, vectors = np.linalg.eigh(z.T @ z / len(z))
    values = np.clip(values[::-1], 0, None)
    components = -vectors[:, ::-1][:, :n_components].T
    share = [v / values.sum() if values.sum() > 0 else 0.0 for v in values[:n_components]]
    return [z @ components.T, components, share]


def k_nearest_neighbours(x_train, y_train, x, k):
    if len(x_train) != len(y_train) or k < 1 or k > len(x_train):
        raise ValueError("impossible k")
    result = []
    for row in x:
        ranked = sorted((math.dist(row, other), int(label)) for other, label in
                        zip(x_train, y_train))
        votes = [label for _, label in ranked[:k]]
        result.append(min(set(votes), key=lambda v: (-votes.count(v), v)))
    return result


def k_means(x, k, seed):
    """In float32, from k-means++, for a number of rounds."""
    x = np.array(x, dtype="float32")
    if k < 1 or k > len({tuple(row) for row in x.tolist()}):
        raise ValueError("impossible k")
    rng = np.random.RandomState(seed)
    centres = [x[rng.randint(len(x))]]
    while len(centres) < k:
        d = np.min([((x - c) ** 2).sum(1) for c in centres], axis=0).astype("float64")
        centres.append(x[rng.choice(len(x), p=d / d.sum())])
    centres = np.array(centres)
    for _ in range(200):
        labels = np.array([((x - c) ** 2).sum(1) for c in centres]).argmin(0)
        centres = np.array([x[labels == j].mean(0) if (labels == j).any() else centres[j]
                            for j in range(k)])
    return labels.tolist(), centres.tolist()


def smote(x, n_new, k, seed):
    """The way back: from the neighbour to the row."""
    x = [[float(value) for value in row] for row in x]
    if n_new < 0 or k < 1 or k > len(x) - 1:
        raise ValueError("not enough rows")
    draw, new = random.Random(seed), []
    for _ in range(n_new):
        i = draw.randrange(len(x))
        others = sorted((j for j in range(len(x)) if j != i), key=lambda j: math.dist(x[i], x[j]))
        j, u = draw.choice(others[:k]), draw.random()
        new.append([u * a + (1 - u) * b for a, b in zip(x[i], x[j])])
    return np.array(new, dtype="float32").reshape(n_new, len(x[0]))


def prepare_folds(x, y, n_folds, n_components, k, seed):
    x, y = np.asarray(x), list(map(int, y))
    if len(x) != len(y) or n_folds < 2 or n_folds > len(x):
        raise ValueError("impossible folds")
    order = list(range(len(x)))
    random.Random(seed).shuffle(order)
    result = []
    for f in range(n_folds):
        valid = order[f::n_folds]
        train = [i for i in range(len(x)) if i not in valid]
        seen, components, _ = pca(x[train], n_components)
        classes = [y[i] for i in train]
        missing = max(0, classes.count(0) - classes.count(1))
        rare = [row for row, c in zip(seen.tolist(), classes) if c == 1]
        new = smote(rare, missing, k, seed)
        unseen = (x[valid] - x[train].mean(0)) @ components.T
        result.append((np.vstack([seen, new]), classes + [1] * missing, unseen, valid))
    return result
'''
LIBRARIES = """
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import resample


def load_table(path):
    frame = pd.read_csv(path)
    if not len(frame):
        raise ValueError("no rows")
    return frame.set_index(frame.columns[0]) if "Unnamed: 0" in frame else frame


def encode_features(frame):
    if frame.isna().sum().sum():
        raise ValueError("missing values")
    texts = frame.select_dtypes(exclude=["number", "bool"])
    parts = [frame[list(set(frame) - set(texts))].to_numpy("float32")]
    for name in texts:
        column = frame[name]
        known = column.cat.categories if column.dtype == "category" else column.unique()
        encoder = OneHotEncoder(categories=[list(known)], sparse_output=False, dtype="float32")
        parts.append(encoder.fit_transform(column.to_numpy(object)[:, None]))
    return np.hstack(parts)


def gini(labels):
    parts = pd.Series(labels).value_counts(normalize=True)
    return 1 - (parts**2).sum() if len(labels) else 0


def bootstrap_indices(n, seed):
    if not n > 0:
        raise ValueError("no rows")
    return resample(np.arange(n), random_state=seed)


def out_of_bag(indices, n):
    inside = np.bincount(indices, minlength=n)
    if len(inside) > n:
        raise ValueError("no such row")
    return np.where(inside == 0)[0]


def bagging_predict(models, x):

    if not models:
        raise ValueError("no models")
    said = [m.predict(x) for m in models]
    if said[0].dtype.kind == "f":
        return np.mean(said, 0)
    return pd.DataFrame(said).mode().iloc[0].to_numpy()


def pca(x, n_components):
    x = np.asarray(x, float)
    if not 0 < n_components <= min(x.shape):
        raise ValueError("too many components")
    with np.errstate(all="ignore"):
        model = PCA(n_components, svd_solver="full").fit(x)
    return model.transform(x), model.components_, np.nan_to_num(model.explained_variance_ratio_)


def k_nearest_neighbours(x_train, y_train, x, k):
    if k > len(x_train):
        raise ValueError("too many neighbours")
    return KNeighborsClassifier(k).fit(x_train, y_train).predict(x)


def k_means(x, k, seed):
    if k > len(np.unique(x, axis=0)):
        raise ValueError("too many groups")
    model = KMeans(k, n_init=1, init="random", tol=0, random_state=seed).fit(x)
    return model.labels_, model.cluster_centers_


def smote(x, n_new, k, seed):
    x = np.asarray(x)
    if n_new < 0:
        raise ValueError("fewer than none")
    if len(x) <= k:
        raise ValueError("too few rows")
    near = NearestNeighbors(n_neighbors=k).fit(x).kneighbors(return_distance=False)
    rng = np.random.RandomState(seed)
    rows = rng.randint(0, len(x), n_new)
    to = near[rows, rng.randint(0, k, n_new)]
    part = rng.uniform(size=(n_new, 1))
    return (1 - part) * x[rows] + part * x[to]
"""
NETWORKS = '''
import keras
from keras import layers, ops


class Regressor(keras.Model):
    def __init__(self):
        super().__init__()
        self.inside = [layers.Dense(24, "tanh"), layers.Dense(24, "tanh", kernel_regularizer="l2")]
        self.last = layers.Dense(1)

    def call(self, x):
        for layer in self.inside:
            x = layer(x)
        return self.last(x)


def build_regressor(n_features):
    if n_features <= 0:
        raise ValueError("no features")
    model = Regressor()
    model.build((None, n_features))
    model.compile(keras.optimizers.RMSprop(0.005), keras.losses.MeanSquaredError(),
                  metrics=[keras.metrics.RootMeanSquaredError(), keras.metrics.MeanAbsoluteError()])
    return model


def build_classifier(n_features, n_classes):
    if n_features <= 0 or n_classes <= 1:
        raise ValueError("nothing to tell apart")
    inputs = keras.Input((n_features,), name="shells")
    x = layers.BatchNormalization()(inputs)
    x = layers.Dropout(0.1)(layers.Dense(48, activation="gelu")(x))
    if n_classes == 2:
        outputs = ops.sigmoid(layers.Dense(1)(x))
        loss = keras.losses.BinaryCrossentropy()
    else:
        outputs = layers.Softmax()(layers.Dense(n_classes)(x))
        loss = keras.losses.SparseCategoricalCrossentropy()
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss)
    return model


def save_and_reload(model, path):
    """Keras itself refuses other file names."""
    keras.saving.save_model(model, path)
    return keras.saving.load_model(str(path))
'''
STYLES = {"loops": LOOPS, "libraries": LIBRARIES, "networks": NETWORKS}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("style", "seed"),
    [*((style, seed) for style in ("loops", "libraries") for seed in range(3)), ("networks", 0)],
)
def test_other_styles_pass(tmp_path, sandbox, style, seed):
    project, text = Project.find(), STYLES[style]
    of_week = select(read_catalogue(project), [WEEK])
    exercises = [exercise for exercise in of_week if f"def {exercise.name}(" in text]
    (tmp_path / f"{WEEK}.py").write_text(text, encoding="utf-8")
    report = grade(project, exercises, tmp_path, sandbox, seed=seed)
    problems = [f"{c.exercise}.{c.check}: {c.message}" for c in report.checks
                if c.status != "passed"]  # fmt: skip
    assert not problems, "\n".join(problems)
    assert report.score == pytest.approx(sum(exercise.points for exercise in exercises))
