"""Week 1: a neural network by hand.

Everything that a library will do for you from week 3 on, written once with NumPy alone: activations
and losses, gradient descent, a dense layer forwards and backwards, backpropagation through a
network, and the loop that trains it.

The experiment trains a network of one hidden layer to read handwritten digits, compares descent on
all samples, on one and on a few at a time, and watches gradients vanish in a deep network of
sigmoids. Sources: D. Rumelhart, G. Hinton, R. Williams, Learning representations by
back-propagating errors (1986); I. Goodfellow, Y. Bengio, A. Courville, Deep Learning (2016),
chapters 6 and 8; the digits of E. Alpaydin and C. Kaynak, UCI repository (1998).
"""

import time

import matplotlib.pyplot as plt
import numpy as np
import sklearn.linear_model

from course import exercise
from course.experiment import Experiment
from datasets.digits import load_digits

HIDDEN_SIZES = (32, 128)  # tried on the validation data
LEARNING_RATE = 0.1  # of the three kinds of descent
DEPTH, WIDTH = 20, 64  # of the network whose gradients vanish


@exercise(
    points=1,
    difficulty=1,
    minutes=10,
    hints=(
        "Row i is all zeros, but for a one in the column that labels[i] names.",
        "np.eye(n_classes) has the row for every label. Indexing with an array picks rows.",
        "NumPy takes index -1 for the last one, so look for labels outside of 0 … n_classes - 1 "
        "before you index.",
    ),
)
def one_hot(labels, n_classes):
    """Turns class numbers into rows with a single one.

    For the labels [2, 0] and n_classes=3 the result is [[0, 0, 1], [1, 0, 0]].

    Args:
        labels: array or list of integers, shape (n,), each in 0 … n_classes - 1. Not every class
            needs to occur.
        n_classes: the number of classes.

    Returns:
        float32 array of shape (n, n_classes).

    Raises:
        ValueError: a label is negative or not below n_classes.
    """
    labels = np.asarray(labels, dtype=int)
    if np.any((labels < 0) | (labels >= n_classes)):
        raise ValueError(f"expected labels from 0 to {n_classes - 1}, got {np.unique(labels)}")
    return np.eye(n_classes, dtype="float32")[labels]


@exercise(
    points=1,
    difficulty=1,
    minutes=5,
    hints=(
        "NumPy's functions work on arrays of any shape, element by element: np.exp(-z).",
        "1 / (1 + exp(-z)) is right everywhere, even where exp overflows: 1 / inf is 0. "
        "exp(z) / (1 + exp(z)) is not: inf / inf is NaN.",
    ),
)
def sigmoid(z):
    """Squeezes any number into 0 … 1: 1 / (1 + e^-z).

    Args:
        z: array or list of any shape, or a number; ±10 000 is no trouble.

    Returns:
        Values between 0 and 1 in the shape of z.
    """
    # log(1 + e^-z), computed so that nothing overflows.
    return np.exp(-np.logaddexp(0.0, -np.asarray(z)))


@exercise(
    points=1,
    difficulty=1,
    minutes=5,
    hints=(
        "Negative numbers become 0, all others stay as they are.",
        "np.max finds the greatest element of an array. np.maximum compares two, element by "
        "element.",
    ),
)
def relu(z):
    """Cuts off what is negative: max(z, 0), element by element.

    Args:
        z: array or list of any shape, or a number.

    Returns:
        Values of at least 0 in the shape of z.
    """
    return np.maximum(z, 0)


