"""Correct answers earn full points, whatever their style; also those that learn slowly."""

import textwrap

import pytest

from course.catalogue import read_catalogue, select
from course.grading.grade import grade
from course.project import Project
from course.sandbox.launcher import Sandbox

WEEK = "week04_sequences"
PROJECT = Project.find()
CATALOGUE = read_catalogue(PROJECT)

# -- answers in NumPy, by exercise and style -------------------------------------------------------

SPLIT_MULTISTEP = {
    "lists": """
        def split_sequence_multistep(sequence, n_steps_in, n_steps_out):
            values = list(sequence)
            if n_steps_in < 1 or n_steps_out < 1 or n_steps_in + n_steps_out > len(values):
                raise ValueError("the lengths do not fit")
            X, y = [], []
            for i in range(len(values)):
                if i + n_steps_in + n_steps_out > len(values):
                    break
                X.append(values[i:i + n_steps_in])
                y.append(values[i + n_steps_in:i + n_steps_in + n_steps_out])
            return X, y
    """,
    "sliding_window_view": """
        def split_sequence_multistep(sequence, n_steps_in, n_steps_out):
            if min(n_steps_in, n_steps_out) < 1:
                raise ValueError("expected lengths of at least 1")
            spans = np.lib.stride_tricks.sliding_window_view(
                np.asarray(sequence, "float32"), n_steps_in + n_steps_out, axis=0
            )  # raises ValueError by itself when the span does not fit
            if spans.ndim == 3:
                spans = spans.transpose(0, 2, 1)
            return spans[:, :n_steps_in], spans[:, n_steps_in:]
    """,
    "by split_sequence": """
        def split_sequence(sequence, n_steps):
            sequence = np.array(sequence)
            if not 0 < n_steps < len(sequence):
                raise ValueError("no")
            return np.array([sequence[i:i + n_steps] for i in range(len(sequence) - n_steps)]), None

        def split_sequence_multistep(sequence, n_steps_in, n_steps_out):
            if n_steps_in < 1 or n_steps_out < 1:
                raise ValueError("no")
            padded = np.concatenate([np.asarray(sequence), np.asarray(sequence)[:1]])
            spans, _ = split_sequence(padded, n_steps_in + n_steps_out)
            return [spans[:, :n_steps_in], spans[:, n_steps_in:]]
    """,
    "tensors": """
        import keras

        def split_sequence_multistep(sequence, n_steps_in, n_steps_out):
            total = n_steps_in + n_steps_out
            if n_steps_in < 1 or n_steps_out < 1 or len(sequence) < total:
                raise ValueError("expected a longer sequence")
            t = keras.ops.convert_to_tensor(np.array(sequence, dtype="float32"))
            spans = keras.ops.stack([t[i:i + total] for i in range(len(sequence) - total + 1)])
            return spans[:, :n_steps_in], spans[:, n_steps_in:]
    """,
}

SPLIT_LABELLED = {
    "counter": """
        from collections import Counter

        def split_labelled_sequence(features, labels, n_steps, stride=1):
            features, labels = np.array(features), list(labels)
            if len(features) != len(labels) or stride < 1 or not 0 < n_steps <= len(labels):
                raise ValueError("bad arguments")
            X, y, start = [], [], 0
            while start + n_steps <= len(labels):
                counts = Counter(labels[start:start + n_steps])
                best = max(counts.values())
                X.append(features[start:start + n_steps].tolist())
                y.append(min(label for label, count in counts.items() if count == best))
                start += stride
            return X, y
    """,
    "bincount": """
        def split_labelled_sequence(features, labels, n_steps, stride=1):
            features = np.asarray(features, "float32")
            if len(features) != len(labels):
                raise ValueError("lengths differ")
            if n_steps < 1 or stride < 1 or n_steps > len(features):
                raise ValueError("no window fits")
            view = np.lib.stride_tricks.sliding_window_view
            X = np.swapaxes(view(features, n_steps, axis=0), 1, 2)[::stride]
            windows = view(np.asarray(labels), n_steps)[::stride]
            return X, np.array([np.bincount(w).argmax() for w in windows], dtype="uint8")
    """,
    "float labels": """
        import pandas as pd

        def split_labelled_sequence(features, labels, n_steps, stride=1):
            n = len(features)
            if n != len(labels) or min(n_steps, stride) < 1 or n_steps > n:
                raise ValueError("bad arguments")
            starts = range(0, n - n_steps + 1, stride)
            y = [pd.Series(np.asarray(labels)[s:s + n_steps]).mode()[0] for s in starts]
            X = np.array([np.asarray(features)[s:s + n_steps] for s in starts])
            return X, np.array(y, dtype=float)
    """,
}

