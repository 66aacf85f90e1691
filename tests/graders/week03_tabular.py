"""Checks of week 3: tables, Keras' first models, trees, neighbours, components, groups and SMOTE.

Tables and models are made over there, through handles on pandas and Keras; what crosses is plain.
"""

import numpy as np
import pytest

from course.grading import expect
from course.grading.submission import Handle, SubmissionRaisedError
from course.grading.wording import kind
from course.language import say

SECONDS = 60  # for a check that builds or trains a network


# -- What the checks expect, in loops that are easy to believe -------------------------------------


def expected_gini(labels):
    labels = np.asarray(labels).tolist()
    parts = [labels.count(label) / len(labels) for label in set(labels)]
    return 1 - sum(part**2 for part in parts) if labels else 0.0


def impurity_of(left, y):
    """Of the two sides, weighted; `left` says which rows go there."""
    return left.mean() * expected_gini(y[left]) + (1 - left.mean()) * expected_gini(y[~left])


def expected_best_impurity(x, y):
    """The least impurity of any question; None when no question parts the rows."""
    x, y = np.asarray(x), np.asarray(y)
    questions = [(f, t) for f in range(x.shape[1]) for t in sorted(set(x[:, f].tolist()))[:-1]]
    return min((impurity_of(x[:, f] <= t, y) for f, t in questions), default=None)


def expected_vote(labels):
    """The most frequent label, of equally frequent ones the smallest."""
    labels = np.asarray(labels).tolist()
    return min(set(labels), key=lambda label: (-labels.count(label), label))


def distances_between(x, other):
    return np.array([[np.sqrt(np.sum((a - b) ** 2)) for b in other] for a in x])


def expected_neighbours(x_train, y_train, x, k):
    """The labels, by a vote of the k nearest; no two distances may be equal."""
    nearest = np.argsort(distances_between(np.asarray(x), np.asarray(x_train)), axis=1)[:, :k]
    return [expected_vote(np.asarray(y_train)[rows]) for rows in nearest]


def expected_components(x):
    """All components as rows, and the variance along each, by the covariance matrix."""
    covariance = np.atleast_2d(np.cov(np.asarray(x, float), rowvar=False, bias=True))
    variances, vectors = np.linalg.eigh(covariance)
    return vectors.T[::-1], np.maximum(variances[::-1], 0)


# -- load_table ------------------------------------------------------------------------------------


def file_of(submission, text, name="table.csv"):
    """A file over there with this text; its path."""
    folder = submission.module("tempfile").mkdtemp()
    submission.module("pathlib").Path(folder, name).write_text(text)
    return f"{folder}/{name}"


def table_of(got):
    """Columns as lists and the index of a DataFrame over there."""
    if not (isinstance(got, Handle) and got.has("to_dict") and got.has("columns")):
        expect.fail(say("expected a pandas.DataFrame, got {got}", got=kind(got)))
    return got.to_dict("list"), got.index.tolist()


def expect_table(submission, path, columns, index, misconception=None):
    got, got_index = table_of(submission.load_table(path))
    names = list(got) if isinstance(got, dict) else []
    wrong = misconception
    if len(names) == len(columns) + 1:
        wrong = "index_kept_as_a_feature"
    elif len(names) == len(columns) - 1:
        wrong = "first_column_always_the_index"
    expect.that(
        names == list(columns),
        say("expected the columns {expected}, got {got}", expected=list(columns), got=names),
        wrong,
    )
    for name, values in columns.items():
        expect.that(
            list(got[name]) == values,
            say(
                "expected column {name!r} to hold {expected}, got {got}",
                name=name,
                expected=values,
                got=list(got[name]),
            ),
        )
    expect.that(
        got_index == index,
        say("expected the index {expected}, got {got}", expected=index, got=got_index),
        "index_thrown_away" if got_index == list(range(len(index))) else None,
    )


@pytest.mark.exercise("load_table")
def test_unnamed_first_column_is_the_index(submission):
    """A first column without a name becomes the index, with its values, and is no column."""
    path = file_of(submission, '"","TV","Sales"\n"1",230.5,22.5\n"2",44.5,10.5\n"3",17,9.5\n')
    expect_table(
        submission, path, {"TV": [230.5, 44.5, 17.0], "Sales": [22.5, 10.5, 9.5]}, [1, 2, 3]
    )
    path = file_of(submission, ",colour,size\nb,red,1\na,blue,2\n", "other.csv")
    expect_table(submission, path, {"colour": ["red", "blue"], "size": [1, 2]}, ["b", "a"])


@pytest.mark.exercise("load_table")
def test_named_columns_are_columns(submission):
    """Where every column has a name all of them stay, and rows are numbered from 0."""
    path = file_of(submission, "id,sex,rings\n7,F,9\n5,M,12\n")
    columns = {"id": [7, 5], "sex": ["F", "M"], "rings": [9, 12]}
    expect_table(submission, path, columns, [0, 1])
    path = submission.module("pathlib").Path(file_of(submission, "rings\n4\n", "one.csv"))
    expect_table(submission, path, {"rings": [4]}, [0])


@pytest.mark.exercise("load_table")
def test_rejects_a_table_without_rows(submission):
    """A file with a header and nothing below it is a ValueError."""
    expect_table(submission, file_of(submission, ",a\n4,1\n"), {"a": [1]}, [4])
    for text in ("a,b\n", ",a\n"):
        path = file_of(submission, text, "empty.csv")
        expect.raises(
            ValueError, lambda path=path: submission.load_table(path), say("there is no row")
        )


# -- encode_features -------------------------------------------------------------------------------


def frame_of(submission, columns, index=None):
    return submission.module("pandas").DataFrame(columns, index=index)


def expect_features(submission, frame, expected, others=None):
    """The result's columns are the expected ones, in any order.

    Args:
        expected: for each feature its name in messages and its values.
        others: for each misconception a column that only it gives.
    """
    got = expect.array(submission.encode_features(frame), of=say("the features"))
    n = len(next(iter(expected.values())))
    columns = [list(column) for column in got.T] if got.ndim == 2 and len(got) == n else []

    def found(values):
        return next((c for c in columns if np.allclose(c, values, atol=1e-5)), None)

    wrong = next((name for name, values in (others or {}).items() if found(values)), None)
    expect.that(
        got.shape == (n, len(expected)),
        say(
            "wrong shape of the features: expected {expected}, got {got}",
            expected=(n, len(expected)),
            got=got.shape,
        ),
        wrong,
    )
    for name, values in expected.items():
        column = found(values)
        expect.that(
            column is not None,
            say("expected a feature {name}: {values}, got none", name=name, values=list(values)),
            wrong,
        )
        columns.remove(column)


@pytest.mark.exercise("encode_features")
def test_one_feature_for_each_value(submission):
    """Texts become one feature of 0 and 1 for each value that occurs."""
    frame = frame_of(submission, {"sex": ["M", "F", "I", "F", "M"]})
    expect_features(
        submission,
        frame,
        {"sex M": [1, 0, 0, 0, 1], "sex F": [0, 1, 0, 1, 0], "sex I": [0, 0, 1, 0, 0]},
        {"ordinal_codes": [2, 0, 1, 0, 2]},
    )
    frame = frame_of(submission, {"kind": ["a", "a"], "size": ["small", "large"]})
    expected = {"kind a": [1, 1], "size small": [1, 0], "size large": [0, 1]}
    expect_features(submission, frame, expected)


@pytest.mark.exercise("encode_features")
def test_numbers_stay(submission, rng):
    """Numbers, whole ones and booleans too, are features as they are; the index is none."""
    length = rng.normal(size=4).round(3)
    columns = {"length": length, "sex": ["I", "I", "M", "I"], "rings": [7, 9, 12, 8]}
    frame = frame_of(submission, columns | {"alive": [True, False, True, True]}, [11, 12, 13, 14])
    expect_features(
        submission,
        frame,
        {
            "length": length,
            "sex I": [1, 1, 0, 1],
            "sex M": [0, 0, 1, 0],
            "rings": [7, 9, 12, 8],
            "alive": [1, 0, 1, 1],
        },
        {"index_among_the_features": [11, 12, 13, 14]},
    )


