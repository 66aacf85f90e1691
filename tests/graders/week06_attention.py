"""Checks of week 6: attention and what surrounds it. Nothing here needs more than NumPy."""

import numpy as np
import pytest

from course.grading import expect
from course.language import say

# -- what is expected ------------------------------------------------------------------------------


def attention_of(q, k, v, mask=None):
    """Output and weights, one query after the other."""
    q, k, v = (np.asarray(array, dtype=float) for array in (q, k, v))
    batch = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    shape = (*batch, q.shape[-2], k.shape[-2])
    allowed = np.broadcast_to(True if mask is None else np.asarray(mask, bool), shape)
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    weights = np.zeros(shape)
    for index in np.ndindex(shape[:-1]):
        if allowed[index].any():
            chosen = scores[index][allowed[index]]
            exponentials = np.exp(chosen - chosen.max())
            weights[index][allowed[index]] = exponentials / exponentials.sum()
    return weights @ v, weights


def encoding_of(length, depth):
    table = np.zeros((length, depth))
    for t, column in np.ndindex(length, depth):
        angle = t / 10_000 ** (2 * (column // 2) / depth)
        table[t, column] = np.sin(angle) if column % 2 == 0 else np.cos(angle)
    return table


def multi_head_of(q, k, v, wq, wk, wv, wo, num_heads, mask=None):
    """Head after head, by slices of the columns."""
    outputs = []
    for head in range(num_heads):
        parts = []
        for x, w in ((q, wq), (k, wk), (v, wv)):
            width = w.shape[1] // num_heads
            parts.append(x @ w[:, head * width : (head + 1) * width])
        outputs.append(attention_of(*parts, mask)[0])
    return np.concatenate(outputs, axis=-1) @ wo


def queries_keys_values(rng, *batch, n_queries=3, n_keys=4, depth=5, value_depth=2):
    return (
        rng.normal(size=(*batch, n_queries, depth)).round(2),
        rng.normal(size=(*batch, n_keys, depth)).round(2),
        rng.normal(size=(*batch, n_keys, value_depth)).round(2),
    )


# -- scaled_dot_product_attention ------------------------------------------------------------------


def expect_attention(submission, q, k, v, mask=None):
    arguments = (q, k, v) if mask is None else (q, k, v, mask)
    got = submission.scaled_dot_product_attention(*arguments)
    output, weights = expect.parts(got, "output", "weights")
    expected_output, expected_weights = attention_of(q, k, v, mask)
    expect.equal(weights, expected_weights, of=say("the weights"), atol=1e-5)
    expect.equal(output, expected_output, of=say("the output"), atol=1e-5)


@pytest.mark.exercise("scaled_dot_product_attention")
def test_each_query_weighs_the_values(submission, rng):
    """Weights are softmax(q kᵀ / √d) over the keys; the output is their sum of values."""
    q = np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    k = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    expect_attention(submission, q, k, np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]]))
    expect_attention(submission, *queries_keys_values(rng))


@pytest.mark.exercise("scaled_dot_product_attention")
def test_any_number_of_batch_axes(submission, rng):
    """No, one and several axes may stand before the last two; sizes of 1 and float32 are fine."""
    expect_attention(submission, *queries_keys_values(rng, n_queries=1, n_keys=1, depth=1))
    expect_attention(submission, *queries_keys_values(rng, 3, n_queries=2))
    q, k, v = queries_keys_values(rng, 2, 1, 3, n_queries=5, n_keys=2, depth=7, value_depth=1)
    expect_attention(submission, *(array.astype("float32") for array in (q, k, v)))


@pytest.mark.exercise("scaled_dot_product_attention")
def test_masked_keys_get_nothing(submission, rng):
    """Where the mask is False the weight is 0, and the others add up to 1; masks broadcast."""
    q, k, v = queries_keys_values(rng, 2)
    mask = rng.random((2, 3, 4)) < 0.6
    mask[..., 1] = True
    for allowed in (mask, mask[:, :1], mask[0], mask[0, 0]):
        expect_attention(submission, q, k, v, allowed)


@pytest.mark.exercise("scaled_dot_product_attention")
def test_a_query_that_sees_nothing(submission, rng):
    """A row in which all is masked gives weights and output of 0, not NaN."""
    q, k, v = queries_keys_values(rng, 2)
    mask = rng.random((2, 3, 4)) < 0.7
    mask[0, 1] = False
    mask[1, 2, :2] = True
    expect_attention(submission, q, k, v, mask)
    expect_attention(submission, q, k, v, np.zeros((3, 4), dtype=bool))


