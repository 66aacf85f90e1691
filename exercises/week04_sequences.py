"""Week 4: forecast a time series by sliding windows.

A series becomes a table: each row is a window of past values and the target is what came next.
From there on forecasting is supervised learning, with two rules of its own: time is never
shuffled, and no model counts until it beats the value of one season ago.

The experiment forecasts how many people will ride Chicago's trains, from the last 56 days of
ridership and the type of the day to come. Sources: A. Géron, Hands-On Machine Learning, the chapter
on sequences (data, periods, and the 22.1 k that its multivariate RNN reaches); R. Hyndman and
G. Athanasopoulos, Forecasting: Principles and Practice (naive forecasts, MASE).
"""

# Write the bodies marked TODO, then: course check week04_sequences

import statistics
import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn.ensemble

from course.experiment import Experiment
from datasets.chicago_ridership import load_ridership

TRAIN = slice("2016-01-01", "2018-12-31")
VALID = slice("2019-01-01", "2019-05-31")
TEST = slice("2019-06-01", "2019-12-31")
WINDOW = 56  # days, 8 weeks
HORIZON = 14  # days
UNIT = 100_000  # boardings: keeps the numbers that a network sees near 1


def split_sequence(sequence, n_steps):
    """Cuts a sequence into windows and the value that follows each.

    For the sequence [0, 1, 2, 3, 4, 5] and n_steps=3, X is [[0, 1, 2], [1, 2, 3], [2, 3, 4]] and y
    is [3, 4, 5].

    Args:
        sequence: array or list of shape (n,), or (n, features).
        n_steps: length of a window, at least 1.

    Returns:
        (X, y), with X[i] = sequence[i : i + n_steps] and y[i] = sequence[i + n_steps].
        X has shape (n - n_steps, n_steps), or (n - n_steps, n_steps, features);
        y has shape (n - n_steps,), or (n - n_steps, features).

    Raises:
        ValueError: n_steps is below 1, or the sequence is too short for a window and its target.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("split_sequence is still to be written")


def split_sequence_multistep(sequence, n_steps_in, n_steps_out):
    """Cuts a sequence into windows and the several values that follow each.

    For the sequence [0, 1, 2, 3, 4, 5], n_steps_in=3 and n_steps_out=2, X is
    [[0, 1, 2], [1, 2, 3]] and y is [[3, 4], [4, 5]].

    Args:
        sequence: array or list of shape (n,), or (n, features).
        n_steps_in: length of an input window, at least 1.
        n_steps_out: how many values to predict, at least 1.

    Returns:
        (X, y). With m = n - n_steps_in - n_steps_out + 1 windows, X has shape (m, n_steps_in) and y
        (m, n_steps_out), or (m, n_steps_in, features) and (m, n_steps_out, features).

    Raises:
        ValueError: a length is below 1, or the sequence is shorter than a window and its targets.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("split_sequence_multistep is still to be written")


def split_labelled_sequence(features, labels, n_steps, stride=1):
    """Cuts a recording whose every step has a label into windows with one label each.

    Args:
        features: array or list of shape (n, channels).
        labels: integers of shape (n,), one per step.
        n_steps: length of a window, at least 1.
        stride: steps from one window's start to the next, at least 1.

    Returns:
        (X, y). Windows start at 0, stride, 2 * stride, … while they fit. X has shape
        (windows, n_steps, channels); y, of shape (windows,), is the majority label of each window,
        and of equally frequent labels the smallest.

    Raises:
        ValueError: n_steps or stride is below 1, no window fits, or steps and labels differ in
            number.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("split_labelled_sequence is still to be written")


def split_by_time(sequence, valid_fraction, test_fraction):
    """Splits a series into past, near past and present: for training, validation and test.

    Args:
        sequence: array or list of shape (n,), or (n, features), oldest first.
        valid_fraction: part of the values for validation, 0 <= valid_fraction < 1.
        test_fraction: part of the values for the test, 0 <= test_fraction < 1.

    Returns:
        (train, valid, test), in this order and without overlap: int(n * valid_fraction) values for
        validation, int(n * test_fraction) for the test, all others for training.

    Raises:
        ValueError: a fraction is negative, or together they leave nothing for training.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("split_by_time is still to be written")


def naive_forecast(X, period=1):
    """Predicts that what comes is what was, `period` steps before.

    The baseline of every forecast: period=1 says "as yesterday", period=7 "as a week ago".

    Args:
        X: windows of shape (n, n_steps), oldest value first.
        period: how many steps before the target to look, 1 <= period <= n_steps.

    Returns:
        Predictions of shape (n,).

    Raises:
        ValueError: the value `period` steps before the target is not in the window.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("naive_forecast is still to be written")


def build_forecaster(n_steps, n_features, n_outputs=1):
    """Builds a recurrent network that reads a window and predicts the next values.

    Args:
        n_steps: length of a window.
        n_features: variables per step.
        n_outputs: how many values to predict.

    Returns:
        A compiled keras.Model with an LSTM or GRU layer,
        (None, n_steps, n_features) -> (None, n_outputs).

    Raises:
        ValueError: an argument is below 1.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("build_forecaster is still to be written")


