"""Checks of week 1: activations, losses, descent, backpropagation and a network by hand.

Functions that a submission is to call, such as gradients, are built over there from NumPy's own,
through handles. Expected gradients are finite differences, computed here.
"""

import numpy as np
import pytest

from course.grading import expect
from course.grading.submission import Handle
from course.grading.wording import kind
from course.language import say

TRAINING_SECONDS = 20
ALMOST_NEVER = 1e-7  # least probability that a loss sees


# -- what is expected ------------------------------------------------------------------------------


def softmax_of(z, axis=-1):
    exponentials = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def binary_crossentropy_of(y_true, p):
    p = np.clip(p, ALMOST_NEVER, 1 - ALMOST_NEVER)
    return -np.mean(np.where(np.asarray(y_true) == 1, np.log(p), np.log(1 - p)))


def categorical_crossentropy_of(y_true, p):
    of_true_class = np.asarray(p)[np.arange(len(p)), np.argmax(y_true, axis=1)]
    return -np.mean(np.log(np.clip(of_true_class, ALMOST_NEVER, 1 - ALMOST_NEVER)))


def numerical_gradient(loss, at, step=1e-5):
    """Central differences of a function of an array, which is changed and restored."""
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        value = at[index]
        at[index] = value + step
        above = loss()
        at[index] = value - step
        below = loss()
        at[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


def random_probabilities(rng, n, n_classes):
    return softmax_of(rng.normal(size=(n, n_classes))).round(3)


# -- one_hot ---------------------------------------------------------------------------------------


def expect_one_hot(submission, labels, n_classes):
    expected = np.zeros((len(labels), n_classes))
    for row, label in zip(expected, labels, strict=True):
        row[label] = 1
    got = submission.one_hot(labels, n_classes)
    expect.equal(got, expected)
    return got


@pytest.mark.exercise("one_hot")
def test_a_one_in_the_column_of_the_label(submission, rng):
    """Row i has its only one in column labels[i]."""
    expect_one_hot(submission, np.array([2, 0, 1, 2]), 3)
    expect_one_hot(submission, rng.permutation(np.repeat(np.arange(5), 2)), 5)


@pytest.mark.exercise("one_hot")
def test_classes_that_do_not_occur(submission):
    """There are n_classes columns, also for classes without a sample, and n rows, also for one."""
    expect_one_hot(submission, np.array([1, 3, 1]), 6)
    expect_one_hot(submission, np.array([0]), 2)


@pytest.mark.exercise("one_hot")
def test_float32_from_lists(submission):
    """The result is a float32 array; a list of labels is welcome."""
    got = expect_one_hot(submission, [1, 0], 2)
    dtype = getattr(got, "dtype", None)
    expect.that(dtype == np.float32, say("expected a float32 array, got {kind}", kind=kind(got)))


@pytest.mark.exercise("one_hot")
def test_rejects_labels_out_of_range(submission):
    """A negative label, or one that is not below n_classes, is a ValueError."""
    expect_one_hot(submission, np.array([0, 2]), 3)
    for labels, n_classes in (([0, -1], 3), ([0, 3], 3)):
        expect.raises(
            ValueError,
            lambda labels=labels, n=n_classes: submission.one_hot(np.array(labels), n),
            say(
                "the labels are {labels} and there are {n_classes} classes",
                labels=labels,
                n_classes=n_classes,
            ),
        )


# -- sigmoid and relu ------------------------------------------------------------------------------


@pytest.mark.exercise("sigmoid")
def test_known_values_of_the_sigmoid(submission, rng):
    """0 becomes 1/2; the others follow 1 / (1 + e^-z)."""
    expect.equal(submission.sigmoid(np.array([0.0, np.log(3), -np.log(3)])), [0.5, 0.75, 0.25])
    z = rng.normal(0, 3, size=8).round(2)
    expect.equal(submission.sigmoid(z), 1 / (1 + np.exp(-z)))


@pytest.mark.exercise("sigmoid")
def test_any_shape_of_scores(submission, rng):
    """Arrays of any shape and type of float, lists and single numbers keep their shape."""
    z = rng.normal(size=(3, 1, 2)).astype("float32")
    expect.equal(submission.sigmoid(z), 1 / (1 + np.exp(-z)))
    expect.equal(submission.sigmoid([[0.0, 1.0]]), [[0.5, 0.7310586]])
    expect.number(submission.sigmoid(2.0), 0.8807971)


@pytest.mark.exercise("sigmoid")
def test_huge_scores_of_the_sigmoid(submission):
    """Scores of ±10 000 give 0 and 1, not NaN."""
    z = np.array([-10_000.0, -800.0, 0.0, 800.0, 10_000.0])
    expect.equal(submission.sigmoid(z), [0, 0, 0.5, 1, 1])
    expect.equal(submission.sigmoid(z.astype("float32")), [0, 0, 0.5, 1, 1])


@pytest.mark.exercise("relu")
def test_negatives_become_zero(submission, rng):
    """What is negative becomes 0, all else stays."""
    expect.equal(submission.relu(np.array([-2.0, 0.0, 3.0, -0.5, 0.5])), [0, 0, 3, 0, 0.5])
    z = rng.normal(size=9).round(2)
    expect.equal(submission.relu(z), [max(value, 0.0) for value in z])


@pytest.mark.exercise("relu")
def test_any_shape_of_numbers(submission, rng):
    """Arrays of any shape, integers, lists and single numbers keep their shape."""
    z = rng.normal(size=(2, 3, 2)).astype("float32")
    expect.equal(submission.relu(z), z * (z > 0))
    expect.equal(submission.relu([[-1, 2], [3, -4]]), [[0, 2], [3, 0]])
    expect.number(submission.relu(2.5), 2.5)
    expect.number(submission.relu(-2.5), 0)


# -- softmax ---------------------------------------------------------------------------------------


@pytest.mark.exercise("softmax")
def test_each_row_adds_up_to_one(submission, rng):
    """By default the last axis adds up to 1: each sample has its own probabilities."""
    z = np.log([[1.0, 2.0, 1.0], [3.0, 3.0, 4.0]])
    expect.equal(submission.softmax(z), [[0.25, 0.5, 0.25], [0.3, 0.3, 0.4]])
    z = rng.normal(size=(4, 3)).round(2)
    expect.equal(submission.softmax(z), softmax_of(z))
    expect.equal(submission.softmax(z[:1]), softmax_of(z[:1]))


@pytest.mark.exercise("softmax")
def test_any_axis_and_shape(submission, rng):
    """The axis can be chosen; vectors, lists, float32 and more axes keep their shape."""
    z = rng.normal(size=(2, 4, 3)).astype("float32")
    for axis in (0, 1, -1):
        expect.equal(submission.softmax(z, axis=axis), softmax_of(z, axis))
    expect.equal(submission.softmax([0, 0, 0, 0]), [0.25] * 4)


@pytest.mark.exercise("softmax")
def test_huge_scores_of_the_softmax(submission):
    """Scores of ±10 000 give probabilities, not NaN, also when rows differ that much."""
    big = 10_000.0
    z = np.array([[big, big, -big], [-big, -big, -big - 2], [0.0, 1.0, 2.0]])
    expect.equal(submission.softmax(z), softmax_of(z))
    z = np.array([[big, 0.0], [-big, big]])
    expect.equal(submission.softmax(z.astype("float32")), [[1, 0], [0, 1]])


# -- losses ----------------------------------------------------------------------------------------


@pytest.mark.exercise("mean_squared_error")
def test_mean_of_the_squares(submission, rng):
    """The mean of the squared differences, over all elements."""
    got = submission.mean_squared_error(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 6.0]))
    expect.number(got, 13 / 3)
    y_true, y_pred = rng.normal(size=(2, 7)).round(2)
    got = submission.mean_squared_error(y_true, y_pred)
    expect.number(got, ((y_true - y_pred) ** 2).sum() / 7)