@pytest.mark.exercise("scaled_dot_product_attention")
def test_huge_scores(submission, rng):
    """Scores of ±10 000 give weights, not NaN, with and without a mask."""
    q = np.array([[1e4, 0.0], [-1e4, 1e4], [0.0, 0.0]])
    k = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    v = rng.normal(size=(3, 2)).round(2)
    expect_attention(submission, q, k, v)
    # The largest score is masked, and lies 10 000 above what is left.
    expect_attention(submission, q, k, v, np.array([[False, True, False]] * 3))


@pytest.mark.exercise("scaled_dot_product_attention")
def test_attention_rejects_what_does_not_fit(submission, rng):
    """Other depths of q and k, other lengths of k and v, and a mask that does not fit."""
    q, k, v = queries_keys_values(rng)
    expect_attention(submission, q, k, v)
    fits = np.ones((3, 4), dtype=bool)
    for arguments, why in (
        ((q[:, :4], k, v), say("q has 4 columns and k has 5")),
        ((q, k, v[:3]), say("there are 4 keys and 3 values")),
        ((q, k, v, fits.T), say("the mask has shape (4, 3), for 3 queries and 4 keys")),
    ):
        expect.raises(
            ValueError,
            lambda arguments=arguments: submission.scaled_dot_product_attention(*arguments),
            why,
        )


# -- masks -----------------------------------------------------------------------------------------


def expect_booleans(got, expected, of):
    expect.equal(got, expected, of=of)
    kind = expect.array(got).dtype.kind
    expect.that(kind == "b", say("expected {of} to hold True and False, got numbers", of=of))


@pytest.mark.exercise("causal_mask")
def test_itself_and_what_came_before(submission):
    """Row t is True in the columns 0 … t and False after them."""
    for length in (3, 1, 6):
        expected = [[column <= row for column in range(length)] for row in range(length)]
        expect_booleans(submission.causal_mask(length), expected, say("the mask"))


@pytest.mark.exercise("causal_mask")
def test_causal_mask_rejects_no_steps(submission):
    """A length below 1 is a ValueError."""
    expect.equal(submission.causal_mask(2), [[True, False], [True, True]])
    for length in (0, -1):
        expect.raises(
            ValueError,
            lambda n=length: submission.causal_mask(n),
            say("the length is {length}", length=length),
        )


@pytest.mark.exercise("padding_mask")
def test_words_are_kept_padding_is_not(submission, rng):
    """False where the token is the padding, True elsewhere; an axis for all queries between."""
    expect_booleans(
        submission.padding_mask([[5, 3, 0], [7, 0, 0]]),
        [[[True, True, False]], [[True, False, False]]],
        say("the mask"),
    )
    tokens = rng.integers(0, 4, size=(3, 6))
    expect_booleans(submission.padding_mask(tokens), (tokens != 0)[:, None, :], say("the mask"))


@pytest.mark.exercise("padding_mask")
def test_another_padding(submission, rng):
    """Any token can be the padding; 0 is then a word like others."""
    tokens = np.array([[0, 2, -1, -1], [1, 0, 4, -1]])
    expect.equal(submission.padding_mask(tokens, -1), (tokens != -1)[:, None, :])
    tokens = rng.integers(0, 4, size=(2, 5))
    expect.equal(submission.padding_mask(tokens, pad=3), (tokens != 3)[:, None, :])


@pytest.mark.exercise("padding_mask")
def test_padding_mask_rejects_other_shapes(submission):
    """Tokens that have not two axes are a ValueError."""
    expect.equal(submission.padding_mask(np.array([[1, 0]])), [[[True, False]]])
    for shape in ((3,), (1, 2, 3)):
        expect.raises(
            ValueError,
            lambda shape=shape: submission.padding_mask(np.ones(shape, dtype=int)),
            say("the tokens have shape {shape}", shape=shape),
        )


# -- positional_encoding ---------------------------------------------------------------------------