@exercise(
    points=2,
    difficulty=2,
    minutes=15,
    hints=(
        "e^z, divided by the sum of e^z along the axis. With keepdims=True the sum keeps its axis, "
        "so that it divides the right numbers.",
        "e^1000 is too large for a float. But softmax stays the same when a constant is taken from "
        "all values along the axis: which constant makes overflow impossible?",
        "Subtract z.max(axis=axis, keepdims=True) first: the largest exponent is then 0. The "
        "maximum of the whole array will not do, since then another row may underflow to 0 / 0.",
    ),
)
def softmax(z, axis=-1):
    """Turns scores into probabilities: e^z / Σ e^z along an axis.

    Args:
        z: array or list of any shape with at least one axis, such as (n, n_classes); ±10 000 is no
            trouble.
        axis: the axis along which the results add up to 1.

    Returns:
        Probabilities in the shape of z.
    """
    z = np.asarray(z, dtype=float)
    exponentials = np.exp(z - z.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def _as_equally_shaped(y_true, y_pred):
    """Both as float arrays; (n,) and (n, 1) would broadcast to (n, n) and give nonsense."""
    y_true, y_pred = np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"expected truth and prediction of one shape, got {y_true.shape} and {y_pred.shape}"
        )
    return y_true, y_pred


@exercise(
    points=1,
    difficulty=1,
    minutes=5,
    hints=(
        "The differences, squared, and the mean of all of them: one number.",
        "Compare the shapes first: (n,) minus (n, 1) is (n, n), and NumPy does not complain.",
    ),
)
def mean_squared_error(y_true, y_pred):
    """Measures how far predictions are off: the mean of (y_true - y_pred)².

    Args:
        y_true: array or list of any shape.
        y_pred: array or list of the same shape.

    Returns:
        The mean over all elements, a number.

    Raises:
        ValueError: the shapes differ.
    """
    y_true, y_pred = _as_equally_shaped(y_true, y_pred)
    return float(np.mean((y_true - y_pred) ** 2))


@exercise(
    points=2,
    difficulty=2,
    minutes=15,
    hints=(
        "Where y_true is 1 the loss is -log(p), where it is 0 it is -log(1 - p). One formula says "
        "both: multiply each by what switches it off.",
        "log(0) is -inf, and 0 * inf is NaN. np.clip(p, 1e-7, 1 - 1e-7) keeps away from both ends.",
        "-mean(y_true * log(p) + (1 - y_true) * log(1 - p)). Mind the shapes: (n,) and (n, 1) "
        "broadcast to (n, n).",
    ),
)
def binary_crossentropy(y_true, p):
    """Measures probabilities against what happened: -mean(y log p + (1 - y) log(1 - p)).

    Before the logarithm p is clipped to 1e-7 … 1 - 1e-7, as Keras does, so that a prediction that
    is certain and wrong costs 16.1 and not infinity.

    Args:
        y_true: array or list of 0 and 1, any shape.
        p: array or list of the same shape, the probabilities of 1.

    Returns:
        The mean over all elements, in nats (natural logarithm), a number.

    Raises:
        ValueError: the shapes differ.
    """
    y_true, p = _as_equally_shaped(y_true, p)
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return float(-np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)))


@exercise(
    points=2,
    difficulty=2,
    minutes=15,
    hints=(
        "Of each row only the probability of the true class counts: its loss is -log of that.",
        "y_true is zero everywhere else, so -sum(y_true * log(p), axis=1) picks it. Then the mean "
        "over the rows, not over all n · n_classes numbers.",
        "0 * log(0) is NaN, even though that class does not matter. Clip p first.",
    ),
)
def categorical_crossentropy(y_true, p):
    """Measures the probabilities of several classes: the mean over samples of -log p[true class].

    Before the logarithm p is clipped to 1e-7 … 1 - 1e-7, as Keras does.

    Args:
        y_true: one-hot rows, shape (n, n_classes).
        p: probabilities of the same shape; each row adds up to 1.

    Returns:
        The mean over the n samples, in nats (natural logarithm), a number.

    Raises:
        ValueError: the shapes differ.
    """
    y_true, p = _as_equally_shaped(y_true, p)
    losses = -np.sum(y_true * np.log(np.clip(p, 1e-7, 1 - 1e-7)), axis=1)  # (n,)
    return float(np.mean(losses))


