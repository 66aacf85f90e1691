"""Wrong answers to week 4, and what to tell those who gave them."""

import keras
import numpy as np

from course.misconception import misconception

# -- split_sequence --------------------------------------------------------------------------------


@misconception(
    exercise="split_sequence",
    rejected_by="values_of_a_short_series",
    says="The last window is missing. The last target is the last value of the sequence, so there "
    "are n - n_steps windows, not one fewer.",
)
def drops_the_last_window(sequence, n_steps):
    sequence = np.asarray(sequence)
    count = len(sequence) - n_steps - 1
    X = np.array([sequence[i : i + n_steps] for i in range(count)])
    return X, np.array([sequence[i + n_steps] for i in range(count)])


@misconception(
    exercise="split_sequence",
    rejected_by="values_of_a_short_series",
    says="Your target is the last value inside the window, so the model is asked for what it has "
    "just been shown. The target is the value after the window: sequence[i + n_steps].",
)
def target_inside_the_window(sequence, n_steps):
    sequence = np.asarray(sequence)
    count = len(sequence) - n_steps
    X = np.array([sequence[i : i + n_steps] for i in range(count)])
    return X, np.array([sequence[i + n_steps - 1] for i in range(count)])


@misconception(
    exercise="split_sequence",
    rejected_by="values_of_a_short_series",
    says="There is a gap of one step between window and target. The value right after the window "
    "is sequence[i + n_steps], since the window ends at i + n_steps - 1.",
)
def gap_before_the_target(sequence, n_steps):
    sequence = np.asarray(sequence)
    count = len(sequence) - n_steps - 1
    X = np.array([sequence[i : i + n_steps] for i in range(count)])
    return X, np.array([sequence[i + n_steps + 1] for i in range(count)])


@misconception(
    exercise="split_sequence",
    rejected_by="several_features",
    says="Your windows were brought into shape by reshape, which reads the numbers in another "
    "order and mixes steps with variables. To exchange two axes, transpose them.",
)
def reshaped_instead_of_transposed(sequence, n_steps):
    sequence = np.asarray(sequence)
    windows = np.lib.stride_tricks.sliding_window_view(sequence, n_steps, axis=0)[:-1]
    if sequence.ndim == 2:
        windows = windows.reshape(len(windows), n_steps, sequence.shape[1])
    return windows, sequence[n_steps:]


@misconception(
    exercise="split_sequence",
    rejected_by="values_of_a_short_series",
    says="Your windows follow one another without overlapping. A new window begins at every step.",
)
def windows_do_not_overlap(sequence, n_steps):
    sequence = np.asarray(sequence)
    starts = range(0, len(sequence) - n_steps, n_steps)
    X = np.array([sequence[i : i + n_steps] for i in starts])
    return X, np.array([sequence[i + n_steps] for i in starts])


@misconception(
    exercise="split_sequence",
    rejected_by="rejects_impossible_windows",
    says="Impossible arguments give an empty or wrong result instead of an error. Check them first "
    "and raise ValueError with what was expected and what came.",
    betrayed=False,
)
def accepts_impossible_windows(sequence, n_steps):
    sequence = np.asarray(sequence)
    count = max(len(sequence) - n_steps, 0)
    X = np.array([sequence[i : i + n_steps] for i in range(count)])
    return X, sequence[n_steps:]


# -- split_sequence_multistep ----------------------------------------------------------------------


@misconception(
    exercise="split_sequence_multistep",
    rejected_by="values_of_a_short_series_multistep",
    says="The last window is missing. Windows and targets span n_steps_in + n_steps_out values, "
    "and n - n_steps_in - n_steps_out + 1 such spans fit.",
)
def drops_the_last_span(sequence, n_steps_in, n_steps_out):
    sequence = np.asarray(sequence)
    count = len(sequence) - n_steps_in - n_steps_out
    X = np.array([sequence[i : i + n_steps_in] for i in range(count)])
    y = [sequence[i + n_steps_in : i + n_steps_in + n_steps_out] for i in range(count)]
    return X, np.array(y)


@misconception(
    exercise="split_sequence_multistep",
    rejected_by="values_of_a_short_series_multistep",
    says="The end of the loop ignores n_steps_out: the last windows have no complete target behind "
    "them. Stop when n_steps_in + n_steps_out values no longer fit.",
)
def end_ignores_n_steps_out(sequence, n_steps_in, n_steps_out):
    sequence = np.asarray(sequence)
    count = len(sequence) - n_steps_in
    X = [sequence[i : i + n_steps_in] for i in range(count)]
    y = [sequence[i + n_steps_in : i + n_steps_in + n_steps_out] for i in range(count)]
    return X, y