@pytest.mark.exercise("mean_squared_error")
def test_one_number_for_any_shape(submission, rng):
    """Arrays of any shape, lists and a single sample give one number."""
    y_true, y_pred = rng.normal(size=(2, 4, 3)).round(2)
    got = submission.mean_squared_error(y_true, y_pred)
    expect.number(got, ((y_true - y_pred) ** 2).sum() / 12)
    expect.number(submission.mean_squared_error([2], [-1]), 9)


@pytest.mark.exercise("mean_squared_error")
def test_squared_error_rejects_other_shapes(submission):
    """Truth and prediction of different shapes are a ValueError: they would broadcast."""
    y = np.array([1.0, 2.0, 4.0])
    expect.number(submission.mean_squared_error(y, y + 2), 4)
    expect.raises(
        ValueError,
        lambda: submission.mean_squared_error(y, y[:, None]),
        say("y_true has shape (3,) and y_pred (3, 1)"),
    )


@pytest.mark.exercise("binary_crossentropy")
def test_both_outcomes_count(submission, rng):
    """The mean of -log(p) where 1 was true and of -log(1 - p) where 0 was."""
    y_true, p = np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.2, 0.9])
    expected = -(np.log(0.5) + np.log(0.8) + np.log(0.9)) / 3
    expect.number(submission.binary_crossentropy(y_true, p), expected)
    y_true, p = rng.integers(0, 2, size=9), rng.uniform(0.05, 0.95, size=9).round(2)
    y_true[:2] = 0, 1
    expect.number(submission.binary_crossentropy(y_true, p), binary_crossentropy_of(y_true, p))


@pytest.mark.exercise("binary_crossentropy")
def test_certain_and_wrong_is_finite(submission):
    """Probabilities of exactly 0 and 1 are clipped: right costs 0, wrong 16.1, never NaN."""
    got = submission.binary_crossentropy(np.array([1.0, 1.0]), np.array([0.0, 0.5]))
    expect.number(got, (np.log(2) - np.log(ALMOST_NEVER)) / 2)
    certain = np.array([0.0, 1.0])
    wrong = submission.binary_crossentropy(certain[::-1], certain)
    expect.number(wrong, -np.log(ALMOST_NEVER), rtol=0.02)  # float32 has no 1 - 1e-7
    right = submission.binary_crossentropy(certain, certain)
    expect.equal(right, 0.0, atol=1e-5)


