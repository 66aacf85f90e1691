"""Wrong answers to week 3, and what to tell those who gave them."""

import keras
import numpy as np
import pandas as pd

from course.misconception import misconception

# -- load_table and encode_features ----------------------------------------------------------------


@misconception(
    exercise="load_table",
    rejected_by="unnamed_first_column_is_the_index",
    says='The column of row names has stayed among the features, as "Unnamed: 0". It only numbers '
    "the rows: a model that learns from it learns the order of the file.",
)
def index_kept_as_a_feature(path):
    frame = pd.read_csv(path)
    if frame.empty:
        raise ValueError("expected rows, got none")
    return frame


@misconception(
    exercise="load_table",
    rejected_by="unnamed_first_column_is_the_index",
    says="The row names are gone: the rows are numbered from 0. Make that column the index, so "
    "that a row can still be found in the file.",
)
def index_thrown_away(path):
    frame = pd.read_csv(path)
    if frame.empty:
        raise ValueError("expected rows, got none")
    return frame.loc[:, ~frame.columns.str.startswith("Unnamed")]


@misconception(
    exercise="load_table",
    rejected_by="named_columns_are_columns",
    says="The first column became the index although it has a name: it is a feature. index_col=0 "
    "takes the first column of every table; look at its name first.",
)
def first_column_always_the_index(path):
    frame = pd.read_csv(path, index_col=0)
    if len(frame) == 0:
        raise ValueError("expected rows, got none")
    return frame


@misconception(
    exercise="load_table",
    rejected_by="rejects_a_table_without_rows",
    says="A file with a header and nothing below it gives an empty table, over which some later "
    "line will stumble. Raise ValueError here, where the cause is known.",
    betrayed=False,
)
def empty_table_accepted(path):
    frame = pd.read_csv(path)
    first = frame.columns[0]
    if first.startswith("Unnamed"):
        frame = frame.set_index(first)
    return frame


@misconception(
    exercise="encode_features",
    rejected_by="one_feature_for_each_value",
    says="The texts became 0, 1, 2: so I would lie half-way between F and M, and M count twice as "
    "much as I. Categories have no order: give each value a column of its own.",
)
def ordinal_codes(frame):
    if frame.isna().any().any():
        raise ValueError("expected no missing values")
    columns = [
        frame[name]
        if pd.api.types.is_numeric_dtype(frame[name])
        else frame[name].astype("category").cat.codes
        for name in frame
    ]
    return np.stack([np.asarray(column, "float32") for column in columns], axis=1)


@misconception(
    exercise="encode_features",
    rejected_by="one_feature_for_each_value",
    says="The first value of each column has no feature. A linear model can do without it; the "
    "contract, and whoever reads the features, want one for each value.",
    betrayed=False,
)
def first_value_dropped(frame):
    if frame.isna().any().any():
        raise ValueError("expected no missing values")
    return pd.get_dummies(frame, drop_first=True).to_numpy("float32")


@misconception(
    exercise="encode_features",
    rejected_by="numbers_stay",
    says="The index is among the features. It only numbers the rows, and must not be learnt from.",
)
def index_among_the_features(frame):
    if frame.isna().any().any():
        raise ValueError("expected no missing values")
    return pd.get_dummies(frame.reset_index()).to_numpy("float32")


@misconception(
    exercise="encode_features",
    rejected_by="numbers_stay",
    says="Columns of texts were left out, or whole numbers were taken for categories. Only texts "
    "and categories become 0 and 1.",
    betrayed=False,
)
def texts_left_out(frame):
    if frame.isna().any().any():
        raise ValueError("expected no missing values")
    return frame.select_dtypes(["number", "bool"]).to_numpy("float32")


@misconception(
    exercise="encode_features",
    rejected_by="categories_that_do_not_occur",
    says="A category without a row has no feature, so a test table in which one is missing does "
    "not fit the model. A column of dtype category knows all of them: column.cat.categories.",
    betrayed=False,
)
def only_categories_that_occur(frame):
    if frame.isna().any().any():
        raise ValueError("expected no missing values")
    texts = dict.fromkeys(frame.select_dtypes("category"), str)
    return pd.get_dummies(frame.astype(texts)).to_numpy("float32")


@misconception(
    exercise="encode_features",
    rejected_by="rejects_missing_values",
    says="A missing value got zeros everywhere, or stayed NaN, and nobody will notice until the "
    "loss is NaN. Look for it first: frame.isna().",
    betrayed=False,
)
def missing_values_passed_over(frame):
    return pd.get_dummies(frame).to_numpy("float32")


# -- build_regressor and build_classifier ----------------------------------------------------------


