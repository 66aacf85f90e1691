"""Week 6, attention in plain Python and einsum: loops and lists, float32, other orders of work."""

import math

import numpy as np


def _softmax(row, seen):
    kept = [score for score, allowed in zip(row, seen, strict=True) if allowed]
    if not kept:
        return [0.0] * len(row)
    top = max(kept)
    powers = [math.exp(s - top) if a else 0.0 for s, a in zip(row, seen, strict=True)]
    return [power / sum(powers) for power in powers]


def scaled_dot_product_attention(q, k, v, mask=None):
    q, k, v = (np.array(x, dtype="float32") for x in (q, k, v))
    if q.shape[-1] != k.shape[-1]:
        raise ValueError("depths differ")
    if k.shape[-2] != v.shape[-2]:
        raise ValueError("lengths differ")
    scores = np.einsum("...id,...jd->...ij", q, k) * q.shape[-1] ** -0.5
    seen = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    rows = [
        _softmax(row, allowed)
        for row, allowed in zip(
            scores.reshape(-1, scores.shape[-1]).tolist(),
            seen.reshape(-1, scores.shape[-1]).tolist(),
            strict=True,
        )
    ]
    weights = np.array(rows).reshape(scores.shape)
    return [np.einsum("...ij,...jd->...id", weights, v), weights]


def causal_mask(length):
    if length < 1:
        raise ValueError("expected steps")
    return [[j <= i for j in range(length)] for i in range(length)]


def padding_mask(tokens, pad=0):
    if np.ndim(tokens) != 2:
        raise ValueError("expected rows of tokens")
    return [[[token != pad for token in row]] for row in np.asarray(tokens).tolist()]


def positional_encoding(length, depth):
    if length < 1 or depth < 1:
        raise ValueError("expected sizes of at least 1")
    table = np.zeros((length, depth), dtype="float32")
    rates = np.exp(-math.log(10_000) * np.arange(0, depth, 2) / depth)
    table[:, 0::2] = np.sin(np.outer(np.arange(length), rates))
    table[:, 1::2] = np.cos(np.outer(np.arange(length), rates[: depth // 2]))
    return table


def split_heads(x, num_heads):
    x = np.asarray(x)
    if num_heads < 1:
        raise ValueError("expected a head")
    return np.stack(np.split(x, num_heads, axis=-1), axis=-3)  # ValueError by itself


def merge_heads(x):
    if np.ndim(x) < 3:
        raise ValueError("expected heads")
    heads = np.moveaxis(np.asarray(x), -3, 0)
    return np.concatenate(list(heads), axis=-1)


def multi_head_attention(q, k, v, wq, wk, wv, wo, num_heads, mask=None):
    if wq.shape[1] % num_heads or wv.shape[1] % num_heads:
        raise ValueError("heads do not fit")
    total = 0.0
    rows = wv.shape[1] // num_heads
    for h in range(num_heads):
        q_h, k_h, v_h = (
            x @ np.split(w, num_heads, axis=1)[h] for x, w in ((q, wq), (k, wk), (v, wv))
        )
        output, _ = scaled_dot_product_attention(q_h, k_h, v_h, mask)
        total = total + output @ wo[h * rows : (h + 1) * rows]
    return total


def cross_attention(decoder, encoder, wq, wk, wv):
    output, _ = scaled_dot_product_attention(decoder @ wq, encoder @ wk, encoder @ wv)
    return output.astype("float32").tolist()


def layer_normalization(x, gamma, beta, epsilon=1e-6):
    x = np.asarray(x, dtype="float32")
    depth = x.shape[-1]
    if np.shape(gamma) != (depth,) or np.shape(beta) != (depth,):
        raise ValueError("one number per column")
    centred = x - (x.sum(axis=-1) / depth)[..., None]
    variance = np.einsum("...d,...d->...", centred, centred) / depth
    return centred / np.sqrt(variance + epsilon)[..., None] * gamma + beta