@pytest.mark.exercise("encode_features")
def test_categories_that_do_not_occur(submission):
    """A column of categories has a feature for each of them, so that all tables fit one model."""
    pandas = submission.module("pandas")
    sex = pandas.Categorical(["M", "I", "M"], categories=["I", "F", "M"])
    expect_features(
        submission,
        frame_of(submission, {"sex": sex, "rings": [3, 4, 5]}),
        {"sex I": [0, 1, 0], "sex F": [0, 0, 0], "sex M": [1, 0, 1], "rings": [3, 4, 5]},
    )


@pytest.mark.exercise("encode_features")
def test_float32(submission):
    """The result is a float32 array, of one row too."""
    got = submission.encode_features(frame_of(submission, {"a": [1.5], "b": ["x"]}))
    features = expect.shape(got, (1, 2), of=say("the features"))
    expect.equal(np.sort(features), [[1, 1.5]], of=say("the features"))
    dtype = getattr(got, "dtype", None)
    expect.that(dtype == np.float32, say("expected float32, got {got}", got=dtype or kind(got)))


@pytest.mark.exercise("encode_features")
def test_rejects_missing_values(submission):
    """A missing number or text is a ValueError."""
    expect_features(submission, frame_of(submission, {"a": [1.0, 2.0]}), {"a": [1, 2]})
    for columns in ({"a": [1.0, np.nan]}, {"a": [1.0, 2.0], "sex": ["F", None]}):
        frame = frame_of(submission, columns)
        expect.raises(
            ValueError,
            lambda frame=frame: submission.encode_features(frame),
            say("a value is missing"),
        )


# -- build_regressor and build_classifier ----------------------------------------------------------


def keras_of(submission, rng):
    keras = submission.module("keras")
    keras.utils.set_random_seed(int(rng.integers(100_000)))
    return keras


def predictions(model, x, shape, misconception=None):
    # Called and not `predict`, which spends half a second on compiling itself.
    got = expect.array(
        model(x.astype("float32"), training=False), of=say("the model's predictions")
    )
    expect.that(
        got.shape == shape,
        say(
            "wrong shape of the model's predictions for x of shape {x}: expected {expected}, got "
            "{got}",
            x=x.shape,
            expected=shape,
            got=got.shape,
        ),
        misconception,
    )
    expect.that(bool(np.isfinite(got).all()), say("expected predictions to be finite numbers"))
    return got


def evaluation(model, x, y):
    """Loss and metrics by name."""
    got = model.evaluate(x, y, verbose=0, return_dict=True)
    expect.that(
        isinstance(got, dict) and "loss" in got,
        say(
            "expected a compiled keras.Model, whose evaluate gives its loss, got {got}",
            got=kind(got),
        ),
    )
    return {name: float(expect.shape(value, (), of=name)) for name, value in got.items()}


def expect_loss(model, x, targets, loss, name, others):
    """The loss is `loss(y, p)`, up to a penalty that does not depend on y.

    Args:
        targets: two different y.
        others: losses by the name of the misconception that has them.
    """
    p = expect.array(model(x, training=False)).astype(float)
    one, two = (evaluation(model, x, y)["loss"] for y in targets)
    expected = loss(targets[0], p) - loss(targets[1], p)
    if not np.isclose(one - two, expected, rtol=1e-2, atol=1e-3):
        gaps = {w: other(targets[0], p) - other(targets[1], p) for w, other in others.items()}
        wrong = next((w for w, gap in gaps.items() if np.isclose(one - two, gap, rtol=1e-2)), None)
        expect.fail(
            say(
                "expected {loss} as the loss, which differs by {expected:.4g} between two targets; "
                "got a loss that differs by {got:.4g}",
                loss=name,
                expected=expected,
                got=one - two,
            ),
            wrong,
        )


def squared_error(y, p):
    return np.mean((y - p[:, 0]) ** 2)


def absolute_error(y, p):
    return np.mean(np.abs(y - p[:, 0]))


def binary_loss(y, p):
    p = np.clip(p[:, 0], 1e-7, 1 - 1e-7)
    return -np.mean(np.where(y == 1, np.log(p), np.log(1 - p)))


def categorical_loss(y, p):
    return -np.mean(np.log(np.clip(p[np.arange(len(y)), y], 1e-7, 1)))


@pytest.mark.exercise("build_regressor", seconds=SECONDS)
def test_one_number_per_row(submission, rng):
    """The model takes rows of n_features and gives (n, 1), differently for each row."""
    keras_of(submission, rng)
    for n_features in (1, 8):
        model = expect.model(submission.build_regressor(n_features))
        x = rng.normal(size=(6, n_features)).astype("float32")
        got = predictions(model, x, (6, 1))
        expect.that(
            bool(np.ptp(got) > 1e-6),
            say("expected different predictions for different rows, got one"),
        )


@pytest.mark.exercise("build_regressor", seconds=SECONDS)
def test_squared_loss_and_absolute_metric(submission, rng):
    """The loss is the mean squared error, and the mean absolute error is measured beside it."""
    keras_of(submission, rng)
    model = expect.model(submission.build_regressor(3))
    x = rng.normal(size=(20, 3)).astype("float32")
    targets = [rng.normal(scale, 1, 20).astype("float32") for scale in (1, 4)]
    others = {"trained_with_the_absolute_error": absolute_error}
    expect_loss(model, x, targets, squared_error, say("the mean squared error"), others)
    p = predictions(model, x, (20, 1))
    measured = evaluation(model, x, targets[0])
    measured.pop("loss")
    wanted = absolute_error(targets[0], p)
    expect.that(
        any(np.isclose(value, wanted, rtol=1e-2) for value in measured.values()),
        say(
            "expected the mean absolute error, {expected:.4g}, among the metrics, got {got}",
            expected=wanted,
            got=measured,
        ),
        "metric_forgotten" if not measured else None,
    )


def is_affine(function, n_features, rng):
    """Whether a function of rows is a linear one plus a constant, as far as rows can tell.

    Args:
        function: takes (n, n_features), gives (n, outputs).
    """
    x = rng.normal(size=(30, n_features)).astype("float32")
    zero = function(np.zeros_like(x))
    # A network of tanh is odd, one of ReLU doubles with its input: neither is both and not affine.
    gaps = function(x) + function(-x) - 2 * zero, function(2 * x) - 2 * function(x) + zero
    return max(np.abs(gap).max() for gap in gaps) < 1e-3 * np.abs(function(x) - zero).max()


def expect_training_helps(model, x, y):
    before = evaluation(model, x, y)["loss"]
    model.fit(x, y, epochs=8, batch_size=16, verbose=0)
    after = evaluation(model, x, y)["loss"]
    expect.that(
        after < before,
        say(
            "expected eight epochs of training to lower the loss, it went from {before:.4g} to "
            "{after:.4g}",
            before=before,
            after=after,
        ),
    )


@pytest.mark.exercise("build_regressor", seconds=SECONDS)
def test_not_linear_and_of_either_sign(submission, rng):
    """Hidden layers make it no linear function, and its output may be negative or positive."""
    keras_of(submission, rng)
    lowest, highest = np.inf, -np.inf
    for _ in range(8):  # random weights each time
        model = expect.model(submission.build_regressor(3))
        expect.that(
            not is_affine(lambda x, m=model: predictions(m, x, (len(x), 1)), 3, rng),
            say("expected a function that is not linear, got f(x) = a x + b"),
            "no_hidden_layer",
        )
        p = predictions(model, rng.normal(0, 3, (60, 3)), (60, 1))
        lowest, highest = min(lowest, p.min()), max(highest, p.max())
    expect.that(
        lowest < 0 < highest,
        say(
            "expected networks with random weights to give negative and positive numbers, got "
            "{lowest:.3g} to {highest:.3g}",
            lowest=lowest,
            highest=highest,
        ),
        "output_cannot_be_negative" if lowest >= 0 else None,
    )


@pytest.mark.exercise("build_regressor", seconds=SECONDS)
def test_training_lowers_the_loss(submission, rng):
    """Its optimizer learns: a few epochs lower the loss."""
    keras_of(submission, rng)
    x = rng.normal(size=(128, 3)).astype("float32")
    y = (np.abs(x[:, 0]) + x[:, 1]).astype("float32")
    expect_training_helps(expect.model(submission.build_regressor(3)), x, y)


