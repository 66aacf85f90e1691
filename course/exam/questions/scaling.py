"""Standardising, and getting back to units."""

from __future__ import annotations

from random import Random
from statistics import mean, pstdev, stdev

from course.exam.question import Question, ask, listed, question

WORDS = ("standardi", "scal", "normaliz", "preprocess")


def _spread(rng: Random, n: int) -> list[int]:
    return rng.sample(range(2, 60), n)


@question(difficulty=1, minutes=3)
def standardized_test_value(rng: Random) -> Question:
    """With the statistics of train."""
    train, value = _spread(rng, 4), rng.randint(60, 90)
    center, deviation = mean(train), pstdev(train)
    everything = [*train, value]
    return ask(
        f"A feature is {listed(train)} in train and {value} in a test sample. It is standardised "
        "as scikit-learn's StandardScaler does (deviation with n). What becomes of the test value?",
        (value - center) / deviation,
        solution=f"Mean {center:g} and deviation {deviation:.4f} of train alone: ({value} − "
        f"{center:g}) / {deviation:.4f} = {(value - center) / deviation:.3f}.",
        given={"train": train, "value": value},
        decimals=3,
        traps=[
            (
                (value - mean(everything)) / pstdev(everything),
                "The test value is in the statistics: a leak.",
            ),
            ((value - center) / stdev(train), "That is the deviation with n − 1."),
            (value - center, "Divide by the deviation as well."),
        ],
    )


@question(difficulty=1, minutes=2)
def min_max_test_value(rng: Random) -> Question:
    """Test values may leave [0, 1]."""
    train, value = _spread(rng, 4), rng.randint(61, 120)
    low, high = min(train), max(train)
    return ask(
        f"A feature is {listed(train)} in train. It is scaled to [0, 1] there. What becomes of "
        f"{value} in the test?",
        (value - low) / (high - low),
        solution=f"({value} − {low}) / ({high} − {low}) = {(value - low) / (high - low):.3f}; "
        "above 1, and rightly so.",
        given={"train": train, "value": value},
        decimals=3,
        traps=[
            (1, "The test value must not set the range: train's minimum and maximum do."),
            (value / high, "Subtract the minimum first."),
        ],
    )


@question(difficulty=2, minutes=2)
def error_in_units(rng: Random) -> Question:
    """An error is a difference."""
    center, deviation = rng.randint(20, 90), rng.randint(4, 30)
    scaled = rng.randint(10, 60) / 100
    return ask(
        f"Targets with mean {center} k and standard deviation {deviation} k were standardised. The "
        f"model's mean absolute error on the standardised targets is {scaled}. What is it in "
        "thousands?",
        scaled * deviation,
        solution=f"An error is a difference, from which the mean drops out: {scaled}·{deviation} = "
        f"{scaled * deviation:.2f} k.",
        given={"center": center, "deviation": deviation, "scaled": scaled},
        decimals=2,
        traps=[
            (scaled * deviation + center, "The mean drops out of differences."),
            (scaled * deviation**2, "That would be the squared error's scale."),
        ],
    )


@question(difficulty=1, minutes=2)
def pixel_to_unit_range(rng: Random) -> Question:
    """From bytes to [-1, 1]."""
    pixel = rng.choice([value for value in range(256) if value not in (0, 255)])
    return ask(
        "Images with values from 0 to 255 are scaled linearly to [-1, 1]. What becomes of "
        f"{pixel}?",
        pixel / 127.5 - 1,
        solution=f"{pixel} / 127.5 − 1 = {pixel / 127.5 - 1:.3f}.",
        given={"pixel": pixel},
        decimals=3,
        traps=[
            (pixel / 255, "That is [0, 1]."),
            (pixel / 255 - 1, "255 becomes 0 that way, not 1."),
        ],
    )