@exercise(
    points=3,
    difficulty=2,
    minutes=20,
    hints=(
        "Against the gradient is downhill. The path begins with the start itself, so it has "
        "n_steps + 1 entries.",
        "Keep a list of points; the next one is path[-1] - learning_rate * gradient(path[-1]).",
        "`weights -= …` changes the very array that is already in the list. Make a new one with "
        "`weights = weights - …`, and a float array of the start, or integers will be cut off.",
    ),
)
def gradient_descent(gradient, start, learning_rate, n_steps):
    """Walks downhill: W(t + 1) = W(t) - learning_rate · gradient(W(t)).

    Args:
        gradient: a function that takes weights and returns the gradient there, in the same shape.
        start: where to begin: array or list of any shape, or a number. It is not changed.
        learning_rate: the size of the steps.
        n_steps: how many steps to take; 0 gives the start alone.

    Returns:
        All points of the path, start and end included: shape (n_steps + 1, …), where … is the
        shape of start.

    Raises:
        ValueError: n_steps is negative.
    """
    if n_steps < 0:
        raise ValueError(f"expected n_steps >= 0, got {n_steps}")
    path = [np.array(start, dtype=float)]
    for _ in range(n_steps):
        path.append(path[-1] - learning_rate * np.asarray(gradient(path[-1])))
    return np.stack(path)


@exercise(
    points=1,
    difficulty=1,
    minutes=5,
    hints=(
        "Each row of x is a sample, each column of W a unit: (n, features) @ (features, units).",
        "x @ W + b. The bias has one value per unit and is added to each row by broadcasting.",
        "Broadcasting also takes a b of shape (1,) or (n, 1), so check that it is (units,).",
    ),
)
def dense_forward(x, W, b):
    """Computes a dense layer: x W + b.

    Args:
        x: inputs of shape (n, features).
        W: weights of shape (features, units).
        b: biases of shape (units,).

    Returns:
        Outputs of shape (n, units).

    Raises:
        ValueError: the shapes do not fit together.
    """
    x, W, b = np.asarray(x), np.asarray(W), np.asarray(b)
    if x.shape[1:] != W.shape[:1] or b.shape != W.shape[1:]:
        raise ValueError(
            f"expected shapes (n, features), (features, units) and (units,), "
            f"got {x.shape}, {W.shape} and {b.shape}"
        )
    return x @ W + b


@exercise(
    points=3,
    difficulty=3,
    minutes=25,
    hints=(
        "Let the shapes lead you: dx has the shape of x, dW that of W, db that of b. Only one "
        "product of upstream with W, and one with x, fits.",
        "How much the loss grows with x[i, j] is the sum over all units of upstream[i, unit] times "
        "W[j, unit]: upstream @ W.T.",
        "dW = x.T @ upstream. The same b serves all samples, so its gradient is the sum of "
        "upstream over them. No division by n: if the loss is a mean, upstream holds it already.",
    ),
)
def dense_backward(upstream, x, W):
    """Takes a gradient backwards through the dense layer x W + b, by the chain rule.

    Args:
        upstream: gradient of the loss with respect to the layer's output, shape (n, units).
        x: the inputs that the layer had, shape (n, features).
        W: its weights, shape (features, units).

    Returns:
        (dx, dW, db): gradients of the same loss with respect to x, of shape (n, features), to W, of
        shape (features, units), and to b, of shape (units,).

    Raises:
        ValueError: the shapes do not fit together.
    """
    upstream, x, W = np.asarray(upstream), np.asarray(x), np.asarray(W)
    if x.shape[1:] != W.shape[:1] or upstream.shape != x.shape[:1] + W.shape[1:]:
        raise ValueError(
            f"expected shapes (n, units), (n, features) and (features, units), "
            f"got {upstream.shape}, {x.shape} and {W.shape}"
        )
    return upstream @ W.T, x.T @ upstream, upstream.sum(axis=0)