@pytest.mark.exercise("binary_crossentropy")
def test_binary_loss_of_any_shape(submission, rng):
    """Arrays of any shape, lists and a single sample give one number."""
    y_true, p = rng.integers(0, 2, size=(3, 4)), rng.uniform(0.1, 0.9, size=(3, 4)).round(2)
    got = submission.binary_crossentropy(y_true, p.astype("float32"))
    expect.number(got, binary_crossentropy_of(y_true, p))
    expect.number(submission.binary_crossentropy([0], [0.5]), np.log(2))


@pytest.mark.exercise("binary_crossentropy")
def test_binary_loss_rejects_other_shapes(submission):
    """Truth and probabilities of different shapes are a ValueError: they would broadcast."""
    y, p = np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.5, 0.25])
    expect.number(submission.binary_crossentropy(y, p), np.log(16) / 3)
    expect.raises(
        ValueError,
        lambda: submission.binary_crossentropy(y, p[:, None]),
        say("y_true has shape {shape} and p {p_shape}", shape=(3,), p_shape=(3, 1)),
    )


@pytest.mark.exercise("categorical_crossentropy")
def test_mean_over_the_samples(submission, rng):
    """The mean over the samples of -log of the probability that the true class was given."""
    y_true, p = np.eye(3)[[0, 2]], np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    expected = -(np.log(0.5) + np.log(0.8)) / 2
    expect.number(submission.categorical_crossentropy(y_true, p), expected)
    y_true, p = np.eye(4)[rng.integers(0, 4, size=7)], random_probabilities(rng, 7, 4)
    expected = categorical_crossentropy_of(y_true, p)
    expect.number(submission.categorical_crossentropy(y_true, p), expected)


@pytest.mark.exercise("categorical_crossentropy")
def test_zero_probabilities_are_finite(submission):
    """A probability of 0 is clipped: harmless for a wrong class, 16.1 for the true one."""
    y_true, p = np.eye(3)[[0, 1]], np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    expect.number(submission.categorical_crossentropy(y_true, p), np.log(2) / 2)
    got = submission.categorical_crossentropy(y_true[::-1], p)
    expect.number(got, -np.log(ALMOST_NEVER), rtol=0.02)


@pytest.mark.exercise("categorical_crossentropy")
def test_single_samples_lists_and_float32(submission, rng):
    """A single sample, lists and float32 do as well."""
    expect.number(submission.categorical_crossentropy([[0, 1]], [[0.75, 0.25]]), np.log(4))
    y_true, p = np.eye(5, dtype="float32")[[4, 4, 0]], random_probabilities(rng, 3, 5)
    got = submission.categorical_crossentropy(y_true, p.astype("float32"))
    expect.number(got, categorical_crossentropy_of(y_true, p))


@pytest.mark.exercise("categorical_crossentropy")
def test_categorical_loss_rejects_other_shapes(submission):
    """Truth and probabilities of different shapes are a ValueError: they would broadcast."""
    p = np.array([[0.5, 0.5], [0.25, 0.75]])
    expected = (np.log(2) + np.log(4 / 3)) / 2
    expect.number(submission.categorical_crossentropy(np.eye(2), p), expected)
    for y_true in (np.array([0, 1]), np.eye(2)[:1]):
        expect.raises(
            ValueError,
            lambda y_true=y_true: submission.categorical_crossentropy(y_true, p),
            say("y_true has shape {shape} and p {p_shape}", shape=y_true.shape, p_shape=(2, 2)),
        )


# -- gradient_descent ------------------------------------------------------------------------------


def line(submission, slope, offset):
    """slope · W + offset, over there: the gradient of a parabola."""
    return submission.module("numpy").poly1d([slope, offset])


def walk(gradient, start, learning_rate, n_steps):
    path = [np.array(start, dtype=float)]
    for _ in range(n_steps):
        path.append(path[-1] - learning_rate * gradient(path[-1]))
    return np.array(path)


def wrong_walks(gradient, start, learning_rate, n_steps):
    """The paths by which misconceptions are known."""
    path = walk(gradient, start, learning_rate, n_steps)
    first_step = path[1] - path[0]
    steps = np.arange(n_steps + 1).reshape(-1, *[1] * path[0].ndim)
    return {
        "gradient_added": walk(gradient, start, -learning_rate, n_steps),
        "only_the_last_point": path[-1],
        "start_left_out": path[1:],
        "one_array_for_all_points": np.broadcast_to(path[-1], path.shape),
        "gradient_of_the_start_only": path[0] + steps * first_step,
        "learning_rate_ignored": walk(gradient, start, 1.0, n_steps),
    }


@pytest.mark.exercise("gradient_descent")
def test_path_into_a_valley(submission, rng):
    """The path begins at the start, and each step goes against the gradient where it stands."""

    def gradient(weights):
        return 2 * weights - 4  # of (W - 2)², least at 2

    for start, learning_rate, n_steps in (
        (np.array([6.0, 1.0]), 0.25, 3),
        (rng.uniform(3, 5, size=3).round(2), 0.1, 7),
    ):
        got = submission.gradient_descent(
            line(submission, 2.0, -4.0), start, learning_rate, n_steps
        )
        expect.equal(
            got,
            walk(gradient, start, learning_rate, n_steps),
            of=say("the path"),
            betrays=wrong_walks(gradient, start, learning_rate, n_steps),
        )


