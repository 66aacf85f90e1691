"""Wrong answers to week 1, and what to tell those who gave them."""

import numpy as np

from course.misconception import misconception

# -- one_hot ---------------------------------------------------------------------------------------


@misconception(
    exercise="one_hot",
    rejected_by="classes_that_do_not_occur",
    says="The number of columns comes from the labels. A batch need not hold every class: there "
    "are always n_classes columns.",
)
def columns_from_the_labels(labels, n_classes):
    labels = np.asarray(labels, dtype=int)
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError("a label is out of range")
    return np.eye(labels.max() + 1, dtype="float32")[labels]


@misconception(
    exercise="one_hot",
    rejected_by="a_one_in_the_column_of_the_label",
    says="Your labels begin with 1. The first class is 0, and its one is in column 0.",
)
def labels_from_one(labels, n_classes):
    labels = np.asarray(labels, dtype=int)
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError("a label is out of range")
    return np.eye(n_classes, dtype="float32")[labels - 1]


@misconception(
    exercise="one_hot",
    rejected_by="a_one_in_the_column_of_the_label",
    says="Rows and columns are exchanged: each sample is a row, each class a column.",
)
def a_row_per_class(labels, n_classes):
    labels = np.asarray(labels, dtype=int)
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError("a label is out of range")
    return np.eye(n_classes, dtype="float32")[labels].T


@misconception(
    exercise="one_hot",
    rejected_by="rejects_labels_out_of_range",
    says="A negative label counts from the end in NumPy, so that -1 silently became the last "
    "class. Check the labels before you index with them.",
)
def negative_labels_wrap_around(labels, n_classes):
    labels = np.asarray(labels, dtype=int)
    if labels.max() >= n_classes:
        raise ValueError("a label is out of range")
    return np.eye(n_classes, dtype="float32")[labels]


@misconception(
    exercise="one_hot",
    rejected_by="float32_from_lists",
    says="NumPy makes float64 unless told otherwise. Networks compute in float32: give dtype.",
)
def float64_rows(labels, n_classes):
    labels = np.asarray(labels, dtype=int)
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError("a label is out of range")
    return np.eye(n_classes)[labels]


# -- sigmoid and relu ------------------------------------------------------------------------------


@misconception(
    exercise="sigmoid",
    rejected_by="huge_scores_of_the_sigmoid",
    says="e^z is infinite for large z, and infinity / infinity is NaN. Written 1 / (1 + e^-z), "
    "overflow does no harm.",
)
def exponential_over_exponential(z):
    exponential = np.exp(np.asarray(z))
    return exponential / (1 + exponential)


@misconception(
    exercise="sigmoid",
    rejected_by="known_values_of_the_sigmoid",
    says="The sign of the exponent is wrong: large z must come near 1, so it is e^-z.",
)
def exponent_without_minus(z):
    return 1 / (1 + np.exp(np.asarray(z)))


@misconception(
    exercise="sigmoid",
    rejected_by="known_values_of_the_sigmoid",
    says="This is the slope of the sigmoid, s · (1 - s). Asked for is s itself.",
)
def slope_of_the_sigmoid(z):
    s = 1 / (1 + np.exp(-np.asarray(z)))
    return s * (1 - s)


@misconception(
    exercise="relu",
    rejected_by="negatives_become_zero",
    says="This is the slope of ReLU, 0 or 1. ReLU itself passes positive values on as they are.",
)
def slope_of_relu(z):
    return (np.asarray(z) > 0).astype(float)


@misconception(
    exercise="relu",
    rejected_by="negatives_become_zero",
    says="Negative values became positive. ReLU makes them 0.",
)
def absolute_value(z):
    return np.abs(z)


@misconception(
    exercise="relu",
    rejected_by="negatives_become_zero",
    says="np.max gives the one greatest value of an array. np.maximum(z, 0) compares element by "
    "element.",
)
def greatest_of_all(z):
    return max(np.max(z), 0.0)


# -- softmax ---------------------------------------------------------------------------------------