@exercise(
    points=4,
    difficulty=3,
    minutes=35,
    hints=(
        "Forwards first, and keep what you compute: scores of the hidden layer, its activations, "
        "scores of the output, probabilities. Then backwards through the same stations.",
        "Softmax and cross-entropy together have a simple gradient with respect to the output's "
        "scores: (p - y_true) / n. The n is that of the mean; divide by it here and nowhere else.",
        "ReLU passes the gradient on where its input was positive and stops it elsewhere: multiply "
        "by (scores > 0). dense_backward does the rest, once for each layer.",
    ),
)
def backpropagate(weights, x, y_true):
    """Computes loss and gradients of a network with one hidden layer.

    The network is softmax(relu(x W1 + b1) W2 + b2), its loss the categorical cross-entropy, the
    mean over the samples.

    Args:
        weights: a tuple or list (W1, b1, W2, b2) of arrays of shape (features, hidden), (hidden,),
            (hidden, n_classes) and (n_classes,). They are not changed.
        x: inputs of shape (n, features).
        y_true: one-hot rows of shape (n, n_classes).

    Returns:
        (loss, gradients): a number, and a list of four arrays, the gradients of that loss with
        respect to W1, b1, W2 and b2, in the same shapes.

    Raises:
        ValueError: x and y_true differ in number.
    """
    x, y_true = np.asarray(x), np.asarray(y_true)
    if len(x) != len(y_true):
        raise ValueError(f"expected a row of y_true for each of x, got {len(y_true)} and {len(x)}")
    W1, b1, W2, b2 = weights
    scores = dense_forward(x, W1, b1)  # (n, hidden)
    hidden = relu(scores)
    p = softmax(dense_forward(hidden, W2, b2))  # (n, n_classes)
    d_output = (p - y_true) / len(x)
    d_hidden, dW2, db2 = dense_backward(d_output, hidden, W2)
    _, dW1, db1 = dense_backward(d_hidden * (scores > 0), x, W1)
    return categorical_crossentropy(y_true, p), [dW1, db1, dW2, db2]


@exercise(
    points=2,
    difficulty=2,
    minutes=15,
    hints=(
        "Think of all arrays as one long vector: its length is the global norm.",
        "The square root of the sum of all squares of all arrays. Where it exceeds max_norm, "
        "multiply every array by the same max_norm / norm.",
        "Gradients that are short enough stay as they are: they are never made longer.",
    ),
)
def clip_gradients(gradients, max_norm):
    """Shortens gradients that are too long, keeping their direction.

    The norm is that of all arrays together, √(Σ g²) over all their elements (R. Pascanu et al., On
    the difficulty of training recurrent neural networks, 2013).

    Args:
        gradients: a list of arrays of any shapes. They are not changed.
        max_norm: the greatest norm allowed, above 0.

    Returns:
        A list of arrays of the same shapes: all multiplied by max_norm / norm when the norm exceeds
        max_norm, otherwise with the values that came.

    Raises:
        ValueError: max_norm is not positive.
    """
    if max_norm <= 0:
        raise ValueError(f"expected max_norm > 0, got {max_norm}")
    gradients = [np.asarray(gradient, dtype=float) for gradient in gradients]
    norm = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients))
    factor = max_norm / norm if norm > max_norm else 1.0
    return [gradient * factor for gradient in gradients]


@exercise(
    points=3,
    difficulty=3,
    minutes=30,
    hints=(
        "Forwards: keep each layer's input, weights and scores in lists. Backwards: go through "
        "them in reverse and turn the result round at the end.",
        "The mean of all outputs has the gradient 1 / outputs.size everywhere. Before each "
        "dense_backward, multiply by the slope of the activation at that layer's scores.",
        "The slope of the sigmoid is s · (1 - s), at most 1/4; that of ReLU is 1 where the score "
        "is positive, else 0.",
    ),
)
def gradient_norms(depth, width, activation, seed):
    """Shows how large gradients are in each layer of a deep random network.

    The network has `depth` dense layers of `width` units, each followed by the activation. Its
    input is one batch of 32 samples of `width` standard normal features. Weights are normal with
    mean 0 and standard deviation √(2 / width) (K. He et al., 2015), biases 0. The loss is the mean
    of all outputs of the last layer.

    Args:
        depth: the number of layers, at least 1.
        width: the number of units per layer, at least 1.
        activation: "sigmoid" or "relu".
        seed: where the random input and weights begin: the same seed, the same result.

    Returns:
        Shape (depth,): the mean of |∂loss/∂W| over the elements of each layer's weights, first
        layer first.

    Raises:
        ValueError: the activation is another one, or depth or width is below 1.
    """
    if activation not in ("sigmoid", "relu"):
        raise ValueError(f'expected activation "sigmoid" or "relu", got {activation!r}')
    if min(depth, width) < 1:
        raise ValueError(f"expected depth and width of at least 1, got {depth} and {width}")
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(32, width))
    layers = []  # of each its input, weights, and the slope of its activation
    for _ in range(depth):
        W = rng.normal(0, np.sqrt(2 / width), (width, width))
        scores = dense_forward(x, W, np.zeros(width))  # (32, width)
        outputs = sigmoid(scores) if activation == "sigmoid" else relu(scores)
        slope = outputs * (1 - outputs) if activation == "sigmoid" else scores > 0
        layers.append((x, W, slope))
        x = outputs
    upstream = np.full(x.shape, 1 / x.size)
    norms = []
    for x, W, slope in reversed(layers):
        upstream, dW, _ = dense_backward(upstream * slope, x, W)
        norms.append(np.mean(np.abs(dW)))
    return np.array(norms[::-1])


