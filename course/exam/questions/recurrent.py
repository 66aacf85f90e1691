"""Recurrent cells: what they hold and what they compute."""

from __future__ import annotations

from math import tanh
from random import Random

from course.exam.question import Question, ask, question

WORDS = ("recurrent", "lstm", "gru", "forecast", "sequence")


def _draw_sizes(rng: Random) -> tuple[int, int]:
    return rng.randint(1, 12), rng.choice([4, 8, 10, 16, 32])


@question(difficulty=2, minutes=3)
def lstm_parameters(rng: Random) -> Question:
    """Four times input, recurrence and bias."""
    features, units = _draw_sizes(rng)
    one = units * (features + units) + units
    return ask(
        f"How many parameters does `LSTM({units})` have on an input of {features} features a step?",
        4 * one,
        solution="Three gates and a candidate, each with weights for input and state, and a bias: "
        f"4 · ({units}·({features} + {units}) + {units}) = {4 * one}.",
        given={"features": features, "units": units},
        traps=[
            (one, "That is a simple recurrent layer. An LSTM has three gates and a candidate."),
            (3 * one, "Beside the three gates there is the candidate."),
            (4 * (units * features + units), "The recurrent weights, units · units, are missing."),
            (4 * units * (features + units), "The biases are missing."),
        ],
    )


@question(difficulty=3, minutes=3)
def gru_parameters(rng: Random) -> Question:
    """Keras' GRU has two biases."""
    features, units = _draw_sizes(rng)
    one = units * (features + units) + 2 * units
    return ask(
        f"How many parameters does Keras' `GRU({units})` have on an input of {features} features a "
        "step? (reset_after=True, the default: input and recurrence each have a bias.)",
        3 * one,
        solution="Two gates and a candidate: "
        f"3 · ({units}·({features} + {units}) + 2·{units}) = {3 * one}.",
        given={"features": features, "units": units},
        traps=[
            (3 * (one - units), "With reset_after=True there are two biases."),
            (4 * (one - units), "That is an LSTM."),
        ],
    )


@question(difficulty=3, minutes=3)
def bidirectional_parameters(rng: Random) -> Question:
    """Two layers, and twice as many values for the next one."""
    features, units = _draw_sizes(rng)
    classes = rng.randint(2, 6)
    one = 4 * (units * (features + units) + units)
    head = 2 * units * classes + classes
    return ask(
        f"A series with {features} features a step goes through `Bidirectional(LSTM({units}))` and "
        f"`Dense({classes})`. How many parameters are there in all?",
        2 * one + head,
        solution=f"Two LSTMs of {one}; their outputs are joined, so the dense layer has "
        f"2·{units}·{classes} + {classes} = {head}: {2 * one + head}.",
        given={"features": features, "units": units, "classes": classes},
        traps=[
            (one + units * classes + classes, "That is in one direction only."),
            (2 * one + units * classes + classes, "Both directions are joined: 2 · units inputs."),
        ],
    )


@question(difficulty=2, minutes=4)
def recurrent_steps(rng: Random) -> Question:
    """Two steps of one unit."""
    w, u, b = (rng.choice([-0.8, -0.5, -0.3, 0.4, 0.6, 0.9]) for _ in range(3))
    x1, x2 = rng.choice([-2, -1, 1, 2]), rng.choice([-2, -1, 1, 2])
    h1 = tanh(w * x1 + b)
    h2 = tanh(w * x2 + u * h1 + b)
    return ask(
        f"A simple recurrent unit h(t) = tanh({w}·x(t) + ({u})·h(t−1) + ({b})) starts with h(0) = "
        f"0 and reads x(1) = {x1}, x(2) = {x2}. What is h(2)?",
        h2,
        solution=f"h(1) = tanh({w * x1 + b:.3f}) = {h1:.4f}; h(2) = tanh({w}·{x2} + ({u})·{h1:.4f} "
        f"+ ({b})) = {h2:.3f}.",
        given={"w": w, "u": u, "b": b, "x": [x1, x2]},
        decimals=3,
        traps=[
            (tanh(w * x2 + b), "The state of the step before is missing."),
            (h1, "That is h(1)."),
        ],
    )


@question(difficulty=2, minutes=3)
def lstm_state(rng: Random) -> Question:
    """What gates do to the state."""
    forget, enter, leave = (rng.choice([0.1, 0.25, 0.5, 0.75, 0.9]) for _ in range(3))
    candidate, before = rng.choice([-0.8, -0.4, 0.5, 0.7]), rng.choice([-2.0, -1.0, 0.5, 1.5, 2.0])
    state = forget * before + enter * candidate
    return ask(
        f"An LSTM cell holds the state c = {before}. At this step its forget gate is {forget}, its "
        f"input gate {enter}, its candidate {candidate}, its output gate {leave}. Which output h "
        "does it give?",
        leave * tanh(state),
        solution=f"c = {forget}·{before} + {enter}·{candidate} = {state:.4f}; h = {leave}·tanh(c) "
        f"= {leave * tanh(state):.3f}.",
        given={"f": forget, "i": enter, "o": leave, "g": candidate, "c": before},
        decimals=3,
        traps=[
            (leave * state, "The state goes through tanh before the output gate."),
            (state, "That is the new state; the output is o · tanh(c)."),
            (
                leave * tanh((1 - forget) * before + enter * candidate),
                "The forget gate is what is kept: 1 keeps all, 0 forgets all.",
            ),
        ],
    )