@pytest.mark.exercise("positional_encoding")
def test_sines_and_cosines_in_turn(submission):
    """Even columns are sines, odd ones cosines of the same angle; position 0 comes first."""
    expect.equal(submission.positional_encoding(3, 4), encoding_of(3, 4), atol=1e-5)
    expect.equal(submission.positional_encoding(1, 2), [[0, 1]], atol=1e-5)


@pytest.mark.exercise("positional_encoding")
def test_waves_of_every_length(submission, rng):
    """The same for any size: many positions, deep, and of an odd depth."""
    length = int(rng.integers(20, 40))
    for size in ((length, 10), (4, 32), (5, 7), (3, 1)):
        expect.equal(submission.positional_encoding(*size), encoding_of(*size), atol=1e-4)


@pytest.mark.exercise("positional_encoding")
def test_encoding_rejects_empty_sizes(submission):
    """A length or depth below 1 is a ValueError."""
    expect.equal(submission.positional_encoding(2, 2), encoding_of(2, 2), atol=1e-5)
    for size in ((0, 4), (4, 0), (-1, 4)):
        expect.raises(
            ValueError,
            lambda size=size: submission.positional_encoding(*size),
            say("length and depth are {size}", size=size),
        )


# -- split_heads and merge_heads -------------------------------------------------------------------


def split_of(x, num_heads):
    width = x.shape[-1] // num_heads
    parts = [x[..., head * width : (head + 1) * width] for head in range(num_heads)]
    return np.stack(parts, axis=-3)


@pytest.mark.exercise("split_heads")
def test_each_head_gets_its_columns(submission):
    """Head h gets the h-th part of the columns of every step, in the order of the steps."""
    x = np.arange(12).reshape(1, 3, 4)
    expect.equal(submission.split_heads(x, 2), split_of(x, 2))
    x = np.arange(40.0).reshape(2, 2, 10)
    expect.equal(submission.split_heads(x, 5), split_of(x, 5))


@pytest.mark.exercise("split_heads")
def test_splits_with_any_batch_axes(submission, rng):
    """None, one or several batch axes; one head, and as many heads as columns."""
    for shape, num_heads in (((3, 6), 3), ((2, 1, 4, 6), 2), ((2, 5, 3), 1), ((2, 5, 3), 3)):
        x = rng.normal(size=shape).round(2)
        expect.equal(submission.split_heads(x, num_heads), split_of(x, num_heads))


@pytest.mark.exercise("split_heads")
def test_split_rejects_a_remainder(submission):
    """A number of heads that does not divide the columns, or is below 1, is a ValueError."""
    x = np.arange(12.0).reshape(1, 2, 6)
    expect.equal(submission.split_heads(x, 3), split_of(x, 3))
    for num_heads in (4, 0, -2):
        expect.raises(
            ValueError,
            lambda n=num_heads: submission.split_heads(x, n),
            say("there are 6 columns and {num_heads} heads", num_heads=num_heads),
        )


@pytest.mark.exercise("merge_heads")
def test_columns_side_by_side(submission):
    """The columns of all heads stand side by side in each step, the first head's first."""
    x = np.arange(12).reshape(1, 3, 4)
    expect.equal(submission.merge_heads(split_of(x, 2)), x)
    x = np.arange(48.0).reshape(2, 4, 6)
    expect.equal(submission.merge_heads(split_of(x, 3)), x)


@pytest.mark.exercise("merge_heads")
def test_merges_with_any_batch_axes(submission, rng):
    """None, one or several batch axes; a single head, and a single step."""
    for shape, num_heads in (((3, 6), 3), ((2, 1, 4, 6), 2), ((2, 5, 3), 1), ((4, 1, 4), 2)):
        x = rng.normal(size=shape).round(2)
        expect.equal(submission.merge_heads(split_of(x, num_heads)), x)


@pytest.mark.exercise("merge_heads")
def test_merge_rejects_what_has_no_heads(submission):
    """An array without an axis of heads is a ValueError."""
    x = np.arange(12.0).reshape(3, 4)
    expect.equal(submission.merge_heads(split_of(x, 2)), x)
    expect.raises(
        ValueError, lambda: submission.merge_heads(x), say("x has shape {shape}", shape=(3, 4))
    )


# -- multi_head_attention --------------------------------------------------------------------------


def matrices(rng, depths, depth, value_depth, output_depth):
    """wq, wk, wv, wo for inputs of three depths."""
    shapes = (
        (depths[0], depth),
        (depths[1], depth),
        (depths[2], value_depth),
        (value_depth, output_depth),
    )
    return [rng.normal(size=shape).round(2) for shape in shapes]