@misconception(
    exercise="softmax",
    rejected_by="huge_scores_of_the_softmax",
    says="e^z is infinite for large z, and infinity / infinity is NaN. Subtract the maximum along "
    "the axis first: the result stays the same and nothing overflows.",
)
def maximum_not_subtracted(z, axis=-1):
    exponentials = np.exp(np.asarray(z, dtype=float))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@misconception(
    exercise="softmax",
    rejected_by="huge_scores_of_the_softmax",
    says="You subtract the maximum of the whole array. In a row far below it all exponentials "
    "become 0, and 0 / 0 is NaN: take the maximum along the axis.",
)
def one_maximum_for_all(z, axis=-1):
    z = np.asarray(z, dtype=float)
    exponentials = np.exp(z - z.max())
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@misconception(
    exercise="softmax",
    rejected_by="each_row_adds_up_to_one",
    says="Your softmax runs over the batch: columns add up to 1, and a sample's probabilities "
    "depend on the other samples. By default it runs along the last axis.",
)
def over_the_batch(z, axis=0):
    z = np.asarray(z, dtype=float)
    exponentials = np.exp(z - z.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@misconception(
    exercise="softmax",
    rejected_by="each_row_adds_up_to_one",
    says="All elements together add up to 1. Each row should: sum along the axis.",
)
def over_everything(z, axis=-1):
    z = np.asarray(z, dtype=float)
    exponentials = np.exp(z - z.max())
    return exponentials / exponentials.sum()


@misconception(
    exercise="softmax",
    rejected_by="any_axis_and_shape",
    says="The axis is not used: you always take the last one.",
)
def axis_ignored(z, axis=-1):
    z = np.asarray(z, dtype=float)
    exponentials = np.exp(z - z.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# -- mean_squared_error ----------------------------------------------------------------------------


@misconception(
    exercise="mean_squared_error",
    rejected_by="mean_of_the_squares",
    says="The squares are added up. Asked for is their mean, which does not grow with n.",
)
def sum_of_squares(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError("the shapes differ")
    return float(np.sum((y_true - y_pred) ** 2))


@misconception(
    exercise="mean_squared_error",
    rejected_by="mean_of_the_squares",
    says="This is half of the mean squared error. The ½ that some books put there, to make the "
    "gradient shorter, is not part of it.",
)
def half_of_it(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError("the shapes differ")
    return float(np.mean((y_true - y_pred) ** 2) / 2)


@misconception(
    exercise="mean_squared_error",
    rejected_by="mean_of_the_squares",
    says="This is the root of the mean squared error. Leave it squared.",
)
def root_taken(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError("the shapes differ")
    return float(np.sqrt(np.mean((y_true - y_pred) ** 2)))


@misconception(
    exercise="mean_squared_error",
    rejected_by="one_number_for_any_shape",
    says="The mean is taken over the first axis only, so there is one value per column. Take it "
    "over all elements.",
)
def mean_of_each_column(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError("the shapes differ")
    return np.mean((y_true - y_pred) ** 2, axis=0)


@misconception(
    exercise="mean_squared_error",
    rejected_by="squared_error_rejects_other_shapes",
    says="(n,) minus (n, 1) is a table of (n, n) differences, and its mean is a number that means "
    "nothing. Refuse shapes that differ.",
)
def squared_error_broadcasts(y_true, y_pred):
    return float(np.mean((np.asarray(y_true) - np.asarray(y_pred)) ** 2))


# -- binary_crossentropy ---------------------------------------------------------------------------


@misconception(
    exercise="binary_crossentropy",
    rejected_by="certain_and_wrong_is_finite",
    says="log(0) is minus infinity, and 0 times infinity is NaN. Clip p to 1e-7 … 1 - 1e-7 before "
    "the logarithm.",
)
def logarithm_of_zero(y_true, p):
    y_true, p = np.asarray(y_true), np.asarray(p)
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    return float(-np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)))


@misconception(
    exercise="binary_crossentropy",
    rejected_by="certain_and_wrong_is_finite",
    says="p is kept away from 0 but not from 1, where log(1 - p) is minus infinity. Clip it at "
    "both ends.",
)
def clipped_at_one_end(y_true, p):
    y_true, p = np.asarray(y_true), np.maximum(np.asarray(p, dtype=float), 1e-7)
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    return float(-np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)))


@misconception(
    exercise="binary_crossentropy",
    rejected_by="both_outcomes_count",
    says="Only samples of class 1 count. Where y_true is 0 the loss is -log(1 - p): add it.",
)
def only_positives_count(y_true, p):
    y_true, p = np.asarray(y_true), np.clip(np.asarray(p, dtype=float), 1e-7, 1 - 1e-7)
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    return float(-np.mean(y_true * np.log(p)))


@misconception(
    exercise="binary_crossentropy",
    rejected_by="both_outcomes_count",
    says="The minus sign is missing. Logarithms of probabilities are negative, a loss is positive.",
)
def binary_loss_without_minus(y_true, p):
    y_true, p = np.asarray(y_true), np.clip(np.asarray(p, dtype=float), 1e-7, 1 - 1e-7)
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    return float(np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)))


@misconception(
    exercise="binary_crossentropy",
    rejected_by="both_outcomes_count",
    says="The losses are added up. Asked for is their mean, which does not grow with n.",
)
def binary_losses_summed(y_true, p):
    y_true, p = np.asarray(y_true), np.clip(np.asarray(p, dtype=float), 1e-7, 1 - 1e-7)
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    return float(-np.sum(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)))


@misconception(
    exercise="binary_crossentropy",
    rejected_by="binary_loss_rejects_other_shapes",
    says="(n,) times (n, 1) is a table of (n, n) products, and its mean is a number that means "
    "nothing. Refuse shapes that differ.",
)
def binary_loss_broadcasts(y_true, p):
    y_true, p = np.asarray(y_true), np.clip(np.asarray(p, dtype=float), 1e-7, 1 - 1e-7)
    return float(-np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)))


# -- categorical_crossentropy ----------------------------------------------------------------------


@misconception(
    exercise="categorical_crossentropy",
    rejected_by="mean_over_the_samples",
    says="The mean is taken over all n · n_classes numbers, most of which are 0 by design. Add up "
    "each row first; then the mean over the n rows.",
)
def mean_over_all_elements(y_true, p):
    y_true, p = np.asarray(y_true), np.clip(np.asarray(p, dtype=float), 1e-7, 1 - 1e-7)
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    return float(-np.mean(y_true * np.log(p)))


