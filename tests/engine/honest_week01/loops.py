"""Week 1 in plain Python: loops and lists, with float32 where arrays are needed."""

import math

import numpy as np


def one_hot(labels, n_classes):
    rows = np.zeros((len(labels), n_classes), dtype="float32")
    for i, label in enumerate(labels):
        if label < 0 or label >= n_classes:
            raise ValueError(f"label {label} is not in 0 … {n_classes - 1}")
        rows[i][label] = 1.0
    return rows


def _each(function, z):
    if isinstance(z, (list, tuple, np.ndarray)) and np.ndim(z) > 0:
        return [_each(function, value) for value in z]
    return function(float(z))


def _sigmoid(z):
    return 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))


def sigmoid(z):
    return _each(_sigmoid, z)


def relu(z):
    return _each(lambda value: value if value > 0 else 0.0, z)


def softmax(z, axis=-1):
    z = np.array(z, dtype="float32")
    return np.apply_along_axis(_softmax, axis, z)


def _softmax(row):
    powers = [math.exp(value - max(row)) for value in row]
    return np.array([power / sum(powers) for power in powers], dtype="float32")


def mean_squared_error(y_true, y_pred):
    y_true, y_pred = np.array(y_true), np.array(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError("the shapes differ")
    total, count = 0.0, 0
    for a, b in zip(y_true.ravel(), y_pred.ravel(), strict=False):
        total += (a - b) ** 2
        count += 1
    return total / count


def binary_crossentropy(y_true, p):
    y_true, p = np.array(y_true), np.array(p, dtype="float32")
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    total = 0.0
    for a, b in zip(y_true.ravel(), p.ravel(), strict=False):
        b = min(max(float(b), 1e-7), 1 - 1e-7)
        total -= math.log(b) if a == 1 else math.log(1 - b)
    return total / p.size


def categorical_crossentropy(y_true, p):
    y_true, p = np.array(y_true), np.array(p)
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    losses = [-math.log(max(q[list(t).index(1)], 1e-7)) for t, q in zip(y_true, p, strict=False)]
    return sum(losses) / len(losses)


def gradient_descent(gradient, start, learning_rate, n_steps):
    if n_steps < 0:
        raise ValueError("n_steps is negative")
    weights = np.array(start, dtype="float32")
    path = [weights.copy()]
    for _ in range(n_steps):
        weights -= learning_rate * gradient(weights)
        path.append(weights.copy())
    return path


def dense_forward(x, W, b):
    x, W, b = np.array(x), np.array(W), np.array(b)
    if x.shape[1] != W.shape[0] or b.shape != (W.shape[1],):
        raise ValueError("the shapes do not fit")
    return np.array([[row @ W[:, unit] + b[unit] for unit in range(len(b))] for row in x])


def dense_backward(upstream, x, W):
    if upstream.shape != (x.shape[0], W.shape[1]) or x.shape[1] != W.shape[0]:
        raise ValueError("the shapes do not fit")
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])
    for i in range(len(x)):
        dx[i] = W @ upstream[i]
        dW += np.outer(x[i], upstream[i])
        db += upstream[i]
    return dx, dW, db


def backpropagate(weights, x, y_true):
    if len(x) != len(y_true):
        raise ValueError("x and y_true differ in number")
    W1, b1, W2, b2 = weights
    gradients = [np.zeros(np.shape(weight)) for weight in weights]
    loss = 0.0
    for sample, target in zip(x, y_true, strict=False):  # one at a time
        scores = sample @ W1 + b1
        hidden = np.maximum(scores, 0)
        p = _softmax(hidden @ W2 + b2).astype(float)
        loss -= math.log(max(p[np.argmax(target)], 1e-7)) / len(x)
        d_output = (p - target) / len(x)
        d_hidden = W2 @ d_output * (scores > 0)
        parts = np.outer(sample, d_hidden), d_hidden, np.outer(hidden, d_output), d_output
        for gradient, part in zip(gradients, parts, strict=False):
            gradient += part
    return loss, gradients


def clip_gradients(gradients, max_norm):
    if max_norm <= 0:
        raise ValueError("max_norm must be positive")
    norm = math.sqrt(sum(float(value) ** 2 for g in gradients for value in np.ravel(g)))
    if norm <= max_norm:
        return gradients
    return [g * max_norm / norm for g in gradients]


def gradient_norms(depth, width, activation, seed):
    if activation != "relu" and activation != "sigmoid":
        raise ValueError("unknown activation")
    if depth <= 0 or width <= 0:
        raise ValueError("too small")
    rng = np.random.default_rng(seed)
    weights = [np.float32(rng.normal(0, (2 / width) ** 0.5, (width, width))) for _ in range(depth)]
    values = [rng.standard_normal((32, width), dtype="float32")]
    for W in weights:
        z = values[-1] @ W
        values.append(np.maximum(z, 0) if activation == "relu" else 1 / (1 + np.exp(-z)))
    upstream = np.ones_like(values[-1]) / values[-1].size
    norms = []
    for layer in range(depth - 1, -1, -1):
        a = values[layer + 1]
        upstream = upstream * ((a > 0) if activation == "relu" else a * (1 - a))
        norms.insert(0, np.mean(np.abs(values[layer].T @ upstream)))
        upstream = upstream @ weights[layer].T
    return np.array(norms)


def train_mlp(x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed):
    x, labels = np.array(x_train, dtype="float32"), list(y_train)
    if len(x) != len(labels):
        raise ValueError("x_train and y_train differ in number")
    if n_hidden < 1 or batch_size < 1:
        raise ValueError("too small")
    y = one_hot(labels, max(labels) + 1)
    rng = np.random.default_rng(seed)
    W1 = rng.normal(0, 0.5, (x.shape[1], n_hidden)).astype("float32")
    W2 = rng.normal(0, 0.5, (n_hidden, y.shape[1])).astype("float32")
    b1, b2 = np.zeros(n_hidden, "float32"), np.zeros(y.shape[1], "float32")
    for _ in range(n_epochs):
        order = rng.permutation(len(x))
        x, y = x[order], y[order]
        for i in range(0, len(x), batch_size):
            xb, yb = x[i : i + batch_size], y[i : i + batch_size]
            h = np.maximum(xb @ W1 + b1, 0)
            e = np.exp(h @ W2 + b2)
            d = (e / e.sum(axis=1, keepdims=True) - yb) / len(xb)
            dh = d @ W2.T * (h > 0)
            W2 -= learning_rate * h.T @ d
            b2 -= learning_rate * d.sum(axis=0)
            W1 -= learning_rate * xb.T @ dh
            b1 -= learning_rate * dh.sum(axis=0)

    def predict(samples):
        return softmax(np.maximum(np.asarray(samples) @ W1 + b1, 0) @ W2 + b2)

    return predict
