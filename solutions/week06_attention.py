"""Week 6: attention by hand.

Everything between a sentence and what a transformer makes of it, written once with NumPy alone:
queries that look for keys and collect values, masks, positions, several heads, normalisation.

The experiment builds two heads for a sentence without any training, so that it is known what they
must look at: one finds the word before, from positions alone; the other finds what a pronoun stands
for, from what words are like. Then it shows why scores are divided by √d, and compares everything
with Keras' own layer. Sources: A. Vaswani et al., Attention Is All You Need (2017); J. Ba,
J. Kiros, G. Hinton, Layer Normalization (2016).
"""

import time

import matplotlib.pyplot as plt
import numpy as np

from course import exercise
from course.experiment import Experiment

NOUN, ALIVE, THING, PRONOUN, OTHER = range(5)  # what words are like
SENTENCE = (
    ("the", {OTHER}),
    ("cat", {NOUN, ALIVE}),
    ("left", {OTHER}),
    ("the", {OTHER}),
    ("mat", {NOUN, THING}),
    ("because", {OTHER}),
    ("it", {PRONOUN}),
    ("was", {OTHER}),
    ("hungry", {OTHER}),
)
N_LIKENESSES = 5
POSITION_DEPTH = 16
DEPTHS = (1, 4, 16, 64, 256, 1024)  # of queries and keys, with and without the division by √d
# Batch, length of queries and of keys, depth, heads: what is compared with Keras.
SIZES = ((2, 5, 5, 8, 2), (3, 7, 4, 12, 3), (1, 1, 9, 6, 1), (4, 6, 6, 16, 8))


@exercise(
    points=4,
    difficulty=2,
    minutes=25,
    hints=(
        "scores = q @ k^T / √d: each query's product with each key. np.swapaxes(k, -1, -2) turns "
        "the last two axes around, however many stand before them; @ treats those as batches.",
        "Softmax runs over the keys, the last axis: each query shares one unit of attention among "
        "them. Subtract each row's maximum before exp.",
        "A mask works before the softmax: what may not be attended to gets the score -inf, so its "
        "weight becomes 0 and the others still add up to 1.",
        "A row of nothing but -inf would give inf - inf and 0 / 0. Take 0 for such a row's maximum "
        "and 1 for its sum; then its weights are 0.",
    ),
)
def scaled_dot_product_attention(q, k, v, mask=None):
    """Lets each query collect values, by how well it matches their keys.

    The weights are softmax(q kᵀ / √d), over the keys.

    Args:
        q: queries, shape (…, Tq, d); before the last two axes any number of batch axes, or none.
        k: keys, shape (…, Tk, d).
        v: values, shape (…, Tk, dv).
        mask: None, or booleans of a shape that broadcasts to (…, Tq, Tk): True where the query may
            attend to the key. A query that may attend to nothing gets weights and output of 0.

    Returns:
        (output, weights): arrays of shape (…, Tq, dv) and (…, Tq, Tk). Weights are at least 0 and
        those of a query add up to 1. Scores of ±10 000 are no trouble.

    Raises:
        ValueError: q and k differ in depth, k and v in length, or the mask does not fit.
    """
    q, k, v = (np.asarray(array, dtype=float) for array in (q, k, v))
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(
            f"expected q (…, Tq, d), k (…, Tk, d) and v (…, Tk, dv), "
            f"got shapes {q.shape}, {k.shape} and {v.shape}"
        )
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])  # (…, Tq, Tk)
    if mask is not None:
        allowed = _fitting(mask, scores.shape)
        scores = np.where(allowed, scores, -np.inf)
    highest = scores.max(axis=-1, keepdims=True)
    highest = np.where(np.isfinite(highest), highest, 0.0)  # of a row in which all is masked
    exponentials = np.exp(scores - highest)
    total = exponentials.sum(axis=-1, keepdims=True)
    weights = exponentials / np.where(total == 0, 1.0, total)
    return weights @ v, weights


def _fitting(mask, shape):
    """The mask as booleans of this shape."""
    mask = np.asarray(mask, dtype=bool)
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(f"expected a mask that broadcasts to {shape}, got {mask.shape}") from None


@exercise(
    points=1,
    difficulty=1,
    minutes=5,
    hints=(
        "Row t says what step t may see: steps 0 … t, itself included.",
        "np.tril keeps the lower triangle of an array, with its diagonal.",
    ),
)
def causal_mask(length):
    """Says what a step may attend to when it must not see the future: itself and what came before.

    Args:
        length: the number of steps T, at least 1.

    Returns:
        Booleans of shape (T, T), True where step (row) may attend to step (column).

    Raises:
        ValueError: length is below 1.
    """
    if length < 1:
        raise ValueError(f"expected a length of at least 1, got {length}")
    return np.tril(np.ones((length, length), dtype=bool))


