"""Windows over a series, and how forecasts are measured."""

from __future__ import annotations

from random import Random

from course.exam.question import Question, ask, listed, question

WORDS = ("window", "series", "forecast")


@question(difficulty=1, minutes=2)
def window_count(rng: Random) -> Question:
    """How many windows have a target."""
    n, steps = rng.randint(30, 400), rng.randint(4, 28)
    return ask(
        f"A series of {n} values is cut into windows of {steps}, moving on by one value each time; "
        "the target is the one value after the window. How many windows with a target are there?",
        n - steps,
        solution=f"The last window must leave one value for its target: {n} − {steps} = "
        f"{n - steps}.",
        given={"n": n, "steps": steps},
        traps=[
            (n - steps + 1, "The last window of these has no value after it."),
            (n - steps - 1, "One window is lost: the last value may be a target."),
        ],
    )


@question(difficulty=2, minutes=2)
def multistep_window_count(rng: Random) -> Question:
    """How many windows have several targets."""
    n, steps, ahead = rng.randint(40, 300), rng.randint(5, 28), rng.randint(2, 14)
    right = n - steps - ahead + 1
    return ask(
        f"A series of {n} values is cut into windows of {steps}, moving on by one value each time; "
        f"the targets are the {ahead} values after the window. How many such windows are there?",
        right,
        solution=f"A window and its targets take {steps + ahead} values, which start at 0 … "
        f"{n - steps - ahead}: {right}.",
        given={"n": n, "steps": steps, "ahead": ahead},
        traps=[
            (n - steps, "That is for a single target."),
            (n - steps - ahead, "One window is lost: the last target is the last value."),
        ],
    )


@question(difficulty=2, minutes=2)
def strided_window_count(rng: Random) -> Question:
    """Windows that move on by more than one."""
    n, steps, stride = rng.randint(200, 900), rng.randint(20, 60), rng.randint(5, 19)
    right = (n - steps) // stride + 1
    return ask(
        f"{n} labelled measurements are cut into windows of {steps} that begin at 0, {stride}, "
        f"{2 * stride}, … How many fit?",
        right,
        solution=f"floor(({n} − {steps}) / {stride}) + 1 = {right}.",
        given={"n": n, "steps": steps, "stride": stride},
        traps=[
            ((n - steps) // stride, "The window at 0 counts too."),
            (n // stride, "The last windows must still fit: subtract their length first."),
        ],
    )


@question(difficulty=1, minutes=2)
def target_of_a_window(rng: Random) -> Question:
    """Which value belongs to which window."""
    series = rng.sample(range(10, 99), 9)
    steps, i = rng.randint(2, 4), rng.randint(1, 3)
    return ask(
        f"The series [{listed(series)}] is cut into windows of {steps} with the next value as the "
        f"target, X[0] being [{listed(series[:steps])}]. Which value is y[{i}]?",
        series[i + steps],
        solution=f"X[{i}] = [{listed(series[i : i + steps])}], followed by {series[i + steps]}.",
        given={"series": series, "steps": steps, "i": i},
        traps=[
            (series[i + steps - 1], "That value is inside the window."),
            (series[i + steps + 1], "That leaves a gap of one."),
        ],
    )


@question(difficulty=2, minutes=3)
def recursive_forecast(rng: Random) -> Question:
    """A model that reads its own forecasts."""
    a, b = rng.choice([0.5, 1.0, 1.5, 2.0]), rng.choice([-1.0, -0.5, 0.5])
    series = [rng.randint(2, 12) for _ in range(3)]
    forecasts = [float(series[-2]), float(series[-1])]
    for _ in range(3):
        forecasts.append(a * forecasts[-1] + b * forecasts[-2])
    return ask(
        f"A model of two steps forecasts x(t+1) = {a}·x(t) + ({b})·x(t−1). The series ends with "
        f"{listed(series)}. What is the third value that it forecasts recursively?",
        forecasts[-1],
        solution="Each forecast is read by the next one: "
        f"{listed([round(f, 4) for f in forecasts[2:]])}.",
        given={"a": a, "b": b, "series": series},
        decimals=2,
        traps=[
            (forecasts[2], "That is the first forecast; the next ones read it."),
            (
                a * forecasts[2] + b * forecasts[2],
                "The window moves on by one each time: two different values are in it.",
            ),
        ],
    )


@question(difficulty=3, minutes=5)
def scaled_error(rng: Random) -> Question:
    """Whether a forecast beats last season."""
    train = [rng.randint(5, 40) for _ in range(6)]
    true = [rng.randint(5, 40) for _ in range(3)]
    forecast = [value + rng.choice([-6, -4, -3, 2, 3, 5]) for value in true]
    season = [abs(train[t] - train[t - 2]) for t in range(2, 6)]
    plain = [abs(train[t] - train[t - 1]) for t in range(1, 6)]
    if not sum(season):
        train[-1] += 7
        season = [abs(train[t] - train[t - 2]) for t in range(2, 6)]
        plain = [abs(train[t] - train[t - 1]) for t in range(1, 6)]
    error = sum(abs(t - f) for t, f in zip(true, forecast, strict=True)) / 3
    scale = sum(season) / 4
    return ask(
        f"The training series is [{listed(train)}], its period 2. On [{listed(true)}] a model "
        f"forecasts [{listed(forecast)}]. What is its mean absolute scaled error?",
        error / scale,
        solution=f"MAE {error:.3f}; the forecast of one period ago errs in training by "
        f"({' + '.join(map(str, season))}) / 4 = {scale:.3f}; {error:.3f} / {scale:.3f} = "
        f"{error / scale:.3f}.",
        given={"train": train, "true": true, "forecast": forecast, "period": 2},
        decimals=3,
        traps=[
            (error, "That is the MAE, still to be divided by the naive forecast's."),
            (error / (sum(plain) / 5), "The naive forecast looks back one period, here 2 steps."),
        ],
    )


@question(difficulty=1, minutes=2)
def first_test_index(rng: Random) -> Question:
    """A split by time."""
    n, valid, test = rng.randint(3, 40) * 20, rng.choice([10, 15, 20]), rng.choice([10, 15, 25])
    right = n - n * test // 100
    return ask(
        f"{n} daily values are split by time, the last {test} % for the test and the {valid} % "
        "before them for validation. At which index (from 0) does the test begin?",
        right,
        solution=f"The test holds {n * test // 100} values, the last ones: {n} − {n * test // 100} "
        f"= {right}.",
        given={"n": n, "valid": valid, "test": test},
        traps=[(right - n * valid // 100, "That is where validation begins.")],
    )