@pytest.mark.exercise("gradient_descent")
def test_numbers_and_matrices(submission, rng):
    """Weights of any shape, single numbers and matrices, keep it along the path."""
    got = submission.gradient_descent(line(submission, 1.0, 3.0), 5.0, 0.5, 4)
    expect.equal(got, [5, 1, -1, -2, -2.5], of=say("the path"))
    mixing = np.array([[2.0, 0.5], [0.5, 1.0]])
    gradient = submission.module("functools").partial(submission.module("numpy").matmul, mixing)
    start = rng.normal(size=(2, 3)).round(2)
    got = submission.gradient_descent(gradient, start, 0.3, 5)
    expect.equal(got, walk(lambda weights: mixing @ weights, start, 0.3, 5), of=say("the path"))


@pytest.mark.exercise("gradient_descent")
def test_starts_of_integers(submission):
    """A start of integers does not cut off fractions on the way."""
    path = [[4, -2], [3, -1.5], [2.25, -1.125]]
    betrays = {"integers_cut_off": [[4, -2], [3, -1], [2, 0]]}
    for start in ([4, -2], np.array([4, -2])):
        got = submission.gradient_descent(line(submission, 1.0, 0.0), start, 0.25, 2)
        expect.equal(got, path, of=say("the path"), betrays=betrays)


@pytest.mark.exercise("gradient_descent")
def test_number_of_steps(submission):
    """No steps give the start alone; a negative number of them is a ValueError."""
    gradient, start = line(submission, 1.0, 0.0), np.array([1.0, 2.0])
    expect.equal(submission.gradient_descent(gradient, start, 0.1, 0), [start], of=say("the path"))
    expect.raises(
        ValueError,
        lambda: submission.gradient_descent(gradient, start, 0.1, -1),
        say("n_steps is -1"),
    )


# -- dense_forward and dense_backward --------------------------------------------------------------


@pytest.mark.exercise("dense_forward")
def test_weighted_sums(submission, rng):
    """Each output is the weighted sum of a sample's features plus the unit's bias."""
    x, W, b = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 3.0]]), np.arange(3.0)
    expect.equal(submission.dense_forward(x, W, b), [[5, 3, 7]])
    x, W, b = rng.normal(size=(5, 3)), rng.normal(size=(3, 3)), rng.normal(size=3)
    expected = [[sum(row * W[:, unit]) + b[unit] for unit in range(3)] for row in x]
    expect.equal(submission.dense_forward(x, W, b), expected)


@pytest.mark.exercise("dense_forward")
def test_as_many_samples_as_units(submission, rng):
    """The bias belongs to units, not to samples; lists and float32 do as well."""
    expect.equal(submission.dense_forward([[0, 0], [0, 0]], [[1, 1], [1, 1]], [3, 4]), [[3, 4]] * 2)
    x, W, b = (rng.normal(size=size).astype("float32") for size in ((1, 4), (4, 2), 2))
    expect.equal(submission.dense_forward(x, W, b), x @ W + b, rtol=1e-3, atol=1e-5)


@pytest.mark.exercise("dense_forward")
def test_forward_rejects_shapes_that_do_not_fit(submission):
    """Weights or biases that do not fit are a ValueError, also where they would broadcast."""
    x, W = np.ones((3, 2)), np.ones((2, 4))
    expect.equal(submission.dense_forward(x, W, np.arange(4.0)), [[2, 3, 4, 5]] * 3)
    for W_shape, b_shape in (((3, 4), (4,)), ((2, 4), (1,)), ((2, 4), (3, 1))):
        expect.raises(
            ValueError,
            lambda W=W_shape, b=b_shape: submission.dense_forward(x, np.ones(W), np.ones(b)),
            say(
                "x has shape (3, 2), W {W_shape} and b {b_shape}", W_shape=W_shape, b_shape=b_shape
            ),
        )


def expect_gradients(got, expected, *names):
    """The parts of `got` are the gradients with respect to what `names` says."""
    for part, gradient, name in zip(expect.parts(got, *names), expected, names, strict=True):
        expect.equal(part, gradient, of=name, atol=1e-5)


@pytest.mark.exercise("dense_backward")
def test_gradients_of_a_small_layer(submission):
    """Gradients of one layer that can be followed by hand, of two samples and of one."""
    x, W = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 3.0]])
    upstream = np.array([[1.0, 10.0, 100.0], [0.0, 2.0, 0.0]])
    dx, dW, db = [[-99, 312], [0, 2]], [[1, 10, 100], [2, 22, 200]], [1, 12, 100]
    got = submission.dense_backward(upstream, x, W)
    expect_gradients(got, (dx, dW, db), "dx", "dW", "db")
    dx, dW, db = [[-99, 312]], [[1, 10, 100], [2, 20, 200]], [1, 10, 100]
    got = submission.dense_backward(upstream[:1], x[:1], W)
    expect_gradients(got, (dx, dW, db), "dx", "dW", "db")