@misconception(
    exercise="categorical_crossentropy",
    rejected_by="mean_over_the_samples",
    says="The sum runs down the columns: one value per class. Sum along the classes, axis=1, and "
    "take the mean over the samples.",
)
def a_loss_per_class(y_true, p):
    y_true, p = np.asarray(y_true), np.clip(np.asarray(p, dtype=float), 1e-7, 1 - 1e-7)
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    return -np.mean(y_true * np.log(p), axis=0)


@misconception(
    exercise="categorical_crossentropy",
    rejected_by="mean_over_the_samples",
    says="The losses of the samples are added up. Asked for is their mean.",
)
def losses_summed(y_true, p):
    y_true, p = np.asarray(y_true), np.clip(np.asarray(p, dtype=float), 1e-7, 1 - 1e-7)
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    return float(-np.sum(y_true * np.log(p)))


@misconception(
    exercise="categorical_crossentropy",
    rejected_by="zero_probabilities_are_finite",
    says="log(0) is minus infinity, and 0 times infinity is NaN, even for a class that does not "
    "matter. Clip p before the logarithm.",
)
def logarithm_of_zero_probability(y_true, p):
    y_true, p = np.asarray(y_true), np.asarray(p, dtype=float)
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    return float(np.mean(-np.sum(y_true * np.log(p), axis=1)))


@misconception(
    exercise="categorical_crossentropy",
    rejected_by="mean_over_the_samples",
    says="The classes that are not true are counted with log(1 - p), as if each were a yes-or-no "
    "question. Softmax makes them one question: only the true class counts.",
)
def a_question_per_class(y_true, p):
    y_true, p = np.asarray(y_true), np.clip(np.asarray(p, dtype=float), 1e-7, 1 - 1e-7)
    if y_true.shape != p.shape:
        raise ValueError("the shapes differ")
    losses = y_true * np.log(p) + (1 - y_true) * np.log(1 - p)
    return float(np.mean(-losses.sum(axis=1)))


@misconception(
    exercise="categorical_crossentropy",
    rejected_by="categorical_loss_rejects_other_shapes",
    says="Integer labels, or too few rows, were broadcast against p: a number that means nothing. "
    "Refuse shapes that differ.",
)
def categorical_loss_broadcasts(y_true, p):
    y_true, p = np.asarray(y_true), np.clip(np.asarray(p, dtype=float), 1e-7, 1 - 1e-7)
    return float(np.mean(-np.sum(y_true * np.log(p), axis=1)))


# -- gradient_descent ------------------------------------------------------------------------------


@misconception(
    exercise="gradient_descent",
    rejected_by="path_into_a_valley",
    says="You go uphill: the gradient points to where the function grows. Subtract it.",
)
def gradient_added(gradient, start, learning_rate, n_steps):
    if n_steps < 0:
        raise ValueError("n_steps is negative")
    path = [np.array(start, dtype=float)]
    for _ in range(n_steps):
        path.append(path[-1] + learning_rate * gradient(path[-1]))
    return np.stack(path)


@misconception(
    exercise="gradient_descent",
    rejected_by="path_into_a_valley",
    says="You return the last point alone. Asked for is the whole path, n_steps + 1 points.",
)
def only_the_last_point(gradient, start, learning_rate, n_steps):
    if n_steps < 0:
        raise ValueError("n_steps is negative")
    weights = np.array(start, dtype=float)
    for _ in range(n_steps):
        weights = weights - learning_rate * gradient(weights)
    return weights


@misconception(
    exercise="gradient_descent",
    rejected_by="path_into_a_valley",
    says="The start is missing. The path has n_steps + 1 points, of which it is the first.",
)
def start_left_out(gradient, start, learning_rate, n_steps):
    if n_steps < 0:
        raise ValueError("n_steps is negative")
    weights, path = np.array(start, dtype=float), []
    for _ in range(n_steps):
        weights = weights - learning_rate * gradient(weights)
        path.append(weights)
    return np.array(path)


@misconception(
    exercise="gradient_descent",
    rejected_by="path_into_a_valley",
    says="All points of your path are one and the same array, changed in place by -=, so all show "
    "the end. Make a new array at each step, or append a copy.",
)
def one_array_for_all_points(gradient, start, learning_rate, n_steps):
    if n_steps < 0:
        raise ValueError("n_steps is negative")
    weights = np.array(start, dtype=float)
    path = [weights]
    for _ in range(n_steps):
        weights -= learning_rate * gradient(weights)
        path.append(weights)
    return np.array(path)


@misconception(
    exercise="gradient_descent",
    rejected_by="path_into_a_valley",
    says="Every step uses the gradient of the start. Ask for the gradient where you stand, anew at "
    "each step.",
)
def gradient_of_the_start_only(gradient, start, learning_rate, n_steps):
    if n_steps < 0:
        raise ValueError("n_steps is negative")
    path = [np.array(start, dtype=float)]
    slope = gradient(path[0])
    for _ in range(n_steps):
        path.append(path[-1] - learning_rate * slope)
    return np.stack(path)