def expect_refusal(build, arguments, why):
    expect.raises(ValueError, lambda: build(*arguments), why)


@pytest.mark.exercise("build_regressor", seconds=SECONDS)
def test_rejects_no_features(submission, rng):
    """A model of no features is a ValueError."""
    keras_of(submission, rng)
    predictions(expect.model(submission.build_regressor(2)), np.zeros((3, 2)), (3, 1))
    for n_features in (0, -1):
        expect_refusal(
            submission.build_regressor,
            (n_features,),
            say("n_features is {n_features}", n_features=n_features),
        )


@pytest.mark.exercise("build_classifier", seconds=SECONDS)
def test_probabilities_of_several_classes(submission, rng):
    """More than two classes have a probability each, and they add up to 1."""
    keras_of(submission, rng)
    for n_features, n_classes in ((3, 3), (1, 5)):
        model = expect.model(submission.build_classifier(n_features, n_classes))
        x = rng.normal(0, 3, (7, n_features)).astype("float32")
        got = predictions(model, x, (7, n_classes))
        sums = got.sum(axis=1)
        expect.that(
            bool((got >= 0).all() and np.allclose(sums, 1, atol=1e-3)),
            say(
                "expected rows of probabilities that add up to 1, got {row}",
                row=got[0].round(3).tolist(),
            ),
        )
        expect.that(
            bool(np.ptp(got, axis=0).max() > 1e-6), say("expected different rows to differ")
        )


@pytest.mark.exercise("build_classifier", seconds=SECONDS)
def test_two_classes_have_one_sigmoid(submission, rng):
    """Two classes have one number, the probability of class 1, which differs between rows."""
    keras_of(submission, rng)
    model = expect.model(submission.build_classifier(4, 2))
    x = rng.normal(0, 3, (9, 4)).astype("float32")
    got = predictions(model, x, (9, 1), "two_units_for_two_classes")
    expect.that(
        bool((got >= 0).all() and (got <= 1).all()),
        say(
            "expected probabilities, got values from {lowest:.3g} to {highest:.3g}",
            lowest=got.min(),
            highest=got.max(),
        ),
        "probabilities_left_out",
    )
    expect.that(
        bool(np.ptp(got) > 1e-6),
        say(
            "expected different probabilities for different rows, got {got:.3g} for all",
            got=got[0, 0],
        ),
        "softmax_over_one_unit" if np.allclose(got, 1) else None,
    )


@pytest.mark.exercise("build_classifier", seconds=SECONDS)
def test_trained_with_crossentropy(submission, rng):
    """The loss is the cross-entropy: binary for two classes, categorical for more."""
    keras_of(submission, rng)
    x = rng.normal(size=(24, 3)).astype("float32")
    model = expect.model(submission.build_classifier(3, 2))
    p = predictions(model, x, (24, 1))[:, 0]
    likely = (p > np.median(p)).astype(int)
    targets = [likely, 1 - likely]  # whose losses differ
    others = {"trained_with_squared_error": squared_error}
    expect_loss(model, x, targets, binary_loss, say("the binary cross-entropy"), others)
    model = expect.model(submission.build_classifier(3, 4))
    p = predictions(model, x, (24, 4))
    targets = [p.argmin(axis=1), p.argmax(axis=1)]
    expect_loss(model, x, targets, categorical_loss, say("the categorical cross-entropy"), {})


@pytest.mark.exercise("build_classifier", seconds=SECONDS)
def test_more_than_a_line_and_learning(submission, rng):
    """Hidden layers let it draw more than straight lines, and a few epochs lower the loss."""
    keras_of(submission, rng)
    for n_classes in (2, 3):
        model = expect.model(submission.build_classifier(3, n_classes))
        shape = 1 if n_classes == 2 else n_classes

        def scores(x, model=model, shape=shape):
            """What the probabilities were made from, but for a constant."""
            p = predictions(model, x, (len(x), shape)).astype(float).clip(1e-7, 1 - 1e-7)
            return np.log(p / (1 - p)) if shape == 1 else np.log(p[:, 1:] / p[:, :1])

        expect.that(
            not is_affine(scores, 3, rng),
            say("expected classes that no straight line needs to part, got one linear function"),
            "no_hidden_layer_in_classifier",
        )
    x = rng.normal(size=(128, 3)).astype("float32")
    expect_training_helps(model, x, (x[:, 0] > 0).astype(int) + (x[:, 1] > 0))


@pytest.mark.exercise("build_classifier", seconds=SECONDS)
def test_rejects_one_class(submission, rng):
    """Fewer than two classes, and no features, are a ValueError."""
    keras_of(submission, rng)
    predictions(expect.model(submission.build_classifier(2, 3)), np.zeros((3, 2)), (3, 3))
    for arguments in ((2, 1), (2, 0), (0, 3)):
        expect_refusal(
            submission.build_classifier,
            arguments,
            say(
                "n_features and n_classes are {n_features} and {n_classes}",
                n_features=arguments[0],
                n_classes=arguments[1],
            ),
        )


# -- save_and_reload -------------------------------------------------------------------------------


def trained_model(keras, rng):
    """A model that has been trained a little, its data, and a path for it."""
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(5, activation="tanh"), layers.Dense(1)]
    )
    model.compile(optimizer="adam", loss="mse")
    x = rng.normal(size=(16, 3)).astype("float32")
    y = x.sum(axis=1)
    model.fit(x, y, epochs=2, verbose=0)
    return model, x, y


def reloaded(submission, model, name):
    path = f"{submission.module('tempfile').mkdtemp()}/{name}"
    got = expect.model(submission.save_and_reload(model, path))
    exists = submission.module("os").path.exists(path)
    expect.that(
        exists is True, say("expected a file at {name}, got none", name=name), "nothing_saved"
    )
    return got, path


@pytest.mark.exercise("save_and_reload", seconds=SECONDS)
def test_predicts_the_same(submission, rng):
    """The file and the model made from it predict what the first model predicts."""
    keras = keras_of(submission, rng)
    model, x, _ = trained_model(keras, rng)
    wanted = predictions(model, x, (16, 1))
    got, path = reloaded(submission, model, "model.keras")
    same = predictions(got, x, (16, 1))
    wrong = None if np.allclose(same, wanted, atol=1e-4) else "weights_left_behind"
    expect.that(wrong is None, say("expected the model to predict what the saved one does"), wrong)
    by_keras = expect.model(keras.models.load_model(path), of=say("what is in the file"))
    expect.equal(
        predictions(by_keras, x, (16, 1)), wanted, of=say("the file's predictions"), atol=1e-5
    )


@pytest.mark.exercise("save_and_reload", seconds=SECONDS)
def test_another_model(submission, rng):
    """What comes back is another model: training it leaves the first as it was."""
    model, x, y = trained_model(keras_of(submission, rng), rng)
    before = predictions(model, x, (16, 1))
    got, _ = reloaded(submission, model, "again.keras")
    try:
        got.fit(x, y + 5, epochs=3, verbose=0)
    except SubmissionRaisedError as error:
        expect.that(
            "compile" not in error.text,
            say("expected a compiled model, that can be trained further"),
            "not_compiled",
        )
        raise
    expect.that(
        not np.allclose(predictions(got, x, (16, 1)), before, atol=1e-6),
        say("expected the model to learn when it is trained further, but its predictions stayed"),
    )
    expect.that(
        np.allclose(predictions(model, x, (16, 1)), before, atol=1e-6),
        say("expected training the reloaded model to leave the first one alone, but it changed"),
        "same_model_returned",
    )


@pytest.mark.exercise("save_and_reload", seconds=SECONDS)
def test_rejects_other_file_names(submission, rng):
    """A path that does not end in .keras is a ValueError; a pathlib.Path is welcome."""
    model, x, _ = trained_model(keras_of(submission, rng), rng)
    folder = submission.module("tempfile").mkdtemp()
    path = submission.module("pathlib").Path(folder, "fine.keras")
    got = expect.model(submission.save_and_reload(model, path))
    expect.equal(predictions(got, x, (16, 1)), predictions(model, x, (16, 1)), atol=1e-5)
    for name in ("model.txt", "model"):
        expect_refusal(
            submission.save_and_reload,
            (model, f"{folder}/{name}"),
            say("it ends in {name}", name=name),
        )