@pytest.mark.exercise("dense_backward")
def test_agrees_with_finite_differences(submission, rng):
    """The gradients are what a mean squared error really gains when x, W or b move a little."""
    for n, n_features, n_units in ((4, 3, 2), (3, 2, 2), (1, 2, 3)):
        x, W = rng.normal(size=(n, n_features)), rng.normal(size=(n_features, n_units))
        b, target = rng.normal(size=n_units), rng.normal(size=(n, n_units))

        def loss(x=x, W=W, b=b, target=target):
            return np.mean((x @ W + b - target) ** 2)

        upstream = 2 * (x @ W + b - target) / target.size
        expected = [numerical_gradient(loss, moved) for moved in (x, W, b)]
        expect_gradients(submission.dense_backward(upstream, x, W), expected, "dx", "dW", "db")


@pytest.mark.exercise("dense_backward")
def test_backward_rejects_shapes_that_do_not_fit(submission):
    """An upstream gradient, inputs and weights that do not fit together are a ValueError."""
    upstream, x, W = np.ones((3, 4)), np.ones((3, 2)), np.ones((2, 4))
    expected = np.full((3, 2), 4), np.full((2, 4), 3), np.full(4, 3)
    expect_gradients(submission.dense_backward(upstream, x, W), expected, "dx", "dW", "db")
    for shapes in (((2, 4), (3, 2), (2, 4)), ((3, 4), (3, 2), (3, 4)), ((3, 5), (3, 2), (2, 4))):
        expect.raises(
            ValueError,
            lambda shapes=shapes: submission.dense_backward(*map(np.ones, shapes)),
            say(
                "upstream, x and W have shapes {upstream}, {x} and {W}",
                upstream=shapes[0],
                x=shapes[1],
                W=shapes[2],
            ),
        )


# -- backpropagate ---------------------------------------------------------------------------------


def random_network(rng, x, n_hidden, n_classes):
    """Weights for these samples, none of which lies on the kink of a ReLU."""
    n_features = x.shape[1]
    shapes = (n_features, n_hidden), (n_hidden,), (n_hidden, n_classes), (n_classes,)
    while True:
        weights = [rng.normal(0, 0.7, size=shape) for shape in shapes]
        if np.abs(x @ weights[0] + weights[1]).min() > 1e-3:
            return weights


def loss_of(weights, x, y_true):
    W1, b1, W2, b2 = weights
    return categorical_crossentropy_of(y_true, softmax_of(np.maximum(x @ W1 + b1, 0) @ W2 + b2))


def expect_network_gradients(submission, weights, x, y_true):
    loss, gradients = expect.parts(
        submission.backpropagate(weights, x, y_true), "loss", "gradients"
    )
    expect.number(loss, loss_of(weights, x, y_true), of=say("the loss"))
    expected = [numerical_gradient(lambda: loss_of(weights, x, y_true), moved) for moved in weights]
    expect_gradients(gradients, expected, "dW1", "db1", "dW2", "db2")


@pytest.mark.exercise("backpropagate")
def test_network_agrees_with_finite_differences(submission, rng):
    """The gradients are what the loss really gains when a weight or bias moves a little."""
    for n, n_features, n_hidden, n_classes in ((6, 3, 5, 4), (4, 2, 3, 2)):
        x, labels = rng.normal(size=(n, n_features)), rng.integers(0, n_classes, size=n)
        weights = random_network(rng, x, n_hidden, n_classes)
        expect_network_gradients(submission, weights, x, np.eye(n_classes)[labels])


@pytest.mark.exercise("backpropagate")
def test_one_sample_through_the_network(submission, rng):
    """The same holds for a single sample, and for a single hidden unit."""
    for n_features, n_hidden, n_classes in ((4, 3, 2), (1, 1, 3)):
        x, y_true = rng.normal(size=(1, n_features)), np.eye(n_classes)[[1]]
        weights = random_network(rng, x, n_hidden, n_classes)
        expect_network_gradients(submission, weights, x, y_true)


@pytest.mark.exercise("backpropagate")
def test_repeated_samples_change_nothing(submission, rng):
    """Four times the same samples give the same loss and gradients, since the loss is a mean."""
    x, y_true = np.tile(rng.normal(size=(3, 2)), (4, 1)), np.tile(np.eye(3), (4, 1))
    expect_network_gradients(submission, random_network(rng, x, 4, 3), x, y_true)


@pytest.mark.exercise("backpropagate")
def test_backpropagate_rejects_other_numbers(submission, rng):
    """Samples and targets that differ in number are a ValueError."""
    x, y_true = rng.normal(size=(2, 2)), np.eye(2)
    weights = random_network(rng, x, 3, 2)
    expect_network_gradients(submission, weights, x, y_true)
    expect.raises(
        ValueError,
        lambda: submission.backpropagate(weights, x, y_true[:1]),
        say("there are 2 samples and 1 target"),
    )


# -- clip_gradients --------------------------------------------------------------------------------