@misconception(
    exercise="gradient_descent",
    rejected_by="path_into_a_valley",
    says="The learning rate is not used: multiply the gradient by it.",
)
def learning_rate_ignored(gradient, start, learning_rate, n_steps):
    if n_steps < 0:
        raise ValueError("n_steps is negative")
    path = [np.array(start, dtype=float)]
    for _ in range(n_steps):
        path.append(path[-1] - gradient(path[-1]))
    return np.stack(path)


@misconception(
    exercise="gradient_descent",
    rejected_by="starts_of_integers",
    says="Your path has the start's type, so for a start of integers every step was cut to whole "
    "numbers. Make it an array of floats.",
)
def integers_cut_off(gradient, start, learning_rate, n_steps):
    if n_steps < 0:
        raise ValueError("n_steps is negative")
    start = np.asarray(start)
    path = np.empty((n_steps + 1, *start.shape), dtype=start.dtype)
    path[0] = start
    for step in range(n_steps):
        path[step + 1] = path[step] - learning_rate * gradient(path[step])
    return path


# -- dense_forward ---------------------------------------------------------------------------------


@misconception(
    exercise="dense_forward",
    rejected_by="weighted_sums",
    says="The bias is missing: x W + b.",
)
def bias_forgotten(x, W, b):
    x, W, b = np.asarray(x), np.asarray(W), np.asarray(b)
    if x.shape[1:] != W.shape[:1] or b.shape != W.shape[1:]:
        raise ValueError("the shapes do not fit")
    return x @ W


@misconception(
    exercise="dense_forward",
    rejected_by="as_many_samples_as_units",
    says="The bias is added as a column, one value per sample. It has one value per unit.",
)
def bias_per_sample(x, W, b):
    x, W, b = np.asarray(x), np.asarray(W), np.asarray(b)
    if x.shape[1:] != W.shape[:1] or b.shape != W.shape[1:]:
        raise ValueError("the shapes do not fit")
    return x @ W + b[:, np.newaxis]


@misconception(
    exercise="dense_forward",
    rejected_by="forward_rejects_shapes_that_do_not_fit",
    says="A bias of another shape was broadcast silently. Check that b has shape (units,).",
)
def bias_broadcasts(x, W, b):
    return np.asarray(x) @ np.asarray(W) + np.asarray(b)


# -- dense_backward --------------------------------------------------------------------------------


@misconception(
    exercise="dense_backward",
    rejected_by="gradients_of_a_small_layer",
    says="db still has a row per sample. The same bias serves all samples, so its gradient is the "
    "sum of upstream over them.",
)
def db_not_summed(upstream, x, W):
    upstream, x, W = np.asarray(upstream), np.asarray(x), np.asarray(W)
    if x.shape[1:] != W.shape[:1] or upstream.shape != x.shape[:1] + W.shape[1:]:
        raise ValueError("the shapes do not fit")
    return upstream @ W.T, x.T @ upstream, upstream


@misconception(
    exercise="dense_backward",
    rejected_by="gradients_of_a_small_layer",
    says="db is the mean of upstream over the samples. It is the sum; if the loss is a mean, "
    "upstream has been divided by n already.",
)
def db_averaged(upstream, x, W):
    upstream, x, W = np.asarray(upstream), np.asarray(x), np.asarray(W)
    if x.shape[1:] != W.shape[:1] or upstream.shape != x.shape[:1] + W.shape[1:]:
        raise ValueError("the shapes do not fit")
    return upstream @ W.T, x.T @ upstream, upstream.mean(axis=0)


@misconception(
    exercise="dense_backward",
    rejected_by="gradients_of_a_small_layer",
    says="dW and db are divided by n. If the loss is a mean, upstream has been divided by n "
    "already, and now it happened twice.",
)
def layer_divides_by_n_again(upstream, x, W):
    upstream, x, W = np.asarray(upstream), np.asarray(x), np.asarray(W)
    if x.shape[1:] != W.shape[:1] or upstream.shape != x.shape[:1] + W.shape[1:]:
        raise ValueError("the shapes do not fit")
    return upstream @ W.T, x.T @ upstream / len(x), upstream.sum(axis=0) / len(x)


@misconception(
    exercise="dense_backward",
    rejected_by="gradients_of_a_small_layer",
    says="dW is transposed. A gradient has the shape of what it belongs to: (features, units).",
)
def dW_transposed(upstream, x, W):
    upstream, x, W = np.asarray(upstream), np.asarray(x), np.asarray(W)
    if x.shape[1:] != W.shape[:1] or upstream.shape != x.shape[:1] + W.shape[1:]:
        raise ValueError("the shapes do not fit")
    return upstream @ W.T, upstream.T @ x, upstream.sum(axis=0)


@misconception(
    exercise="dense_backward",
    rejected_by="backward_rejects_shapes_that_do_not_fit",
    says="Weights that do not belong to x gave gradients without complaint. Compare the shapes "
    "first and raise ValueError.",
    betrayed=False,
)
def shapes_not_compared(upstream, x, W):
    upstream, x, W = np.asarray(upstream), np.asarray(x), np.asarray(W)
    return upstream @ W.T, x.T @ upstream, upstream.sum(axis=0)