def forecast_recursive(model, window, horizon):
    """Forecasts several steps with a model of one, by feeding its predictions back to it.

    Args:
        model: a Keras model, (None, n_steps, 1) -> (None, 1).
        window: the last n_steps values, shape (n_steps,), oldest first; it is not changed.
        horizon: how many steps to forecast, at least 1.

    Returns:
        Predictions of shape (horizon,).

    Raises:
        ValueError: horizon is below 1.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("forecast_recursive is still to be written")


def forecast_direct(models, window):
    """Forecasts several steps with a model for each.

    Args:
        models: a list of Keras models, (None, n_steps, 1) -> (None, 1); models[k] predicts the
            value k + 1 steps after the window.
        window: the last n_steps values, shape (n_steps,), oldest first.

    Returns:
        Predictions of shape (len(models),).

    Raises:
        ValueError: there is no model.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("forecast_direct is still to be written")


def mean_absolute_scaled_error(y_true, y_pred, y_train, period):
    """Measures a forecast against the naive one: below 1 is better than "as one period ago".

    Args:
        y_true: what happened, shape (n,).
        y_pred: what was forecast, the same shape.
        y_train: the series that the model was trained on, shape (m,), m > period.
        period: the season's length in steps, at least 1.

    Returns:
        The mean absolute error of y_pred, divided by the mean of |y_train[t] - y_train[t - period]|
        (Hyndman and Koehler, 2006).

    Raises:
        ValueError: y_true and y_pred differ in shape, or period is not in 1 … m - 1.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("mean_absolute_scaled_error is still to be written")


# -- The experiment --------------------------------------------------------------------------------


def day_kind(frame):
    """0 … 6 for Monday … Sunday, 7 for a holiday on a weekday. A calendar knows it in advance."""
    weekday = frame.index.day_of_week
    is_holiday = (frame["day_type"] == "U") & (weekday < 6)
    return pd.Series(np.where(is_holiday, 7, weekday), index=frame.index)


def calendar_features(kind):
    """What is known of a day before it comes: its kind, holidays beside it, the season."""
    holiday = (kind == 7).astype(float)
    angle = 2 * np.pi * kind.index.day_of_year.to_numpy() / 365.25
    columns = {f"kind_{k}": (kind == k).astype(float) for k in range(8)}
    columns |= {"after_holiday": holiday.shift(1, fill_value=0.0)}
    columns |= {"before_holiday": holiday.shift(-1, fill_value=0.0)}
    for harmonic in (1, 2):
        columns |= {f"sin_{harmonic}": np.sin(harmonic * angle)}
        columns |= {f"cos_{harmonic}": np.cos(harmonic * angle)}
    return pd.DataFrame(columns, index=kind.index)


def usual_ridership(frame):
    """The median rail and bus ridership of each kind of day in the training years, day by day."""
    kind = day_kind(frame)
    medians = frame.loc[TRAIN, ["rail", "bus"]].groupby(kind).median()
    return medians.loc[kind].set_index(frame.index)


def windows_and_targets(table, period, begin_before=False):
    """Windows of a table and the first column's next value, for the targets of a period.

    Args:
        table: DataFrame, a row per day.
        period: the days that targets are taken from.
        begin_before: whether windows may reach back before the period; then every day of it is a
            target, otherwise the first is WINDOW days after its start.

    Returns:
        X of shape (n, WINDOW, columns) and y of shape (n, 1).
    """
    start, stop = table.index.slice_locs(period.start, period.stop)
    if begin_before:
        start -= WINDOW
    X, y = split_sequence(table.to_numpy("float32")[start:stop], WINDOW)
    return X, y[:, :1]


def fit(model, X, y, n_epochs, run, what, learning_rate=0.005):
    """Trains for a fixed time with a falling learning rate, so no validation data is needed."""
    cosine = keras.callbacks.LearningRateScheduler(
        lambda epoch: learning_rate * 0.5 * (1 + np.cos(np.pi * epoch / n_epochs))
    )
    callbacks = [cosine, run.epochs(n_epochs, what)]
    model.fit(X, y, epochs=n_epochs, batch_size=64, verbose=0, callbacks=callbacks)


def naive_errors(frame):
    """MAE of "as on the same weekday last week", on the targets of the network: valid, test."""
    rail = frame[["rail"]]
    errors = []
    for X, y in (windows_and_targets(rail, VALID), windows_and_targets(rail, TEST, True)):
        errors.append(float(np.abs(naive_forecast(X[:, :, 0], period=7) - y[:, 0]).mean()))
    return errors


def tree_errors(frame):
    """MAE of gradient-boosted trees on lags and calendar, on the same targets: valid, test."""
    kind = day_kind(frame)
    table = pd.DataFrame({f"rail_{lag}": frame["rail"].shift(lag) for lag in (1, 2, 3, 7, 14, 28)})
    table = table.assign(bus_1=frame["bus"].shift(1), bus_7=frame["bus"].shift(7), kind=kind)
    table = table.assign(day_of_year=frame.index.day_of_year)
    table = table.assign(after_holiday=kind.shift(1) == 7, before_holiday=kind.shift(-1) == 7)
    trees = sklearn.ensemble.HistGradientBoostingRegressor(
        loss="absolute_error", learning_rate=0.05, max_iter=300, random_state=0
    )
    trees.fit(table[TRAIN], frame.loc[TRAIN, "rail"])
    error = np.abs(trees.predict(table) - frame["rail"])
    return [float(error[VALID][WINDOW:].mean()), float(error[TEST].mean())]


def forecast_next_day(frame, seed, n_epochs, run):
    """Trains the forecaster on what is unusual, and forecasts every day of both periods.

    The network learns neither weekdays nor levels: the training years' median for the kind of day
    is taken from inputs and target, and added again to the forecast. What is left is what a window
    can tell: weather, events, trends.
    """
    started = time.perf_counter()
    keras.utils.set_random_seed(seed)
    unusual = (frame[["rail", "bus"]] - usual_ridership(frame)) / UNIT
    tomorrow = calendar_features(day_kind(frame)).shift(-1)  # of the day to forecast
    table = pd.concat([unusual, tomorrow], axis=1)[: TEST.stop]
    X, y = windows_and_targets(table, TRAIN)
    model = build_forecaster(WINDOW, table.shape[1])
    fit(model, X, y, n_epochs, run, f"seed {seed}")
    errors = []
    for X, y in (windows_and_targets(table, VALID), windows_and_targets(table, TEST, True)):
        predicted = model.predict(X, verbose=0)
        errors.append(float(np.abs(predicted - y).mean() * UNIT))
    forecast = predicted[:, 0] * UNIT + usual_ridership(frame)[TEST]["rail"]
    return {
        "valid_mae": errors[0],
        "test_mae": errors[1],
        "forecast": forecast.round().tolist(),
        "seconds": time.perf_counter() - started,
    }


def compare_strategies(frame, seed, n_epochs, run):
    """Mean absolute error at each of HORIZON days, by strategy, from the past of rail alone."""
    keras.utils.set_random_seed(seed)
    past = frame.loc[TRAIN, "rail"]
    series = ((frame["rail"] - past.mean()) / past.std()).to_numpy("float32")
    start, stop = frame.index.slice_locs(TRAIN.start, TRAIN.stop)
    X, Y = split_sequence_multistep(series[start:stop], WINDOW, HORIZON)
    X = X[..., np.newaxis]  # (n, WINDOW, 1)

    started = time.perf_counter()
    models = train_direct(X, Y, n_epochs, run)
    seconds = {"direct": time.perf_counter() - started}
    started = time.perf_counter()
    single_shot = build_forecaster(WINDOW, 1, HORIZON)
    fit(single_shot, X, Y, n_epochs, run, "single-shot")
    seconds["single-shot"] = time.perf_counter() - started
    seconds["recursive"] = seconds["direct"] / HORIZON  # one of the direct models serves

    start, stop = frame.index.slice_locs(TEST.start, TEST.stop)
    X_test, Y_test = split_sequence_multistep(series[start - WINDOW : stop], WINDOW, HORIZON)
    # Every fifth day: no multiple of a week, so each weekday comes first equally often.
    chosen = range(0, len(X_test), 40 if run.quick else 5)
    forecasts = {"as last week": [], "direct": [], "single-shot": [], "recursive": []}
    for i in run.progress(chosen, "forecasting 14 days"):
        window = X_test[i]
        forecasts["as last week"].append(np.tile(window[-7:], HORIZON // 7))
        forecasts["direct"].append(forecast_direct(models, window))
        forecasts["single-shot"].append(single_shot.predict_on_batch(window[None, :, None])[0])
        forecasts["recursive"].append(forecast_recursive(models[0], window, HORIZON))
    return {
        name: {
            "mae": (np.abs(np.array(made) - Y_test[chosen]).mean(axis=0) * past.std()).tolist(),
            "seconds": seconds.get(name),
        }
        for name, made in forecasts.items()
    }


def train_direct(X, Y, n_epochs, run):
    """A model for each step ahead; each begins where the one before it ended."""
    learner = build_forecaster(WINDOW, 1)
    models = []
    for step in range(HORIZON):
        first = step == 0
        fit(
            learner,
            X,
            Y[:, step : step + 1],
            n_epochs if first else max(n_epochs // 5, 2),
            run,
            f"direct, day {step + 1}",
            learning_rate=0.005 if first else 0.002,
        )
        models.append(keras.models.clone_model(learner))
        models[-1].set_weights(learner.get_weights())
    return models


def plot_forecast(frame, forecast):
    """Truth and forecast over the test period, and the error below it."""
    truth = frame[TEST]["rail"] / 1_000
    forecast = pd.Series(forecast, truth.index) / 1_000
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(10, 5.5), sharex=True, height_ratios=(3, 1), layout="constrained"
    )
    above.plot(truth, color="black", linewidth=1, label="truth")
    above.plot(forecast, color="tab:orange", linewidth=1, label="forecast, made the day before")
    above.set(title="Rail ridership, days never trained on", ylabel="thousand boardings")
    above.legend(loc="lower left", ncols=2)
    below.bar(truth.index, truth - forecast, width=1.0, color="tab:blue")
    below.set(ylabel="truth − forecast")
    return figure


def plot_horizon(strategies):
    """Error of each strategy by days ahead."""
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    days = np.arange(1, HORIZON + 1)
    for name, result in strategies.items():
        style = {"color": "grey", "linestyle": "--"} if name == "as last week" else {"marker": "o"}
        axes.plot(days, np.array(result["mae"]) / 1_000, label=name, **style)
    axes.set(
        title="Three ways to forecast two weeks from the past alone",
        xlabel="days ahead",
        ylabel="mean absolute error, thousand boardings",
        xticks=days,
        ylim=(0, None),
    )
    axes.legend()
    return figure


def main(arguments=None):
    """Baselines, the forecaster with several seeds, then three ways to forecast two weeks."""
    with Experiment.from_arguments(__file__, arguments) as run:
        data = load_ridership()
        frame = data.frame["2015":"2020-01"]
        run.uses_data(data.provenance.as_dict())
        seeds = range(run.seed, run.seed + (1 if run.quick else 5))
        n_epochs = 10 if run.quick else 30

        naive = naive_errors(frame)
        trees = tree_errors(frame)
        results = [
            run.step(f"seed {seed}", lambda s=seed: forecast_next_day(frame, s, n_epochs, run))
            for seed in run.progress(seeds, "seeds")
        ]
        strategies = run.step(
            "strategies", lambda: compare_strategies(frame, run.seed, n_epochs, run)
        )

        # The bars hold for the real series and a full run; otherwise: clearly better than naive.
        as_published = data.provenance.source == "real" and not run.quick
        bars = [22_000, 28_500] if as_published else [0.8 * error for error in naive]
        for k, name in enumerate(("valid_mae", "test_mae")):
            values = [result[name] for result in results]
            shared = {"metric": name, "baseline": naive[k]}
            run.row(model="boosted trees", **shared, value=trees[k])
            for seed, result in zip(seeds, results, strict=True):
                run.row(
                    model=f"GRU, seed {seed}",
                    **shared,
                    value=result[name],
                    bar=bars[k],
                    seconds=result["seconds"],
                )
            median = statistics.median(values)
            run.row(model="GRU, median", **shared, value=median, bar=bars[k])
            run.metric(name, median, at_most=bars[k])
            run.metric(f"{name}_trees", trees[k])
            run.metric(f"{name}_naive", naive[k])
        rail = frame["rail"]
        by_error = sorted(results, key=lambda result: result["test_mae"])
        middle = by_error[len(by_error) // 2]["forecast"]  # neither the luckiest seed nor the worst
        mase = mean_absolute_scaled_error(rail[TEST], middle, rail[TRAIN], period=7)
        run.row(model="GRU, median", metric="test_mase", value=mase)
        run.metric("test_mase", mase)

        by_last_week = float(np.mean(strategies["as last week"]["mae"]))
        for name in ("direct", "single-shot", "recursive"):
            error = float(np.mean(strategies[name]["mae"]))
            run.row(
                model=f"GRU, {name}",
                metric=f"test_mae, {HORIZON} days",
                baseline=by_last_week,
                value=error,
                seconds=strategies[name]["seconds"],
            )
            run.metric(f"mae_{HORIZON}_days_{name}", error)

        run.save_figure(plot_forecast(frame, middle), "forecast")
        run.save_figure(plot_horizon(strategies), "error_by_horizon")


if __name__ == "__main__":
    main()