SPLIT_BY_TIME = {
    "np.split": """
        def split_by_time(sequence, valid_fraction, test_fraction):
            if valid_fraction < 0 or test_fraction < 0 or valid_fraction + test_fraction >= 1:
                raise ValueError("fractions")
            n = len(sequence)
            n_valid, n_test = int(n * valid_fraction), int(n * test_fraction)
            return np.split(np.asarray(sequence), [n - n_valid - n_test, n - n_test])
    """,
    "slices": """
        def split_by_time(sequence, valid_fraction, test_fraction):
            assert hasattr(sequence, "__len__")
            if not (0 <= valid_fraction and 0 <= test_fraction):
                raise ValueError("negative")
            if valid_fraction + test_fraction >= 1:
                raise ValueError("nothing is left for training")
            sequence = list(sequence)
            test_start = len(sequence) - int(len(sequence) * test_fraction)
            valid_start = test_start - int(len(sequence) * valid_fraction)
            return sequence[:valid_start], sequence[valid_start:test_start], sequence[test_start:]
    """,
}

NAIVE = {
    "float32": """
        def naive_forecast(X, period=1):
            X = np.asarray(X, "float32")
            if period < 1 or period > X.shape[-1]:
                raise ValueError(f"period {period}")
            return X[..., X.shape[-1] - period]
    """,
    "lists": """
        def naive_forecast(X, period=1):
            if not all(1 <= period <= len(row) for row in X):
                raise ValueError("period outside the window")
            return [float(row[-period]) for row in X]
    """,
}

MASE = {
    "NumPy scalar": """
        def mean_absolute_scaled_error(y_true, y_pred, y_train, period):
            y_true, y_pred, y_train = (np.asarray(a, "float32") for a in (y_true, y_pred, y_train))
            if y_true.shape != y_pred.shape or period < 1 or period >= y_train.size:
                raise ValueError("bad arguments")
            scale = np.abs(y_train[period:] - y_train[:-period]).mean()
            return np.abs(y_true - y_pred).mean() / scale
    """,
    "0-d array": """
        def mean_absolute_scaled_error(y_true, y_pred, y_train, period):
            if np.shape(y_true) != np.shape(y_pred) or not 0 < period < len(y_train):
                raise ValueError("bad arguments")
            naive = [abs(y_train[t] - y_train[t - period]) for t in range(period, len(y_train))]
            errors = [abs(a - b) for a, b in zip(y_true, y_pred)]
            return np.array(sum(errors) / len(errors) / (sum(naive) / len(naive)))
    """,
    "tensor": """
        import keras

        def mean_absolute_scaled_error(y_true, y_pred, y_train, period):
            if np.shape(y_true) != np.shape(y_pred) or not 0 < period < len(y_train):
                raise ValueError("bad arguments")
            tensor = keras.ops.convert_to_tensor
            y_true, y_pred, y_train = (tensor(a, "float32") for a in (y_true, y_pred, y_train))
            error = keras.losses.MeanAbsoluteError()(y_true, y_pred)
            return error / keras.ops.mean(keras.ops.abs(y_train[period:] - y_train[:-period]))
    """,
}

# -- answers in Keras ------------------------------------------------------------------------------

REFUSE = """
        if n_steps < 1 or n_features < 1 or n_outputs < 1:
            raise ValueError("expected at least 1")
"""


def sequential(*layers, compile_with='optimizer="adam", loss="mse"'):
    """A builder that stacks layers between Input and the last Dense layer."""
    stacked = "".join(f"        model.add({layer})\n" for layer in layers)
    return f"""
    def build_forecaster(n_steps, n_features, n_outputs=1):{REFUSE}
        model = keras.Sequential()
        model.add(keras.Input(shape=(n_steps, n_features)))
{stacked}        model.add(L.Dense(n_outputs))
        model.compile({compile_with})
        return model
    """


FORECASTERS = {
    "LSTM of 8, Adam by default": sequential("L.LSTM(8)"),
    "GRU of 8, Adam by default": sequential("L.GRU(8)"),
    "GRU of 16, huber, RMSprop": sequential(
        "L.GRU(16)", compile_with='loss="huber", optimizer="rmsprop"'
    ),
    "LSTM with ReLU": sequential("L.LSTM(50, activation='relu')"),
    "plain SGD": sequential("L.LSTM(32)", compile_with='loss="mse", optimizer="sgd"'),
    "bidirectional, SGD with momentum": sequential(
        "L.Bidirectional(L.GRU(32))",
        compile_with='loss="mae", optimizer=keras.optimizers.SGD(0.01, momentum=0.9)',
    ),
    "cell in an RNN": sequential("keras.layers.RNN(L.LSTMCell(16))"),
    "stacked cells": sequential("L.RNN([L.GRUCell(12), L.GRUCell(12)])"),
    "two layers with dropout": sequential(
        "L.LSTM(32, return_sequences=True)", "L.Dropout(0.2)", "L.LSTM(32)", "L.Dropout(0.2)"
    ),
    "normalised": sequential(
        "L.BatchNormalization()", "L.LSTM(24)", "L.LayerNormalization()", "L.Dense(16, 'relu')"
    ),
    "a model inside a model": sequential("keras.Sequential([L.LSTM(32)], name='reader')"),
    "class": f"""
    class Forecaster(keras.Model):
        def __init__(self, n_outputs):
            super().__init__()
            self.memory_of_the_past = L.LSTM(24, name="elephant")
            self.to_number = L.Dense(n_outputs)

        def call(self, window):
            return self.to_number(self.memory_of_the_past(window))

    def build_forecaster(n_steps, n_features, n_outputs=1):{REFUSE}
        model = Forecaster(n_outputs)
        model.compile("adam", "mean_squared_error", metrics=["mae"])
        return model
    """,
    "layer of one's own": f"""
    class Reader(L.Layer):
        def __init__(self, units):
            super().__init__()
            self.recurrent = {{"inside": [L.GRU(units)]}}

        def call(self, window):
            return self.recurrent["inside"][0](window)

    def build_forecaster(n_steps, n_features, n_outputs=1):{REFUSE}
        model = keras.Sequential([L.Input((n_steps, n_features)), Reader(16), L.Dense(n_outputs)])
        model.compile("adam", "mse")
        return model
    """,
    "two heads": f"""
    def build_forecaster(n_steps, n_features, n_outputs=1):{REFUSE}
        inputs = L.Input((n_steps, n_features), name="x")
        reader = L.GRU(24)(inputs)
        convolved = L.GlobalAveragePooling1D()(L.Conv1D(8, 3, padding="causal")(inputs))
        both = L.concatenate([reader, convolved])
        outputs = L.concatenate([L.Dense(1)(both) for _ in range(n_outputs)]) \\
            if n_outputs > 1 else L.Dense(1)(both)
        model = keras.Model(inputs=inputs, outputs=outputs)
        model.compile(loss=keras.losses.LogCosh(), optimizer=keras.optimizers.Nadam())
        return model
    """,
}