# -- gini and best_split ---------------------------------------------------------------------------


@pytest.mark.exercise("gini")
def test_one_minus_the_squares(submission, rng):
    """It is 1 minus the sum of the squared parts of the classes."""
    expect.number(submission.gini(np.array([0, 0, 1, 1])), 0.5)
    expect.number(submission.gini(np.array([2, 2, 2, 7])), 0.375)
    labels = rng.integers(4, size=30)
    expect.number(submission.gini(labels), expected_gini(labels))


@pytest.mark.exercise("gini")
def test_pure_single_and_texts(submission):
    """Alike labels, or a single one, have 0; lists and texts are welcome."""
    expect.number(submission.gini(["F", "I", "M"]), 2 / 3)
    expect.number(submission.gini(np.array([3, 3, 3])), 0)
    expect.number(submission.gini([5]), 0)


@pytest.mark.exercise("gini")
def test_no_labels(submission):
    """No labels have 0, not NaN and not 1."""
    expect.number(submission.gini([0, 1]), 0.5)
    for labels in (np.array([], dtype=int), []):
        expect.number(submission.gini(labels), 0)


def expect_best_split(submission, x, y):
    names = ("feature", "threshold", "impurity")
    feature, threshold, impurity = expect.parts(submission.best_split(x, y), *names)
    x, y = np.asarray(x), np.asarray(y)
    feature = int(expect.shape(feature, (), of="feature"))
    threshold = float(expect.shape(threshold, (), of="threshold"))
    expect.that(
        0 <= feature < x.shape[1],
        say("expected feature to be from 0 to {last}, got {got}", last=x.shape[1] - 1, got=feature),
    )
    left = x[:, feature] <= threshold
    expect.that(
        0 < left.sum() < len(x),
        say(
            "expected rows on both sides, got {left} on the left and {right} on the right for "
            "feature {feature}, threshold {threshold:g}",
            left=left.sum(),
            right=(~left).sum(),
            feature=feature,
            threshold=threshold,
        ),
        "one_side_empty",
    )
    best, reached = expected_best_impurity(x, y), impurity_of(left, y)
    expect.that(
        bool(np.isclose(reached, best, atol=1e-6)),
        say(
            "expected a question whose sides have an impurity of {best:.4g}, got feature "
            "{feature}, threshold {threshold:g}, whose sides have {reached:.4g}",
            best=best,
            feature=feature,
            threshold=threshold,
            reached=reached,
        ),
        misread_split(x, y, feature, threshold),
    )
    plain = (expected_gini(y[left]) + expected_gini(y[~left])) / 2
    betrays = {
        "impurity_unweighted": plain,
        "gain_for_impurity": expected_gini(y) - best,
        "impurity_summed": reached * len(y),
    }
    expect.equal(
        impurity,
        best,
        of="impurity",
        betrays={name: value for name, value in betrays.items() if not np.isclose(value, best)},
    )


def misread_split(x, y, feature, threshold):
    """The misconception by which this is the best split."""
    left = x[:, feature] < threshold
    if 0 < left.sum() < len(x) and np.isclose(impurity_of(left, y), expected_best_impurity(x, y)):
        return "threshold_goes_right"

    def plain(f, t):
        return expected_gini(y[x[:, f] <= t]) + expected_gini(y[x[:, f] > t])

    questions = [(f, t) for f in range(x.shape[1]) for t in sorted(set(x[:, f].tolist()))[:-1]]
    if np.isclose(plain(feature, threshold), min(plain(f, t) for f, t in questions)):
        return "impurity_unweighted"
    return "first_feature_only" if feature == 0 else None


@pytest.mark.exercise("best_split")
def test_parts_two_classes(submission):
    """Where one question separates the classes it is found, and the impurity is 0."""
    x = np.array([[1.0, 5.0], [2.0, 1.0], [1.5, 6.0], [2.5, 2.0]])
    expect_best_split(submission, x, np.array([1, 0, 1, 0]))
    x = np.array([[3.0, 5.0], [2.0, 1.0], [1.0, 6.0], [4.0, 2.0], [2.5, 9.0]])
    expect_best_split(submission, x, np.array([1, 0, 1, 0, 1]))


@pytest.mark.exercise("best_split")
def test_sides_count_by_their_size(submission):
    """A side's impurity counts as much as it has rows, so that one row alone is seldom best."""
    x = np.arange(10.0)[:, np.newaxis]
    expect_best_split(submission, x, np.array([1, 0, 0, 0, 0, 0, 1, 1, 1, 0]))
    expect_best_split(submission, x, np.array([2, 0, 0, 1, 0, 0, 1, 1, 2, 1]))


@pytest.mark.exercise("best_split")
def test_random_tables(submission, rng):
    """The same holds for any table, with repeated values and more than two classes."""
    for n, n_classes in ((12, 2), (25, 3), (2, 2)):
        x = rng.integers(6, size=(n, 3)) / 2
        x[:2, 1] = 0, 1
        expect_best_split(submission, x, rng.integers(n_classes, size=n))


@pytest.mark.exercise("best_split")
def test_equal_values_stay_together(submission):
    """Rows of equal value go to one side, and a feature that never changes is no question."""
    x = np.array([[7, 1], [7, 1], [7, 1], [7, 2], [7, 2]])
    expect_best_split(submission, x, np.array([0, 1, 0, 1, 1]))
    expect_best_split(submission, [[7.0, 0.0], [7.0, -1.0]], [1, 1])


@pytest.mark.exercise("best_split")
def test_rejects_rows_that_are_alike(submission):
    """Rows that no question parts, a single one, and missing labels are a ValueError."""
    expect_best_split(submission, np.array([[1.0], [2.0]]), np.array([0, 1]))
    for x, y, why in (
        (np.ones((3, 2)), np.array([0, 1, 0]), say("all rows are alike")),
        (np.array([[1.0, 2.0]]), np.array([0]), say("there is only one row")),
        (np.array([[1.0], [2.0]]), np.array([0]), say("there are 2 rows and 1 label")),
    ):
        expect.raises(ValueError, lambda x=x, y=y: submission.best_split(x, y), why)


# -- bootstrap_indices, out_of_bag and bagging_predict ---------------------------------------------


def drawn(submission, n, seed):
    got = expect.shape(submission.bootstrap_indices(n, seed), (n,), of=say("the indices"))
    expect.that(got.dtype.kind in "iu", say("expected integers, got {dtype}", dtype=got.dtype))
    expect.that(
        bool(((got >= 0) & (got < n)).all()),
        say("expected indices from 0 to {last}, got others", last=n - 1),
    )
    return got


@pytest.mark.exercise("bootstrap_indices")
def test_drawn_with_replacement(submission, rng):
    """n rows are drawn with replacement, so that about 37 % of them are not among them."""
    for n in (500, 2_000):
        got = drawn(submission, n, int(rng.integers(1_000)))
        left_out = 1 - len(np.unique(got)) / n
        expect.that(
            0.3 < left_out < 0.43,
            say(
                "expected about 37 % of {n} rows not to be drawn, got {left_out:.0%}",
                n=n,
                left_out=left_out,
            ),
            "pasting" if left_out == 0 else None,
        )


@pytest.mark.exercise("bootstrap_indices")
def test_every_row_is_as_likely(submission, rng):
    """All rows are equally likely, the first and the last included."""
    draws = [drawn(submission, 25, int(seed)) for seed in rng.integers(100_000, size=40)]
    counts = np.bincount(np.concatenate(draws), minlength=25)
    expect.that(
        bool((counts > 8).all() and (counts < 80).all()),
        say(
            "expected each of 25 rows about 40 times in 40 draws of 25, got {counts}",
            counts=counts.tolist(),
        ),
        "last_row_never_drawn" if counts[-1] == 0 else None,
    )