@misconception(
    exercise="split_sequence_multistep",
    rejected_by="values_of_a_short_series_multistep",
    says="Your targets begin with the last value of the window. The first value to predict is the "
    "one after it, sequence[i + n_steps_in].",
)
def targets_begin_inside_the_window(sequence, n_steps_in, n_steps_out):
    sequence = np.asarray(sequence)
    count = len(sequence) - n_steps_in - n_steps_out + 1
    first = n_steps_in - 1
    X = np.array([sequence[i : i + n_steps_in] for i in range(count)])
    return X, np.array([sequence[i + first : i + first + n_steps_out] for i in range(count)])


@misconception(
    exercise="split_sequence_multistep",
    rejected_by="values_of_a_short_series_multistep",
    says="Your target is the one value n_steps_out steps ahead. Asked for are all n_steps_out "
    "values up to it, so y[i] is a window of its own.",
)
def only_the_last_step(sequence, n_steps_in, n_steps_out):
    sequence = np.asarray(sequence)
    count = len(sequence) - n_steps_in - n_steps_out + 1
    X = np.array([sequence[i : i + n_steps_in] for i in range(count)])
    return X, np.array([sequence[i + n_steps_in + n_steps_out - 1] for i in range(count)])


# -- split_labelled_sequence -----------------------------------------------------------------------


@misconception(
    exercise="split_labelled_sequence",
    rejected_by="majority_label",
    says="Each window gets the label of its last step. Asked for is the label that most of its "
    "steps have.",
)
def takes_the_last_label(features, labels, n_steps, stride=1):
    features, labels = np.asarray(features), np.asarray(labels)
    starts = range(0, len(features) - n_steps + 1, stride)
    X = np.array([features[i : i + n_steps] for i in starts])
    return X, np.array([labels[i + n_steps - 1] for i in starts])


@misconception(
    exercise="split_labelled_sequence",
    rejected_by="ties_go_to_the_smallest_label",
    says="Of equally frequent labels you take the one that comes first in the window. It should be "
    "the smallest, so that the answer does not depend on the order.",
)
def ties_go_to_the_first_seen(features, labels, n_steps, stride=1):
    features, labels = np.asarray(features), [int(label) for label in labels]
    starts = range(0, len(features) - n_steps + 1, stride)
    X = np.array([features[i : i + n_steps] for i in starts])
    windows = [labels[i : i + n_steps] for i in starts]
    return X, np.array([max(window, key=window.count) for window in windows])


@misconception(
    exercise="split_labelled_sequence",
    rejected_by="ties_go_to_the_smallest_label",
    says="Of equally frequent labels you take the largest. It should be the smallest.",
)
def ties_go_to_the_largest(features, labels, n_steps, stride=1):
    features, labels = np.asarray(features), [int(label) for label in labels]
    starts = range(0, len(features) - n_steps + 1, stride)
    X = np.array([features[i : i + n_steps] for i in starts])
    windows = [labels[i : i + n_steps] for i in starts]
    return X, np.array([max(sorted(w, reverse=True), key=w.count) for w in windows])


@misconception(
    exercise="split_labelled_sequence",
    rejected_by="every_window_that_fits",
    says="The last window is missing. A window that ends exactly with the recording fits as well: "
    "the last possible start is n - n_steps, included.",
)
def drops_the_last_labelled_window(features, labels, n_steps, stride=1):
    features, labels = np.asarray(features), np.asarray(labels)
    starts = range(0, len(features) - n_steps, stride)
    X = np.array([features[i : i + n_steps] for i in starts])
    y = [np.bincount(labels[i : i + n_steps]).argmax() for i in starts]
    return X, np.array(y)


@misconception(
    exercise="split_labelled_sequence",
    rejected_by="every_window_that_fits",
    says="The stride is not used: your windows start at every step.",
)
def stride_ignored(features, labels, n_steps, stride=1):
    features, labels = np.asarray(features), np.asarray(labels)
    starts = range(len(features) - n_steps + 1)
    X = np.array([features[i : i + n_steps] for i in starts])
    return X, np.array([np.bincount(labels[i : i + n_steps]).argmax() for i in starts])


