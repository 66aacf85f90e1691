"""What is trained when a base is frozen, and what after unfreezing."""

from __future__ import annotations

from random import Random

from course.exam.question import Question, ask, question

WORDS = ("transfer", "tuning", "frozen", "unfreez")


def _code(features: int, units: int, head: int, frozen: bool, unfrozen: bool) -> str:
    lines = [
        "```python",
        "base = keras.Sequential([",
        f"    keras.Input(({features},)),",
        f"    layers.Dense({units}),",
        "    layers.BatchNormalization(),",
        "])",
        *(["base.trainable = False"] if frozen else []),
        f"model = keras.Sequential([base, layers.Dense({head})])",
    ]
    if unfrozen:
        lines += [
            "base.trainable = True",
            "for layer in base.layers:",
            "    if isinstance(layer, layers.BatchNormalization):",
            "        layer.trainable = False",
        ]
    return "\n".join([*lines, "```"])


def _draw(rng: Random) -> tuple[int, int, int]:
    return rng.randint(5, 30), rng.choice([8, 16, 24]), rng.randint(2, 6)


@question(difficulty=1, minutes=3)
def trainable_with_a_frozen_base(rng: Random) -> Question:
    """Only the head is left."""
    features, units, head = _draw(rng)
    count = units * head + head
    return ask(
        "How many *trainable* parameters does `model` have?\n\n"
        + _code(features, units, head, frozen=True, unfrozen=False),
        count,
        solution=f"The base is frozen; the head has {units}·{head} + {head} = {count}.",
        traps=[
            (
                count + features * units + units + 2 * units,
                "The base is counted too, yet it is frozen.",
            ),
            (units * head, "The biases of the head are missing."),
        ],
    )


@question(difficulty=3, minutes=4)
def trainable_after_unfreezing(rng: Random) -> Question:
    """All but batch normalisation is trained again."""
    features, units, head = _draw(rng)
    dense, top = features * units + units, units * head + head
    return ask(
        "How many *trainable* parameters does `model` have?\n\n"
        + _code(features, units, head, frozen=True, unfrozen=True),
        dense + top,
        solution=f"The dense layer of the base has {features}·{units} + {units} = {dense}, the "
        f"head {top}, and batch normalisation stays frozen: {dense + top}.",
        traps=[
            (
                dense + top + 2 * units,
                "Batch normalisation stays frozen, scale and shift included.",
            ),
            (dense + top + 4 * units, "Batch normalisation stays frozen."),
            (top, "The base was unfrozen again, all but its batch normalisation."),
        ],
    )