@pytest.mark.exercise("bootstrap_indices")
def test_the_seed_decides_the_draw(submission, rng):
    """The same seed draws the same rows, another seed others; a single row draws itself."""
    seed = int(rng.integers(1_000))
    one, again, other = (drawn(submission, 40, s) for s in (seed, seed, seed + 1))
    expect.that(
        np.array_equal(one, again), say("expected the same draw for the same seed, got another")
    )
    expect.that(
        not np.array_equal(one, other),
        say("expected another draw for another seed, got the same"),
        "bootstrap_seed_ignored",
    )
    expect.equal(drawn(submission, 1, seed), [0], of=say("the indices"))


@pytest.mark.exercise("bootstrap_indices")
def test_rejects_no_rows(submission):
    """To draw from no rows is a ValueError."""
    drawn(submission, 3, 0)
    for n in (0, -2):
        expect.raises(
            ValueError, lambda n=n: submission.bootstrap_indices(n, 0), say("n is {n}", n=n)
        )


def expect_left_out(submission, indices, n):
    got = expect.array(submission.out_of_bag(indices, n), of=say("the rows"))
    drawn_rows = np.asarray(indices).tolist()
    wanted = [row for row in range(n) if row not in drawn_rows]
    expect.that(
        got.ndim == 1, say("expected rows of shape (m,), got shape {shape}", shape=got.shape)
    )
    rows_left = sorted(got.tolist())
    expect.that(
        rows_left == wanted,
        say("expected the rows {expected}, got {got}", expected=wanted, got=got.tolist()),
        "in_bag_for_out" if rows_left == sorted(set(drawn_rows)) else None,
    )


@pytest.mark.exercise("out_of_bag")
def test_rows_that_were_not_drawn(submission, rng):
    """They are the rows that are not among the indices, each once."""
    expect_left_out(submission, np.array([3, 1, 3, 0, 1, 1]), 6)
    expect_left_out(submission, rng.integers(20, size=20), 20)


@pytest.mark.exercise("out_of_bag")
def test_all_or_few_drawn(submission):
    """None may be left, or all but one; lists of any length are welcome."""
    expect_left_out(submission, [0, 2, 3], 5)
    expect_left_out(submission, np.array([2, 0, 1]), 3)
    expect_left_out(submission, np.array([4, 4, 4, 4, 4]), 5)


@pytest.mark.exercise("out_of_bag")
def test_rejects_rows_that_do_not_exist(submission):
    """An index that is not from 0 to n - 1 is a ValueError."""
    expect_left_out(submission, np.array([0, 2]), 4)
    for indices in ([0, 4], [-1, 2]):
        expect.raises(
            ValueError,
            lambda i=indices: submission.out_of_bag(np.array(i), 4),
            say("the indices are {indices} and n is 4", indices=indices),
        )


# A model that has learnt a prediction for every row by heart; rows begin with their number.
KNOWS_ROWS = """
import numpy as np

class KnowsRows:
    def __init__(self, predictions):
        self.predictions = np.asarray(predictions)

    def predict(self, x):
        return self.predictions[np.asarray(x)[:, 0].astype(int)]
"""


def models_of(submission, predictions):
    make = submission.helper(KNOWS_ROWS, "KnowsRows")
    return [make(np.asarray(of_model)) for of_model in predictions]


def rows(numbers):
    return np.column_stack([numbers, np.full(len(numbers), 0.5)])


def expect_vote(submission, predictions, numbers):
    predictions = np.asarray(predictions)
    got = submission.bagging_predict(models_of(submission, predictions), rows(numbers))
    expected = [expected_vote(predictions[:, number]) for number in numbers]
    betrays = {
        "mean_of_classes": predictions[:, numbers].mean(axis=0),
        "mean_of_classes_rounded": np.round(predictions[:, numbers].mean(axis=0)),
        "tie_to_the_largest": [-expected_vote(-predictions[:, number]) for number in numbers],
        "first_model_only": predictions[0, numbers],
    }
    betrays = {name: v for name, v in betrays.items() if not np.allclose(v, expected)}
    expect.equal(got, expected, of=say("the vote"), betrays=betrays)


@pytest.mark.exercise("bagging_predict")
def test_classes_are_voted_on(submission, rng):
    """Of classes, each row gets the one that most models predict."""
    expect_vote(submission, [[0, 2, 5], [0, 5, 5], [5, 5, 0], [5, 5, 0], [5, 2, 5]], [0, 1, 2, 1])
    expect_vote(submission, rng.choice([1, 4, 9], size=(15, 12)), rng.permutation(12))


@pytest.mark.exercise("bagging_predict")
def test_ties_go_to_the_smallest(submission):
    """Of classes with equally many votes the smallest wins, whoever votes first."""
    expect_vote(submission, [[3, 0, 7], [1, 2, 7], [1, 2, 4], [3, 0, 4]], [0, 1, 2])
    expect_vote(submission, [[2, 1], [0, 1], [1, 0]], [0, 1])


@pytest.mark.exercise("bagging_predict")
def test_numbers_are_averaged(submission, rng):
    """Of floats, also several per row, the result is the mean; a single model speaks alone."""
    predictions = rng.normal(10, 3, (4, 6)).round(2)
    got = submission.bagging_predict(models_of(submission, predictions), rows([5, 0, 3]))
    betrays = {
        "sum_of_numbers": predictions.sum(axis=0)[[5, 0, 3]],
        "first_model_only": predictions[0, [5, 0, 3]],
        "median_of_numbers": np.median(predictions, axis=0)[[5, 0, 3]],
    }
    expect.equal(got, predictions.mean(axis=0)[[5, 0, 3]], of=say("the mean"), betrays=betrays)
    predictions = rng.random((3, 5, 2)).astype("float32")
    got = submission.bagging_predict(models_of(submission, predictions), rows(range(5)))
    expect.equal(got, predictions.mean(axis=0), of=say("the mean"))
    got = submission.bagging_predict(models_of(submission, [[1.5, 2.5]]), rows([0, 1]))
    expect.equal(got, [1.5, 2.5], of=say("the mean"))


@pytest.mark.exercise("bagging_predict")
def test_rejects_no_models(submission):
    """To ask no model is a ValueError."""
    expect_vote(submission, [[1, 0]], [1, 0])
    expect.raises(
        ValueError, lambda: submission.bagging_predict([], rows([0])), say("there is none")
    )


# -- pca -------------------------------------------------------------------------------------------


def expect_pca(submission, x, k):
    names = ("projected", "components", "explained_variance_ratio")
    projected, components, ratio = expect.parts(submission.pca(x, k), *names)
    x = np.asarray(x, float)
    swapped = (
        "components_are_columns" if np.shape(components) == (x.shape[1], k) != (k, k) else None
    )
    components = expect.shape(components, (k, x.shape[1]), of="components", misconception=swapped)
    expect.equal(
        components @ components.T, np.eye(k), of="components @ components.T", rtol=1e-3, atol=1e-4
    )
    _, variances = expected_components(x)
    expect_shares(ratio, x, variances, k)
    along = np.mean(((x - x.mean(axis=0)) @ components.T) ** 2, axis=0)  # the variance along each
    wrong = None
    if np.allclose(along[::-1], variances[:k]) or np.allclose(along, variances[::-1][:k]):
        wrong = "least_variance_first"
    elif k == x.shape[1] and np.allclose(
        np.mean(((x - x.mean(axis=0)) @ components) ** 2, axis=0), variances, rtol=1e-3
    ):
        wrong = "components_are_columns"
    expect.that(
        bool(np.allclose(along, variances[:k], rtol=1e-3, atol=1e-5 * variances.sum())),
        say(
            "expected components along which the variance is {expected}, got {got}",
            expected=np.round(variances[:k], 4).tolist(),
            got=np.round(along, 4).tolist(),
        ),
        wrong or ("not_centred" if is_uncentred(x, components) else None),
    )
    expect.equal(
        projected,
        (x - x.mean(axis=0)) @ components.T,
        of="projected",
        rtol=1e-3,
        atol=1e-4 * max(1, np.abs(x).max()),
        betrays={"mean_left_in_projection": x @ components.T} if x.mean(axis=0).any() else {},
    )