def expect_clipped(submission, gradients, max_norm):
    norm = np.sqrt(sum((np.asarray(gradient) ** 2).sum() for gradient in gradients))
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    expected = [np.asarray(gradient) * factor for gradient in gradients]
    names = [f"gradients[{i}]" for i in range(len(gradients))]
    expect_gradients(submission.clip_gradients(gradients, max_norm), expected, *names)


@pytest.mark.exercise("clip_gradients")
def test_shortened_together(submission, rng):
    """Gradients that are too long are all multiplied by max_norm / norm of all together."""
    expect_clipped(submission, [np.array([2.0, -1.0]), np.array([[0.0], [2.0]])], 1.5)
    gradients = [rng.normal(size=shape) for shape in ((4, 3), (3,), (3, 2))]
    expect_clipped(submission, gradients, 0.5)


@pytest.mark.exercise("clip_gradients")
def test_short_ones_stay(submission, rng):
    """Gradients whose norm is at most max_norm keep their values; zeros stay zeros."""
    expect_clipped(submission, [np.array([3.0]), np.array([[-4.0]])], 1.0)
    expect_clipped(submission, [np.array([0.3]), np.array([[-0.4]])], 1.0)
    expect_clipped(submission, [rng.uniform(1, 2, size=3)], 100.0)
    expect_clipped(submission, [np.zeros(2), np.zeros((2, 2))], 1.0)


@pytest.mark.exercise("clip_gradients")
def test_a_limit_between(submission):
    """Where each array alone is short enough and all together are not, all are shortened."""
    expect_clipped(submission, [np.array([3.0, 0.0]), np.array([0.0, 4.0])], 4.5)


@pytest.mark.exercise("clip_gradients")
def test_rejects_a_limit_of_zero(submission):
    """A max_norm of 0 or below is a ValueError."""
    gradients = [np.array([6.0, 8.0])]
    expect_clipped(submission, gradients, 5.0)
    for max_norm in (0.0, -1.0):
        expect.raises(
            ValueError,
            lambda max_norm=max_norm: submission.clip_gradients(gradients, max_norm),
            say("max_norm is {max_norm}", max_norm=max_norm),
        )


# -- gradient_norms --------------------------------------------------------------------------------


def norms_of(depth, width, activation, seed, slope_power=1):
    """The same experiment; without slopes when slope_power is 0."""
    rng = np.random.default_rng([seed, depth, width])
    outputs, layers = rng.normal(size=(32, width)), []
    for _ in range(depth):
        W = rng.normal(size=(width, width)) * np.sqrt(2 / width)
        scores = outputs @ W
        if activation == "relu":
            activated, slope = np.maximum(scores, 0), (scores > 0).astype(float)
        else:
            activated = 1 / (1 + np.exp(-scores))
            slope = activated * (1 - activated)
        layers.append((outputs, W, slope**slope_power))
        outputs = activated
    upstream, norms = np.full(outputs.shape, 1 / outputs.size), []
    for inputs, W, slope in reversed(layers):
        norms.insert(0, np.abs(inputs.T @ (upstream * slope)).mean())
        upstream = upstream * slope @ W.T
    return norms


def typical(draws):
    """The geometric mean of several draws, layer by layer, as powers of ten."""
    return np.log10(draws).mean(axis=0)


def expect_typical_norms(submission, rng, depth, width, activation):
    """Eight draws have, layer by layer, about the gradients that this experiment has.

    The mean of eight scatters by less than a factor of 1.4; a wrong slope is off by 4 per layer.
    """
    draws = []
    for seed in rng.integers(0, 10_000, size=8):
        got = submission.gradient_norms(depth, width, activation, int(seed))
        got = expect.shape(got, (depth,)).astype(float)
        expect.that(
            bool(np.all(np.isfinite(got) & (got > 0))),
            say(
                "expected positive numbers for {activation}, got {got}",
                activation=activation,
                got=got,
            ),
        )
        draws.append(got)
    expected = typical([norms_of(depth, width, activation, seed) for seed in range(20)])
    slopeless = typical([norms_of(depth, width, activation, seed, 0) for seed in range(20)])
    wrong = None
    if _about(typical(draws), slopeless):
        wrong = "slope_forgotten"
    elif _about(typical(draws), expected[::-1]):
        wrong = "last_layer_first"
    elif np.ptp(typical(draws) - expected) < 0.3:  # the same course at another height
        wrong = "summed_instead_of_averaged" if typical(draws)[0] > expected[0] else None
    means = 10 ** typical(draws), 10**expected
    for layer in range(depth):
        expect.that(
            abs(typical(draws)[layer] - expected[layer]) < 0.25,
            say(
                "expected about {expected:.2g} in layer {layer} of {depth} for {activation} "
                "(mean of eight seeds), got {got:.2g}",
                expected=means[1][layer],
                layer=layer + 1,
                depth=depth,
                activation=activation,
                got=means[0][layer],
            ),
            misconception=wrong,
        )


def _about(one, other):
    return bool(np.abs(one - other).max() < 0.25)


@pytest.mark.exercise("gradient_norms")
def test_sigmoids_make_gradients_vanish(submission, rng):
    """With sigmoids the gradient loses about two thirds on its way through each layer."""
    expect_typical_norms(submission, rng, 8, 64, "sigmoid")


