"""Checks of week 4: windows, splits, baselines and forecasters."""

import numpy as np
import pytest

from course.grading import expect
from course.language import say

TRAINING_SECONDS = 60


def series(n, n_features=None):
    """Values that tell where they come from: 0, 1, 2, …, in further columns plus 100, 200, …"""
    steps = np.arange(float(n))
    return steps if n_features is None else steps[:, None] + 100 * np.arange(n_features)


def windows_of(sequence, length, count):
    return np.array([sequence[i : i + length] for i in range(count)])


# -- split_sequence --------------------------------------------------------------------------------


@pytest.mark.exercise("split_sequence")
def test_values_of_a_short_series(submission):
    """X[i] holds the values from i on, and y[i] the value right after them."""
    X, y = expect.parts(submission.split_sequence(series(6), 3), "X", "y")
    expect.equal(X, [[0, 1, 2], [1, 2, 3], [2, 3, 4]], of="X")
    expect.equal(y, [3, 4, 5], of="y")


@pytest.mark.exercise("split_sequence")
def test_values_on_a_hidden_series(submission, rng):
    """The same holds for any series and any window length."""
    for n, n_steps in ((12, 1), (9, 8), (30, 7)):
        sequence = rng.normal(size=n).round(2)
        X, y = expect.parts(submission.split_sequence(sequence, n_steps), "X", "y")
        expect.equal(X, windows_of(sequence, n_steps, n - n_steps), of="X")
        expect.equal(y, sequence[n_steps:], of="y")


@pytest.mark.exercise("split_sequence")
def test_several_features(submission):
    """Of a series with several variables, each window keeps steps and variables in their places."""
    sequence = series(6, n_features=2)
    X, y = expect.parts(submission.split_sequence(sequence, n_steps=4), "X", "y")
    expect.equal(X, windows_of(sequence, 4, 2), of="X")
    expect.equal(y, sequence[4:], of="y")


@pytest.mark.exercise("split_sequence")
def test_rejects_impossible_windows(submission):
    """A window of no steps, or longer than the series, is a ValueError; a list is welcome."""
    X, y = expect.parts(submission.split_sequence([1.0, 2.0, 4.0], 2), "X", "y")
    expect.equal(X, [[1, 2]], of="X")
    expect.equal(y, [4], of="y")
    expect.raises(ValueError, lambda: submission.split_sequence(series(5), 0), say("n_steps is 0"))
    expect.raises(
        ValueError,
        lambda: submission.split_sequence(series(5), 6),
        say("6 steps do not fit into 5"),
    )


# -- split_sequence_multistep ----------------------------------------------------------------------


@pytest.mark.exercise("split_sequence_multistep")
def test_values_of_a_short_series_multistep(submission):
    """X[i] holds n_steps_in values from i on, and y[i] the n_steps_out values right after them."""
    X, y = expect.parts(submission.split_sequence_multistep(series(6), 3, 2), "X", "y")
    expect.equal(X, [[0, 1, 2], [1, 2, 3]], of="X")
    expect.equal(y, [[3, 4], [4, 5]], of="y")


@pytest.mark.exercise("split_sequence_multistep")
def test_values_on_a_hidden_series_multistep(submission, rng):
    """The same holds for any lengths, targets longer than windows included."""
    for n, n_in, n_out in ((10, 2, 5), (9, 4, 1), (8, 3, 5)):
        sequence = rng.normal(size=n).round(2)
        X, y = expect.parts(submission.split_sequence_multistep(sequence, n_in, n_out), "X", "y")
        count = n - n_in - n_out + 1
        expect.equal(X, windows_of(sequence, n_in, count), of="X")
        expect.equal(y, windows_of(sequence[n_in:], n_out, count), of="y")