def expect_shares(ratio, x, variances, k):
    total = variances.sum()
    expected = variances[:k] / total if total > 0 else np.zeros(k)
    betrays = {}
    uncentred = np.linalg.svd(x, compute_uv=False)[:k] ** 2
    if total > 0 and not np.allclose(uncentred / np.sum(x**2), expected):
        betrays["not_centred"] = uncentred / np.sum(x**2)
    if 0 < variances[:k].sum() < total * (1 - 1e-6):
        betrays["ratio_of_the_kept"] = variances[:k] / variances[:k].sum()
    if total > 0:
        roots = np.sqrt(variances)
        betrays["deviation_for_variance"] = roots[:k] / roots.sum()
        betrays["variance_for_ratio"] = variances[:k]
        betrays["least_variance_first"] = variances[::-1][:k] / total
    betrays = {name: v for name, v in betrays.items() if not np.allclose(v, expected)}
    expect.equal(
        ratio, expected, of="explained_variance_ratio", rtol=1e-3, atol=1e-5, betrays=betrays
    )


def is_uncentred(x, components):
    theirs = np.linalg.svd(x, full_matrices=False)[2][: len(components)]
    return np.allclose(np.abs(np.sum(theirs * components, axis=1)), 1, atol=1e-3)


def cloud(rng, n, f, middle=0.0):
    """Rows that vary differently in each of f directions at right angles."""
    turned = np.linalg.qr(rng.normal(size=(f, f)))[0]
    return (rng.normal(size=(n, f)) * 2.0 ** -np.arange(f)) @ turned + middle


@pytest.mark.exercise("pca")
def test_directions_of_largest_variance(submission, rng):
    """Components are unit vectors at right angles, the direction of the largest variance first."""
    expect_pca(submission, np.array([[0.0, 0.0], [2.0, 2.0], [4.0, 4.0], [2.0, 2.5]]), 2)
    expect_pca(submission, cloud(rng, 40, 4), 3)


@pytest.mark.exercise("pca")
def test_centred(submission, rng):
    """Where the data lie changes nothing: column means are subtracted, and come back in nothing."""
    expect_pca(submission, cloud(rng, 30, 3, middle=np.array([50.0, -20.0, 7.0])), 1)
    expect_pca(submission, cloud(rng, 30, 3, middle=np.array([5.0, 9.0, -7.0])), 2)


@pytest.mark.exercise("pca")
def test_more_columns_than_rows(submission, rng):
    """Wide tables, all components, lists and columns that never change are welcome."""
    expect_pca(submission, cloud(rng, 4, 7, middle=2.0), 3)
    expect_pca(submission, cloud(rng, 9, 3), 3)
    expect_pca(submission, [[1, 5, 0], [2, 5, 3], [4, 5, 1], [4, 5, 2]], 2)


@pytest.mark.exercise("pca")
def test_nothing_varies(submission):
    """One row, or rows that are alike, have ratios of 0, not NaN."""
    expect_pca(submission, np.array([[0.0, 1.0], [3.0, 5.0]]), 1)
    expect_pca(submission, np.array([[3.0, 4.0, 5.0]]), 1)
    expect_pca(submission, np.full((4, 2), 2.0), 2)


@pytest.mark.exercise("pca")
def test_rejects_too_many_components(submission, rng):
    """No components, or more than rows or columns, are a ValueError."""
    x = cloud(rng, 5, 3)
    expect_pca(submission, x, 3)
    for rows_given, k in ((x, 0), (x, 4), (x[:2], 3)):
        expect.raises(
            ValueError,
            lambda x=rows_given, k=k: submission.pca(x, k),
            say("x has shape {shape} and n_components is {k}", shape=rows_given.shape, k=k),
        )


# -- k_nearest_neighbours --------------------------------------------------------------------------


def expect_labels(submission, x_train, y_train, x, k):
    got = submission.k_nearest_neighbours(x_train, y_train, x, k)
    expect.equal(got, expected_neighbours(x_train, y_train, x, k), of="labels")


@pytest.mark.exercise("k_nearest_neighbours")
def test_vote_of_the_nearest(submission, rng):
    """Each row gets the label that is most frequent among the k training rows nearest to it."""
    x_train = np.array([[0.0, 0.0], [1.0, 0.1], [0.2, 1.0], [5.0, 5.0], [6.0, 5.3], [5.1, 6.2]])
    x = np.array([[0.3, 0.4], [5.4, 5.5], [2.0, 2.1]])
    expect_labels(submission, x_train, np.array([2, 2, 2, 0, 0, 0]), x, 3)
    x_train, y_train = rng.normal(size=(30, 3)), rng.integers(4, size=30)
    expect_labels(submission, x_train, y_train, rng.normal(size=(12, 3)), 5)


@pytest.mark.exercise("k_nearest_neighbours")
def test_one_neighbour_and_all(submission, rng):
    """With k=1 a training row gets its own label, with k=n all get the most frequent one."""
    x_train, y_train = rng.normal(size=(9, 2)), np.array([4, 1, 1, 0, 0, 4, 0, 1, 0])
    expect_labels(submission, x_train, y_train, x_train, 1)
    expect_labels(submission, x_train, y_train, x_train[:4], 9)
    expect_labels(submission, [[1.0]], [7], [[3.0], [-1.0]], 1)


@pytest.mark.exercise("k_nearest_neighbours")
def test_ties_to_the_smallest_label(submission):
    """Of equally frequent labels the smallest wins, not the nearest."""
    x_train, y_train = np.array([[1.0], [2.0], [4.0], [8.0]]), np.array([3, 1, 1, 3])
    expect_labels(submission, x_train, y_train, np.array([[0.0], [0.9], [9.0]]), 4)
    expect_labels(submission, x_train, y_train, np.array([[0.0], [7.0]]), 2)


@pytest.mark.exercise("k_nearest_neighbours")
def test_distance_in_all_directions(submission):
    """Distance is Euclidean: below and above count alike, and no column is left out."""
    x_train = np.array([[3.0, 3.0], [-4.5, 0.0], [0.0, 4.4]])
    expect_labels(submission, x_train, np.array([0, 1, 2]), np.zeros((1, 2)), 1)
    x_train = np.array([[-9.0, 0.0], [1.0, 0.0], [0.0, -2.0]])
    expect_labels(submission, x_train, np.array([0, 1, 2]), np.zeros((1, 2)), 1)


@pytest.mark.exercise("k_nearest_neighbours")
def test_rejects_more_neighbours_than_rows(submission):
    """No neighbour, more than there are rows, and missing labels are a ValueError."""
    x_train, y_train = np.array([[0.0], [1.0], [5.0]]), np.array([1, 1, 0])
    expect_labels(submission, x_train, y_train, np.array([[4.0]]), 1)
    for labels, k, why in (
        (y_train, 0, say("k is 0")),
        (y_train, 4, say("k is 4 and there are 3 rows")),
        (y_train[:2], 1, say("there are 3 rows and 2 labels")),
    ):
        expect.raises(
            ValueError,
            lambda y=labels, k=k: submission.k_nearest_neighbours(x_train, y, x_train, k),
            why,
        )


# -- k_means ---------------------------------------------------------------------------------------


def groups_of(submission, x, k, seed):
    """Labels and centres, once it is certain that they fit together."""
    labels, centres = expect.parts(submission.k_means(x, k, seed), "labels", "centres")
    x = np.asarray(x, float)
    labels = expect.shape(labels, (len(x),), of="labels")
    centres = expect.shape(centres, (k, x.shape[1]), of="centres")
    expect.that(
        labels.dtype.kind in "iu" and bool(((labels >= 0) & (labels < k)).all()),
        say(
            "expected labels to be integers from 0 to {last}, got {got}",
            last=k - 1,
            got=np.unique(labels).tolist(),
        ),
    )
    counts = np.bincount(labels, minlength=k)
    expect.that(
        bool(np.isfinite(centres).all() and (counts > 0).all()),
        say("expected no empty group, got groups of {counts} rows", counts=counts.tolist()),
        "empty_group",
    )
    means = np.array([x[labels == group].mean(axis=0) for group in range(k)])
    distances = distances_between(x, centres)
    own = distances[np.arange(len(x)), labels]
    nearest = bool(np.allclose(own, distances.min(axis=1), rtol=1e-4, atol=1e-5))
    at_rows = bool(np.allclose(distances.min(axis=0), 0, atol=1e-9)) and len(x) > k
    expect.that(
        np.allclose(centres, means, rtol=1e-3, atol=1e-4),
        say(
            "expected each centre to be the mean of its rows, got {centre} where it is {mean}",
            centre=np.round(centres[0], 3).tolist(),
            mean=np.round(means[0], 3).tolist(),
        ),
        "centres_never_moved" if at_rows else ("stopped_too_early" if nearest else None),
    )
    expect.that(
        nearest,
        say(
            "expected each row to have the label of the centre nearest to it, got one that has not"
        ),
        "stopped_too_early",
    )
    return labels, centres