# -- backpropagate ---------------------------------------------------------------------------------


@misconception(
    exercise="backpropagate",
    rejected_by="network_agrees_with_finite_differences",
    says="The gradient passes through ReLU as if it were not there. Where a hidden score was "
    "negative, the output did not depend on it: multiply by (scores > 0).",
)
def slope_of_relu_forgotten(weights, x, y_true):
    W1, b1, W2, b2 = map(np.asarray, weights)
    x, y_true = np.asarray(x), np.asarray(y_true)
    if len(x) != len(y_true):
        raise ValueError("x and y_true differ in number")
    hidden = np.maximum(x @ W1 + b1, 0)
    scores = hidden @ W2 + b2
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    loss = float(-np.mean(np.sum(y_true * np.log(np.clip(p, 1e-7, 1 - 1e-7)), axis=1)))
    d_output = (p - y_true) / len(x)
    d_hidden = d_output @ W2.T
    return loss, [x.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_output, d_output.sum(axis=0)]


@misconception(
    exercise="backpropagate",
    rejected_by="network_agrees_with_finite_differences",
    says="The gradients are divided by n twice. (p - y_true) / n holds the n of the mean already; "
    "what follows from it must not be divided again.",
)
def gradients_divided_twice_by_n(weights, x, y_true):
    W1, b1, W2, b2 = map(np.asarray, weights)
    x, y_true = np.asarray(x), np.asarray(y_true)
    if len(x) != len(y_true):
        raise ValueError("x and y_true differ in number")
    hidden = np.maximum(x @ W1 + b1, 0)
    scores = hidden @ W2 + b2
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    loss = float(-np.mean(np.sum(y_true * np.log(np.clip(p, 1e-7, 1 - 1e-7)), axis=1)))
    d_output = (p - y_true) / len(x)
    d_hidden = d_output @ W2.T * (hidden > 0)
    gradients = x.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_output, d_output.sum(axis=0)
    return loss, [gradient / len(x) for gradient in gradients]


@misconception(
    exercise="backpropagate",
    rejected_by="network_agrees_with_finite_differences",
    says="The loss is a mean over the samples, but the gradients are those of their sum: divide "
    "p - y_true by n.",
)
def gradients_of_the_sum(weights, x, y_true):
    W1, b1, W2, b2 = map(np.asarray, weights)
    x, y_true = np.asarray(x), np.asarray(y_true)
    if len(x) != len(y_true):
        raise ValueError("x and y_true differ in number")
    hidden = np.maximum(x @ W1 + b1, 0)
    scores = hidden @ W2 + b2
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    loss = float(-np.mean(np.sum(y_true * np.log(np.clip(p, 1e-7, 1 - 1e-7)), axis=1)))
    d_output = p - y_true
    d_hidden = d_output @ W2.T * (hidden > 0)
    return loss, [x.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_output, d_output.sum(axis=0)]


@misconception(
    exercise="backpropagate",
    rejected_by="network_agrees_with_finite_differences",
    says="All gradients have the wrong sign. The gradient of the loss with respect to the output's "
    "scores is p - y_true, not y_true - p; descent subtracts it later.",
)
def gradients_point_downhill(weights, x, y_true):
    W1, b1, W2, b2 = map(np.asarray, weights)
    x, y_true = np.asarray(x), np.asarray(y_true)
    if len(x) != len(y_true):
        raise ValueError("x and y_true differ in number")
    hidden = np.maximum(x @ W1 + b1, 0)
    scores = hidden @ W2 + b2
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    loss = float(-np.mean(np.sum(y_true * np.log(np.clip(p, 1e-7, 1 - 1e-7)), axis=1)))
    d_output = (y_true - p) / len(x)
    d_hidden = d_output @ W2.T * (hidden > 0)
    return loss, [x.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_output, d_output.sum(axis=0)]


# -- clip_gradients --------------------------------------------------------------------------------


@misconception(
    exercise="clip_gradients",
    rejected_by="shortened_together",
    says="Each array is clipped by its own norm, which turns the step into another direction. Take "
    "one norm of all arrays together, and shorten all by the same factor.",
)
def each_array_by_itself(gradients, max_norm):
    if max_norm <= 0:
        raise ValueError("max_norm is not positive")
    clipped = []
    for gradient in gradients:
        norm = np.sqrt(np.sum(np.asarray(gradient) ** 2))
        clipped.append(gradient * (max_norm / norm) if norm > max_norm else gradient)
    return clipped


@misconception(
    exercise="clip_gradients",
    rejected_by="shortened_together",
    says="The values are cut off one by one, which turns the step into another direction. Multiply "
    "all of them by max_norm / norm.",
)
def each_value_by_itself(gradients, max_norm):
    if max_norm <= 0:
        raise ValueError("max_norm is not positive")
    return [np.clip(gradient, -max_norm, max_norm) for gradient in gradients]


@misconception(
    exercise="clip_gradients",
    rejected_by="short_ones_stay",
    says="Gradients that are short enough were made longer. Clipping only ever shortens.",
)
def always_brought_to_the_limit(gradients, max_norm):
    if max_norm <= 0:
        raise ValueError("max_norm is not positive")
    norm = np.sqrt(sum(np.sum(np.asarray(gradient) ** 2) for gradient in gradients))
    return [np.asarray(gradient) * (max_norm / norm) for gradient in gradients]