@pytest.mark.exercise("gradient_norms")
def test_relu_keeps_gradients(submission, rng):
    """With ReLU and weights of this size the gradient stays as large as it was."""
    expect_typical_norms(submission, rng, 8, 64, "relu")


@pytest.mark.exercise("gradient_norms")
def test_one_value_per_layer(submission, rng):
    """There is one value per layer, also for a single layer."""
    expect_typical_norms(submission, rng, 1, 40, "sigmoid")
    expect_typical_norms(submission, rng, 3, 50, "relu")


@pytest.mark.exercise("gradient_norms")
def test_seed_decides(submission, rng):
    """The same seed gives the same values, another seed others."""
    seed = int(rng.integers(10_000))
    one, again, other = (
        expect.shape(submission.gradient_norms(4, 10, "sigmoid", s), (4,))
        for s in (seed, seed, seed + 1)
    )
    expect.equal(again, one, of=say("the second result with the same seed"), atol=0)
    expect.that(
        not np.array_equal(one, other),
        say("expected other values for another seed, got the same"),
    )


@pytest.mark.exercise("gradient_norms")
def test_rejects_what_is_no_network(submission):
    """Another activation, or a depth or width below 1, is a ValueError."""
    expect.shape(submission.gradient_norms(2, 3, "relu", 0), (2,))
    for arguments in ((2, 3, "step", 0), (0, 3, "relu", 0), (2, 0, "relu", 0)):
        expect.raises(
            ValueError,
            lambda arguments=arguments: submission.gradient_norms(*arguments),
            say(
                "depth, width and activation are {depth}, {width} and {activation!r}",
                depth=arguments[0],
                width=arguments[1],
                activation=arguments[2],
            ),
        )


# -- train_mlp -------------------------------------------------------------------------------------


def quadrants(rng, n):
    """Points of a square, sorted by class: 1 where both coordinates have the same sign, else 0."""
    x = rng.uniform(-1, 1, size=(n, 2))
    labels = (x[:, 0] * x[:, 1] > 0).astype(int)
    order = np.argsort(labels, kind="stable")
    return x[order], labels[order]


def trained(submission, x, labels, **changes):
    """The predict function over there, of a small network."""
    arguments = {
        "n_hidden": 16,
        "learning_rate": 0.5,
        "n_epochs": 5,
        "batch_size": 10,
        "seed": 0,
        **changes,
    }
    got = submission.train_mlp(x, labels, **arguments)
    expect.that(
        isinstance(got, Handle) and submission.module("builtins").callable(got) is True,
        say("expected train_mlp to return the function predict, got {kind}", kind=kind(got)),
        "predictions_instead_of_predict" if isinstance(got, np.ndarray) else None,
    )
    return got


def probabilities(predict, x, n_classes):
    """What predict gives for x: rows of shape (n_classes,) that add up to 1."""
    got = expect.array(predict(x), of="predict(x)")
    wrong = None
    if got.shape == (len(x),):
        wrong = "predicts_labels"
    elif got.ndim == 2 and got.shape[0] == len(x) and got.shape[1] < n_classes:
        wrong = "classes_counted"
    expect.that(
        got.shape == (len(x), n_classes),
        say(
            "wrong shape of predict(x) for x of shape {x_shape}: expected {expected}, got {got}",
            x_shape=np.shape(x),
            expected=(len(x), n_classes),
            got=got.shape,
        ),
        wrong,
    )
    got = got.astype(float)
    sums = got.sum(axis=1)
    if got.shape[0] > 1 and np.allclose(got.sum(axis=0), 1, atol=1e-3):
        wrong = "softmax_over_the_batch"
    elif not np.allclose(sums, 1, atol=1e-3):
        wrong = "predicts_scores"
    in_range = bool(np.all((got >= 0) & (got <= 1 + 1e-6) & (np.abs(sums - 1)[:, None] < 1e-3)))
    expect.that(
        in_range,
        say("expected rows of probabilities that add up to 1, got {row}", row=got[0].round(3)),
        wrong,
    )
    return got


@pytest.mark.exercise("train_mlp", seconds=TRAINING_SECONDS, training=True)
def test_learns_what_no_line_separates(submission, rng):
    """On hidden points it finds four quadrants of two classes, from samples sorted by class."""
    x, labels = quadrants(rng, 300)
    x_hidden, labels_hidden = quadrants(rng, 500)
    predict = trained(submission, x, labels, n_epochs=80, seed=int(rng.integers(1_000)))
    p = probabilities(predict, x_hidden, 2)
    accuracy = np.mean(np.argmax(p, axis=1) == labels_hidden)
    wrong = "zero_initialisation" if np.ptp(p, axis=0).max() < 1e-6 else None
    expect.that(
        bool(accuracy >= 0.85),
        say(
            "expected an accuracy of at least 0.85 on hidden points, got {accuracy:.2f}",
            accuracy=accuracy,
        ),
        wrong,
    )