# -- split_by_time ---------------------------------------------------------------------------------


@misconception(
    exercise="split_by_time",
    rejected_by="oldest_to_newest",
    says="The parts are shuffled, so the model trains on days after those it is judged on. "
    "A forecast knows only the past: cut the series, do not shuffle it.",
)
def shuffled(sequence, valid_fraction, test_fraction):
    sequence = np.asarray(sequence)
    sequence = np.random.default_rng(0).permutation(sequence)
    n_valid, n_test = int(len(sequence) * valid_fraction), int(len(sequence) * test_fraction)
    n_train = len(sequence) - n_valid - n_test
    return sequence[:n_train], sequence[n_train : n_train + n_valid], sequence[n_train + n_valid :]


@misconception(
    exercise="split_by_time",
    rejected_by="oldest_to_newest",
    says="Train holds the validation values as well. Windows across that border put the answers of "
    "the validation into the training.",
)
def train_overlaps_validation(sequence, valid_fraction, test_fraction):
    sequence = np.asarray(sequence)
    n_valid, n_test = int(len(sequence) * valid_fraction), int(len(sequence) * test_fraction)
    n_train = len(sequence) - n_valid - n_test
    return (
        sequence[: n_train + n_valid],
        sequence[n_train : n_train + n_valid],
        sequence[n_train + n_valid :],
    )


@misconception(
    exercise="split_by_time",
    rejected_by="oldest_to_newest",
    says="Test and validation are exchanged: the newest values belong to the test.",
)
def test_before_validation(sequence, valid_fraction, test_fraction):
    sequence = np.asarray(sequence)
    n_valid, n_test = int(len(sequence) * valid_fraction), int(len(sequence) * test_fraction)
    n_train = len(sequence) - n_valid - n_test
    return sequence[:n_train], sequence[n_train + n_test :], sequence[n_train : n_train + n_test]


@misconception(
    exercise="split_by_time",
    rejected_by="oldest_to_newest",
    says="The values have been standardised with the mean and deviation of the whole series, "
    "validation and test included. Split first; scale later, by the statistics of train alone.",
)
def scaled_by_the_whole_series(sequence, valid_fraction, test_fraction):
    sequence = np.asarray(sequence)
    sequence = (sequence - sequence.mean(axis=0)) / sequence.std(axis=0)
    n_valid, n_test = int(len(sequence) * valid_fraction), int(len(sequence) * test_fraction)
    n_train = len(sequence) - n_valid - n_test
    return sequence[:n_train], sequence[n_train : n_train + n_valid], sequence[n_train + n_valid :]


@misconception(
    exercise="split_by_time",
    rejected_by="empty_parts_and_features",
    says="A slice from the end goes wrong when a part is empty: sequence[-0:] is the whole series. "
    "Count from the front instead.",
)
def slices_from_the_end(sequence, valid_fraction, test_fraction):
    sequence = np.asarray(sequence)
    n_valid, n_test = int(len(sequence) * valid_fraction), int(len(sequence) * test_fraction)
    rest, test = sequence[:-n_test], sequence[-n_test:]
    return rest[:-n_valid], rest[-n_valid:], test


@misconception(
    exercise="split_by_time",
    rejected_by="oldest_to_newest",
    says="The test fraction is taken first, and the validation fraction of what is left. Both are "
    "fractions of the whole series.",
)
def fraction_of_the_rest(sequence, valid_fraction, test_fraction):
    sequence = np.asarray(sequence)
    n_test = int(len(sequence) * test_fraction)
    n_valid = int((len(sequence) - n_test) * valid_fraction)
    n_train = len(sequence) - n_valid - n_test
    return sequence[:n_train], sequence[n_train : n_train + n_valid], sequence[n_train + n_valid :]


# -- naive_forecast --------------------------------------------------------------------------------


@misconception(
    exercise="naive_forecast",
    rejected_by="value_one_period_before_the_target",
    says="You count the period from the window's last value. It counts from the target, which is "
    "one step further: period=1 is the last value itself.",
)
def counts_from_the_last_value(X, period=1):
    X = np.asarray(X)
    return X[:, -period - 1]


@misconception(
    exercise="naive_forecast",
    rejected_by="value_one_period_before_the_target",
    says="The period is not used: you always predict the last value.",
)
def period_ignored(X, period=1):
    return np.asarray(X)[:, -1]