@misconception(
    exercise="clip_gradients",
    rejected_by="shortened_together",
    says="You add up the norms of the arrays. The norm of all together is the root of the sum of "
    "their squares.",
)
def norms_added_up(gradients, max_norm):
    if max_norm <= 0:
        raise ValueError("max_norm is not positive")
    norm = sum(np.sqrt(np.sum(np.asarray(gradient) ** 2)) for gradient in gradients)
    factor = max_norm / norm if norm > max_norm else 1.0
    return [np.asarray(gradient) * factor for gradient in gradients]


# -- gradient_norms --------------------------------------------------------------------------------


@misconception(
    exercise="gradient_norms",
    rejected_by="sigmoids_make_gradients_vanish",
    says="The gradients pass the activations as if their slope were 1. Multiply by the slope of "
    "each layer's activation on the way back: for a sigmoid s · (1 - s), at most 1/4.",
)
def slope_forgotten(depth, width, activation, seed):
    if activation not in ("sigmoid", "relu") or min(depth, width) < 1:
        raise ValueError("expected another network")
    rng = np.random.default_rng(seed)
    x, layers = rng.normal(size=(32, width)), []
    for _ in range(depth):
        W = rng.normal(0, np.sqrt(2 / width), (width, width))
        layers.append((x, W))
        x = np.maximum(x @ W, 0) if activation == "relu" else 1 / (1 + np.exp(-x @ W))
    upstream, norms = np.full(x.shape, 1 / x.size), []
    for x, W in reversed(layers):
        norms.append(np.abs(x.T @ upstream).mean())
        upstream = upstream @ W.T
    return np.array(norms[::-1])


@misconception(
    exercise="gradient_norms",
    rejected_by="sigmoids_make_gradients_vanish",
    says="The values begin with the last layer, in the order of the way back. Turn them round: "
    "first layer first.",
)
def last_layer_first(depth, width, activation, seed):
    if activation not in ("sigmoid", "relu") or min(depth, width) < 1:
        raise ValueError("expected another network")
    rng = np.random.default_rng(seed)
    x, layers = rng.normal(size=(32, width)), []
    for _ in range(depth):
        W = rng.normal(0, np.sqrt(2 / width), (width, width))
        a = np.maximum(x @ W, 0) if activation == "relu" else 1 / (1 + np.exp(-x @ W))
        layers.append((x, W, (a > 0) if activation == "relu" else a * (1 - a)))
        x = a
    upstream, norms = np.full(x.shape, 1 / x.size), []
    for x, W, slope in reversed(layers):
        upstream = upstream * slope
        norms.append(np.abs(x.T @ upstream).mean())
        upstream = upstream @ W.T
    return np.array(norms)


@misconception(
    exercise="gradient_norms",
    rejected_by="relu_keeps_gradients",
    says="The gradients have the right course and the wrong height: they are those of the sum of "
    "the outputs, or |gradient| is summed and not averaged. Loss and |gradient| are both means.",
)
def summed_instead_of_averaged(depth, width, activation, seed):
    if activation not in ("sigmoid", "relu") or min(depth, width) < 1:
        raise ValueError("expected another network")
    rng = np.random.default_rng(seed)
    x, layers = rng.normal(size=(32, width)), []
    for _ in range(depth):
        W = rng.normal(0, np.sqrt(2 / width), (width, width))
        a = np.maximum(x @ W, 0) if activation == "relu" else 1 / (1 + np.exp(-x @ W))
        layers.append((x, W, (a > 0) if activation == "relu" else a * (1 - a)))
        x = a
    upstream, norms = np.ones(x.shape), []
    for x, W, slope in reversed(layers):
        upstream = upstream * slope
        norms.append(np.abs(x.T @ upstream).mean())
        upstream = upstream @ W.T
    return np.array(norms[::-1])


# -- train_mlp -------------------------------------------------------------------------------------
# Planted in the solution's module, these use its functions.


@misconception(
    exercise="train_mlp",
    rejected_by="learns_what_no_line_separates",
    says="Your network gives the same answer for every sample. When all weights begin at zero, all "
    "hidden units stay alike and nothing reaches them: draw the weights at random.",
)
def zero_initialisation(x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed):
    x, labels = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x) != len(labels) or min(n_hidden, batch_size) < 1:
        raise ValueError("expected other arguments")
    y = one_hot(labels, labels.max() + 1)  # noqa: F821  the solution's
    rng = np.random.default_rng(seed)
    weights = [np.zeros((x.shape[1], n_hidden)), np.zeros(n_hidden)]
    weights += [np.zeros((n_hidden, y.shape[1])), np.zeros(y.shape[1])]
    for _ in range(n_epochs):
        order = rng.permutation(len(x))
        for i in range(0, len(x), batch_size):
            batch = order[i : i + batch_size]
            gradients = backpropagate(weights, x[batch], y[batch])[1]  # noqa: F821
            weights = [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)]
    W1, b1, W2, b2 = weights
    return lambda x: softmax(np.maximum(np.asarray(x) @ W1 + b1, 0) @ W2 + b2)  # noqa: F821