@pytest.mark.exercise("split_sequence_multistep")
def test_several_features_multistep(submission):
    """Windows and targets of several variables keep steps and variables in their places."""
    sequence = series(7, n_features=2)
    X, y = expect.parts(submission.split_sequence_multistep(sequence, 3, 2), "X", "y")
    expect.equal(X, windows_of(sequence, 3, 3), of="X")
    expect.equal(y, windows_of(sequence[3:], 2, 3), of="y")


@pytest.mark.exercise("split_sequence_multistep")
def test_rejects_impossible_windows_multistep(submission):
    """Lengths below 1, or longer together than the series, are a ValueError; a list is welcome."""
    X, y = expect.parts(submission.split_sequence_multistep([1.0, 2.0, 4.0], 1, 2), "X", "y")
    expect.equal(X, [[1]], of="X")
    expect.equal(y, [[2, 4]], of="y")
    for n_in, n_out in ((0, 2), (2, 0), (3, 3)):
        expect.raises(
            ValueError,
            lambda n_in=n_in, n_out=n_out: submission.split_sequence_multistep(
                series(5), n_in, n_out
            ),
            say(
                "n_steps_in={n_in} and n_steps_out={n_out} do not fit a series of 5",
                n_in=n_in,
                n_out=n_out,
            ),
        )


# -- split_labelled_sequence -----------------------------------------------------------------------


@pytest.mark.exercise("split_labelled_sequence")
def test_every_window_that_fits(submission):
    """Windows start at 0, stride, 2 · stride, … and the last one that fits is there."""
    features, labels = series(10, n_features=2), np.zeros(10, int)
    for n_steps, stride in ((4, 1), (4, 3), (5, 5), (10, 2)):
        got = submission.split_labelled_sequence(features, labels, n_steps, stride=stride)
        X, y = expect.parts(got, "X", "y")
        starts = range(0, 10 - n_steps + 1, stride)
        expect.equal(X, [features[start : start + n_steps] for start in starts], of="X")
        expect.shape(y, (len(starts),), of="y")


@pytest.mark.exercise("split_labelled_sequence")
def test_stride_of_one_by_default(submission):
    """Without a stride, a window starts at every step."""
    got = submission.split_labelled_sequence(series(6, 1), [2, 2, 2, 5, 5, 5], 3)
    X, y = expect.parts(got, "X", "y")
    expect.shape(X, (4, 3, 1), of="X")
    expect.equal(y, [2, 2, 5, 5], of="y")


@pytest.mark.exercise("split_labelled_sequence")
def test_majority_label(submission, rng):
    """A window's label is the one that most of its steps have, wherever they lie."""
    labels = np.array([3, 3, 1, 7, 7, 7, 2, 2, 7, 9, 9, 1, 4, 4, 4, 0, 0, 0])
    got = submission.split_labelled_sequence(series(18, 1), labels, 3, stride=3)
    expect.equal(expect.parts(got, "X", "y")[1], [3, 7, 2, 9, 4, 0], of="y")
    labels = rng.integers(0, 3, size=40)
    got = submission.split_labelled_sequence(series(40, 1), labels, 7, stride=2)
    majorities = [np.bincount(labels[start : start + 7]).argmax() for start in range(0, 34, 2)]
    expect.equal(expect.parts(got, "X", "y")[1], majorities, of="y")


@pytest.mark.exercise("split_labelled_sequence")
def test_ties_go_to_the_smallest_label(submission):
    """Of equally frequent labels the smallest wins, whichever comes first."""
    labels = [5, 2, 1, 8, 6, 6, 3, 3, 4, 4, 9, 9]
    got = submission.split_labelled_sequence(series(12, 1), labels, 4, stride=4)
    expect.equal(expect.parts(got, "X", "y")[1], [1, 3, 4], of="y")