def sequences(rng, batch, n_queries, n_keys, depths):
    lengths = (n_queries, n_keys, n_keys)
    return [
        rng.normal(size=(*batch, length, depth)).round(2)
        for length, depth in zip(lengths, depths, strict=True)
    ]


def expect_multi_head(submission, arguments, num_heads, mask=None):
    masks = () if mask is None else (mask,)
    got = submission.multi_head_attention(*arguments, num_heads, *masks)
    expect.equal(
        got, multi_head_of(*arguments, num_heads, mask), of=say("the output"), rtol=1e-3, atol=1e-4
    )


@pytest.mark.exercise("multi_head_attention")
def test_every_head_for_itself(submission, rng):
    """Each head attends with its part of the projected columns; wo mixes their outputs."""
    x = rng.normal(size=(2, 5, 4)).round(2)
    for num_heads in (1, 2, 4):
        expect_multi_head(submission, [x, x, x, *matrices(rng, (4, 4, 4), 4, 4, 4)], num_heads)


@pytest.mark.exercise("multi_head_attention")
def test_odd_shapes_of_all_heads(submission, rng):
    """Other lengths of queries and keys, all depths different, no and several batch axes."""
    depths = (5, 3, 7)
    weights = matrices(rng, depths, 6, 9, 2)
    for batch in ((), (2, 1, 3)):
        expect_multi_head(submission, [*sequences(rng, batch, 4, 6, depths), *weights], 3)
    single = [array.astype("float32") for array in (*sequences(rng, (1,), 1, 1, depths), *weights)]
    expect_multi_head(submission, single, 3)


@pytest.mark.exercise("multi_head_attention")
def test_one_mask_for_all_heads(submission, rng):
    """The mask of shape (batch, Tq, Tk), (batch, 1, Tk) or (Tq, Tk) holds for every head."""
    depths = (4, 4, 4)
    # As many heads as samples: a mask that met the wrong axis would pass unnoticed otherwise.
    arguments = [*sequences(rng, (2,), 3, 5, depths), *matrices(rng, depths, 4, 4, 4)]
    mask = rng.random((2, 3, 5)) < 0.6
    mask[0, 1] = False
    mask[1, :, 2] = True
    for allowed in (mask, mask[:, :1], mask[1]):
        expect_multi_head(submission, arguments, 2, allowed)
    arguments = [*sequences(rng, (3,), 2, 4, depths), *matrices(rng, depths, 4, 4, 4)]
    expect_multi_head(submission, arguments, 2, rng.random((3, 2, 4)) < 0.7)


@pytest.mark.exercise("multi_head_attention")
def test_heads_reject_what_does_not_fit(submission, rng):
    """Weights that fit no column, and heads that do not divide the columns, are a ValueError."""
    depths = (4, 4, 4)
    q, k, v, wq, wk, wv, wo = (
        *sequences(rng, (1,), 2, 3, depths),
        *matrices(rng, depths, 6, 6, 4),
    )
    expect_multi_head(submission, [q, k, v, wq, wk, wv, wo], 3)
    for arguments, why in (
        ((q, k, v, wq[:3], wk, wv, wo, 3), say("q has 4 columns and wq 3 rows")),
        (
            (q, k, v, wq, wk, wv, wo, 4),
            say("there are 6 columns and {num_heads} heads", num_heads=4),
        ),
        ((q, k, v[:, :2], wq, wk, wv, wo, 3), say("there are 3 keys and 2 values")),
    ):
        expect.raises(
            ValueError,
            lambda arguments=arguments: submission.multi_head_attention(*arguments),
            why,
        )


# -- cross_attention -------------------------------------------------------------------------------


def cross_of(decoder, encoder, wq, wk, wv):
    return attention_of(decoder @ wq, encoder @ wk, encoder @ wv)[0]


def crossing(rng, batch, n_decoder, n_encoder, depths, depth, value_depth):
    shapes = (
        (*batch, n_decoder, depths[0]),
        (*batch, n_encoder, depths[1]),
        (depths[0], depth),
        (depths[1], depth),
        (depths[1], value_depth),
    )
    return [rng.normal(size=shape).round(2) for shape in shapes]