@misconception(
    exercise="train_mlp",
    rejected_by="steps_follow_the_mean_gradient",
    says="The more samples in a batch, the smaller your steps: the gradient is divided by n twice, "
    "once where the mean is taken and once more on the way.",
)
def divided_twice_by_n(x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed):
    x, labels = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x) != len(labels) or min(n_hidden, batch_size) < 1:
        raise ValueError("expected other arguments")
    y = one_hot(labels, labels.max() + 1)  # noqa: F821  the solution's
    rng = np.random.default_rng(seed)
    weights = _initial_weights(rng, x.shape[1], n_hidden, y.shape[1])  # noqa: F821
    for _ in range(n_epochs):
        order = rng.permutation(len(x))
        for i in range(0, len(x), batch_size):
            batch = order[i : i + batch_size]
            gradients = backpropagate(weights, x[batch], y[batch])[1]  # noqa: F821
            rate = learning_rate / len(batch)
            weights = [w - rate * g for w, g in zip(weights, gradients, strict=True)]
    W1, b1, W2, b2 = weights
    return lambda x: softmax(np.maximum(np.asarray(x) @ W1 + b1, 0) @ W2 + b2)  # noqa: F821


@misconception(
    exercise="train_mlp",
    rejected_by="steps_follow_the_mean_gradient",
    says="The more samples in a batch, the larger your steps: the gradients of the samples are "
    "added up and not averaged.",
)
def gradient_summed(x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed):
    x, labels = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x) != len(labels) or min(n_hidden, batch_size) < 1:
        raise ValueError("expected other arguments")
    y = one_hot(labels, labels.max() + 1)  # noqa: F821  the solution's
    rng = np.random.default_rng(seed)
    weights = _initial_weights(rng, x.shape[1], n_hidden, y.shape[1])  # noqa: F821
    for _ in range(n_epochs):
        order = rng.permutation(len(x))
        for i in range(0, len(x), batch_size):
            batch = order[i : i + batch_size]
            gradients = backpropagate(weights, x[batch], y[batch])[1]  # noqa: F821
            rate = learning_rate * len(batch)
            weights = [w - rate * g for w, g in zip(weights, gradients, strict=True)]
    W1, b1, W2, b2 = weights
    return lambda x: softmax(np.maximum(np.asarray(x) @ W1 + b1, 0) @ W2 + b2)  # noqa: F821


@misconception(
    exercise="train_mlp",
    rejected_by="steps_follow_the_mean_gradient",
    says="The loss rises with every step: the gradient is added. Subtract it.",
)
def climbs_instead_of_descends(
    x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed
):
    x, labels = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x) != len(labels) or min(n_hidden, batch_size) < 1:
        raise ValueError("expected other arguments")
    y = one_hot(labels, labels.max() + 1)  # noqa: F821  the solution's
    rng = np.random.default_rng(seed)
    weights = _initial_weights(rng, x.shape[1], n_hidden, y.shape[1])  # noqa: F821
    for _ in range(n_epochs):
        order = rng.permutation(len(x))
        for i in range(0, len(x), batch_size):
            batch = order[i : i + batch_size]
            gradients = backpropagate(weights, x[batch], y[batch])[1]  # noqa: F821
            weights = [w + learning_rate * g for w, g in zip(weights, gradients, strict=True)]
    W1, b1, W2, b2 = weights
    return lambda x: softmax(np.maximum(np.asarray(x) @ W1 + b1, 0) @ W2 + b2)  # noqa: F821


@misconception(
    exercise="train_mlp",
    rejected_by="learns_what_no_line_separates",
    says="Samples and labels are shuffled apart: each sample then has another's label. Draw one "
    "order, and use it for both.",
    betrayed=False,
)
def labels_left_behind(x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed):
    x, labels = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x) != len(labels) or min(n_hidden, batch_size) < 1:
        raise ValueError("expected other arguments")
    y = one_hot(labels, labels.max() + 1)  # noqa: F821  the solution's
    rng = np.random.default_rng(seed)
    weights = _initial_weights(rng, x.shape[1], n_hidden, y.shape[1])  # noqa: F821
    for _ in range(n_epochs):
        x = rng.permutation(x)
        for i in range(0, len(x), batch_size):
            batch = slice(i, i + batch_size)
            gradients = backpropagate(weights, x[batch], y[batch])[1]  # noqa: F821
            weights = [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)]
    W1, b1, W2, b2 = weights
    return lambda x: softmax(np.maximum(np.asarray(x) @ W1 + b1, 0) @ W2 + b2)  # noqa: F821