@pytest.mark.exercise("train_mlp", seconds=TRAINING_SECONDS)
def test_predict_gives_probabilities(submission, rng):
    """predict(x) has a row per sample and a column per class, also for classes without samples."""
    x, labels = rng.normal(size=(12, 3)), np.tile([0, 3, 2], 4)  # nothing of class 1
    predict = trained(submission, x, labels)
    hidden = rng.normal(size=(5, 3))
    p = probabilities(predict, hidden, 4)
    alone = np.concatenate([probabilities(predict, hidden[i : i + 1], 4) for i in range(5)])
    expect.equal(alone, p, of=say("predict(x) of one sample at a time"), atol=1e-5)
    expect.that(
        bool(np.ptp(p, axis=0).max() > 1e-6),
        say("expected other probabilities for other samples, got the same for all"),
        "zero_initialisation",
    )


@pytest.mark.exercise("train_mlp", seconds=TRAINING_SECONDS)
def test_steps_follow_the_mean_gradient(submission, rng):
    """The loss falls, and by the same amount when every sample comes eight times."""
    x, labels = rng.normal(size=(12, 4)), np.tile([0, 1, 2], 4)
    fall = {}
    for copies in (1, 8):
        x_all, labels_all = np.tile(x, (copies, 1)), np.tile(labels, copies)
        losses = []
        for n_epochs in (0, 4):
            predict = trained(
                submission,
                x_all,
                labels_all,
                learning_rate=0.003,
                n_epochs=n_epochs,
                batch_size=len(x_all),
            )
            p = probabilities(predict, x, 3)
            losses.append(categorical_crossentropy_of(np.eye(3)[labels], p))
        fall[copies] = losses[0] - losses[1]
    wrong = "climbs_instead_of_descends" if fall[1] < 0 and fall[8] < 0 else None
    expect.that(
        fall[1] > 0,
        say(
            "expected four steps to lower the training loss, it changed by {change:+.3g}",
            change=-fall[1],
        ),
        wrong,
    )
    ratio = fall[8] / fall[1]
    expect.that(
        1 / 3 < ratio < 3,
        say(
            "expected four steps on all samples to lower the loss as much when each sample comes "
            "eight times, got {once:.3g} for once and {eight_times:.3g} for eight times",
            once=fall[1],
            eight_times=fall[8],
        ),
        "divided_twice_by_n" if 0 < ratio <= 1 / 3 else "gradient_summed",
    )


@pytest.mark.exercise("train_mlp", seconds=TRAINING_SECONDS, training=True)
def test_any_batch_size(submission, rng):
    """It learns from batches of one, of a size that leaves a remainder, and of more than all."""
    labels = np.arange(25) % 2
    x = rng.uniform(-1, 1, size=(25, 2))
    x[:, 0] = np.where(labels == 1, 1, -1) * rng.uniform(0.3, 1, size=25)
    for batch_size, n_epochs in ((1, 60), (7, 200), (100, 600)):
        predict = trained(
            submission, x, labels, learning_rate=0.2, batch_size=batch_size, n_epochs=n_epochs
        )
        loss = categorical_crossentropy_of(np.eye(2)[labels], probabilities(predict, x, 2))
        expect.that(
            bool(loss <= 0.2),
            say(
                "expected a training loss of at most 0.2 on 25 samples with "
                "batch_size={batch_size} after {n_epochs} epochs, got {loss:.2f}",
                batch_size=batch_size,
                n_epochs=n_epochs,
                loss=loss,
            ),
        )


@pytest.mark.exercise("train_mlp", seconds=TRAINING_SECONDS)
def test_same_seed_same_network(submission, rng):
    """The same seed gives the same predictions, another seed others; lists are welcome."""
    x, labels = rng.normal(size=(20, 2)), np.tile([0, 1], 10)
    seed = int(rng.integers(1_000))
    one = probabilities(trained(submission, x, labels, seed=seed), x, 2)
    again = trained(submission, x.tolist(), labels.tolist(), seed=seed)
    expect.equal(
        probabilities(again, x, 2),
        one,
        of=say("predict(x) of the second network with the same seed"),
    )
    other = probabilities(trained(submission, x, labels, seed=seed + 1), x, 2)
    expect.that(
        bool(np.abs(one - other).max() > 1e-6),
        say("expected another network for another seed, got the same predictions"),
    )


@pytest.mark.exercise("train_mlp", seconds=TRAINING_SECONDS)
def test_rejects_what_cannot_be_trained(submission, rng):
    """Labels that differ in number from samples, no hidden unit, or an empty batch: ValueError."""
    x, labels = rng.normal(size=(6, 2)), np.array([0, 1, 0, 1, 0, 1])
    probabilities(trained(submission, x, labels), x, 2)
    for n_labels, n_hidden, batch_size in ((5, 4, 2), (6, 0, 2), (6, 4, 0)):
        expect.raises(
            ValueError,
            lambda n=n_labels, h=n_hidden, b=batch_size: submission.train_mlp(
                x, labels[:n], n_hidden=h, learning_rate=0.1, n_epochs=1, batch_size=b, seed=0
            ),
            say(
                "6 samples come with {n_labels} labels, n_hidden={n_hidden} and "
                "batch_size={batch_size}",
                n_labels=n_labels,
                n_hidden=n_hidden,
                batch_size=batch_size,
            ),
        )
