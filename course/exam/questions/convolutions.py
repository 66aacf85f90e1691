"""Sizes, receptive fields and values of convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from course.exam.question import Question, ask, listed, question

WORDS = ("convol", "conv", "image", "pixel", "photo")


@question(difficulty=1, minutes=2)
def valid_output_size(rng: Random) -> Question:
    """How many places a kernel finds."""
    n, kernel, stride = rng.randint(24, 80), rng.choice([3, 5, 7, 11]), rng.choice([2, 3, 4])
    size = (n - kernel) // stride + 1
    return ask(
        f"A convolution with a kernel of {kernel}, stride {stride} and padding='valid' runs over "
        f"{n} values. How many values come out?",
        size,
        solution=f"floor((n − k) / s) + 1 = floor(({n} − {kernel}) / {stride}) + 1 = {size}.",
        given={"n": n, "kernel": kernel, "stride": stride},
        traps=[
            (-(-n // stride), "That is with padding='same'."),
            ((n - kernel) // stride, "The first place, at 0, counts too: add 1."),
        ],
    )


@question(difficulty=1, minutes=2)
def same_output_size(rng: Random) -> Question:
    """With padding='same' only the stride matters."""
    n, kernel, stride = rng.randint(21, 99), rng.choice([3, 5, 7]), rng.choice([2, 3, 4])
    size = -(-n // stride)
    return ask(
        f"A convolution with a kernel of {kernel}, stride {stride} and padding='same' runs over "
        f"{n} values. How many values come out?",
        size,
        solution=f"ceil(n / s) = ceil({n} / {stride}) = {size}, whatever the kernel.",
        given={"n": n, "kernel": kernel, "stride": stride},
        traps=[
            ((n - kernel) // stride + 1, "That is with padding='valid'."),
            (n // stride, "Round up: what is left at the edge is padded."),
        ],
    )


@question(difficulty=2, minutes=2)
def transposed_output_size(rng: Random) -> Question:
    """The way back up."""
    n, stride = rng.randint(5, 20), rng.choice([2, 3])
    kernel = stride + rng.choice([0, 1, 2])
    size = (n - 1) * stride + kernel
    return ask(
        f"A `Conv1DTranspose` with a kernel of {kernel}, strides={stride} and padding='valid' gets "
        f"{n} values. How many values come out?",
        size,
        solution=f"Each value lays down {kernel}, {stride} apart: ({n} − 1)·{stride} + {kernel} = "
        f"{size}.",
        given={"n": n, "kernel": kernel, "stride": stride},
        traps=[
            (n * stride, "That is with padding='same'."),
            (
                (n - kernel) // stride + 1,
                "That is a convolution; the transposed one makes it larger.",
            ),
        ],
    )


@question(difficulty=1, minutes=3)
def convolution_by_hand(rng: Random) -> Question:
    """A kernel over a short series."""
    series = [rng.randint(-3, 5) for _ in range(5)]
    kernel = rng.sample([-2, -1, 0, 1, 2, 3], 3)
    out = [sum(series[i + j] * kernel[j] for j in range(3)) for i in range(3)]
    flipped = [sum(series[i + j] * kernel[2 - j] for j in range(3)) for i in range(3)]
    first = " + ".join(f"{series[j]}·({kernel[j]})" for j in range(3))
    return ask(
        f"What does a `Conv1D` layer with the one filter [{listed(kernel)}], no bias and "
        f"padding='valid' make of the series [{listed(series)}]?",
        out,
        solution=f"The first value is {first} = {out[0]}; moving on by one each: {listed(out)}.",
        given={"series": series, "kernel": kernel},
        traps=[
            (flipped, "The kernel is turned around. Deep learning's convolution does not turn it.")
        ],
    )


@question(difficulty=1, minutes=2)
def max_pooling_by_hand(rng: Random) -> Question:
    """The largest of each 2 × 2."""
    image = [[rng.randint(0, 20) for _ in range(4)] for _ in range(4)]
    blocks = [[image[r + i][c + j] for i in (0, 1) for j in (0, 1)] for r in (0, 2) for c in (0, 2)]
    rows = "\n".join("    " + " ".join(f"{value:>2}" for value in row) for row in image)
    return ask(
        "What does max pooling with a window of 2 × 2 and stride 2 make of this image? (row by "
        f"row, four numbers)\n\n{rows}",
        [max(block) for block in blocks],
        solution=f"The largest values of the four blocks: {listed([max(b) for b in blocks])}.",
        given={"image": image},
        traps=[([sum(block) / 4 for block in blocks], "That is average pooling.")],
    )


def _field(layers: Sequence[tuple[int, int]]) -> int:
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump *= stride
    return field


@question(difficulty=3, minutes=4)
def receptive_field(rng: Random) -> Question:
    """What one output sees of the input, with strides on the way."""
    layers = [(rng.choice([2, 3, 5]), rng.choice([1, 2])) for _ in range(2)]
    layers = [(rng.choice([3, 5]), 2), *layers]
    words = "; ".join(f"kernel {kernel}, stride {stride}" for kernel, stride in layers)
    right = _field(layers)
    steps, jump = ["1"], 1
    for kernel, stride in layers:
        steps.append(f"({kernel} − 1)·{jump}")
        jump *= stride
    return ask(
        "Layers without padding (convolution or pooling, it does not matter) follow each other "
        f"over a series: {words}. How many values of the series does one value of the last layer "
        "see?",
        right,
        solution="Each layer adds (kernel − 1) times the product of the strides below it: "
        f"{' + '.join(steps)} = {right}.",
        given={"layers": layers},
        traps=[
            (_field([(kernel, 1) for kernel, _ in layers]), "The strides below a layer spread it."),
        ],
    )


@question(difficulty=2, minutes=3)
def dilated_receptive_field(rng: Random) -> Question:
    """Why WaveNet doubles the dilation."""
    kernel, depth = rng.randint(2, 9), rng.randint(3, 8)
    dilations = [2**i for i in range(depth)]
    right = 1 + (kernel - 1) * sum(dilations)
    return ask(
        f"{depth} convolutions with a kernel of {kernel} and stride 1 follow each other, dilated "
        f"by {listed(dilations)}. How many values of the series does one value of the last layer "
        "see?",
        right,
        solution=f"1 + (k − 1) · sum of dilations = 1 + {kernel - 1} · {sum(dilations)} = {right}.",
        given={"kernel": kernel, "dilations": dilations},
        traps=[
            (1 + (kernel - 1) * depth, "That is without dilation."),
            (kernel * dilations[-1], "All layers add up, not the last one alone."),
        ],
    )


@question(difficulty=2, minutes=3)
def separable_convolution_parameters(rng: Random) -> Question:
    """What MobileNet saves."""
    kernel, channels, filters = rng.choice([3, 5, 7]), rng.randint(4, 32), rng.randint(20, 64)
    depthwise, pointwise = kernel**2 * channels, channels * filters
    count = depthwise + pointwise + filters
    return ask(
        f"How many parameters does `SeparableConv2D({filters}, {kernel})` have on an input of "
        f"{channels} channels? (It has one bias for each filter.)",
        count,
        solution=f"Depthwise {kernel}²·{channels} = {depthwise}, pointwise {channels}·{filters} = "
        f"{pointwise}, biases {filters}: {count}.",
        given={"kernel": kernel, "channels": channels, "filters": filters},
        traps=[
            (kernel**2 * channels * filters + filters, "That is an ordinary Conv2D."),
            (depthwise + pointwise, "The biases are missing."),
        ],
    )