@misconception(
    exercise="train_mlp",
    rejected_by="any_batch_size",
    says="A last batch that is smaller than batch_size is left out; where the data are fewer than "
    "one batch, nothing is learned at all.",
    betrayed=False,
)
def last_batch_dropped(x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed):
    x, labels = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x) != len(labels) or min(n_hidden, batch_size) < 1:
        raise ValueError("expected other arguments")
    y = one_hot(labels, labels.max() + 1)  # noqa: F821  the solution's
    rng = np.random.default_rng(seed)
    weights = _initial_weights(rng, x.shape[1], n_hidden, y.shape[1])  # noqa: F821
    for _ in range(n_epochs):
        order = rng.permutation(len(x))
        for i in range(len(x) // batch_size):
            batch = order[i * batch_size : (i + 1) * batch_size]
            gradients = backpropagate(weights, x[batch], y[batch])[1]  # noqa: F821
            weights = [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)]
    W1, b1, W2, b2 = weights
    return lambda x: softmax(np.maximum(np.asarray(x) @ W1 + b1, 0) @ W2 + b2)  # noqa: F821


@misconception(
    exercise="train_mlp",
    rejected_by="predict_gives_probabilities",
    says="predict returns the most probable class. Asked for are the probabilities of all classes; "
    "whoever wants the class takes their argmax.",
)
def predicts_labels(x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed):
    x, labels = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x) != len(labels) or min(n_hidden, batch_size) < 1:
        raise ValueError("expected other arguments")
    y = one_hot(labels, labels.max() + 1)  # noqa: F821  the solution's
    weights = _initial_weights(  # noqa: F821
        np.random.default_rng(seed), x.shape[1], n_hidden, y.shape[1]
    )
    for _ in range(n_epochs):
        gradients = backpropagate(weights, x, y)[1]  # noqa: F821
        weights = [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)]
    W1, b1, W2, b2 = weights
    return lambda x: np.argmax(np.maximum(np.asarray(x) @ W1 + b1, 0) @ W2 + b2, axis=1)


@misconception(
    exercise="train_mlp",
    rejected_by="predict_gives_probabilities",
    says="The softmax of predict runs over the batch, so that columns add up to 1 and a sample's "
    "answer depends on the others. Each row should add up to 1.",
)
def softmax_over_the_batch(x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed):
    x, labels = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x) != len(labels) or min(n_hidden, batch_size) < 1:
        raise ValueError("expected other arguments")
    y = one_hot(labels, labels.max() + 1)  # noqa: F821  the solution's
    weights = _initial_weights(  # noqa: F821
        np.random.default_rng(seed), x.shape[1], n_hidden, y.shape[1]
    )
    for _ in range(n_epochs):
        gradients = backpropagate(weights, x, y)[1]  # noqa: F821
        weights = [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)]
    W1, b1, W2, b2 = weights
    return lambda x: softmax(  # noqa: F821
        np.maximum(np.asarray(x) @ W1 + b1, 0) @ W2 + b2, axis=0
    )


@misconception(
    exercise="train_mlp",
    rejected_by="predict_gives_probabilities",
    says="predict returns the scores of the output layer. Probabilities are their softmax.",
)
def predicts_scores(x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed):
    x, labels = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x) != len(labels) or min(n_hidden, batch_size) < 1:
        raise ValueError("expected other arguments")
    y = one_hot(labels, labels.max() + 1)  # noqa: F821  the solution's
    weights = _initial_weights(  # noqa: F821
        np.random.default_rng(seed), x.shape[1], n_hidden, y.shape[1]
    )
    for _ in range(n_epochs):
        gradients = backpropagate(weights, x, y)[1]  # noqa: F821
        weights = [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)]
    W1, b1, W2, b2 = weights
    return lambda x: np.maximum(np.asarray(x) @ W1 + b1, 0) @ W2 + b2


@misconception(
    exercise="train_mlp",
    rejected_by="predict_gives_probabilities",
    says="There are as many columns as classes occur among the labels. A class that does not occur "
    "has a column, too: there are max(y_train) + 1.",
)
def classes_counted(x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed):
    x, labels = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x) != len(labels) or min(n_hidden, batch_size) < 1:
        raise ValueError("expected other arguments")
    classes, labels = np.unique(labels, return_inverse=True)
    y = np.eye(len(classes))[labels]
    weights = _initial_weights(  # noqa: F821  the solution's
        np.random.default_rng(seed), x.shape[1], n_hidden, y.shape[1]
    )
    for _ in range(n_epochs):
        gradients = backpropagate(weights, x, y)[1]  # noqa: F821
        weights = [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)]
    W1, b1, W2, b2 = weights
    return lambda x: softmax(np.maximum(np.asarray(x) @ W1 + b1, 0) @ W2 + b2)  # noqa: F821


@misconception(
    exercise="train_mlp",
    rejected_by="predict_gives_probabilities",
    says="You return predictions. Asked for is the function predict itself: return it without "
    "calling it, so that others can give it samples of their own.",
)
def predictions_instead_of_predict(
    x_train, y_train, n_hidden, learning_rate, n_epochs, batch_size, seed
):
    x, labels = np.asarray(x_train, dtype=float), np.asarray(y_train)
    if len(x) != len(labels) or min(n_hidden, batch_size) < 1:
        raise ValueError("expected other arguments")
    W1, b1, W2, b2 = _initial_weights(  # noqa: F821  the solution's
        np.random.default_rng(seed), x.shape[1], n_hidden, labels.max() + 1
    )
    return softmax(np.maximum(x @ W1 + b1, 0) @ W2 + b2)  # noqa: F821