GET_PREDICTION = {
    "predict": "float(model.predict(batch, verbose=0)[0, 0])",
    "predict with its bar": "model.predict(batch)[0][0]",
    "predict_on_batch": "model.predict_on_batch(batch).item()",
    "call": "float(model(batch)[0, 0])",
    "call, tensors": "model(batch, training=False)[0, 0]",
}

FORECASTS = """
    def forecast_recursive(model, window, horizon):
        if horizon <= 0:
            raise ValueError("expected a horizon of at least 1")
        known = [float(value) for value in window]
        for _ in range(horizon):
            batch = np.array(known[-len(window):], dtype="float32").reshape(1, -1, 1)
            known.append({prediction})
        return known[len(window):]

    def forecast_direct(models, window):
        if not models:
            raise ValueError("expected a model")
        batch = np.reshape(np.asarray(window, "float32"), (1, len(window), 1))
        return [{prediction} for model in models]
"""

ARRAY_FORECASTS = """
    def forecast_recursive(model, window, horizon):
        if horizon < 1:
            raise ValueError("no steps")
        out = np.zeros(horizon, "float32")
        w = np.array(window, "float64")[None, :, None]
        for k in range(horizon):
            out[k] = model.predict(w, verbose=0).squeeze()
            w = np.concatenate([w[:, 1:], out[k].reshape(1, 1, 1)], axis=1)
        return out

    def forecast_direct(models, window):
        if len(models) < 1:
            raise ValueError("no models")
        w = np.asarray(window)[np.newaxis, ..., np.newaxis]
        return np.concatenate([m.predict(w, verbose=0) for m in models], axis=0)[:, 0]
"""


def styles(**by_exercise):
    return [
        pytest.param(exercise, text, id=f"{exercise}, {style}")
        for exercise, texts in by_exercise.items()
        for style, text in texts.items()
    ]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def assert_full_points(tmp_path, sandbox):
    def check(text, *names, seed=0):
        imports = "import numpy as np\n" + ("import keras\nL = keras.layers\n" * ("L." in text))
        (tmp_path / f"{WEEK}.py").write_text(imports + textwrap.dedent(text))
        exercises = select(CATALOGUE, [f"{WEEK}.{name}" for name in names])
        report = grade(PROJECT, exercises, tmp_path, sandbox, seed=seed)
        problems = [f"{c.check}: {c.message}" for c in report.checks if c.status != "passed"]
        assert not problems, "\n".join(problems)
        assert report.score == pytest.approx(sum(exercise.points for exercise in exercises))

    return check


@pytest.mark.parametrize(
    ("exercise", "text"),
    styles(
        split_sequence_multistep=SPLIT_MULTISTEP,
        split_labelled_sequence=SPLIT_LABELLED,
        split_by_time=SPLIT_BY_TIME,
        naive_forecast=NAIVE,
        mean_absolute_scaled_error=MASE,
    ),
)
def test_numpy_exercises(assert_full_points, exercise, text):
    for seed in range(3):
        assert_full_points(text, exercise, seed=seed)


@pytest.mark.parametrize("style", FORECASTERS)
def test_forecasters(assert_full_points, style):
    seed = list(FORECASTERS).index(style)  # another draw for each, so that many are tried
    assert_full_points(FORECASTERS[style], "build_forecaster", seed=seed)


@pytest.mark.parametrize("way", GET_PREDICTION)
def test_forecasts(assert_full_points, way):
    text = FORECASTS.format(prediction=GET_PREDICTION[way])
    assert_full_points(text, "forecast_recursive", "forecast_direct")


def test_forecasts_as_arrays(assert_full_points):
    assert_full_points(ARRAY_FORECASTS, "forecast_recursive", "forecast_direct", seed=1)