@pytest.mark.exercise("k_means")
def test_rows_and_centres_fit(submission, rng):
    """Each row belongs to the nearest centre, and each centre is the mean of its rows."""
    for n, k in ((40, 3), (60, 6), (25, 2)):
        groups_of(submission, rng.normal(size=(n, 2)), k, int(rng.integers(1_000)))


@pytest.mark.exercise("k_means")
def test_two_groups_on_a_line(submission, rng):
    """Two groups far apart are found, whichever of them is called 0."""
    x = np.concatenate([rng.uniform(0, 1, 15), rng.uniform(100, 101, 15)])[:, np.newaxis]
    order = rng.permutation(30)
    for seed in rng.integers(1_000, size=4):
        labels, _ = groups_of(submission, x[order], 2, int(seed))
        expect.that(
            len(set(labels[order < 15].tolist())) == 1 and len(set(labels.tolist())) == 2,
            say("expected rows near 0 in one group and rows near 100 in the other, got a mixture"),
        )


@pytest.mark.exercise("k_means")
def test_one_group_and_one_row_each(submission, rng):
    """With k=1 the centre is the mean; with as many groups as different rows each has its own."""
    x = rng.normal(size=(7, 3))
    groups_of(submission, x, 1, 0)
    groups_of(submission, x, 7, 1)
    twice = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [5.0]])
    for seed in range(4):
        groups_of(submission, twice, 3, seed)
    groups_of(submission, [[1.0, 2.0]], 1, 0)


@pytest.mark.exercise("k_means")
def test_the_seed_decides_the_groups(submission, rng):
    """The same seed gives the same groups, and seeds begin differently."""
    x, seed = rng.normal(size=(60, 2)), int(rng.integers(1_000))
    one, again = (groups_of(submission, x, 8, s)[1] for s in (seed, seed))
    expect.equal(again, one, of=say("the centres of the second call with the same seed"))
    found = {
        tuple(sorted(groups_of(submission, x, 8, seed + more)[1][:, 0].round(3).tolist()))
        for more in range(6)
    }
    expect.that(
        len(found) > 1,
        say("expected other groups for some of six seeds, got the same for all"),
        "always_the_first_rows",
    )


@pytest.mark.exercise("k_means")
def test_rejects_more_groups_than_rows(submission):
    """No group, or more than there are different rows, are a ValueError."""
    x = np.array([[0.0], [0.0], [1.0]])
    groups_of(submission, x, 2, 0)
    for k in (0, 3, 4):
        expect.raises(
            ValueError,
            lambda k=k: submission.k_means(x, k, 0),
            say("k is {k} and there are 2 different rows", k=k),
        )


# -- smote -----------------------------------------------------------------------------------------


def on_segments(new, x, k):
    """For each new row the pairs (row, neighbour) it lies between, and the part of the way.

    Returns: a list of {(row, neighbour): part}, empty where the row is on no such line.
    """
    distances = distances_between(x, x)
    np.fill_diagonal(distances, np.inf)
    neighbours = np.argsort(distances, axis=1)[:, :k]
    found = []
    for point in new:
        on = {}
        for row, other in ((i, j) for i in range(len(x)) for j in neighbours[i]):
            way = x[other] - x[row]
            part = (point - x[row]) @ way / (way @ way)
            off = np.abs(x[row] + part * way - point).max()
            if -1e-5 <= part <= 1 + 1e-5 and off < 1e-4 * max(1, np.abs(x).max()):
                on[row, int(other)] = float(part)
        found.append(on)
    return found


def new_rows(submission, x, n_new, k, seed):
    """New rows that all lie where they may, and where that is."""
    got = expect.array(submission.smote(x, n_new, k, seed), of=say("the new rows"))
    x = np.asarray(x, float)
    expect.that(
        got.shape == (n_new, x.shape[1]),
        say(
            "wrong shape of the new rows: expected {expected}, got {got}",
            expected=(n_new, x.shape[1]),
            got=got.shape,
        ),
        "old_rows_returned_too" if got.shape[:1] == (n_new + len(x),) else None,
    )
    on = on_segments(got, x, k)
    if not all(on):
        anywhere = all(on_segments(got, x, len(x) - 1))
        box = np.all((got >= x.min(axis=0)) & (got <= x.max(axis=0)))
        wrong = "towards_any_row" if anywhere else "one_number_per_feature" if box else None
        number = next(i for i, pairs in enumerate(on) if not pairs)
        expect.fail(
            say(
                "expected every new row between a row and one of its {k} nearest neighbours, got "
                "{row}",
                k=k,
                row=np.round(got[number], 3).tolist(),
            ),
            wrong,
        )
    return got, on


@pytest.mark.exercise("smote")
def test_between_neighbours(submission, rng):
    """Each new row lies on the line from a row to one of its k nearest neighbours."""
    for n, k in ((12, 2), (9, 3)):
        new_rows(submission, rng.normal(size=(n, 3)), 40, k, int(rng.integers(1_000)))
    corners = np.array([[0.0, 0.0], [1.0, 0.1], [50.0, 50.0], [51.5, 50.0]])
    new_rows(submission, corners, 30, 1, int(rng.integers(1_000)))


@pytest.mark.exercise("smote")
def test_all_rows_and_all_parts_of_the_way(submission, rng):
    """Rows, neighbours and parts of the way are drawn uniformly; no new row is an old one."""
    x = rng.normal(size=(6, 4))
    got, on = new_rows(submission, x, 600, 2, int(rng.integers(1_000)))
    copies = (distances_between(got, x).min(axis=1) < 1e-9).mean()
    expect.that(
        copies < 0.05,
        say(
            "expected new rows, got copies of old ones in {copies:.0%} of the cases", copies=copies
        ),
        "neighbour_is_the_row_itself",
    )
    parts = np.array([part for pairs in on for part in list(pairs.values())[:1]])
    spread = np.histogram(np.minimum(parts, 1 - parts), bins=5, range=(0, 0.5))[0]
    expect.that(
        bool(spread.min() > 60),
        say(
            "expected parts of the way from 0 to 1, all equally often, got from {least:.2f} to "
            "{most:.2f}",
            least=parts.min(),
            most=parts.max(),
        ),
        "always_half_way" if np.allclose(parts, 0.5) else None,
    )
    used = {row for pairs in on for pair in pairs for row in pair}
    expect.that(
        used == set(range(6)), say("expected all 6 rows in use, got {used}", used=len(used))
    )
    pairs_used = len({min(pairs) for pairs in on})
    expect.that(
        pairs_used > 6 * 2 / 2 - 1,
        say("expected all of a row's k neighbours to be used, got fewer"),
        "nearest_neighbour_only",
    )


@pytest.mark.exercise("smote")
def test_the_seed_decides_the_rows(submission, rng):
    """The same seed gives the same rows, another seed others."""
    x, seed = rng.normal(size=(8, 2)), int(rng.integers(1_000))
    one, again, other = (new_rows(submission, x, 10, 3, s)[0] for s in (seed, seed, seed + 1))
    expect.equal(again, one, of=say("the rows of the second call with the same seed"))
    expect.that(
        not np.allclose(one, other),
        say("expected other rows for another seed, got the same"),
        "smote_seed_ignored",
    )


@pytest.mark.exercise("smote")
def test_none_and_the_most_neighbours(submission, rng):
    """No new rows give shape (0, f); two rows are each other's neighbour; lists are welcome."""
    x = rng.normal(size=(5, 3))
    new_rows(submission, x, 1, 4, 0)
    new_rows(submission, x, 0, 2, 0)
    new_rows(submission, [[0.0, 1.0], [2.0, 4.0]], 5, 1, 3)