@misconception(
    exercise="naive_forecast",
    rejected_by="value_one_period_before_the_target",
    says="You count the period from the beginning of the window. The target comes after its end, "
    "so count from there.",
)
def counts_from_the_front(X, period=1):
    return np.asarray(X)[:, period - 1]


# -- build_forecaster ------------------------------------------------------------------------------


@misconception(
    exercise="build_forecaster",
    rejected_by="output_shape",
    says="The recurrent layer returns its whole sequence, so there is a prediction for every step "
    "of the window. Keras would compare it with y by broadcasting and say nothing. Leave out "
    "return_sequences=True on the last recurrent layer.",
)
def return_sequences_left_on(n_steps, n_features, n_outputs=1):
    if min(n_steps, n_features, n_outputs) < 1:
        raise ValueError("expected sizes of at least 1")
    model = keras.Sequential(
        [
            keras.layers.Input((n_steps, n_features)),
            keras.layers.LSTM(16, return_sequences=True),
            keras.layers.Dense(n_outputs),
        ]
    )
    model.compile(optimizer="adam", loss="mse")
    return model


@misconception(
    exercise="build_forecaster",
    rejected_by="output_shape",
    says="The model always predicts one value. The last Dense layer needs n_outputs units.",
)
def n_outputs_ignored(n_steps, n_features, n_outputs=1):
    if min(n_steps, n_features, n_outputs) < 1:
        raise ValueError("expected sizes of at least 1")
    model = keras.Sequential(
        [
            keras.layers.Input((n_steps, n_features)),
            keras.layers.LSTM(16),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss="mse")
    return model


@misconception(
    exercise="build_forecaster",
    rejected_by="reads_the_window_with_lstm_or_gru",
    says="The contract asks for a recurrent network: an LSTM or GRU layer reads the window step by "
    "step.",
)
def no_recurrent_layer(n_steps, n_features, n_outputs=1):
    if min(n_steps, n_features, n_outputs) < 1:
        raise ValueError("expected sizes of at least 1")
    model = keras.Sequential(
        [
            keras.layers.Input((n_steps, n_features)),
            keras.layers.Flatten(),
            keras.layers.Dense(n_outputs),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    return model


@misconception(
    exercise="build_forecaster",
    rejected_by="compiled_and_learns",
    says="A model must know its optimizer and loss before it can learn: end with "
    "model.compile(...).",
)
def not_compiled(n_steps, n_features, n_outputs=1):
    if min(n_steps, n_features, n_outputs) < 1:
        raise ValueError("expected sizes of at least 1")
    return keras.Sequential(
        [
            keras.layers.Input((n_steps, n_features)),
            keras.layers.LSTM(16),
            keras.layers.Dense(n_outputs),
        ]
    )


@misconception(
    exercise="build_forecaster",
    rejected_by="compiled_and_learns",
    says="The output is never negative: the last layer has a ReLU or sigmoid. A forecast can be "
    "any number.",
)
def output_cannot_be_negative(n_steps, n_features, n_outputs=1):
    if min(n_steps, n_features, n_outputs) < 1:
        raise ValueError("expected sizes of at least 1")
    model = keras.Sequential(
        [
            keras.layers.Input((n_steps, n_features)),
            keras.layers.LSTM(16),
            keras.layers.Dense(n_outputs, activation="relu"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    return model


# -- forecast_recursive ----------------------------------------------------------------------------


@misconception(
    exercise="forecast_recursive",
    rejected_by="predictions_are_fed_back",
    says="The window never changes, so every step repeats the first prediction.",
)
def window_never_shifts(model, window, horizon):
    if horizon < 1:
        raise ValueError(f"expected horizon >= 1, got {horizon}")
    batch = np.asarray(window, "float32")[None, :, None]
    return np.array([model.predict(batch, verbose=0)[0, 0] for _ in range(horizon)])


@misconception(
    exercise="forecast_recursive",
    rejected_by="predictions_are_fed_back",
    says="Predictions enter the window at its front. Time runs to the right: the oldest value "
    "leaves at the front, and the prediction enters at the end.",
)
def window_shifts_the_wrong_way(model, window, horizon):
    if horizon < 1:
        raise ValueError(f"expected horizon >= 1, got {horizon}")
    window, predictions = np.asarray(window, "float32"), []
    for _ in range(horizon):
        predictions.append(model.predict(window[None, :, None], verbose=0)[0, 0])
        window = np.append(predictions[-1], window[:-1])
    return np.array(predictions)


@misconception(
    exercise="forecast_recursive",
    rejected_by="predictions_are_fed_back",
    says="The window moves on over true values and never gets a prediction. What comes after the "
    "window is unknown: predictions must take its place.",
)
def reads_true_values(model, window, horizon):
    if horizon < 1:
        raise ValueError(f"expected horizon >= 1, got {horizon}")
    window, predictions = np.asarray(window, "float32"), []
    for _ in range(horizon):
        predictions.append(model.predict(window[None, :, None], verbose=0)[0, 0])
        window = np.roll(window, -1)
    return np.array(predictions)


# -- forecast_direct -------------------------------------------------------------------------------


@misconception(
    exercise="forecast_direct",
    rejected_by="one_model_per_step",
    says="The first model makes every step's prediction. Step k has a model of its own, models[k].",
)
def one_model_for_all_steps(models, window):
    if len(models) == 0:
        raise ValueError("expected at least one model")
    batch = np.asarray(window, "float32")[None, :, None]
    return np.array([models[0].predict(batch, verbose=0)[0, 0] for _ in models])


@misconception(
    exercise="forecast_direct",
    rejected_by="one_model_per_step",
    says="Predictions are fed back into the window, as in the recursive forecast. Here every model "
    "sees the same known window.",
)
def feeds_back_like_recursive(models, window):
    if len(models) == 0:
        raise ValueError("expected at least one model")
    window, predictions = np.asarray(window, "float32"), []
    for model in models:
        predictions.append(model.predict(window[None, :, None], verbose=0)[0, 0])
        window = np.append(window[1:], predictions[-1])
    return np.array(predictions)


# -- mean_absolute_scaled_error --------------------------------------------------------------------


@misconception(
    exercise="mean_absolute_scaled_error",
    rejected_by="ratio_to_the_naive_error",
    says="This is the plain mean absolute error. Divide it by the naive error on y_train.",
)
def not_scaled(y_true, y_pred, y_train, period):
    return float(np.mean(np.abs(np.asarray(y_true) - np.asarray(y_pred))))


@misconception(
    exercise="mean_absolute_scaled_error",
    rejected_by="ratio_to_the_naive_error",
    says="The error is divided by the standard deviation of y_train: an error in scaled units, "
    "which says nothing about the naive forecast.",
)
def scaled_by_the_deviation(y_true, y_pred, y_train, period):
    error = np.mean(np.abs(np.asarray(y_true) - np.asarray(y_pred)))
    return float(error / np.std(y_train))


@misconception(
    exercise="mean_absolute_scaled_error",
    rejected_by="ratio_to_the_naive_error",
    says="The naive error compares neighbours, whatever the period. It compares y_train[t] with "
    "y_train[t - period].",
)
def naive_error_ignores_the_period(y_true, y_pred, y_train, period):
    error = np.mean(np.abs(np.asarray(y_true) - np.asarray(y_pred)))
    return float(error / np.mean(np.abs(np.diff(y_train))))


@misconception(
    exercise="mean_absolute_scaled_error",
    rejected_by="ratio_to_the_naive_error",
    says="The ratio is upside down: the forecast's error belongs above the line.",
)
def upside_down(y_true, y_pred, y_train, period):
    y_train = np.asarray(y_train)
    naive_error = np.mean(np.abs(y_train[period:] - y_train[:-period]))
    return float(naive_error / np.mean(np.abs(np.asarray(y_true) - np.asarray(y_pred))))


@misconception(
    exercise="mean_absolute_scaled_error",
    rejected_by="rejects_shapes_that_would_broadcast",
    says="(n,) minus (n, 1) is a table of (n, n) differences, and its mean is a number that means "
    "nothing. Refuse shapes that differ.",
)
def broadcasts_silently(y_true, y_pred, y_train, period):
    y_true, y_pred, y_train = np.asarray(y_true), np.asarray(y_pred), np.asarray(y_train)
    if not 1 <= period < len(y_train):
        raise ValueError(f"expected 1 <= period < {len(y_train)}, got {period}")
    naive_error = np.mean(np.abs(y_train[period:] - y_train[:-period]))
    return float(np.mean(np.abs(y_true - y_pred)) / naive_error)