@misconception(
    exercise="build_regressor",
    rejected_by="not_linear_and_of_either_sign",
    says="There is no hidden layer with an activation, so the whole model is one linear function, "
    "however many layers it has.",
)
def no_hidden_layer(n_features):
    if n_features < 1:
        raise ValueError("expected features")
    model = keras.Sequential(
        [keras.Input((n_features,)), keras.layers.Dense(32), keras.layers.Dense(1)]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse", metrics=["mae"])
    return model


@misconception(
    exercise="build_regressor",
    rejected_by="not_linear_and_of_either_sign",
    says="The last layer has an activation that gives no negative numbers. A regressor ends "
    "without one.",
)
def output_cannot_be_negative(n_features):
    if n_features < 1:
        raise ValueError("expected features")
    model = keras.Sequential(
        [
            keras.Input((n_features,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse", metrics=["mae"])
    return model


@misconception(
    exercise="build_regressor",
    rejected_by="squared_loss_and_absolute_metric",
    says="The loss is the absolute error. It is to be the squared one; the absolute one is "
    "measured beside it, as a metric.",
)
def trained_with_the_absolute_error(n_features):
    if n_features < 1:
        raise ValueError("expected features")
    model = keras.Sequential(
        [
            keras.Input((n_features,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mae", metrics=["mse"])
    return model


@misconception(
    exercise="build_regressor",
    rejected_by="squared_loss_and_absolute_metric",
    says='No metric is measured beside the loss. metrics=["mae"] tells the error in rings, which '
    "people can read.",
)
def metric_forgotten(n_features):
    if n_features < 1:
        raise ValueError("expected features")
    model = keras.Sequential(
        [
            keras.Input((n_features,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse")
    return model


@misconception(
    exercise="build_classifier",
    rejected_by="trained_with_crossentropy",
    says="The classifier is trained with the squared error. It hardly punishes a certain and wrong "
    "answer, and its gradient vanishes there. Use the cross-entropy.",
)
def trained_with_squared_error(n_features, n_classes):
    if n_features < 1 or n_classes < 2:
        raise ValueError("expected features and two classes")
    n_units, activation = (1, "sigmoid") if n_classes == 2 else (n_classes, "softmax")
    model = keras.Sequential(
        [
            keras.Input((n_features,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(n_units, activation=activation),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse", metrics=["accuracy"])
    return model


@misconception(
    exercise="build_classifier",
    rejected_by="two_classes_have_one_sigmoid",
    says="Softmax over a single unit is always 1: it has nothing to compare with. One unit needs a "
    "sigmoid.",
)
def softmax_over_one_unit(n_features, n_classes):
    if n_features < 1 or n_classes < 2:
        raise ValueError("expected features and two classes")
    n_units, loss = (
        (1, "binary_crossentropy")
        if n_classes == 2
        else (n_classes, "sparse_categorical_crossentropy")
    )
    model = keras.Sequential(
        [
            keras.Input((n_features,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(n_units, activation="softmax"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss=loss, metrics=["accuracy"])
    return model


@misconception(
    exercise="build_classifier",
    rejected_by="two_classes_have_one_sigmoid",
    says="Two classes got two units. The contract asks for one sigmoid unit then: the probability "
    "of class 1.",
)
def two_units_for_two_classes(n_features, n_classes):
    if n_features < 1 or n_classes < 2:
        raise ValueError("expected features and two classes")
    model = keras.Sequential(
        [
            keras.Input((n_features,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(1e-2),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


@misconception(
    exercise="build_classifier",
    rejected_by="two_classes_have_one_sigmoid",
    says="The last layer has no activation, so the model gives scores and not probabilities.",
)
def probabilities_left_out(n_features, n_classes):
    if n_features < 1 or n_classes < 2:
        raise ValueError("expected features and two classes")
    model = keras.Sequential(
        [
            keras.Input((n_features,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1 if n_classes == 2 else n_classes),
        ]
    )
    loss = (
        keras.losses.BinaryCrossentropy(from_logits=True)
        if n_classes == 2
        else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss=loss, metrics=["accuracy"])
    return model


@misconception(
    exercise="build_classifier",
    rejected_by="more_than_a_line_and_learning",
    says="There is no hidden layer with an activation, so only a straight line can part "
    "the classes.",
)
def no_hidden_layer_in_classifier(n_features, n_classes):
    if n_features < 1 or n_classes < 2:
        raise ValueError("expected features and two classes")
    n_units, activation = (1, "sigmoid") if n_classes == 2 else (n_classes, "softmax")
    model = keras.Sequential(
        [keras.Input((n_features,)), keras.layers.Dense(n_units, activation=activation)]
    )
    loss = "binary_crossentropy" if n_classes == 2 else "sparse_categorical_crossentropy"
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss=loss, metrics=["accuracy"])
    return model


# -- save_and_reload -------------------------------------------------------------------------------


@misconception(
    exercise="save_and_reload",
    rejected_by="another_model",
    says="The model that you return is the one that you were given, not one read from the file. So "
    "you cannot know whether the file is any good.",
)
def same_model_returned(model, path):
    if not str(path).endswith(".keras"):
        raise ValueError("expected .keras")
    model.save(path)
    return model


@misconception(
    exercise="save_and_reload",
    rejected_by="predicts_the_same",
    says="clone_model copies the layers with new random weights: what was learnt is lost. Read the "
    "file: keras.models.load_model(path).",
)
def weights_left_behind(model, path):
    if not str(path).endswith(".keras"):
        raise ValueError("expected .keras")
    model.save(path)
    clone = keras.models.clone_model(model)
    clone.compile(optimizer="adam", loss="mse")
    return clone


@misconception(
    exercise="save_and_reload",
    rejected_by="predicts_the_same",
    says="There is no file: the model was copied in memory. Tomorrow it is gone.",
)
def nothing_saved(model, path):
    if not str(path).endswith(".keras"):
        raise ValueError("expected .keras")
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    clone.compile(optimizer="adam", loss="mse")
    return clone


@misconception(
    exercise="save_and_reload",
    rejected_by="another_model",
    says="The model came back without loss and optimizer (compile=False), so it cannot be trained "
    "further.",
)
def not_compiled(model, path):
    if not str(path).endswith(".keras"):
        raise ValueError("expected .keras")
    model.save(path)
    return keras.models.load_model(path, compile=False)


# -- gini and best_split ---------------------------------------------------------------------------


@misconception(
    exercise="gini",
    rejected_by="no_labels",
    says="An empty side gives 1: no parts, nothing to subtract. Nothing is mixed there; return 0 "
    "when there are no labels.",
)
def one_for_no_labels(labels):
    _, counts = np.unique(labels, return_counts=True)
    return float(1 - np.sum((counts / max(1, counts.sum())) ** 2))


@misconception(
    exercise="gini",
    rejected_by="no_labels",
    says="An empty side gives NaN, 0 / 0, and no comparison with NaN is ever true, so a tree stops "
    "growing there. Return 0 when there are no labels.",
)
def nan_for_no_labels(labels):
    with np.errstate(all="ignore"):
        _, counts = np.unique(labels, return_counts=True)
        parts = np.append(counts, 0) / np.float64(counts.sum())
        return float(1 - np.sum(parts**2))


@misconception(
    exercise="gini",
    rejected_by="one_minus_the_squares",
    says="This is the sum of the squared parts: how pure the labels are. Gini impurity is 1 minus "
    "that.",
)
def purity_for_impurity(labels):
    if len(labels) == 0:
        return 0.0
    _, counts = np.unique(labels, return_counts=True)
    return float(np.sum((counts / counts.sum()) ** 2))


@misconception(
    exercise="gini",
    rejected_by="one_minus_the_squares",
    says="This is the entropy, another measure of impurity. Gini's is 1 minus the squared parts.",
)
def entropy_for_gini(labels):
    if len(labels) == 0:
        return 0.0
    _, counts = np.unique(labels, return_counts=True)
    parts = counts / counts.sum()
    return float(-np.sum(parts * np.log2(parts)))


@misconception(
    exercise="gini",
    rejected_by="one_minus_the_squares",
    says="This counts only the most frequent class: the error rate of a vote. Gini's impurity adds "
    "up the squares of all parts.",
)
def error_of_the_majority(labels):
    if len(labels) == 0:
        return 0.0
    _, counts = np.unique(labels, return_counts=True)
    return float(1 - counts.max() / counts.sum())


@misconception(
    exercise="best_split",
    rejected_by="sides_count_by_their_size",
    says="Both sides count the same, so one pure row outweighs all the rest, and the tree splits "
    "off single rows. Weight each side's impurity by its part of the rows.",
)
def impurity_unweighted(x, y):
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise ValueError("expected a label for each row")
    best = None
    for feature in range(x.shape[1]):
        for threshold in np.unique(x[:, feature])[:-1]:
            left = x[:, feature] <= threshold
            impurity = (gini(y[left]) + gini(y[~left])) / 2  # noqa: F821
            if best is None or impurity < best[2]:
                best = feature, float(threshold), impurity
    if best is None:
        raise ValueError("expected rows that differ")
    return best


@misconception(
    exercise="best_split",
    rejected_by="parts_two_classes",
    says="You return by how much the impurity falls. Wanted is the impurity that is left, of both "
    "sides.",
)
def gain_for_impurity(x, y):
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise ValueError("expected a label for each row")
    best = None
    for feature in range(x.shape[1]):
        for threshold in np.unique(x[:, feature])[:-1]:
            left = x[:, feature] <= threshold
            after = left.mean() * gini(y[left]) + (~left).mean() * gini(y[~left])  # noqa: F821
            gain = gini(y) - after  # noqa: F821
            if best is None or gain > best[2]:
                best = feature, float(threshold), gain
    if best is None:
        raise ValueError("expected rows that differ")
    return best


@misconception(
    exercise="best_split",
    rejected_by="parts_two_classes",
    says="Only the first feature is tried. The best question may be about any of them.",
)
def first_feature_only(x, y):
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise ValueError("expected a label for each row")
    best = None
    for threshold in np.unique(x[:, 0])[:-1]:
        left = x[:, 0] <= threshold
        impurity = left.mean() * gini(y[left]) + (~left).mean() * gini(y[~left])  # noqa: F821
        if best is None or impurity < best[2]:
            best = 0, float(threshold), impurity
    if best is None:
        raise ValueError("expected rows that differ")
    return best


@misconception(
    exercise="best_split",
    rejected_by="parts_two_classes",
    says="Your threshold itself goes to the right: rows are parted by x < threshold. The contract "
    "sends x <= threshold to the left.",
)
def threshold_goes_right(x, y):
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise ValueError("expected a label for each row")
    best = None
    for feature in range(x.shape[1]):
        for threshold in np.unique(x[:, feature])[1:]:
            left = x[:, feature] < threshold
            impurity = left.mean() * gini(y[left]) + (~left).mean() * gini(y[~left])  # noqa: F821
            if best is None or impurity < best[2]:
                best = feature, float(threshold), impurity
    if best is None:
        raise ValueError("expected rows that differ")
    return best


@misconception(
    exercise="best_split",
    rejected_by="rejects_rows_that_are_alike",
    says="The highest value is tried as a threshold too: then all rows go to the left and none to "
    "the right, which is no question.",
    betrayed=False,
)
def one_side_empty(x, y):
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise ValueError("expected a label for each row")
    best = None
    for feature in range(x.shape[1]):
        for threshold in np.unique(x[:, feature]):
            left = x[:, feature] <= threshold
            impurity = left.mean() * gini(y[left]) + (~left).mean() * gini(y[~left])  # noqa: F821
            if best is None or impurity < best[2]:
                best = feature, float(threshold), impurity
    return best


# -- bootstrap_indices, out_of_bag and bagging_predict ---------------------------------------------


@misconception(
    exercise="bootstrap_indices",
    rejected_by="drawn_with_replacement",
    says="Each row is drawn once: this is a shuffle (pasting, if it were cut), and all trees see "
    "the same rows. A bootstrap sample is drawn with replacement.",
)
def pasting(n, seed):
    if n < 1:
        raise ValueError("expected rows")
    return np.random.default_rng(seed).permutation(n)


@misconception(
    exercise="bootstrap_indices",
    rejected_by="the_seed_decides_the_draw",
    says="The seed is not used, so all trees of a forest get the same rows.",
)
def bootstrap_seed_ignored(n, seed):
    if n < 1:
        raise ValueError("expected rows")
    return np.random.default_rng(0).integers(n, size=n)


@misconception(
    exercise="bootstrap_indices",
    rejected_by="every_row_is_as_likely",
    says="The last row is never drawn: the upper end of integers is left out already, so it must "
    "be n and not n - 1.",
)
def last_row_never_drawn(n, seed):
    if n < 1:
        raise ValueError("expected rows")
    return np.random.default_rng(seed).integers(max(1, n - 1), size=n)


@misconception(
    exercise="out_of_bag",
    rejected_by="rows_that_were_not_drawn",
    says="These are the rows that were drawn. Out of bag are all others, which the model has not "
    "seen.",
)
def in_bag_for_out(indices, n):
    indices = np.asarray(indices)
    if np.any((indices < 0) | (indices >= n)):
        raise ValueError("expected indices of rows")
    return np.unique(indices)


@misconception(
    exercise="out_of_bag",
    rejected_by="all_or_few_drawn",
    says="n was taken from the number of indices. There may be fewer of them than rows.",
)
def as_many_rows_as_indices(indices, n):
    indices = np.asarray(indices)
    if np.any((indices < 0) | (indices >= n)):
        raise ValueError("expected indices of rows")
    return np.setdiff1d(np.arange(len(indices)), indices)


@misconception(
    exercise="bagging_predict",
    rejected_by="classes_are_voted_on",
    says="Classes were averaged. Half-way between class 0 and class 2 is not class 1: count votes.",
)
def mean_of_classes(models, x):
    if len(models) == 0:
        raise ValueError("expected a model")
    return np.mean([model.predict(x) for model in models], axis=0)


@misconception(
    exercise="bagging_predict",
    rejected_by="classes_are_voted_on",
    says="Classes were averaged and rounded. That may give a class which no model predicts: count "
    "votes.",
)
def mean_of_classes_rounded(models, x):
    if len(models) == 0:
        raise ValueError("expected a model")
    predictions = np.array([model.predict(x) for model in models])
    mean = predictions.mean(axis=0)
    return mean if predictions.dtype.kind == "f" else np.round(mean).astype(int)


@misconception(
    exercise="bagging_predict",
    rejected_by="ties_go_to_the_smallest",
    says="Of equally many votes the largest class wins. It is to be the smallest.",
)
def tie_to_the_largest(models, x):
    if len(models) == 0:
        raise ValueError("expected a model")
    predictions = np.array([model.predict(x) for model in models])
    if predictions.dtype.kind == "f":
        return predictions.mean(axis=0)
    votes = [sorted(column.tolist()) for column in predictions.T]
    return np.array([max(v, key=lambda label, v=v: (v.count(label), label)) for v in votes])


@misconception(
    exercise="bagging_predict",
    rejected_by="numbers_are_averaged",
    says="Numbers were voted on: hardly two models predict exactly the same. Take their mean.",
    betrayed=False,
)
def numbers_voted_on(models, x):
    if len(models) == 0:
        raise ValueError("expected a model")
    predictions = np.array([model.predict(x) for model in models])
    columns = [np.unique(column, return_counts=True) for column in predictions.T]
    return np.array([values[np.argmax(counts)] for values, counts in columns])


@misconception(
    exercise="bagging_predict",
    rejected_by="classes_are_voted_on",
    says="Only the first model is asked.",
)
def first_model_only(models, x):
    if len(models) == 0:
        raise ValueError("expected a model")
    return models[0].predict(x)


# -- pca -------------------------------------------------------------------------------------------


@misconception(
    exercise="pca",
    rejected_by="centred",
    says="The data were not centred, so the first component points from the origin to their "
    "middle, and not along their largest variance. Subtract the column means first.",
)
def not_centred(x, n_components):
    x = np.asarray(x, float)
    if not 1 <= n_components <= min(x.shape):
        raise ValueError("expected fewer components")
    _, s, directions = np.linalg.svd(x, full_matrices=False)
    components = directions[:n_components]
    return x @ components.T, components, s[:n_components] ** 2 / max(np.sum(s**2), 1e-300)


@misconception(
    exercise="pca",
    rejected_by="centred",
    says="The components are right, but the rows were projected without subtracting the column "
    "means.",
)
def mean_left_in_projection(x, n_components):
    x = np.asarray(x, float)
    if not 1 <= n_components <= min(x.shape):
        raise ValueError("expected fewer components")
    _, s, directions = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    components = directions[:n_components]
    return x @ components.T, components, s[:n_components] ** 2 / max(np.sum(s**2), 1e-300)


@misconception(
    exercise="pca",
    rejected_by="directions_of_largest_variance",
    says="Rows and columns of the components are swapped: they come as columns (from "
    "np.linalg.eigh), and the contract has one component per row, (k, f).",
)
def components_are_columns(x, n_components):
    x = np.asarray(x, float)
    if not 1 <= n_components <= min(x.shape):
        raise ValueError("expected fewer components")
    _, s, directions = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    components = directions[:n_components]
    ratio = s[:n_components] ** 2 / max(np.sum(s**2), 1e-300)
    return (x - x.mean(axis=0)) @ components.T, components.T, ratio


@misconception(
    exercise="pca",
    rejected_by="directions_of_largest_variance",
    says="np.linalg.eigh gives the smallest variance first. Turn the order round: the direction of "
    "the largest comes first.",
)
def least_variance_first(x, n_components):
    x = np.asarray(x, float)
    if not 1 <= n_components <= min(x.shape):
        raise ValueError("expected fewer components")
    centred = x - x.mean(axis=0)
    variances, vectors = np.linalg.eigh(centred.T @ centred)
    components = vectors.T[:n_components]
    return centred @ components.T, components, variances[:n_components] / max(sum(variances), 1e-9)


@misconception(
    exercise="pca",
    rejected_by="directions_of_largest_variance",
    says="The ratios are those of the kept components among themselves, so they always add up to "
    "1 and hide what was lost. Divide by the variance of all.",
)
def ratio_of_the_kept(x, n_components):
    x = np.asarray(x, float)
    if not 1 <= n_components <= min(x.shape):
        raise ValueError("expected fewer components")
    centred = x - x.mean(axis=0)
    _, s, directions = np.linalg.svd(centred, full_matrices=False)
    kept = s[:n_components] ** 2
    components = directions[:n_components]
    return centred @ components.T, components, kept / max(kept.sum(), 1e-300)


@misconception(
    exercise="pca",
    rejected_by="directions_of_largest_variance",
    says="The ratios are of deviations. Variances are the squares of the singular values.",
)
def deviation_for_variance(x, n_components):
    x = np.asarray(x, float)
    if not 1 <= n_components <= min(x.shape):
        raise ValueError("expected fewer components")
    centred = x - x.mean(axis=0)
    _, s, directions = np.linalg.svd(centred, full_matrices=False)
    components = directions[:n_components]
    return centred @ components.T, components, s[:n_components] / max(s.sum(), 1e-300)


@misconception(
    exercise="pca",
    rejected_by="nothing_varies",
    says="Where nothing varies, 0 / 0 gives NaN. The ratios are 0 then.",
    betrayed=False,
)
def nan_where_nothing_varies(x, n_components):
    x = np.asarray(x, float)
    if not 1 <= n_components <= min(x.shape):
        raise ValueError("expected fewer components")
    centred = x - x.mean(axis=0)
    _, s, directions = np.linalg.svd(centred, full_matrices=False)
    components = directions[:n_components]
    with np.errstate(all="ignore"):
        return centred @ components.T, components, s[:n_components] ** 2 / np.sum(s**2)


# -- k_nearest_neighbours --------------------------------------------------------------------------


@misconception(
    exercise="k_nearest_neighbours",
    rejected_by="ties_to_the_smallest_label",
    says="A tie goes to the label that came first, the nearest one. It is to go to the smallest.",
)
def tie_to_the_nearest(x_train, y_train, x, k):
    x_train, y_train, x = np.asarray(x_train), np.asarray(y_train), np.asarray(x)
    if len(x_train) != len(y_train) or not 1 <= k <= len(x_train):
        raise ValueError("expected a label for each row and 1 <= k <= n")
    predicted = []
    for row in x:
        labels = y_train[np.argsort(((x_train - row) ** 2).sum(axis=1))[:k]].tolist()
        predicted.append(max(labels, key=labels.count))
    return np.array(predicted)


@misconception(
    exercise="k_nearest_neighbours",
    rejected_by="vote_of_the_nearest",
    says="The labels of the neighbours were averaged. Between class 0 and class 2 lies no class 1: "
    "count votes.",
)
def neighbours_averaged(x_train, y_train, x, k):
    x_train, y_train, x = np.asarray(x_train), np.asarray(y_train), np.asarray(x)
    if len(x_train) != len(y_train) or not 1 <= k <= len(x_train):
        raise ValueError("expected a label for each row and 1 <= k <= n")
    nearest = [np.argsort(((x_train - row) ** 2).sum(axis=1))[:k] for row in x]
    return np.array([y_train[rows].mean() for rows in nearest])


@misconception(
    exercise="k_nearest_neighbours",
    rejected_by="vote_of_the_nearest",
    says="Those that vote are the farthest: sort distances upwards and take the first k.",
)
def farthest_vote(x_train, y_train, x, k):
    x_train, y_train, x = np.asarray(x_train), np.asarray(y_train), np.asarray(x)
    if len(x_train) != len(y_train) or not 1 <= k <= len(x_train):
        raise ValueError("expected a label for each row and 1 <= k <= n")
    predicted = []
    for row in x:
        order = np.argsort(-((x_train - row) ** 2).sum(axis=1))
        labels, counts = np.unique(y_train[order[:k]], return_counts=True)
        predicted.append(labels[np.argmax(counts)])
    return np.array(predicted)


@misconception(
    exercise="k_nearest_neighbours",
    rejected_by="distance_in_all_directions",
    says="Distances are sums of absolute differences. Euclidean ones add up squares.",
)
def city_block_distance(x_train, y_train, x, k):
    x_train, y_train, x = np.asarray(x_train), np.asarray(y_train), np.asarray(x)
    if len(x_train) != len(y_train) or not 1 <= k <= len(x_train):
        raise ValueError("expected a label for each row and 1 <= k <= n")
    predicted = []
    for row in x:
        order = np.argsort(np.abs(x_train - row).sum(axis=1))
        labels, counts = np.unique(y_train[order[:k]], return_counts=True)
        predicted.append(labels[np.argmax(counts)])
    return np.array(predicted)


@misconception(
    exercise="k_nearest_neighbours",
    rejected_by="distance_in_all_directions",
    says="Differences were added up with their sign, so that what lies far below counts as near. "
    "Square them first.",
)
def differences_not_squared(x_train, y_train, x, k):
    x_train, y_train, x = np.asarray(x_train), np.asarray(y_train), np.asarray(x)
    if len(x_train) != len(y_train) or not 1 <= k <= len(x_train):
        raise ValueError("expected a label for each row and 1 <= k <= n")
    predicted = []
    for row in x:
        order = np.argsort((x_train - row).sum(axis=1))
        labels, counts = np.unique(y_train[order[:k]], return_counts=True)
        predicted.append(labels[np.argmax(counts)])
    return np.array(predicted)


# -- k_means ---------------------------------------------------------------------------------------


@misconception(
    exercise="k_means",
    rejected_by="rows_and_centres_fit",
    says="The centres are still where they began. Each moves to the mean of its rows, and rows are "
    "dealt out anew, until nothing changes.",
)
def centres_never_moved(x, k, seed):
    x = np.asarray(x, float)
    different = np.unique(x, axis=0)
    if not 1 <= k <= len(different):
        raise ValueError("expected fewer groups")
    centres = np.random.default_rng(seed).permutation(different)[:k]
    return ((x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1), centres


@misconception(
    exercise="k_means",
    rejected_by="rows_and_centres_fit",
    says="It ended too early: labels and centres do not fit together yet. Go on until no label "
    "changes any more.",
)
def stopped_too_early(x, k, seed):
    x = np.asarray(x, float)
    different = np.unique(x, axis=0)
    if not 1 <= k <= len(different):
        raise ValueError("expected fewer groups")
    centres = np.random.default_rng(seed).permutation(different)[:k]
    labels = ((x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    return labels, np.array([x[labels == group].mean(axis=0) for group in range(k)])


@misconception(
    exercise="k_means",
    rejected_by="the_seed_decides_the_groups",
    says="The first k rows are always the first centres, whatever the seed. Draw them: k-means "
    "often ends in another place when it begins in another, and one tries several seeds.",
)
def always_the_first_rows(x, k, seed):
    x = np.asarray(x, float)
    different = np.unique(x, axis=0)
    if not 1 <= k <= len(different):
        raise ValueError("expected fewer groups")
    centres, before = different[:k], None
    while True:
        labels = ((x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        if np.array_equal(labels, before):
            return labels, centres
        before = labels
        centres = np.array(
            [x[labels == g].mean(axis=0) if g in labels else different[g] for g in range(k)]
        )


@misconception(
    exercise="k_means",
    rejected_by="one_group_and_one_row_each",
    says="A group is empty, or its centre is NaN, the mean of nothing. That happens when two "
    "centres begin at equal rows: draw from the different ones, np.unique(x, axis=0).",
    betrayed=False,
)
def empty_group(x, k, seed):
    x = np.asarray(x, float)
    if not 1 <= k <= len(np.unique(x, axis=0)):
        raise ValueError("expected fewer groups")
    centres, before = x[np.random.default_rng(seed).permutation(len(x))[:k]], None
    with np.errstate(all="ignore"):
        while True:
            labels = ((x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
            if np.array_equal(labels, before):
                return labels, centres
            before = labels
            centres = np.array([x[labels == g].sum(axis=0) / np.sum(labels == g) for g in range(k)])
            centres = np.where(np.isnan(centres), np.inf, centres)


@misconception(
    exercise="k_means",
    rejected_by="rows_and_centres_fit",
    says="The groups were sorted afterwards, and labels and centres no longer fit together. Which "
    "group has which number is open: leave the order as it came.",
    betrayed=False,
)
def centres_sorted_without_labels(x, k, seed):
    x = np.asarray(x, float)
    different = np.unique(x, axis=0)
    if not 1 <= k <= len(different):
        raise ValueError("expected fewer groups")
    centres, before = np.random.default_rng(seed).permutation(different)[:k], None
    while True:
        labels = ((x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        if np.array_equal(labels, before):
            return (labels + 1) % k, centres[np.argsort(centres[:, 0])]
        before = labels
        centres = np.array([x[labels == g].mean(axis=0) for g in range(k)])


# -- smote -----------------------------------------------------------------------------------------


@misconception(
    exercise="smote",
    rejected_by="between_neighbours",
    says="The new rows lie between any two rows of the class, also between groups that are far "
    "apart, where nobody lives. Go only to one of the k nearest neighbours.",
)
def towards_any_row(x, n_new, k, seed):
    x = np.asarray(x, float)
    if n_new < 0 or not 1 <= k <= len(x) - 1:
        raise ValueError("expected fewer neighbours")
    rng = np.random.default_rng(seed)
    chosen, other = rng.integers(len(x), size=(2, n_new))
    return x[chosen] + rng.random((n_new, 1)) * (x[other] - x[chosen])


@misconception(
    exercise="smote",
    rejected_by="between_neighbours",
    says="Each feature got a random number of its own, so the new rows lie somewhere in a box and "
    "not on the line between two neighbours. One number per row.",
)
def one_number_per_feature(x, n_new, k, seed):
    x = np.asarray(x, float)
    if n_new < 0 or not 1 <= k <= len(x) - 1:
        raise ValueError("expected fewer neighbours")
    rng = np.random.default_rng(seed)
    distances = ((x[:, None] - x) ** 2).sum(axis=2)
    neighbours = np.argsort(distances, axis=1)[:, 1 : k + 1]
    chosen = rng.integers(len(x), size=n_new)
    other = neighbours[chosen, rng.integers(k, size=n_new)]
    return x[chosen] + rng.random((n_new, x.shape[1])) * (x[other] - x[chosen])


@misconception(
    exercise="smote",
    rejected_by="all_rows_and_all_parts_of_the_way",
    says="The nearest neighbour of a row is the row itself, at distance 0, and between a row and "
    "itself lies only a copy. Leave it out.",
)
def neighbour_is_the_row_itself(x, n_new, k, seed):
    x = np.asarray(x, float)
    if n_new < 0 or not 1 <= k <= len(x) - 1:
        raise ValueError("expected fewer neighbours")
    rng = np.random.default_rng(seed)
    distances = ((x[:, None] - x) ** 2).sum(axis=2)
    neighbours = np.argsort(distances, axis=1)[:, :k]
    chosen = rng.integers(len(x), size=n_new)
    other = neighbours[chosen, rng.integers(k, size=n_new)]
    return x[chosen] + rng.random((n_new, 1)) * (x[other] - x[chosen])


@misconception(
    exercise="smote",
    rejected_by="all_rows_and_all_parts_of_the_way",
    says="Every new row is exactly half-way. Any part of the way is to be as likely.",
)
def always_half_way(x, n_new, k, seed):
    x = np.asarray(x, float)
    if n_new < 0 or not 1 <= k <= len(x) - 1:
        raise ValueError("expected fewer neighbours")
    rng = np.random.default_rng(seed)
    distances = ((x[:, None] - x) ** 2).sum(axis=2)
    neighbours = np.argsort(distances, axis=1)[:, 1 : k + 1]
    chosen = rng.integers(len(x), size=n_new)
    return (x[chosen] + x[neighbours[chosen, rng.integers(k, size=n_new)]]) / 2


@misconception(
    exercise="smote",
    rejected_by="between_neighbours",
    says="The old rows come back with the new ones. Wanted are n_new new ones alone.",
)
def old_rows_returned_too(x, n_new, k, seed):
    x = np.asarray(x, float)
    if n_new < 0 or not 1 <= k <= len(x) - 1:
        raise ValueError("expected fewer neighbours")
    rng = np.random.default_rng(seed)
    distances = ((x[:, None] - x) ** 2).sum(axis=2)
    neighbours = np.argsort(distances, axis=1)[:, 1 : k + 1]
    chosen = rng.integers(len(x), size=n_new)
    other = neighbours[chosen, rng.integers(k, size=n_new)]
    new = x[chosen] + rng.random((n_new, 1)) * (x[other] - x[chosen])
    return np.concatenate([x, new])


@misconception(
    exercise="smote",
    rejected_by="the_seed_decides_the_rows",
    says="The seed is not used: every seed gives the same rows.",
)
def smote_seed_ignored(x, n_new, k, seed):
    x = np.asarray(x, float)
    if n_new < 0 or not 1 <= k <= len(x) - 1:
        raise ValueError("expected fewer neighbours")
    rng = np.random.default_rng(0)
    distances = ((x[:, None] - x) ** 2).sum(axis=2)
    neighbours = np.argsort(distances, axis=1)[:, 1 : k + 1]
    chosen = rng.integers(len(x), size=n_new)
    other = neighbours[chosen, rng.integers(k, size=n_new)]
    return x[chosen] + rng.random((n_new, 1)) * (x[other] - x[chosen])


# -- prepare_folds ---------------------------------------------------------------------------------


@misconception(
    exercise="prepare_folds",
    rejected_by="every_row_is_validated_once",
    says="SMOTE came before the split: new rows are validated on, and they lie between rows that "
    "the model was trained on. The score is then far too good. Split first.",
)
def smote_before_the_split(x, y, n_folds, n_components, k, seed):
    x, y = np.asarray(x, float), np.asarray(y)
    if len(x) != len(y) or not 2 <= n_folds <= len(x):
        raise ValueError("expected classes and folds that fit")
    n_new = max(0, len(y) - 2 * int(y.sum()))
    x = np.concatenate([x, smote(x[y == 1], n_new, k, seed)])  # noqa: F821
    y = np.append(y, np.ones(n_new, int))
    order, folds = np.random.default_rng(seed).permutation(len(x)), []
    for valid in np.array_split(order, n_folds):
        train = np.setdiff1d(order, valid)
        projected, components, _ = pca(x[train], n_components)  # noqa: F821
        x_valid = (x[valid] - x[train].mean(axis=0)) @ components.T
        folds.append((projected, y[train], x_valid, valid))
    return folds


@misconception(
    exercise="prepare_folds",
    rejected_by="only_training_rows_are_known",
    says="Means and components come from all rows, those of the validation included. They are "
    "estimated like anything else: from the training rows of each fold alone.",
)
def pca_fitted_on_all_data(x, y, n_folds, n_components, k, seed):
    x, y = np.asarray(x, float), np.asarray(y)
    if len(x) != len(y) or not 2 <= n_folds <= len(x):
        raise ValueError("expected classes and folds that fit")
    x, _, _ = pca(x, n_components)  # noqa: F821
    order, folds = np.random.default_rng(seed).permutation(len(x)), []
    for valid in np.array_split(order, n_folds):
        train = np.setdiff1d(order, valid)
        n_new = max(0, len(train) - 2 * int(y[train].sum()))
        new = smote(x[train][y[train] == 1], n_new, k, seed)  # noqa: F821
        y_train = np.append(y[train], np.ones(n_new, int))
        folds.append((np.concatenate([x[train], new]), y_train, x[valid], valid))
    return folds


@misconception(
    exercise="prepare_folds",
    rejected_by="only_training_rows_are_known",
    says="The new rows lie between all rows of class 1, so the training part holds rows that were "
    "made from validation rows. Give smote the training rows alone.",
)
def smote_from_all_rare_rows(x, y, n_folds, n_components, k, seed):
    x, y = np.asarray(x, float), np.asarray(y)
    if len(x) != len(y) or not 2 <= n_folds <= len(x):
        raise ValueError("expected classes and folds that fit")
    order, folds = np.random.default_rng(seed).permutation(len(x)), []
    for valid in np.array_split(order, n_folds):
        train = np.setdiff1d(order, valid)
        projected, components, _ = pca(x[train], n_components)  # noqa: F821
        rare = (x[y == 1] - x[train].mean(axis=0)) @ components.T
        n_new = max(0, len(train) - 2 * int(y[train].sum()))
        new = smote(rare, n_new, k, seed)  # noqa: F821
        x_valid = (x[valid] - x[train].mean(axis=0)) @ components.T
        y_train = np.append(y[train], np.ones(n_new, int))
        folds.append((np.concatenate([projected, new]), y_train, x_valid, valid))
    return folds


@misconception(
    exercise="prepare_folds",
    rejected_by="only_training_rows_are_known",
    says="The validation rows were moved by their own means, so the same shell has other numbers "
    "in training and in validation. Use the means of the training rows.",
)
def valid_by_its_own_mean(x, y, n_folds, n_components, k, seed):
    x, y = np.asarray(x, float), np.asarray(y)
    if len(x) != len(y) or not 2 <= n_folds <= len(x):
        raise ValueError("expected classes and folds that fit")
    order, folds = np.random.default_rng(seed).permutation(len(x)), []
    for valid in np.array_split(order, n_folds):
        train = np.setdiff1d(order, valid)
        projected, components, _ = pca(x[train], n_components)  # noqa: F821
        n_new = max(0, len(train) - 2 * int(y[train].sum()))
        new = smote(projected[y[train] == 1], n_new, k, seed)  # noqa: F821
        x_valid = (x[valid] - x[valid].mean(axis=0)) @ components.T
        y_train = np.append(y[train], np.ones(n_new, int))
        folds.append((np.concatenate([projected, new]), y_train, x_valid, valid))
    return folds


@misconception(
    exercise="prepare_folds",
    rejected_by="only_training_rows_are_known",
    says="No new rows of the rare class were made: class 1 is still rare in training.",
)
def no_new_rows(x, y, n_folds, n_components, k, seed):
    x, y = np.asarray(x, float), np.asarray(y)
    if len(x) != len(y) or not 2 <= n_folds <= len(x):
        raise ValueError("expected classes and folds that fit")
    order, folds = np.random.default_rng(seed).permutation(len(x)), []
    for valid in np.array_split(order, n_folds):
        train = np.setdiff1d(order, valid)
        projected, components, _ = pca(x[train], n_components)  # noqa: F821
        x_valid = (x[valid] - x[train].mean(axis=0)) @ components.T
        folds.append((projected, y[train], x_valid, valid))
    return folds


@misconception(
    exercise="prepare_folds",
    rejected_by="folds_and_rows_by_the_seed",
    says="The folds are runs of neighbours. Files are often sorted; shuffle with the seed first.",
)
def folds_not_shuffled(x, y, n_folds, n_components, k, seed):
    x, y = np.asarray(x, float), np.asarray(y)
    if len(x) != len(y) or not 2 <= n_folds <= len(x):
        raise ValueError("expected classes and folds that fit")
    order, folds = np.arange(len(x)), []
    for valid in np.array_split(order, n_folds):
        train = np.setdiff1d(order, valid)
        projected, components, _ = pca(x[train], n_components)  # noqa: F821
        n_new = max(0, len(train) - 2 * int(y[train].sum()))
        new = smote(projected[y[train] == 1], n_new, k, seed)  # noqa: F821
        x_valid = (x[valid] - x[train].mean(axis=0)) @ components.T
        y_train = np.append(y[train], np.ones(n_new, int))
        folds.append((np.concatenate([projected, new]), y_train, x_valid, valid))
    return folds