@pytest.mark.exercise("split_labelled_sequence")
def test_rejects_bad_arguments_labelled(submission):
    """Labels of another length, a stride of 0 and windows that do not fit are a ValueError."""
    features, labels = series(6, 1), [0, 0, 0, 1, 1, 1]
    got = submission.split_labelled_sequence(features, labels, 6)
    expect.equal(expect.parts(got, "X", "y")[1], [0], of="y")
    for arguments, why in (
        ((features, labels[:-1], 3), say("there are 6 steps and 5 labels")),
        ((features, labels, 3, 0), say("stride is 0")),
        ((features, labels, 7), say("7 steps do not fit into 6")),
        ((features, labels, 0), say("n_steps is 0")),
    ):
        expect.raises(
            ValueError,
            lambda arguments=arguments: submission.split_labelled_sequence(*arguments),
            why,
        )


# -- split_by_time ---------------------------------------------------------------------------------


def expect_split(submission, sequence, valid_fraction, test_fraction):
    got = submission.split_by_time(sequence, valid_fraction, test_fraction)
    train, valid, test = expect.parts(got, "train", "valid", "test")
    n = len(sequence)
    n_valid, n_test = int(n * valid_fraction), int(n * test_fraction)
    n_train = n - n_valid - n_test
    expect.equal(train, sequence[:n_train], of="train")
    expect.equal(valid, sequence[n_train : n_train + n_valid], of="valid")
    expect.equal(test, sequence[n_train + n_valid :], of="test")


@pytest.mark.exercise("split_by_time")
def test_oldest_to_newest(submission):
    """Train is the oldest part and test the newest; nothing is shuffled, shared or rescaled."""
    expect_split(submission, series(10), 0.2, 0.3)
    expect_split(submission, series(20), 0.1, 0.2)


@pytest.mark.exercise("split_by_time")
def test_sizes_are_rounded_down(submission):
    """Validation and test hold int(n · fraction) values; what rounding leaves goes to train."""
    expect_split(submission, series(11), 0.25, 0.25)
    expect_split(submission, series(7), 0.3, 0.5)


@pytest.mark.exercise("split_by_time")
def test_empty_parts_and_features(submission):
    """A fraction of 0 gives an empty part; a series of several variables is split by time alone."""
    expect_split(submission, series(8), 0.25, 0.0)
    expect_split(submission, series(8), 0.0, 0.25)
    expect_split(submission, series(10, n_features=3), 0.2, 0.2)


@pytest.mark.exercise("split_by_time")
def test_rejects_impossible_fractions(submission):
    """Negative fractions, or fractions that leave nothing for training, are a ValueError."""
    expect_split(submission, series(10), 0.5, 0.4)
    for valid_fraction, test_fraction in ((-0.1, 0.2), (0.2, -0.1), (0.5, 0.5), (0.7, 0.6)):
        expect.raises(
            ValueError,
            lambda v=valid_fraction, t=test_fraction: submission.split_by_time(series(10), v, t),
            say("the fractions are {valid} and {test}", valid=valid_fraction, test=test_fraction),
        )


# -- naive_forecast --------------------------------------------------------------------------------


@pytest.mark.exercise("naive_forecast")
def test_value_one_period_before_the_target(submission, rng):
    """The prediction is the value `period` steps before the target, which follows the window."""
    X = np.array([[10.0, 20.0, 30.0, 40.0], [50.0, 60.0, 70.0, 80.0]])
    expect.equal(submission.naive_forecast(X, 1), [40, 80])
    expect.equal(submission.naive_forecast(X, period=3), [20, 60])
    expect.equal(submission.naive_forecast(X, period=4), [10, 50])
    hidden = rng.normal(size=(5, 9)).round(2)
    expect.equal(submission.naive_forecast(hidden, 7), hidden[:, 2])


@pytest.mark.exercise("naive_forecast")
def test_last_value_by_default(submission):
    """Without a period the prediction is the last value of the window."""
    expect.equal(submission.naive_forecast(np.array([[1.0, 2.0, 5.0]])), [5])