@pytest.mark.exercise("cross_attention")
def test_decoder_asks_encoder_answers(submission, rng):
    """Queries come from the decoder, keys and values from the encoder."""
    arguments = crossing(rng, (2,), 4, 4, (3, 3), 3, 3)
    expect.equal(submission.cross_attention(*arguments), cross_of(*arguments), atol=1e-5)


@pytest.mark.exercise("cross_attention")
def test_other_lengths_and_depths(submission, rng):
    """Decoder and encoder may differ in length and depth; no and several batch axes."""
    for batch in ((), (2, 3)):
        arguments = crossing(rng, batch, 2, 5, (4, 6), 3, 2)
        expect.equal(submission.cross_attention(*arguments), cross_of(*arguments), atol=1e-5)


@pytest.mark.exercise("cross_attention")
def test_cross_attention_rejects_what_does_not_fit(submission, rng):
    """Weights that do not fit the decoder's or the encoder's columns are a ValueError."""
    decoder, encoder, wq, wk, wv = crossing(rng, (1,), 2, 5, (4, 6), 3, 2)
    got = submission.cross_attention(decoder, encoder, wq, wk, wv)
    expect.equal(got, cross_of(decoder, encoder, wq, wk, wv), atol=1e-5)
    for arguments, why in (
        ((decoder, encoder, wk, wk, wv), say("the decoder has 4 columns and wq 6 rows")),
        ((decoder, encoder, wq, wk, wv[:4]), say("the encoder has 6 columns and wv 4 rows")),
    ):
        expect.raises(
            ValueError,
            lambda arguments=arguments: submission.cross_attention(*arguments),
            why,
        )


# -- layer_normalization ---------------------------------------------------------------------------


def normalized(x, gamma, beta, epsilon=1e-6):
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


@pytest.mark.exercise("layer_normalization")
def test_each_step_by_itself(submission, rng):
    """Every step has mean 0 and variance 1 over its own columns, whatever the others are."""
    x = rng.normal(size=(3, 4, 6)).round(2) * rng.uniform(0.5, 20, size=(3, 4, 1))
    gamma, beta = np.ones(6), np.zeros(6)
    expect.equal(
        submission.layer_normalization(x, gamma, beta), normalized(x, gamma, beta), atol=1e-4
    )
    expect.equal(
        submission.layer_normalization(x[0, 0], gamma, beta),
        normalized(x[0, 0], gamma, beta),
        atol=1e-4,
    )


@pytest.mark.exercise("layer_normalization")
def test_scaled_and_shifted(submission, rng):
    """gamma scales and beta shifts, column by column, after the normalisation."""
    x = rng.normal(3, 2, size=(2, 3, 4)).round(2)
    gamma, beta = rng.normal(size=(2, 4)).round(2)
    got = submission.layer_normalization(x.astype("float32"), gamma, beta)
    expect.equal(got, normalized(x, gamma, beta), rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("layer_normalization")
def test_epsilon_below_the_root(submission, rng):
    """epsilon is added to the variance; a step of equal columns becomes beta."""
    x = rng.normal(0, 0.1, size=(2, 5)).round(3)
    gamma, beta = np.ones(5), np.array([1.0, 0.0, -1.0, 2.0, 0.5])
    got = submission.layer_normalization(x, gamma, beta, 0.1)
    expect.equal(got, normalized(x, gamma, beta, 0.1), atol=1e-5)
    equal = np.full((1, 5), 3.0)
    expect.equal(submission.layer_normalization(equal, gamma, beta), beta[None], atol=1e-5)


@pytest.mark.exercise("layer_normalization")
def test_normalization_rejects_other_lengths(submission, rng):
    """gamma and beta that have not one number per column are a ValueError."""
    x = rng.normal(size=(2, 3, 4)).round(2)
    one = np.ones(4)
    expect.equal(submission.layer_normalization(x, one, one), normalized(x, one, one), atol=1e-4)
    for gamma, beta, why in (
        (np.ones(3), np.ones(3), say("there are 4 columns and gamma has 3 numbers")),
        (one, np.ones(1), say("there are 4 columns and beta has 1 number")),
        (np.ones((3, 4)), one, say("gamma has shape (3, 4)")),
    ):
        expect.raises(
            ValueError,
            lambda gamma=gamma, beta=beta: submission.layer_normalization(x, gamma, beta),
            why,
        )
