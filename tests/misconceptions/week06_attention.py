"""Wrong answers to week 6 on attention, and what to tell those who gave them."""

import numpy as np

from course.misconception import misconception

# -- scaled_dot_product_attention ------------------------------------------------------------------


@misconception(
    exercise="scaled_dot_product_attention",
    rejected_by="each_query_weighs_the_values",
    says="The scores are not divided by √d. Deep queries then see a single key only, and the "
    "softmax passes on hardly any gradient.",
)
def not_divided_by_the_root_of_d(q, k, v, mask=None):
    q, k, v = map(np.asarray, (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2)
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    scores = scores - scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    return weights @ v, weights


@misconception(
    exercise="scaled_dot_product_attention",
    rejected_by="each_query_weighs_the_values",
    says="The scores are divided by d. It is its root: the variance of a sum of d products is d.",
)
def divided_by_d(q, k, v, mask=None):
    q, k, v = map(np.asarray, (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2) / q.shape[-1]
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    scores = scores - scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    return weights @ v, weights


@misconception(
    exercise="scaled_dot_product_attention",
    rejected_by="each_query_weighs_the_values",
    says="Your softmax runs over the queries, so each key divides itself among them. It is each "
    "query that divides its attention among the keys: the last axis.",
)
def softmax_over_the_queries(q, k, v, mask=None):
    q, k, v = map(np.asarray, (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    scores = scores - scores.max(axis=-2, keepdims=True)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-2, keepdims=True)
    return weights @ v, weights


@misconception(
    exercise="scaled_dot_product_attention",
    rejected_by="masked_keys_get_nothing",
    says="The mask is multiplied onto the weights after the softmax, so those that are left no "
    "longer add up to 1. Give masked scores -inf before the softmax.",
)
def mask_after_the_softmax(q, k, v, mask=None):
    q, k, v = map(np.asarray, (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    scores = scores - scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    if mask is not None:
        weights = weights * mask
    return weights @ v, weights


@misconception(
    exercise="scaled_dot_product_attention",
    rejected_by="masked_keys_get_nothing",
    says="Masked scores are set to 0. That is a score like others, e^0 = 1: it must be -inf.",
)
def masked_scores_are_zero(q, k, v, mask=None):
    q, k, v = map(np.asarray, (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores * mask
    scores = scores - scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    return weights @ v, weights


@misconception(
    exercise="scaled_dot_product_attention",
    rejected_by="masked_keys_get_nothing",
    says="The mask is turned around: here True means that the query may attend to the key.",
)
def mask_inverted(q, k, v, mask=None):
    q, k, v = map(np.asarray, (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, -1e9, scores)
    scores = scores - scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    return weights @ v, weights


@misconception(
    exercise="scaled_dot_product_attention",
    rejected_by="a_query_that_sees_nothing",
    says="A row in which all is masked is -inf - (-inf) and 0 / 0, which is NaN and spreads from "
    "there over the whole batch. Its weights must be 0.",
)
def masked_row_is_nan(q, k, v, mask=None):
    q, k, v = map(np.asarray, (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    with np.errstate(invalid="ignore"):
        scores = scores - scores.max(axis=-1, keepdims=True)
        weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    return weights @ v, weights


@misconception(
    exercise="scaled_dot_product_attention",
    rejected_by="a_query_that_sees_nothing",
    says="With -1e9 instead of -inf, a row in which all is masked attends to all keys alike: equal "
    "scores have equal weights, however low. They must be 0.",
)
def masked_row_sees_all(q, k, v, mask=None):
    q, k, v = map(np.asarray, (q, k, v))
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError("expected shapes that fit")
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(np.broadcast_to(mask, scores.shape), scores, -1e9)
    scores = scores - scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    return weights @ v, weights


@misconception(
    exercise="scaled_dot_product_attention",
    rejected_by="huge_scores",
    says="e to a large score is infinite, and inf / inf is NaN. Subtract each row's maximum first; "
    "it changes nothing else.",
)
def softmax_overflows(q, k, v, mask=None):
    q, k, v = map(np.asarray, (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    with np.errstate(all="ignore"):
        exponentials = np.exp(scores)
        total = exponentials.sum(axis=-1, keepdims=True)
        weights = np.where(total == 0, 0.0, exponentials / total)
    return weights @ v, weights


@misconception(
    exercise="scaled_dot_product_attention",
    rejected_by="any_number_of_batch_axes",
    says="k.T turns all axes around, the batch included. Swap the last two only: "
    "np.swapaxes(k, -1, -2).",
    betrayed=False,
)
def transposes_the_batch_too(q, k, v, mask=None):
    q, k, v = map(np.asarray, (q, k, v))
    scores = q @ k.T / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    scores = scores - scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    return weights @ v, weights


# -- masks -----------------------------------------------------------------------------------------


@misconception(
    exercise="causal_mask",
    rejected_by="itself_and_what_came_before",
    says="A step may not even see itself here, so the first one sees nothing at all. The diagonal "
    "is True.",
)
def causal_without_itself(length):
    return np.tril(np.ones((length, length), dtype=bool), k=-1)


@misconception(
    exercise="causal_mask",
    rejected_by="itself_and_what_came_before",
    says="Each step sees one step of the future, the very one that it is to predict. The diagonal "
    "is the last that is True.",
)
def causal_one_too_far(length):
    return np.tril(np.ones((length, length), dtype=bool), k=1)


@misconception(
    exercise="causal_mask",
    rejected_by="itself_and_what_came_before",
    says="Your steps see the future and not the past: rows are those who look, columns those who "
    "are seen.",
)
def causal_transposed(length):
    return np.triu(np.ones((length, length), dtype=bool))


@misconception(
    exercise="causal_mask",
    rejected_by="itself_and_what_came_before",
    says="Your mask is True where a step must not look. Here True means: may attend.",
)
def causal_inverted(length):
    return np.triu(np.ones((length, length), dtype=bool), k=1)


@misconception(
    exercise="padding_mask",
    rejected_by="words_are_kept_padding_is_not",
    says="Your mask is True at the padding. True means: may attend.",
)
def padding_inverted(tokens, pad=0):
    return (np.asarray(tokens) == pad)[:, np.newaxis, :]


@misconception(
    exercise="padding_mask",
    rejected_by="words_are_kept_padding_is_not",
    says="The axis for the queries is missing. A mask of shape (batch, T) would meet (Tq, Tk) and "
    "mix up samples and queries.",
)
def padding_without_its_axis(tokens, pad=0):
    return np.asarray(tokens) != pad


@misconception(
    exercise="padding_mask",
    rejected_by="words_are_kept_padding_is_not",
    says="The new axis stands behind the tokens: (batch, T, 1) masks queries, and leaves the "
    "padded keys to be seen. It belongs in the middle.",
)
def padding_of_the_queries(tokens, pad=0):
    return (np.asarray(tokens) != pad)[:, :, np.newaxis]


@misconception(
    exercise="padding_mask",
    rejected_by="another_padding",
    says="`pad` is not used; 0 is only its default.",
)
def padding_is_always_zero(tokens, pad=0):
    return (np.asarray(tokens) != 0)[:, np.newaxis, :]


# -- positional_encoding ---------------------------------------------------------------------------


@misconception(
    exercise="positional_encoding",
    rejected_by="sines_and_cosines_in_turn",
    says="Sines fill the left half and cosines the right one. They take turns: sine in column 0, "
    "cosine in column 1, and so on.",
)
def sines_and_cosines_in_halves(length, depth):
    pairs = (depth + 1) // 2
    angles = np.arange(length)[:, np.newaxis] / 10_000 ** (2 * np.arange(pairs) / depth)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :depth]


@misconception(
    exercise="positional_encoding",
    rejected_by="sines_and_cosines_in_turn",
    says="Each column has an exponent of its own. A sine and the cosine beside it share one: "
    "2 * (column // 2) / depth.",
)
def an_exponent_per_column(length, depth):
    columns = np.arange(depth)
    angles = np.arange(length)[:, np.newaxis] / 10_000 ** (columns / depth)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@misconception(
    exercise="positional_encoding",
    rejected_by="sines_and_cosines_in_turn",
    says="The exponents are half as large as they should be: 2i / depth, where i counts pairs of "
    "columns.",
)
def exponents_halved(length, depth):
    columns = np.arange(depth)
    angles = np.arange(length)[:, np.newaxis] / 10_000 ** (columns // 2 / depth)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@misconception(
    exercise="positional_encoding",
    rejected_by="sines_and_cosines_in_turn",
    says="The exponents are twice as large as they should be: column 2i has 2i / depth, not "
    "4i / depth.",
)
def exponents_doubled(length, depth):
    columns = np.arange(depth)
    angles = np.arange(length)[:, np.newaxis] / 10_000 ** (columns // 2 * 4 / depth)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@misconception(
    exercise="positional_encoding",
    rejected_by="sines_and_cosines_in_turn",
    says="Your positions begin with 1. The first one is 0.",
)
def positions_from_one(length, depth):
    columns = np.arange(depth)
    angles = np.arange(1, length + 1)[:, np.newaxis] / 10_000 ** (columns // 2 * 2 / depth)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@misconception(
    exercise="positional_encoding",
    rejected_by="waves_of_every_length",
    says="An odd depth has one sine more than cosines; your function only knows even ones.",
    betrayed=False,
)
def even_depths_only(length, depth):
    if min(length, depth) < 1:
        raise ValueError("expected at least 1")
    table = np.zeros((length, depth))
    angles = np.arange(length)[:, np.newaxis] / 10_000 ** (np.arange(0, depth, 2) / depth)
    table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)
    return table


# -- heads -----------------------------------------------------------------------------------------


@misconception(
    exercise="split_heads",
    rejected_by="each_head_gets_its_columns",
    says="A reshape alone puts whole steps into a head instead of columns. Reshape the last axis "
    "into (heads, d / heads), then move the heads before the steps.",
)
def reshape_without_transpose(x, num_heads):
    x = np.asarray(x)
    return x.reshape(*x.shape[:-2], num_heads, x.shape[-2], x.shape[-1] // num_heads)


@misconception(
    exercise="split_heads",
    rejected_by="each_head_gets_its_columns",
    says="The last axis is divided as (d / heads, heads), so each head gets every heads-th column. "
    "Head h gets the h-th part in one piece: (heads, d / heads).",
)
def every_other_column(x, num_heads):
    x = np.asarray(x)
    parts = x.reshape(*x.shape[:-1], x.shape[-1] // num_heads, num_heads)
    return np.moveaxis(parts, -1, -3)


@misconception(
    exercise="split_heads",
    rejected_by="each_head_gets_its_columns",
    says="The heads still stand behind the steps: (…, T, heads, d / heads). Attention works on the "
    "last two axes, which must be steps and columns.",
)
def heads_not_moved(x, num_heads):
    x = np.asarray(x)
    return x.reshape(*x.shape[:-1], num_heads, x.shape[-1] // num_heads)


@misconception(
    exercise="merge_heads",
    rejected_by="columns_side_by_side",
    says="The heads are merged without moving them back behind the steps, so columns of one step "
    "land in others. Swap first, then reshape.",
)
def merged_without_transpose(x):
    x = np.asarray(x)
    return x.reshape(*x.shape[:-3], x.shape[-2], x.shape[-3] * x.shape[-1])


@misconception(
    exercise="merge_heads",
    rejected_by="columns_side_by_side",
    says="The columns of the heads take turns. First come all of the first head, then all of the "
    "second.",
)
def columns_in_turn(x):
    x = np.moveaxis(np.asarray(x), -3, -1)
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


@misconception(
    exercise="merge_heads",
    rejected_by="columns_side_by_side",
    says="The heads' outputs are averaged. They stand side by side; wo weighs them later.",
)
def heads_averaged(x):
    return np.asarray(x).mean(axis=-3)


# -- multi_head_attention --------------------------------------------------------------------------


@misconception(
    exercise="multi_head_attention",
    rejected_by="every_head_for_itself",
    says="The result has the values of a single head over all columns. Split queries, keys and "
    "values into heads before attending.",
)
def a_single_head(q, k, v, wq, wk, wv, wo, num_heads, mask=None):
    queries, keys, values = np.asarray(q) @ wq, np.asarray(k) @ wk, np.asarray(v) @ wv
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e30)
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True) @ values @ wo


@misconception(
    exercise="multi_head_attention",
    rejected_by="every_head_for_itself",
    says="The scores are divided by the root of the whole depth. Each head has only its part of "
    "the columns: √(d / heads).",
)
def scaled_by_the_whole_depth(q, k, v, wq, wk, wv, wo, num_heads, mask=None):
    parts = []
    for x, w in ((q, wq), (k, wk), (v, wv)):
        projected = np.asarray(x) @ w
        heads = projected.reshape(*projected.shape[:-1], num_heads, -1)
        parts.append(np.swapaxes(heads, -2, -3))
    scores = parts[0] @ np.swapaxes(parts[1], -1, -2) / np.sqrt(np.shape(wq)[1])
    if mask is not None:
        scores = np.where(np.asarray(mask)[..., np.newaxis, :, :], scores, -1e30)
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    output = exponentials / exponentials.sum(axis=-1, keepdims=True) @ parts[2]
    output = np.swapaxes(output, -2, -3)
    return output.reshape(*output.shape[:-2], -1) @ wo


@misconception(
    exercise="multi_head_attention",
    rejected_by="every_head_for_itself",
    says="The heads' outputs are side by side, but the last projection by wo is missing.",
)
def without_the_output_projection(q, k, v, wq, wk, wv, wo, num_heads, mask=None):
    parts = []
    for x, w in ((q, wq), (k, wk), (v, wv)):
        projected = np.asarray(x) @ w
        heads = projected.reshape(*projected.shape[:-1], num_heads, -1)
        parts.append(np.swapaxes(heads, -2, -3))
    scores = parts[0] @ np.swapaxes(parts[1], -1, -2) / np.sqrt(parts[0].shape[-1])
    if mask is not None:
        scores = np.where(np.asarray(mask)[..., np.newaxis, :, :], scores, -1e30)
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    output = exponentials / exponentials.sum(axis=-1, keepdims=True) @ parts[2]
    output = np.swapaxes(output, -2, -3)
    return output.reshape(*output.shape[:-2], -1)


@misconception(
    exercise="multi_head_attention",
    rejected_by="one_mask_for_all_heads",
    says="The mask meets the heads instead of the samples: it needs an axis of length 1 for the "
    "heads, before its last two.",
    betrayed=False,
)
def mask_meets_the_heads(q, k, v, wq, wk, wv, wo, num_heads, mask=None):
    parts = []
    for x, w in ((q, wq), (k, wk), (v, wv)):
        projected = np.asarray(x) @ w
        heads = projected.reshape(*projected.shape[:-1], num_heads, -1)
        parts.append(np.swapaxes(heads, -2, -3))
    scores = parts[0] @ np.swapaxes(parts[1], -1, -2) / np.sqrt(parts[0].shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e30)
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    output = exponentials / exponentials.sum(axis=-1, keepdims=True) @ parts[2]
    output = np.swapaxes(output, -2, -3)
    return output.reshape(*output.shape[:-2], -1) @ wo


@misconception(
    exercise="multi_head_attention",
    rejected_by="one_mask_for_all_heads",
    says="The mask is taken and forgotten: hand it on to the attention.",
    betrayed=False,
)
def mask_forgotten(q, k, v, wq, wk, wv, wo, num_heads, mask=None):
    parts = []
    for x, w in ((q, wq), (k, wk), (v, wv)):
        projected = np.asarray(x) @ w
        heads = projected.reshape(*projected.shape[:-1], num_heads, -1)
        parts.append(np.swapaxes(heads, -2, -3))
    scores = parts[0] @ np.swapaxes(parts[1], -1, -2) / np.sqrt(parts[0].shape[-1])
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    output = exponentials / exponentials.sum(axis=-1, keepdims=True) @ parts[2]
    output = np.swapaxes(output, -2, -3)
    return output.reshape(*output.shape[:-2], -1) @ wo


# -- cross_attention -------------------------------------------------------------------------------


@misconception(
    exercise="cross_attention",
    rejected_by="decoder_asks_encoder_answers",
    says="The encoder asks and the decoder answers. It is the decoder that wants to know: queries "
    "from the decoder, keys and values from the encoder.",
)
def encoder_asks(decoder, encoder, wq, wk, wv):
    q, k, v = encoder @ wq, decoder @ wk, decoder @ wv
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True) @ v


@misconception(
    exercise="cross_attention",
    rejected_by="decoder_asks_encoder_answers",
    says="The values come from the decoder, so it only hears itself. Keys and values both come "
    "from the encoder.",
)
def values_of_the_decoder(decoder, encoder, wq, wk, wv):
    q, k, v = decoder @ wq, encoder @ wk, decoder @ wv
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True) @ v


@misconception(
    exercise="cross_attention",
    rejected_by="decoder_asks_encoder_answers",
    says="This is self-attention of the decoder: the encoder is not asked at all.",
)
def attends_to_itself(decoder, encoder, wq, wk, wv):
    q, k, v = decoder @ wq, decoder @ wk, decoder @ wv
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True) @ v


# -- layer_normalization ---------------------------------------------------------------------------


@misconception(
    exercise="layer_normalization",
    rejected_by="each_step_by_itself",
    says="Mean and variance are taken over the batch, as batch normalisation does. Here every step "
    "is normalised over its own columns: axis=-1.",
)
def normalized_over_the_batch(x, gamma, beta, epsilon=1e-6):
    x = np.asarray(x)
    mean, variance = x.mean(axis=0, keepdims=True), x.var(axis=0, keepdims=True)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


@misconception(
    exercise="layer_normalization",
    rejected_by="each_step_by_itself",
    says="One mean and one variance serve all steps and samples. Each step has its own: axis=-1 "
    "with keepdims=True.",
)
def normalized_over_everything(x, gamma, beta, epsilon=1e-6):
    x = np.asarray(x)
    return gamma * (x - x.mean()) / np.sqrt(x.var() + epsilon) + beta


@misconception(
    exercise="layer_normalization",
    rejected_by="each_step_by_itself",
    says="The sum of squares is divided by d - 1. Layer normalisation divides by d, as np.var does "
    "by itself.",
)
def variance_with_one_less(x, gamma, beta, epsilon=1e-6):
    x = np.asarray(x)
    variance = x.var(axis=-1, keepdims=True, ddof=1)
    return gamma * (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(variance + epsilon) + beta


@misconception(
    exercise="layer_normalization",
    rejected_by="epsilon_below_the_root",
    says="epsilon is added to the deviation, after the root. It belongs below it, to the variance.",
)
def epsilon_beside_the_root(x, gamma, beta, epsilon=1e-6):
    x = np.asarray(x)
    if np.shape(gamma) != x.shape[-1:] or np.shape(beta) != x.shape[-1:]:
        raise ValueError("expected one number per column")
    deviation = x.std(axis=-1, keepdims=True)
    return gamma * (x - x.mean(axis=-1, keepdims=True)) / (deviation + epsilon) + beta


@misconception(
    exercise="layer_normalization",
    rejected_by="scaled_and_shifted",
    says="gamma and beta are not used: the layer could then never learn another scale.",
)
def without_scale_and_shift(x, gamma, beta, epsilon=1e-6):
    x = np.asarray(x)
    variance = x.var(axis=-1, keepdims=True)
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(variance + epsilon)