def _initial_weights(rng, n_features, n_hidden, n_classes):
    """W1, b1, W2, b2: weights as He et al. draw them for ReLU, biases 0."""
    return [
        rng.normal(0, np.sqrt(2 / n_features), (n_features, n_hidden)),
        np.zeros(n_hidden),
        rng.normal(0, np.sqrt(2 / n_hidden), (n_hidden, n_classes)),
        np.zeros(n_classes),
    ]


@exercise(
    points=5,
    difficulty=3,
    minutes=45,
    hints=(
        "np.random.default_rng(seed) draws everything: the weights once, then in each epoch a new "
        "order of the samples. If all weights began at 0, all hidden units would stay alike.",
        "In each epoch: order = rng.permutation(n), then for each slice of batch_size indices of "
        "that order, backpropagate through x[batch] and y[batch], and take a step. The last batch "
        "may be smaller.",
        "Standard deviations of √(2 / inputs) for the weights, zeros for the biases, one_hot for "
        "the labels. Inside train_mlp, define predict(x), which uses the trained weights, and "
        "return it without calling it.",
    ),
)
def train_mlp(x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed):
    """Trains a network with one hidden layer of ReLU units and a softmax by mini-batch descent.

    Each step takes one batch and moves all weights by W ← W - learning_rate · G, where G is the
    gradient of the batch's mean categorical cross-entropy. So the size of a step does not depend on
    batch_size. Each epoch goes through all samples once, in a new random order.

    Args:
        x_train: inputs of shape (n, features), as they are to be used (scaled, if need be).
        y_train: integer labels of shape (n,), from 0; there are max(y_train) + 1 classes, of which
            some may not occur.
        n_hidden: units of the hidden layer, at least 1.
        learning_rate: the size of the steps.
        n_epochs: passes over the data; 0 leaves the random weights as they were drawn.
        batch_size: samples per step, at least 1; if it exceeds n, every batch is the whole data.
        seed: where randomness begins: the same seed gives the same network, another seed another.

    Returns:
        A function predict(x) that takes inputs of shape (m, features) and returns the
        probabilities of the classes, shape (m, n_classes).

    Raises:
        ValueError: x_train and y_train differ in number, or n_hidden or batch_size is below 1.
    """
    x_train, y_train = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x_train) != len(y_train):
        raise ValueError(f"expected a label per sample, got {len(y_train)} and {len(x_train)}")
    if min(n_hidden, batch_size) < 1:
        raise ValueError(
            f"expected n_hidden and batch_size of at least 1, got {n_hidden} and {batch_size}"
        )
    targets = one_hot(y_train, n_classes=int(y_train.max()) + 1)
    rng = np.random.default_rng(seed)
    weights = _initial_weights(rng, x_train.shape[1], n_hidden, targets.shape[1])
    for _ in range(n_epochs):
        order = rng.permutation(len(x_train))
        for begin in range(0, len(order), batch_size):
            batch = order[begin : begin + batch_size]
            _, gradients = backpropagate(weights, x_train[batch], targets[batch])
            weights = [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)]

    def predict(x):
        W1, b1, W2, b2 = weights
        return softmax(dense_forward(relu(dense_forward(x, W1, b1)), W2, b2))

    return predict