@pytest.mark.exercise("naive_forecast")
def test_rejects_a_period_outside_the_window(submission):
    """A period of 0, or longer than the window, is a ValueError."""
    X = np.array([[1.0, 2.0, 3.0]])
    expect.equal(submission.naive_forecast(X, 2), [2])
    for period in (0, -1, 4):
        expect.raises(
            ValueError,
            lambda period=period: submission.naive_forecast(X, period),
            say("the period is {period} and the window has 3 values", period=period),
        )


# -- build_forecaster ------------------------------------------------------------------------------


def built(submission, *sizes):
    return expect.model(submission.build_forecaster(*sizes))


# An LSTM has four gates and a GRU three, and one recurrent kernel for all of them.
HAS_GATES = """
def has_gates(model):
    kernels = [weight for weight in model.weights if weight.name == "recurrent_kernel"]
    return any(kernel.shape[1] in (3 * kernel.shape[0], 4 * kernel.shape[0]) for kernel in kernels)
"""


def expect_output(model, X, n_outputs):
    """The model's predictions for X, as an array of shape (len(X), n_outputs)."""
    # Not model.predict, which takes ten times as long for the first batch of a model.
    got = expect.array(model(X, training=False), of=say("the model's output"))
    wrong = None
    if got.shape == (len(X), X.shape[1], n_outputs):
        wrong = "return_sequences_left_on"
    elif got.shape == (len(X), 1):
        wrong = "n_outputs_ignored"
    expected = (len(X), n_outputs)
    expect.that(
        got.shape == expected,
        say(
            "wrong shape of the model's output for X of shape {X}: expected {expected}, got {got}",
            X=X.shape,
            expected=expected,
            got=got.shape,
        ),
        misconception=wrong,
    )
    return got


@pytest.mark.exercise("build_forecaster", seconds=TRAINING_SECONDS)
def test_output_shape(submission):
    """The output has one row per window and one column per value to predict."""
    for n_steps, n_features, n_outputs in ((7, 1, 1), (5, 3, 4), (1, 2, 2)):
        model = built(submission, n_steps, n_features, n_outputs)
        expect_output(model, np.zeros((3, n_steps, n_features), "float32"), n_outputs)
    expect_output(built(submission, 6, 2), np.zeros((4, 6, 2), "float32"), 1)


@pytest.mark.exercise("build_forecaster", seconds=TRAINING_SECONDS)
def test_reads_the_window_with_lstm_or_gru(submission, rng):
    """There is an LSTM or GRU in the model, and the order of the steps matters to it."""
    model = built(submission, 8, 2)
    X = rng.normal(size=(16, 8, 2)).astype("float32")
    forward = expect_output(model, X, 1)
    expect.that(
        submission.helper(HAS_GATES, "has_gates")(model) is True,
        say("expected an LSTM or GRU layer in the model, found none"),
        "no_recurrent_layer",
    )
    backward = expect_output(model, X[:, ::-1], 1)
    expect.that(
        bool(np.abs(forward - backward).max() > 1e-6),
        say("expected other predictions when the steps of a window are reversed, got the same"),
    )


@pytest.mark.exercise("build_forecaster", seconds=TRAINING_SECONDS, training=True)
def test_compiled_and_learns(submission, rng):
    """The model comes compiled, and learns from a few hundred windows, negative values included."""
    submission.module("keras").utils.set_random_seed(int(rng.integers(1_000)))
    phase = rng.uniform(0, 2 * np.pi, size=384)
    waves = 3 * np.sin(phase[:, None] + np.arange(13) * 2 * np.pi / 12).astype("float32")
    X, y = waves[:, :12, None], waves[:, 12:]
    model = built(submission, 12, 1)
    expect.that(
        model.has("optimizer") and model.optimizer is not None,
        say("expected a compiled model, got one without an optimizer: call model.compile(...)"),
        misconception="not_compiled",
    )
    baseline = np.abs(X[320:, -1] - y[320:]).mean()
    for _ in range(10):  # most models need one to three rounds, tiny ones up to seven
        model.fit(X[:320], y[:320], epochs=10, batch_size=32, verbose=0)
        predicted = expect_output(model, X[320:], 1)
        error = np.abs(predicted - y[320:]).mean()
        if error < 0.5 * baseline:
            return
    expect.fail(
        say(
            "expected the trained model to beat the last value's error of {baseline:.3f} clearly "
            "on sine waves between -3 and 3, got {error:.3f}",
            baseline=baseline,
            error=error,
        ),
        misconception="output_cannot_be_negative" if predicted.min() >= 0 else None,
    )


