"""Reconstruction errors and thresholds."""

from __future__ import annotations

from random import Random

from course.exam.question import Question, ask, listed, question

WORDS = ("anomal", "abnormal", "reconstruct", "autoencoder")


@question(difficulty=2, minutes=3)
def threshold_by_quantile(rng: Random) -> Question:
    """Between two sorted errors."""
    errors = [value / 100 for value in sorted(rng.sample(range(5, 90), 11))]
    level = rng.choice([0.75, 0.85, 0.95])
    place = level * 10
    below = int(place)
    right = errors[below] + (place - below) * (errors[below + 1] - errors[below])
    return ask(
        f"Eleven normal validation windows have the errors {listed(errors)}. Which threshold is "
        f"their {level} quantile (linear between neighbours, as NumPy does)?",
        right,
        solution=f"{level}·(11 − 1) = {place:g}: between the errors number {below} and {below + 1} "
        f"(from 0), {errors[below]} and {errors[below + 1]}: {right:.3f}.",
        given={"errors": errors, "level": level},
        decimals=3,
        traps=[(errors[-1], "That is the maximum."), (level * errors[-1], "That is no quantile.")],
    )


@question(difficulty=1, minutes=2)
def false_alarm_rate(rng: Random) -> Question:
    """Of the normal ones alone."""
    normal = [value / 10 for value in rng.sample(range(1, 40), 8)]
    abnormal = [value / 10 for value in rng.sample(range(20, 60), 4)]
    threshold = sorted(normal)[rng.randint(4, 6)]
    flagged = sum(error > threshold for error in normal)
    found = sum(error > threshold for error in abnormal)
    return ask(
        f"Errors of normal windows: {listed(normal)}; of abnormal ones: {listed(abnormal)}. A "
        f"window counts as abnormal when its error is above {threshold}. What is the "
        "false-positive rate?",
        flagged / 8,
        solution=f"{flagged} of the 8 normal windows are above {threshold}: {flagged / 8:.3f}.",
        given={"normal": normal, "abnormal": abnormal, "threshold": threshold},
        decimals=3,
        traps=[
            (flagged / (flagged + found), "That is the share of alarms that are wrong."),
            (flagged / 12, "Only normal windows can give false alarms: divide by them."),
            (found / 4, "That is the recall."),
        ],
    )


@question(difficulty=1, minutes=3)
def error_of_each_window(rng: Random) -> Question:
    """One number for each window."""
    windows = [[rng.randint(-3, 6) for _ in range(3)] for _ in range(2)]
    rebuilt = [[value + rng.choice([-2, -1, 0, 1, 3]) for value in window] for window in windows]
    squares = [
        [(a - b) ** 2 for a, b in zip(window, other, strict=True)]
        for window, other in zip(windows, rebuilt, strict=True)
    ]
    right = [sum(row) / 3 for row in squares]
    both = sum(right) / 2
    return ask(
        f"An autoencoder turns the windows {windows[0]} and {windows[1]} into {rebuilt[0]} and "
        f"{rebuilt[1]}. Which mean squared errors do the two windows have?",
        right,
        solution=f"Squared differences {squares[0]} and {squares[1]}; the mean of each: "
        f"{listed([f'{value:.3f}' for value in right])}.",
        given={"windows": windows, "rebuilt": rebuilt},
        decimals=3,
        traps=[
            ([both, both], "The mean runs over the batch as well."),
            ([sum(row) for row in squares], "That is the sum, not the mean."),
        ],
    )