# -- The experiment --------------------------------------------------------------------------------


def split(x, labels, seed):
    """Training, validation and test part, 60, 20 and 20 %, each a pair of inputs and labels.

    Who wrote which digit is not known, so the same hand may write in all three.
    """
    order = np.random.default_rng(seed).permutation(len(x))
    cuts = [int(0.6 * len(x)), int(0.8 * len(x))]
    return [(x[part], labels[part]) for part in np.split(order, cuts)]


def accuracy_of(predict, x, labels):
    """The part of samples whose most probable class is the true one."""
    return float(np.mean(np.argmax(predict(x), axis=1) == labels))


def baselines(train, test):
    """Test accuracy of always saying the most frequent digit, and of a linear model."""
    majority = np.bincount(train[1]).argmax()
    linear = sklearn.linear_model.LogisticRegression(max_iter=1_000).fit(*train)
    return {
        "majority class": float(np.mean(test[1] == majority)),
        "logistic regression": float(linear.score(*test)),
    }


def train_and_choose(train, valid, seed):
    """Trains networks of several sizes and keeps the one that does best in validation.

    Returns:
        (n_hidden, its validation accuracy, its predict, seconds for all of them).
    """
    started = time.perf_counter()
    tried = []
    for n_hidden in HIDDEN_SIZES:
        predict = train_mlp(
            *train, n_hidden, learning_rate=0.5, n_epochs=100, batch_size=32, seed=seed
        )
        tried.append((accuracy_of(predict, *valid), n_hidden, predict))
    accuracy, n_hidden, predict = max(tried, key=lambda result: result[0])
    return n_hidden, accuracy, predict, time.perf_counter() - started


def endless_batches(n, batch_size, rng):
    """Indices of batches, epoch after epoch, each in a new order."""
    while True:
        order = rng.permutation(n)
        yield from (order[begin : begin + batch_size] for begin in range(0, n, batch_size))


