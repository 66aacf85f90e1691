"""Output shapes and parameter counts of stacks of layers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from course.exam.question import Question, ask, question

WORDS = ("layer", "model", "network")


def _code(input_shape: Sequence[int], layers: Sequence[str]) -> str:
    """The stack as Keras code, in a Markdown block."""
    lines = [f"    keras.Input({tuple(input_shape)}),", *(f"    layers.{one}," for one in layers)]
    return "\n".join(["```python", "model = keras.Sequential([", *lines, "])", "```"])


@question(difficulty=1, minutes=3)
def dense_stack_parameters(rng: Random) -> Question:
    """Weights and biases of a multi-layer perceptron."""
    sizes = [rng.randint(4, 20), rng.choice([8, 16, 32]), rng.choice([4, 8, 12]), rng.randint(2, 5)]
    pairs = list(pairwise(sizes))
    layers = [f'Dense({units}, activation="relu")' for units in sizes[1:-1]]
    terms = " + ".join(f"({a}·{b} + {b})" for a, b in pairs)
    count = sum(a * b + b for a, b in pairs)
    return ask(
        "How many parameters does this model have?\n\n"
        + _code(sizes[:1], [*layers, f"Dense({sizes[-1]})"]),
        count,
        solution=f"A dense layer has inputs · units weights and one bias a unit: {terms} = "
        f"{count}.",
        traps=[(sum(a * b for a, b in pairs), "The biases are missing, one for each unit.")],
    )


def _draw_convnet(rng: Random) -> dict[str, int]:
    return {
        "size": rng.randint(20, 40),
        "channels": rng.choice([1, 3]),
        "kernel": rng.choice([3, 5]),
        "first": rng.choice([4, 6, 8]),
        "second": rng.choice([10, 12, 16]),
    }


def _convnet_code(net: dict[str, int], *more: str) -> str:
    convolutions = [
        f'Conv2D({net["first"]}, {net["kernel"]}, activation="relu")',
        "MaxPooling2D(2)",
        f'Conv2D({net["second"]}, 3, activation="relu")',
    ]
    return _code((net["size"], net["size"], net["channels"]), [*convolutions, *more])


@question(difficulty=2, minutes=3)
def convnet_output_shape(rng: Random) -> Question:
    """Rows, columns and channels after convolution, pooling, convolution."""
    net = _draw_convnet(rng)
    first = net["size"] - net["kernel"] + 1
    pooled = first // 2
    last = pooled - 2
    same = net["size"] // 2
    return ask(
        "Which shape has the output for one image (rows, columns, channels)?\n\n"
        + _convnet_code(net),
        (last, last, net["second"]),
        solution=f"Without padding a kernel of k takes k − 1 away: {net['size']} − {net['kernel']} "
        f"+ 1 = {first}; pooling halves and rounds down: {pooled}; then {pooled} − 3 + 1 = {last}. "
        f"The channels are the filters of the last convolution: {net['second']}.",
        traps=[
            ((same, same, net["second"]), "That is with padding='same'. The default is 'valid'.")
        ],
    )


@question(difficulty=2, minutes=4)
def convnet_parameters(rng: Random) -> Question:
    """Weights and biases of two convolutions."""
    net = _draw_convnet(rng)
    area, first, second, channels = net["kernel"] ** 2, net["first"], net["second"], net["channels"]
    count = area * channels * first + first + 9 * first * second + second
    return ask(
        "How many parameters does this model have?\n\n" + _convnet_code(net),
        count,
        solution=f"A filter has kernel² · input channels weights and a bias: {area}·{channels}·"
        f"{first} + {first} and 9·{first}·{second} + {second}; pooling has none: {count}.",
        traps=[
            (
                area * first + first + 9 * second + second,
                "Each filter reaches through all channels of its input: multiply by them.",
            ),
            (area * channels * first + 9 * first * second, "The biases are missing."),
        ],
    )


def _head(rng: Random) -> tuple[dict[str, int], int, int, int]:
    """A convnet with a classifier on top: what was drawn, side, channels, classes."""
    net = _draw_convnet(rng) | {"classes": rng.randint(3, 10)}
    side = (net["size"] - net["kernel"] + 1) // 2 - 2
    return net, side, net["second"], net["classes"]


@question(difficulty=3, minutes=4)
def flattened_head_parameters(rng: Random) -> Question:
    """What Flatten costs in the layer above it."""
    net, side, channels, classes = _head(rng)
    inputs = side * side * channels
    return ask(
        "How many parameters does the last layer of this model have?\n\n"
        + _convnet_code(net, "Flatten()", f"Dense({classes})"),
        inputs * classes + classes,
        solution=f"The last convolution gives {side}×{side}×{channels} = {inputs} values, and all "
        f"of them are inputs of each unit: {inputs}·{classes} + {classes} = "
        f"{inputs * classes + classes}.",
        traps=[
            (
                channels * classes + classes,
                "That is after global pooling. Flatten keeps all places.",
            ),
            (inputs * classes, "The biases are missing."),
        ],
    )


@question(difficulty=2, minutes=3)
def pooled_head_parameters(rng: Random) -> Question:
    """What global average pooling leaves to the layer above it."""
    net, side, channels, classes = _head(rng)
    return ask(
        "How many parameters does the last layer of this model have?\n\n"
        + _convnet_code(net, "GlobalAveragePooling2D()", f"Dense({classes})"),
        channels * classes + classes,
        solution=f"Global pooling leaves one value a channel, {channels} inputs: "
        f"{channels}·{classes} + {classes} = {channels * classes + classes}.",
        traps=[
            (
                side * side * channels * classes + classes,
                "That is with Flatten. Global pooling leaves one value for each channel.",
            ),
            (channels * classes, "The biases are missing."),
        ],
    )


@question(difficulty=2, minutes=3)
def batch_normalization_statistics(rng: Random) -> Question:
    """What of batch normalisation gradient descent does not touch."""
    features, units, outputs = rng.randint(4, 12), rng.choice([8, 16, 24, 32]), rng.randint(1, 4)
    return ask(
        "How many parameters of this model are *not* trained by gradient descent?\n\n"
        + _code(
            [features],
            [f"Dense({units})", "BatchNormalization()", 'Activation("relu")', f"Dense({outputs})"],
        ),
        2 * units,
        solution="Of batch normalisation's four numbers for each feature, scale and shift are "
        f"trained; moving mean and moving variance are only averaged: 2·{units} = {2 * units}.",
        traps=[
            (4 * units, "Scale and shift are trained; only moving mean and variance are not."),
            (units, "There are a moving mean and a moving variance for each feature."),
            (0, "The moving mean and variance are parameters, and no gradient reaches them."),
        ],
    )


@question(difficulty=2, minutes=3)
def sequence_stack_output_shape(rng: Random) -> Question:
    """Steps and features after Conv1D, pooling and a recurrent layer that returns sequences."""
    steps, features = rng.randint(30, 80), rng.randint(1, 6)
    kernel, stride, units = rng.choice([3, 5, 7]), rng.choice([1, 2]), rng.choice([8, 12, 16])
    convolved = (steps - kernel) // stride + 1
    return ask(
        "Which shape has the output for one series (steps, features)?\n\n"
        + _code(
            (steps, features),
            [
                f"Conv1D(32, {kernel}, strides={stride})",
                "MaxPooling1D(2)",
                f"LSTM({units}, return_sequences=True)",
            ],
        ),
        (convolved // 2, units),
        solution=f"floor(({steps} − {kernel}) / {stride}) + 1 = {convolved} steps; pooling leaves "
        f"{convolved // 2}; with return_sequences=True every step gives {units} values.",
        traps=[((convolved, units), "Pooling halves the number of steps.")],
    )


@question(difficulty=1, minutes=2)
def embedding_classifier_parameters(rng: Random) -> Question:
    """A table of word vectors and a unit on their mean."""
    words, width, length = rng.randint(5, 40) * 100, rng.choice([8, 16, 32]), rng.randint(20, 60)
    count = words * width + width + 1
    return ask(
        "How many parameters does this model have?\n\n"
        + _code(
            [length],
            [
                f"Embedding({words}, {width})",
                "GlobalAveragePooling1D()",
                'Dense(1, activation="sigmoid")',
            ],
        ),
        count,
        solution=f"A vector of {width} for each of {words} words, no bias; then {width} weights "
        f"and a bias: {words * width} + {width} + 1 = {count}. The length of the text does not "
        "matter.",
        traps=[
            (words * width + length * width + 1, "Pooling over time leaves one vector for a text."),
            (words * width + width, "The bias of the last unit is missing."),
        ],
    )