@exercise(
    points=1,
    difficulty=1,
    minutes=5,
    hints=(
        "A comparison gives True and False for each token: which of them are real ones?",
        "The axis of length 1 stands for all queries: mask[:, np.newaxis, :].",
    ),
)
def padding_mask(tokens, pad=0):
    """Says which keys are words and which only fill up the batch.

    Args:
        tokens: integers of shape (batch, T), also as lists.
        pad: the token that fills up.

    Returns:
        Booleans of shape (batch, 1, T), False where the token is `pad`: the same for every query.

    Raises:
        ValueError: tokens has not two axes.
    """
    tokens = np.asarray(tokens)
    if tokens.ndim != 2:
        raise ValueError(f"expected tokens of shape (batch, T), got shape {tokens.shape}")
    return (tokens != pad)[:, np.newaxis, :]


@exercise(
    points=3,
    difficulty=2,
    minutes=20,
    hints=(
        "Columns come in pairs, a sine and a cosine of the same angle. Write down for depth 6 "
        "which exponent each of the six columns has.",
        "The exponents are 0, 0, 2, 2, 4, 4 … over depth: 2 * (column // 2) / depth.",
        "angles = position[:, np.newaxis] / 10000 ** exponents has shape (length, depth). Sines go "
        "to [:, 0::2], cosines to [:, 1::2].",
    ),
)
def positional_encoding(length, depth):
    """Gives each position a pattern of its own, since attention by itself knows no order.

    Columns 2i and 2i + 1 of position t are sin(t / 10000^(2i / depth)) and cos(t / 10000^(2i /
    depth)): fast waves first, slow ones last.

    Args:
        length: the number of positions, at least 1; the first is 0.
        depth: the number of columns, at least 1; it may be odd.

    Returns:
        Array of shape (length, depth).

    Raises:
        ValueError: length or depth is below 1.
    """
    if min(length, depth) < 1:
        raise ValueError(f"expected length and depth of at least 1, got {length} and {depth}")
    columns = np.arange(depth)
    angles = np.arange(length)[:, np.newaxis] / 10_000 ** (columns // 2 * 2 / depth)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@exercise(
    points=2,
    difficulty=2,
    minutes=15,
    hints=(
        "Head h gets the columns h * d / heads … (h + 1) * d / heads - 1 of every step.",
        "Two moves: reshape the last axis into (heads, d / heads), then bring the heads before the "
        "steps. A reshape alone would mix steps.",
        "x.reshape(*x.shape[:-1], num_heads, -1), then np.swapaxes(…, -2, -3).",
    ),
)
def split_heads(x, num_heads):
    """Gives each head its part of the columns.

    Args:
        x: shape (…, T, d), such as (batch, T, d).
        num_heads: into how many parts d is divided, at least 1.

    Returns:
        Array of shape (…, heads, T, d / heads), where head h has the h-th part of the columns.

    Raises:
        ValueError: d cannot be divided by num_heads, or num_heads is below 1.
    """
    x = np.asarray(x)
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"expected num_heads that divides {x.shape[-1]}, got {num_heads}")
    parts = x.reshape(*x.shape[:-1], num_heads, x.shape[-1] // num_heads)
    return np.swapaxes(parts, -2, -3)  # (…, T, heads, d / heads) -> (…, heads, T, d / heads)


@exercise(
    points=2,
    difficulty=2,
    minutes=10,
    hints=(
        "It is split_heads backwards: the heads go behind the steps first, then the last two axes "
        "become one.",
        "merge_heads(split_heads(x, n)) must give x again. Try it with np.arange(12).",
    ),
)
def merge_heads(x):
    """Puts the columns of all heads side by side again, the first head's first.

    Args:
        x: shape (…, heads, T, d / heads), with at least these three axes.

    Returns:
        Array of shape (…, T, d).

    Raises:
        ValueError: x has fewer than three axes.
    """
    x = np.asarray(x)
    if x.ndim < 3:
        raise ValueError(f"expected shape (…, heads, T, d / heads), got {x.shape}")
    x = np.swapaxes(x, -2, -3)  # (…, T, heads, d / heads)
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


@exercise(
    points=4,
    difficulty=3,
    minutes=25,
    hints=(
        "Project, split, attend, merge, project: q @ wq and so on, each split into heads, one "
        "call of scaled_dot_product_attention for all heads, merge_heads, @ wo.",
        "All heads share one mask, but the weights have an axis for heads now, before the last "
        "two: the mask needs one there, too.",
        "np.asarray(mask)[..., np.newaxis, :, :].",
    ),
)
def multi_head_attention(q, k, v, wq, wk, wv, wo, num_heads, mask=None):
    """Attends with several heads at once, each in its own projection.

    Queries, keys and values are q @ wq, k @ wk and v @ wv. Each head works on its part of their
    columns, scaled by the depth of that part. The heads' outputs stand side by side and are
    multiplied by wo. There are no biases.

    Args:
        q, k, v: shapes (…, Tq, dq), (…, Tk, dk) and (…, Tk, dv).
        wq, wk, wv: shapes (dq, d), (dk, d) and (dv, d_values).
        wo: shape (d_values, d_out).
        num_heads: a number that divides d and d_values.
        mask: None, or booleans of a shape that broadcasts to (…, Tq, Tk), the same for all heads;
            True where the query may attend to the key.

    Returns:
        Array of shape (…, Tq, d_out).

    Raises:
        ValueError: the shapes do not fit each other, or num_heads does not divide d and d_values.
    """
    for name, array, weights in (("q", q, wq), ("k", k, wk), ("v", v, wv)):
        if np.shape(array)[-1] != np.shape(weights)[0]:
            raise ValueError(
                f"expected w{name} with a row per column of {name}, "
                f"got shapes {np.shape(weights)} and {np.shape(array)}"
            )
    queries, keys, values = (
        split_heads(np.asarray(array) @ np.asarray(weights), num_heads)
        for array, weights in ((q, wq), (k, wk), (v, wv))
    )
    if mask is not None:
        mask = np.asarray(mask)[..., np.newaxis, :, :]  # one for all heads
    output, _ = scaled_dot_product_attention(queries, keys, values, mask)
    return merge_heads(output) @ np.asarray(wo)


@exercise(
    points=2,
    difficulty=2,
    minutes=10,
    hints=(
        "Who asks, and who is asked? The decoder wants to know something of the encoder's steps.",
        "Queries come from the decoder; keys and values both from the encoder.",
    ),
)
def cross_attention(decoder, encoder, wq, wk, wv):
    """Lets each step of a decoder collect what it needs from the steps of an encoder, by one head.

    Args:
        decoder: shape (…, Td, d_decoder).
        encoder: shape (…, Te, d_encoder).
        wq: shape (d_decoder, d), for the decoder's steps.
        wk, wv: shapes (d_encoder, d) and (d_encoder, dv), for the encoder's steps.

    Returns:
        Array of shape (…, Td, dv).

    Raises:
        ValueError: the shapes do not fit each other.
    """
    decoder, encoder, wq, wk, wv = map(np.asarray, (decoder, encoder, wq, wk, wv))
    fits = decoder.shape[-1] == wq.shape[0] and encoder.shape[-1] == wk.shape[0] == wv.shape[0]
    if not fits:
        raise ValueError(
            f"expected wq for the decoder {decoder.shape}, wk and wv for the encoder "
            f"{encoder.shape}, got {wq.shape}, {wk.shape} and {wv.shape}"
        )
    output, _ = scaled_dot_product_attention(decoder @ wq, encoder @ wk, encoder @ wv)
    return output


@exercise(
    points=2,
    difficulty=1,
    minutes=10,
    hints=(
        "Mean and variance of each step by itself, over its columns: axis=-1 with keepdims=True.",
        "(x - mean) / np.sqrt(variance + epsilon), then gamma times that, plus beta.",
    ),
)
def layer_normalization(x, gamma, beta, epsilon=1e-6):
    """Brings each step to mean 0 and variance 1 over its columns, then scales and shifts these.

    Args:
        x: shape (…, d).
        gamma, beta: scale and shift of the columns, shape (d,).
        epsilon: is added to the variance (which is the mean of the squared deviations), so that
            equal columns are no division by zero.

    Returns:
        gamma (x - mean) / √(variance + epsilon) + beta, in the shape of x. It depends on no other
        step and on no other sample.

    Raises:
        ValueError: gamma or beta has not one number per column.
    """
    x, gamma, beta = (np.asarray(array, dtype=float) for array in (x, gamma, beta))
    if not gamma.shape == beta.shape == x.shape[-1:]:
        raise ValueError(
            f"expected gamma and beta of shape {x.shape[-1:]}, got {gamma.shape} and {beta.shape}"
        )
    mean = x.mean(axis=-1, keepdims=True)
    variance = x.var(axis=-1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


# -- The experiment --------------------------------------------------------------------------------


def embed(sentence):
    """What each word is like, and behind that its position: (words, 5 + POSITION_DEPTH)."""
    likeness = [[like in word for like in range(N_LIKENESSES)] for _, word in sentence]
    positions = positional_encoding(len(sentence), POSITION_DEPTH)
    return np.concatenate([likeness, positions], axis=1)


def turn_back(depth, sharpness):
    """The matrix that makes of each position's encoding that of the position before, sharpened.

    Sine and cosine of one angle are a point on a circle; one step back is a rotation.
    """
    matrix = np.zeros((depth, depth))
    for i in range(0, depth, 2):
        angle = 1 / 10_000 ** (i / depth)
        cosine, sine = np.cos(angle), np.sin(angle)
        # sin(a - b) = sin a cos b - cos a sin b and cos(a - b) = cos a cos b + sin a sin b
        matrix[i : i + 2, i : i + 2] = [[cosine, sine], [-sine, cosine]]
    return sharpness * matrix


def previous_word_head(x):
    """(queries, keys): each word asks for the position before its own."""
    positions = x[:, N_LIKENESSES:]
    return positions @ turn_back(POSITION_DEPTH, sharpness=40.0), positions


def pronoun_head(x):
    """(queries, keys): pronouns ask for something alive, and all words a little for themselves."""
    wanted = np.eye(N_LIKENESSES)
    wanted[PRONOUN] = 0.0
    wanted[PRONOUN, ALIVE] = 1.0
    likeness = x[:, :N_LIKENESSES]
    return 12.0 * likeness @ wanted, likeness


def heads_of(sentence):
    """The weights of four heads by name: (words, words) each."""
    x = embed(sentence)
    causal = causal_mask(len(sentence))
    without_cat = padding_mask([[0 if word == "cat" else 1 for word, _ in sentence]])[0]
    heads = {
        "looks at the word before": (*previous_word_head(x), None),
        "looks for what a pronoun means": (*pronoun_head(x), None),
        "the same, without the future": (*pronoun_head(x), causal),
        "the same, “cat” masked": (*pronoun_head(x), without_cat),
    }
    return {
        name: scaled_dot_product_attention(q, k, x, mask)[1] for name, (q, k, mask) in heads.items()
    }


def spread_of(depth, scaled, rng):
    """How many of 64 keys a random query attends to: e to the entropy of its weights, the mean."""
    q, k = rng.normal(size=(2, 64, depth))
    if not scaled:
        q = q * np.sqrt(depth)
    _, weights = scaled_dot_product_attention(q, k, k)
    logarithms = np.log(np.where(weights > 0, weights, 1.0))
    return float(np.exp(-(weights * logarithms).sum(axis=-1)).mean())


def difference_from_keras(sizes, seed):
    """The largest difference from Keras' layer with the same weights, with and without a mask."""
    import keras  # only here: nothing else of this week needs it

    batch, n_queries, n_keys, depth, num_heads = sizes
    rng = np.random.default_rng(seed)
    layer = keras.layers.MultiHeadAttention(num_heads, depth // num_heads, use_bias=False)
    query = rng.normal(size=(batch, n_queries, depth)).astype("float32")
    value = rng.normal(size=(batch, n_keys, depth)).astype("float32")
    layer.build(query.shape, value.shape)
    wq, wk, wv, wo = rng.normal(0, depth**-0.5, (4, depth, depth)).astype("float32")
    divided = (depth, num_heads, depth // num_heads)
    layer.set_weights(
        [*(w.reshape(divided) for w in (wq, wk, wv)), wo.reshape(*divided[1:], depth)]
    )
    mask = rng.random((batch, n_queries, n_keys)) < 0.6
    mask[:, :, 0] = True  # where all is masked, Keras attends to everything, and we to nothing
    differences = []
    for allowed in (None, mask):
        theirs = keras.ops.convert_to_numpy(layer(query, value, attention_mask=allowed))
        ours = multi_head_attention(query, value, value, wq, wk, wv, wo, num_heads, allowed)
        differences.append(np.abs(ours - theirs).max())
    return float(max(differences))


def plot_heads(heads, words):
    """A map per head: rows ask, columns are asked."""
    figure, axes = plt.subplots(2, 2, figsize=(10.5, 9.5), layout="constrained")
    for axis, (name, weights) in zip(axes.flat, heads.items(), strict=True):
        image = axis.imshow(weights, cmap="viridis", vmin=0, vmax=1)
        axis.set(
            title=f"A head that {name}" if name.startswith("looks") else name.capitalize(),
            xticks=range(len(words)),
            yticks=range(len(words)),
            yticklabels=words,
        )
        axis.set_xticklabels(words, rotation=60, ha="right", rotation_mode="anchor")
    for axis in axes[:, 0]:
        axis.set_ylabel("this word asks …")
    for axis in axes[1]:
        axis.set_xlabel("… that word")
    figure.colorbar(image, ax=axes, label="attention weight", shrink=0.6)
    return figure


def plot_positions():
    """The encoding, and how alike two positions are by their distance."""
    length, depth = 100, 64
    encoding = positional_encoding(length, depth)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    image = left.imshow(encoding, aspect="auto", cmap="RdBu", vmin=-1, vmax=1)
    left.set(title="Positional encoding", xlabel="column", ylabel="position")
    figure.colorbar(image, ax=left)
    for position, colour in ((0, "tab:blue"), (30, "tab:orange"), (80, "tab:green")):
        right.plot(encoding @ encoding[position] / (depth / 2), color=colour, label=f"{position}")
    right.set(
        title="Near positions are alike",
        xlabel="position",
        ylabel="dot product of the encodings / (depth / 2)",
    )
    right.legend(title="compared with")
    return figure


def plot_spreads(spreads):
    """How many keys a query looks at, by depth, with and without the division by √d."""
    figure, axes = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    for scaled, style in ((True, "o-"), (False, "s--")):
        label = "scores divided by √d" if scaled else "not divided"
        axes.plot(DEPTHS, spreads[scaled], style, label=label)
    axes.axhline(64, color="grey", linestyle=":", label="all keys alike")
    axes.set(
        title="Without √d, deep queries see one key only",
        xlabel="depth d of queries and keys",
        ylabel="keys that a query attends to, of 64 (e to the entropy)",
        xscale="log",
        yscale="log",
        ylim=(0.9, 90),
    )
    axes.set_xticks(DEPTHS, [str(depth) for depth in DEPTHS])
    axes.minorticks_off()
    axes.set_yticks([1, 4, 16, 64], ["1", "4", "16", "64"])
    axes.legend(loc="lower left")
    return figure


def main(arguments=None):
    """Two heads made by hand, the division by √d, and the comparison with Keras."""
    with Experiment.from_arguments(__file__, arguments) as run:
        words = [word for word, _ in SENTENCE]
        run.uses_data({"name": "a sentence", "source": "embedded", "n": len(words)})
        heads = heads_of(SENTENCE)
        before, meaning, causal, masked = heads.values()
        pronoun, cat = words.index("it"), words.index("cat")
        found = float(np.diagonal(before, offset=-1).mean())
        run.row(head="the word before", weight=found, baseline=1 / len(words))
        run.row(head="it → cat", weight=meaning[pronoun, cat], baseline=1 / len(words))
        run.metric("weight_on_the_word_before", found, at_least=0.9)
        run.metric("weight_of_it_on_cat", meaning[pronoun, cat], at_least=0.9)
        run.metric("weight_on_the_future", np.triu(causal, 1).max(), at_most=0.0)
        run.metric("weight_on_the_masked", masked[:, cat].max(), at_most=0.0)

        rng = np.random.default_rng(run.seed)
        spreads = {
            scaled: [spread_of(depth, scaled, rng) for depth in DEPTHS] for scaled in (True, False)
        }
        run.metric("keys_attended_scaled", spreads[True][-1], at_least=20)
        run.metric("keys_attended_not_scaled", spreads[False][-1])

        sizes = SIZES[:2] if run.quick else SIZES
        started = time.perf_counter()
        cases = [(size, run.seed + k) for size in sizes for k in range(5)]
        differences = [
            difference_from_keras(size, seed) for size, seed in run.progress(cases, "Keras")
        ]
        run.row(
            head=f"difference from Keras, {len(cases)} cases",
            weight=max(differences),
            seconds=time.perf_counter() - started,
        )
        run.metric("difference_from_keras", max(differences), at_most=1e-5)

        run.save_figure(plot_heads(heads, words), "heads")
        run.save_figure(plot_positions(), "positions")
        run.save_figure(plot_spreads(spreads), "spreads")


if __name__ == "__main__":
    main()