def losses_of_descent(x, y_true, batch_size, n_epochs, seed):
    """The loss on all samples along the path of descent on batches.

    Returns:
        (epochs, losses), both of shape (points,); an epoch's path gives up to 20 points.
    """
    rng = np.random.default_rng(seed)
    shapes = [(x.shape[1], 16), (16,), (16, y_true.shape[1]), (y_true.shape[1],)]
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    batches = endless_batches(len(x), batch_size, rng)

    def unpacked(point):
        parts = np.split(point, ends[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def gradient(point):
        batch = next(batches)
        _, gradients = backpropagate(unpacked(point), x[batch], y_true[batch])
        return np.concatenate([part.ravel() for part in gradients])

    steps = -(-len(x) // batch_size)  # per epoch, rounded up
    shown = np.unique(np.linspace(0, steps, 21).astype(int)[1:])
    point = rng.normal(0, 0.2, ends[-1])
    epochs, losses = [0.0], [backpropagate(unpacked(point), x, y_true)[0]]
    for epoch in range(n_epochs):  # one at a time: a whole path would not fit into memory
        path = gradient_descent(gradient, point, LEARNING_RATE, steps)
        epochs += list(epoch + shown / steps)
        losses += [backpropagate(unpacked(path[step]), x, y_true)[0] for step in shown]
        point = path[-1]
    return np.array(epochs), np.array(losses)


def plot_descent(curves, n, n_passes):
    """Losses of batch, mini-batch and stochastic descent, by work done and by steps taken."""
    figure, (work, steps) = plt.subplots(1, 2, figsize=(11, 4.8), sharey=True, layout="constrained")
    names = {1: "stochastic: 1 sample per step", 32: "mini-batch: 32", n: "batch: all"}
    for batch_size, (epochs, losses) in curves.items():
        style = {"linewidth": 0.7 if batch_size == 1 else 1.5}
        shown = epochs <= n_passes
        work.plot(epochs[shown], losses[shown], label=names[batch_size], **style)
        steps.plot(epochs[1:] * -(-n // batch_size), losses[1:], **style)
    work.set(
        title="For the same work",
        xlabel="passes over the training data",
        ylabel="cross-entropy on all training data",
        yscale="log",
    )
    steps.set(title="For the same number of steps", xlabel="steps", xscale="log")
    figure.suptitle(f"Three kinds of gradient descent, learning rate {LEARNING_RATE}")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def plot_vanishing_gradients(norms):
    """Mean absolute gradient of each layer, for several draws of each kind of network."""
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    layers = np.arange(1, DEPTH + 1)
    for (activation, draws), colour in zip(norms.items(), ("tab:red", "tab:blue"), strict=True):
        axes.plot(layers, np.transpose(draws), color=colour, alpha=0.25, linewidth=0.8)
        typical = np.exp(np.log(draws).mean(axis=0))
        axes.plot(layers, typical, color=colour, marker="o", label=activation)
    axes.set(
        title=f"Gradients on their way back through {DEPTH} layers of {WIDTH} units",
        xlabel="layer (1 is next to the input)",
        ylabel="mean |gradient| of the weights",
        yscale="log",
        xticks=layers,
    )
    axes.legend(title="activation")
    return figure


def main(arguments=None):
    """Baselines, the network by hand with several seeds, three kinds of descent, depth."""
    with Experiment.from_arguments(__file__, arguments) as run:
        digits = load_digits()
        run.uses_data(digits.provenance.as_dict())
        x, labels = digits.images.reshape(len(digits.images), -1) / 255, digits.labels  # (n, 64)
        seeds = range(run.seed, run.seed + (1 if run.quick else 5))

        results = []
        for seed in run.progress(seeds, "seeds"):
            train, valid, test = split(x, labels, seed)
            simple = baselines(train, test)
            n_hidden, valid_accuracy, predict, seconds = train_and_choose(train, valid, seed)
            result = {"test": accuracy_of(predict, *test), "seconds": seconds, **simple}
            results.append(result)
            run.row(
                seed=seed,
                majority=simple["majority class"],
                logistic=simple["logistic regression"],
                network=result["test"],
                valid=valid_accuracy,
                n_hidden=n_hidden,
                seconds=seconds,
            )
        mean = {name: float(np.mean([result[name] for result in results])) for name in results[0]}
        run.metric("majority_accuracy", mean["majority class"])
        run.metric("logistic_regression_accuracy", mean["logistic regression"])
        run.metric("test_accuracy", mean["test"], at_least=0.96)
        run.metric("worst_test_accuracy", min(result["test"] for result in results), at_least=0.96)
        run.metric("training_seconds", max(result["seconds"] for result in results), at_most=10)

        (x_train, labels_train), _, _ = split(x, labels, run.seed)
        y_train, n = one_hot(labels_train, 10), len(x_train)
        n_passes = 2 if run.quick else 10
        # The larger the batch, the fewer steps in a pass: more passes, to see where they lead.
        passes = {1: n_passes, 32: 4 * n_passes, n: 40 * n_passes}
        curves = {
            batch_size: losses_of_descent(x_train, y_train, batch_size, n_epochs, run.seed)
            for batch_size, n_epochs in run.progress(passes.items(), "descent")
        }
        for (epochs, losses), name in zip(
            curves.values(), ("stochastic", "mini_batch", "batch"), strict=True
        ):
            run.metric(f"{name}_loss_after_{n_passes}_passes", np.interp(n_passes, epochs, losses))
        run.save_figure(plot_descent(curves, n, n_passes), "descent")

        draws = range(run.seed, run.seed + (3 if run.quick else 10))
        norms = {
            activation: [gradient_norms(DEPTH, WIDTH, activation, seed) for seed in draws]
            for activation in ("sigmoid", "relu")
        }
        for activation, drawn in norms.items():
            ratio = np.median([first_to_last[0] / first_to_last[-1] for first_to_last in drawn])
            run.metric(f"{activation}_first_to_last_gradient", ratio)
        run.save_figure(plot_vanishing_gradients(norms), "vanishing_gradients")


if __name__ == "__main__":
    main()