@pytest.mark.exercise("build_forecaster", seconds=TRAINING_SECONDS)
def test_rejects_sizes_below_one(submission):
    """Sizes below 1 are a ValueError."""
    model = built(submission, 3, 1, 1)
    expect_output(model, np.zeros((1, 3, 1)), 1)
    for sizes in ((0, 1, 1), (3, 0, 1), (3, 1, 0)):
        expect.raises(
            ValueError,
            lambda sizes=sizes: submission.build_forecaster(*sizes),
            say("n_steps, n_features, n_outputs are {sizes}", sizes=sizes),
        )


# -- forecast_recursive and forecast_direct --------------------------------------------------------


def linear_model(submission, weights, n_outputs=1):
    """A Keras model over there whose prediction is the weighted sum of the window's values."""
    keras = submission.module("keras")
    weights = np.asarray(weights, "float32")
    layers = [
        keras.layers.Input((len(weights), 1)),
        keras.layers.Flatten(),
        keras.layers.Dense(n_outputs, use_bias=False),
    ]
    model = keras.Sequential(layers)
    model.set_weights([weights[:, None]])
    return model


def forecast_by(weights, window, horizon, shift):
    """Predictions of the linear model, with `shift(window, prediction)` between them."""
    predictions = []
    for _ in range(horizon):
        predictions.append(float(np.dot(weights, window)))
        window = shift(window, predictions[-1])
    return predictions


def append(window, prediction):
    return np.append(window[1:], prediction)


@pytest.mark.exercise("forecast_recursive", seconds=TRAINING_SECONDS)
def test_predictions_are_fed_back(submission):
    """Each prediction enters the window at its end, and the oldest value leaves."""
    weights, window = [1.0, 2.0, -1.0], np.array([1.0, 3.0, 2.0])
    wrong_shifts = {
        "window_never_shifts": lambda window, prediction: window,
        "window_shifts_the_wrong_way": lambda window, prediction: np.append(
            prediction, window[:-1]
        ),
        "reads_true_values": lambda window, prediction: np.roll(window, -1),
    }
    expect.equal(
        submission.forecast_recursive(linear_model(submission, weights), window, 4),
        forecast_by(weights, window, 4, append),
        of=say("the forecast"),
        betrays={
            name: forecast_by(weights, window, 4, shift) for name, shift in wrong_shifts.items()
        },
    )


@pytest.mark.exercise("forecast_recursive", seconds=TRAINING_SECONDS)
def test_horizon_longer_than_the_window(submission, rng):
    """It goes on when all that the window holds are predictions."""
    weights, window = rng.uniform(-0.6, 0.6, size=4).round(2), rng.normal(size=4).round(2)
    model = linear_model(submission, weights)
    for horizon in (1, 10):
        got = submission.forecast_recursive(model, window, horizon)
        expected = forecast_by(weights, window, horizon, append)
        expect.equal(got, expected, of=say("the forecast"), rtol=1e-3)


@pytest.mark.exercise("forecast_recursive", seconds=TRAINING_SECONDS)
def test_rejects_an_empty_horizon(submission):
    """A horizon below 1 is a ValueError."""
    model = linear_model(submission, [0.0, 2.0])
    got = submission.forecast_recursive(model, np.array([1.0, 1.0]), 1)
    expect.equal(got, [2], of=say("the forecast"))
    expect.raises(
        ValueError,
        lambda: submission.forecast_recursive(model, np.array([1.0, 1.0]), 0),
        say("the horizon is 0"),
    )


