"""Attention and what stands around it."""

from __future__ import annotations

from math import cos, exp, sin
from random import Random
from statistics import mean, pstdev

from course.exam.question import Question, ask, listed, question

WORDS = ("attention", "transformer", "positional")


def _softmax(scores: list[float]) -> list[float]:
    weights = [exp(score - max(scores)) for score in scores]
    return [weight / sum(weights) for weight in weights]


@question(difficulty=2, minutes=4)
def attention_weights(rng: Random) -> Question:
    """Scaled dot products through softmax."""
    query = [rng.randint(-1, 2) for _ in range(4)]
    keys = [[rng.randint(-1, 2) for _ in range(4)] for _ in range(2)]
    dots = [float(sum(q * k for q, k in zip(query, key, strict=True))) for key in keys]
    right = _softmax([dot / 2 for dot in dots])
    return ask(
        f"The query [{listed(query)}] meets the keys [{listed(keys[0])}] and [{listed(keys[1])}]. "
        "Which weights does scaled dot-product attention give them?",
        right,
        solution=f"Dot products {dots[0]:g} and {dots[1]:g}, divided by √4 = 2; softmax: "
        f"{listed([f'{w:.3f}' for w in right])}.",
        given={"query": query, "keys": keys},
        decimals=3,
        traps=[(_softmax(dots), "The scale is missing: divide by √d, here 2.")],
    )


@question(difficulty=2, minutes=3)
def masked_attention_output(rng: Random) -> Question:
    """A mask works before softmax."""
    scores = [float(rng.randint(-1, 3)) for _ in range(3)]
    values = rng.sample(range(1, 12), 3)
    masked = rng.randrange(3)
    kept = [i for i in range(3) if i != masked]
    weights = _softmax([scores[i] for i in kept])
    right = sum(w * values[i] for w, i in zip(weights, kept, strict=True))
    unmasked = _softmax(scores)
    return ask(
        f"A query has the (scaled) scores [{listed(scores)}] with three keys, whose values are "
        f"[{listed(values)}]. Key number {masked} (from 0) is padding and masked. What is the "
        "output?",
        right,
        solution=f"Softmax over the keys that are left: {listed([f'{w:.3f}' for w in weights])}; "
        f"the weighted mean of {listed([values[i] for i in kept])} is {right:.3f}.",
        given={"scores": scores, "values": values, "masked": masked},
        decimals=3,
        traps=[
            (
                sum(unmasked[i] * values[i] for i in kept),
                "The mask came after softmax, so the weights do not add up to 1.",
            ),
            (sum(w * v for w, v in zip(unmasked, values, strict=True)), "The mask is not used."),
        ],
    )


@question(difficulty=1, minutes=2)
def causal_pairs(rng: Random) -> Question:
    """Who may look at whom."""
    length = rng.randint(6, 120)
    right = length * (length + 1) // 2
    return ask(
        f"In causal self-attention over {length} positions, how many of the {length}·{length} "
        "pairs (query, key) are allowed?",
        right,
        solution=f"Position t sees itself and those before: 1 + 2 + … + {length} = {right}.",
        given={"length": length},
        traps=[
            (right - length, "A position sees itself too."),
            (length**2, "That is without the mask."),
        ],
    )


@question(difficulty=3, minutes=4)
def multi_head_parameters(rng: Random) -> Question:
    """Four projections."""
    heads, size, width = rng.choice([2, 4, 8]), rng.choice([8, 16, 32]), rng.randint(10, 60)
    inner = heads * size
    one, last = width * inner + inner, inner * width + width
    return ask(
        f"How many parameters does `MultiHeadAttention(num_heads={heads}, key_dim={size})` have "
        f"for self-attention over vectors of {width}? (with biases; values as wide as keys)",
        3 * one + last,
        solution=f"Queries, keys and values: 3·({width}·{inner} + {inner}); back to {width}: "
        f"{inner}·{width} + {width}; together {3 * one + last}.",
        given={"heads": heads, "size": size, "width": width},
        traps=[
            (3 * one, "The projection back to the model's width is missing."),
            (3 * width * inner + inner * width, "The biases are missing."),
            (
                3 * (width * size + size) + size * width + width,
                "key_dim is the size of each head: there are several.",
            ),
        ],
    )


@question(difficulty=2, minutes=3)
def positional_encoding(rng: Random) -> Question:
    """Sines in even columns, cosines in odd ones."""
    depth, position, column = rng.choice([4, 6, 8]), rng.randint(1, 30), rng.randint(2, 3)
    angle = position / 10_000 ** (2 / depth)
    right = sin(angle) if column == 2 else cos(angle)
    other = cos(angle) if column == 2 else sin(angle)
    wrong_angle = position / 10_000 ** (column / depth)
    return ask(
        f"Sinusoidal positional encoding of depth {depth} (base 10,000; sines in even, cosines in "
        f"odd columns, interleaved): which value is in column {column} (from 0) at position "
        f"{position}?",
        right,
        solution=f"Columns 2 and 3 share the angle {position} / 10000^(2/{depth}) = {angle:.4f}; "
        f"{'sin' if column == 2 else 'cos'} of it is {right:.3f}.",
        given={"depth": depth, "position": position, "column": column},
        decimals=3,
        traps=[
            (other, "Even columns hold sines, odd ones cosines."),
            (
                sin(wrong_angle) if column == 2 else cos(wrong_angle),
                "A sine and its cosine share one angle.",
            ),
        ],
    )


@question(difficulty=1, minutes=3)
def layer_normalization(rng: Random) -> Question:
    """Over the features of one sample."""
    x = rng.sample(range(-5, 12), 4)
    i = rng.randrange(4)
    right = (x[i] - mean(x)) / pstdev(x)
    return ask(
        "Layer normalisation (scale 1, shift 0, epsilon negligible) gets the vector "
        f"[{listed(x)}]. What becomes of {x[i]}?",
        right,
        solution=f"Mean {mean(x):g}, deviation {pstdev(x):.4f} of the vector: {right:.3f}.",
        given={"x": x, "i": i},
        decimals=3,
        traps=[
            (x[i] - mean(x), "Divide by the deviation as well."),
            ((x[i] - mean(x)) / pstdev(x) ** 2, "Divide by the deviation, not by the variance."),
        ],
    )


@question(difficulty=1, minutes=2)
def patches_of_an_image(rng: Random) -> Question:
    """What a vision transformer reads."""
    patch = rng.choice([4, 8, 16])
    rows, columns = patch * rng.randint(3, 14), patch * rng.randint(3, 14)
    right = (rows // patch) * (columns // patch) + 1
    return ask(
        f"A vision transformer cuts images of {rows}×{columns} pixels into patches of "
        f"{patch}×{patch} and adds a class token. How long is the sequence that it reads?",
        right,
        solution=f"{rows // patch}·{columns // patch} patches and the class token: {right}.",
        given={"rows": rows, "columns": columns, "patch": patch},
        traps=[
            (right - 1, "The class token is missing."),
            (rows * columns // patch + 1, "A patch has patch² pixels."),
        ],
    )