@pytest.mark.exercise("smote")
def test_rejects_too_few_rows(submission, rng):
    """A row has n - 1 neighbours: more, or none, or a negative n_new, are a ValueError."""
    x = rng.normal(size=(3, 2))
    new_rows(submission, x, 4, 2, 0)
    for rows_given, n_new, k in ((x, 4, 3), (x, 4, 0), (x[:1], 4, 1), (x, -1, 1)):
        expect.raises(
            ValueError,
            lambda x=rows_given, n=n_new, k=k: submission.smote(x, n, k, 0),
            say(
                "there are {n} rows, n_new is {n_new} and k is {k}",
                n=len(rows_given),
                n_new=n_new,
                k=k,
            ),
        )


# -- prepare_folds ---------------------------------------------------------------------------------


def rare_class(rng, n, n_rare, f=3):
    y = rng.permutation(np.arange(n) < n_rare).astype(int)
    return cloud(rng, n, f, middle=4.0) + 3 * y[:, np.newaxis] * np.eye(f)[0], y


def folds_of(submission, x, y, n_folds, n_components, k, seed):
    """The folds, once it is certain that each real row is validated once."""
    got = submission.prepare_folds(x, y, n_folds, n_components, k, seed)
    names = [say("fold {number}", number=number) for number in range(n_folds)]
    folds = []
    for name, fold in zip(names, expect.parts(got, *names), strict=True):
        x_train, y_train, x_valid, valid = expect.parts(
            fold, "x_train", "y_train", "x_valid", "valid"
        )
        valid = expect.array(valid, of=say("valid of {fold}", fold=name))
        expect.that(
            valid.ndim == 1 and valid.dtype.kind in "iu",
            say(
                "expected valid of {fold} to be integers of shape (m,), got {dtype}, shape {shape}",
                fold=name,
                dtype=valid.dtype,
                shape=valid.shape,
            ),
        )
        folds.append((x_train, y_train, x_valid, valid))
    everyone = np.concatenate([valid for *_, valid in folds])
    expect.that(
        sorted(everyone.tolist()) == list(range(len(x))),
        say(
            "expected each of {n} rows in one fold, got {got} numbers up to {highest}",
            n=len(x),
            got=len(everyone),
            highest=everyone.max(initial=-1),
        ),
        "smote_before_the_split" if len(everyone) > len(x) else None,
    )
    sizes = [len(valid) for *_, valid in folds]
    expect.that(
        max(sizes) - min(sizes) <= 1,
        say("expected folds of about the same size, got {sizes}", sizes=sizes),
    )
    return folds


def signs_of(got, expected):
    """Each component may point either way: what turns the expected one round, 1 or -1."""
    signs = np.sign(np.sum(got * expected, axis=0))
    return np.where(signs == 0, 1, signs)


def fitted_on(x_train, x, rows, k):
    """Whether the training rows look as if the components came from all rows of x."""
    directions, _ = expected_components(x)
    seen = (x[rows] - x.mean(axis=0)) @ directions[:k].T
    return np.allclose(np.abs(x_train[: len(rows)]), np.abs(seen), atol=1e-4)


def expect_prepared(fold, x, y, n_components, k):
    """Means and components of the training rows, and new rows between rare ones of them."""
    x_train, y_train, x_valid, valid = fold
    train = np.setdiff1d(np.arange(len(x)), valid)
    n_new = max(0, int(np.sum(y[train] == 0) - np.sum(y[train] == 1)))
    wrong = (
        "no_new_rows" if len(np.atleast_1d(y_train)) == len(train) != len(train) + n_new else None
    )
    n_all = len(train) + n_new
    x_train = expect.shape(x_train, (n_all, n_components), of="x_train", misconception=wrong)
    expect.equal(y_train, np.append(y[train], np.ones(n_new)), of="y_train")
    directions, _ = expected_components(x[train])
    projected = (x[train] - x[train].mean(axis=0)) @ directions[:n_components].T
    signs = signs_of(x_train[: len(train)], projected)
    if not np.allclose(x_train[: len(train)], projected * signs, rtol=1e-3, atol=1e-4):
        on_all = fitted_on(x_train, x, train, n_components)
        expect.fail(
            say(
                "expected the training rows along the components of the training rows alone, got "
                "others"
            ),
            "pca_fitted_on_all_data" if on_all else None,
        )
    moved = (x[valid] - x[train].mean(axis=0)) @ directions[:n_components].T * signs
    alone = (x[valid] - x[valid].mean(axis=0)) @ directions[:n_components].T * signs
    expect.equal(
        x_valid,
        moved,
        of="x_valid",
        rtol=1e-3,
        atol=1e-4,
        betrays={"valid_by_its_own_mean": alone},
    )
    rare = projected[y[train] == 1] * signs
    if not all(on_segments(x_train[len(train) :], rare, k)):
        every = np.concatenate([rare, moved[y[valid] == 1]])
        from_all = all(on_segments(x_train[len(train) :], every, min(k + 2, len(every) - 1)))
        expect.fail(
            say(
                "expected new rows between training rows of class 1 and their {k} nearest, got "
                "others",
                k=k,
            ),
            "smote_from_all_rare_rows" if from_all else None,
        )


@pytest.mark.exercise("prepare_folds")
def test_every_row_is_validated_once(submission, rng):
    """Each real row is in one fold, and none of the new ones is."""
    for n, n_folds in ((30, 3), (23, 4)):
        x, y = rare_class(rng, n, 11)
        for x_train, _, x_valid, valid in folds_of(submission, x, y, n_folds, 2, 2, 5):
            expect.shape(x_valid, (len(valid), 2), of="x_valid")
            expect.that(
                expect.array(x_train, of="x_train").ndim == 2,
                say("expected x_train of shape (m, 2)"),
            )


@pytest.mark.exercise("prepare_folds")
def test_only_training_rows_are_known(submission, rng):
    """Means, components and new rows come from the training rows of the fold alone."""
    for n, n_folds, n_components in ((30, 3, 3), (24, 4, 2)):
        x, y = rare_class(rng, n, 11)
        for fold in folds_of(submission, x, y, n_folds, n_components, 2, int(rng.integers(100))):
            expect_prepared(fold, x, y, n_components, 2)


@pytest.mark.exercise("prepare_folds")
def test_class_1_that_is_not_rare(submission, rng):
    """Where class 1 is as frequent as the other, or more, nothing is added."""
    x, y = rare_class(rng, 20, 16)
    for fold in folds_of(submission, x, y, 2, 2, 1, 0):
        expect_prepared(fold, x, y, 2, 1)


@pytest.mark.exercise("prepare_folds")
def test_folds_and_rows_by_the_seed(submission, rng):
    """The same seed gives the same folds and rows, another seed others, and rows are shuffled."""
    x, y = rare_class(rng, 40, 12)
    seed = int(rng.integers(1_000))
    one, again, other = (folds_of(submission, x, y, 4, 3, 2, s) for s in (seed, seed, seed + 1))
    for first, second in zip(one, again, strict=True):
        expect.equal(second[3], first[3], of=say("valid of the second call with the same seed"))
        expect.equal(second[0], first[0], of=say("x_train of the second call with the same seed"))
    members = [sorted(sorted(valid.tolist()) for *_, valid in folds) for folds in (one, other)]
    in_order = all(valid == list(range(valid[0], valid[-1] + 1)) for valid in members[0])
    expect.that(
        members[0] != members[1] and not in_order,
        say("expected shuffled folds, and others for another seed, got runs of neighbours")
        if in_order
        else say("expected shuffled folds, and others for another seed, got the same"),
        "folds_not_shuffled" if in_order else None,
    )


@pytest.mark.exercise("prepare_folds")
def test_rejects_impossible_folds(submission, rng):
    """Fewer than 2 folds, more than rows, and missing classes are a ValueError."""
    x, y = rare_class(rng, 12, 9)
    folds_of(submission, x, y, 2, 2, 1, 0)
    for classes, n_folds, why in (
        (y, 1, say("n_folds is 1")),
        (y, 13, say("n_folds is 13 and there are 12 rows")),
        (y[:-1], 2, say("there are 12 rows and 11 classes")),
    ):
        expect.raises(
            ValueError,
            lambda y=classes, n=n_folds: submission.prepare_folds(x, y, n, 2, 1, 0),
            why,
        )