@pytest.mark.exercise("forecast_direct", seconds=TRAINING_SECONDS)
def test_one_model_per_step(submission, rng):
    """Value k comes from model k, and every model sees the window as it is."""
    window = rng.normal(size=3).round(2)
    all_weights = [[1.0, 0.0, 0.0], [0.0, -2.0, 0.5], [0.5, 0.5, 0.5], [0.0, 0.0, 3.0]]
    models = [linear_model(submission, weights) for weights in all_weights]
    fed_back, shifted = [], window
    for weights in all_weights:
        fed_back.append(float(np.dot(weights, shifted)))
        shifted = append(shifted, fed_back[-1])
    expect.equal(
        submission.forecast_direct(models, window),
        np.array(all_weights) @ window,
        of=say("the forecast"),
        betrays={
            "one_model_for_all_steps": np.repeat(window[0], 4),
            "feeds_back_like_recursive": fed_back,
        },
    )


@pytest.mark.exercise("forecast_direct", seconds=TRAINING_SECONDS)
def test_rejects_no_models(submission):
    """A list without models is a ValueError; one model is a list, too."""
    model = linear_model(submission, [0.0, 4.0])
    expect.equal(
        submission.forecast_direct([model], np.array([1.0, 2.0])), [8], of=say("the forecast")
    )
    expect.raises(
        ValueError,
        lambda: submission.forecast_direct([], np.array([1.0, 2.0])),
        say("no model came"),
    )


# -- mean_absolute_scaled_error --------------------------------------------------------------------


@pytest.mark.exercise("mean_absolute_scaled_error")
def test_ratio_to_the_naive_error(submission):
    """The forecast's mean absolute error over the seasonal naive error on the training series."""
    y_train = np.array([1.0, 5.0, 3.0, 9.0, 4.0, 6.0])  # |differences| by 2: 2, 4, 1, 3
    y_true, y_pred = np.array([2.0, 4.0]), np.array([3.0, 1.0])  # errors 1 and 3
    got = submission.mean_absolute_scaled_error(y_true, y_pred, y_train, 2)
    expect.number(got, 2 / 2.5)


@pytest.mark.exercise("mean_absolute_scaled_error")
def test_hidden_series_and_periods(submission, rng):
    """The same holds for any series; a perfect forecast scores 0."""
    y_train, y_true = rng.normal(size=40).round(2), rng.normal(size=9).round(2)
    y_pred = (y_true + rng.normal(size=9)).round(2)
    for period in (1, 7):
        naive_error = np.abs(y_train[period:] - y_train[:-period]).mean()
        got = submission.mean_absolute_scaled_error(y_true, y_pred, y_train, period)
        expect.number(got, np.abs(y_true - y_pred).mean() / naive_error)
    expect.number(submission.mean_absolute_scaled_error(y_true, y_true, y_train, 3), 0)


@pytest.mark.exercise("mean_absolute_scaled_error")
def test_rejects_shapes_that_would_broadcast(submission):
    """Truth and forecast of different shapes are a ValueError, and so are impossible periods."""
    y, y_train = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0, 4.0])
    expect.number(submission.mean_absolute_scaled_error(y, y + 1, y_train, 3), 1 / 3)
    expect.raises(
        ValueError,
        lambda: submission.mean_absolute_scaled_error(y, y[:, None], y_train, 1),
        say("y_true has shape (3,) and y_pred (3, 1)"),
    )
    for period in (0, 4):
        expect.raises(
            ValueError,
            lambda period=period: submission.mean_absolute_scaled_error(y, y, y_train, period),
            say("the period is {period} and y_train has 4 values", period=period),
        )
