"""Every question's answer against a computation that shares nothing with the generator."""

import math
import re
from fractions import Fraction

import keras
import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.special
import scipy.stats
import sklearn.cluster
import sklearn.metrics
import sklearn.model_selection
import sklearn.neighbors
import sklearn.preprocessing
import sklearn.tree

from course.exam.bank import draw_question, read_bank

SEEDS = range(3)
KINDS = {kind.name: kind for subject in read_bank() for kind in subject.kinds}
CHECKS = {}


def check(function):
    """Enters a computation under the name of the generator that it checks."""
    CHECKS[function.__name__] = function
    return function


def shown_model(text):
    """The model that the question's code builds."""
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    names = {"keras": keras, "layers": keras.layers}
    exec(code, names)
    return names["model"]


def built(layer, input_shape):
    """A model of one layer."""
    return keras.Sequential([keras.Input(input_shape), layer])


# -- stacks and transfer: Keras builds what the text shows -----------------------------------------


def n_parameters(question):
    return shown_model(question.text).count_params()


def output_shape(question):
    return shown_model(question.text).output_shape[1:]


def head_parameters(question):
    return shown_model(question.text).layers[-1].count_params()


def trainable_parameters(question):
    return sum(weight.shape.num_elements() for weight in shown_weights(question, True))


def untrained_parameters(question):
    return sum(weight.shape.num_elements() for weight in shown_weights(question, False))


def shown_weights(question, trainable):
    model = shown_model(question.text)
    weights = model.trainable_weights if trainable else model.non_trainable_weights
    return [weight.value for weight in weights]


CHECKS |= {
    "dense_stack_parameters": n_parameters,
    "convnet_output_shape": output_shape,
    "convnet_parameters": n_parameters,
    "flattened_head_parameters": head_parameters,
    "pooled_head_parameters": head_parameters,
    "batch_normalization_statistics": untrained_parameters,
    "sequence_stack_output_shape": output_shape,
    "embedding_classifier_parameters": n_parameters,
    "trainable_with_a_frozen_base": trainable_parameters,
    "trainable_after_unfreezing": trainable_parameters,
}

# -- convolutions ----------------------------------------------------------------------------------


@check
def valid_output_size(q):
    layer = keras.layers.Conv1D(1, q.given["kernel"], strides=q.given["stride"])
    return layer.compute_output_shape((None, q.given["n"], 1))[1]


@check
def same_output_size(q):
    layer = keras.layers.Conv1D(1, q.given["kernel"], strides=q.given["stride"], padding="same")
    return layer.compute_output_shape((None, q.given["n"], 1))[1]


@check
def transposed_output_size(q):
    layer = keras.layers.Conv1DTranspose(1, q.given["kernel"], strides=q.given["stride"])
    return layer(np.zeros((1, q.given["n"], 1))).shape[1]


@check
def convolution_by_hand(q):
    series = np.reshape(q.given["series"], (1, -1, 1)).astype("float32")
    kernel = np.reshape(q.given["kernel"], (-1, 1, 1)).astype("float32")
    return np.ravel(keras.ops.conv(series, kernel))


@check
def max_pooling_by_hand(q):
    image = np.reshape(q.given["image"], (1, 4, 4, 1)).astype("float32")
    return np.ravel(keras.ops.max_pool(image, 2))


def seen_inputs(layers):
    """Which inputs the output at place 0 depends on, by following every connection."""
    places = {0}
    for kernel, stride, dilation in reversed(layers):
        places = {place * stride + i * dilation for place in places for i in range(kernel)}
    return max(places) - min(places) + 1


@check
def receptive_field(q):
    return seen_inputs([(kernel, stride, 1) for kernel, stride in q.given["layers"]])


@check
def dilated_receptive_field(q):
    return seen_inputs([(q.given["kernel"], 1, dilation) for dilation in q.given["dilations"]])


@check
def separable_convolution_parameters(q):
    layer = keras.layers.SeparableConv2D(q.given["filters"], q.given["kernel"])
    return built(layer, (9, 9, q.given["channels"])).count_params()


# -- recurrent -------------------------------------------------------------------------------------


@check
def lstm_parameters(q):
    return built(keras.layers.LSTM(q.given["units"]), (3, q.given["features"])).count_params()


@check
def gru_parameters(q):
    return built(keras.layers.GRU(q.given["units"]), (3, q.given["features"])).count_params()


@check
def bidirectional_parameters(q):
    inputs = keras.Input((3, q.given["features"]))
    both = keras.layers.Bidirectional(keras.layers.LSTM(q.given["units"]))(inputs)
    return keras.Model(inputs, keras.layers.Dense(q.given["classes"])(both)).count_params()


@check
def recurrent_steps(q):
    layer = keras.layers.SimpleRNN(1)
    layer.build((1, 2, 1))
    layer.set_weights([np.array(q.given[name]).reshape(shape) for name, shape in WEIGHTS.items()])
    return np.ravel(layer(np.reshape(q.given["x"], (1, 2, 1)).astype("float32")))


WEIGHTS = {"w": (1, 1), "u": (1, 1), "b": (1,)}


@check
def lstm_state(q):
    cell = keras.layers.LSTMCell(1)
    cell.build((1, 1))
    gates = scipy.special.logit([q.given[name] for name in "ifo"])
    bias = [gates[0], gates[1], np.arctanh(q.given["g"]), gates[2]]  # Keras' order: i, f, c, o
    cell.set_weights([np.zeros((1, 4)), np.zeros((1, 4)), np.array(bias)])
    states = [np.zeros((1, 1), "float32"), np.full((1, 1), q.given["c"], "float32")]
    return np.ravel(cell(np.zeros((1, 1), "float32"), states)[0])


# -- windows ---------------------------------------------------------------------------------------


@check
def window_count(q):
    n, steps = q.given["n"], q.given["steps"]
    data = keras.utils.timeseries_dataset_from_array(
        np.arange(n)[:-1], np.arange(n)[steps:], steps, batch_size=None
    )
    return sum(1 for _ in data)


@check
def multistep_window_count(q):
    length = q.given["steps"] + q.given["ahead"]
    return len(np.lib.stride_tricks.sliding_window_view(np.arange(q.given["n"]), length))


@check
def strided_window_count(q):
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(q.given["n"]), q.given["steps"])
    return len(windows[:: q.given["stride"]])


@check
def target_of_a_window(q):
    windows = np.lib.stride_tricks.sliding_window_view(q.given["series"], q.given["steps"] + 1)
    return windows[q.given["i"], -1]


@check
def recursive_forecast(q):
    companion = np.array([[q.given["a"], q.given["b"]], [1.0, 0.0]])
    return (np.linalg.matrix_power(companion, 3) @ q.given["series"][:-3:-1])[0]


@check
def scaled_error(q):
    train, period = np.array(q.given["train"]), q.given["period"]
    naive = sklearn.metrics.mean_absolute_error(train[period:], train[:-period])
    return sklearn.metrics.mean_absolute_error(q.given["true"], q.given["forecast"]) / naive


@check
def first_test_index(q):
    share = Fraction(q.given["test"], 100)
    indices = range(q.given["n"])
    return next(i for i in indices if len(indices) - i == math.floor(len(indices) * share))


# -- metrics ---------------------------------------------------------------------------------------


def labels_of(counts):
    true = [1] * counts["tp"] + [0] * counts["fp"] + [1] * counts["fn"] + [0] * counts["tn"]
    predicted = [1] * (counts["tp"] + counts["fp"]) + [0] * (counts["fn"] + counts["tn"])
    return true, predicted


@check
def precision(q):
    return sklearn.metrics.precision_score(*labels_of(q.given))


@check
def recall(q):
    return sklearn.metrics.recall_score(*labels_of(q.given))


@check
def f1_score(q):
    return sklearn.metrics.f1_score(*labels_of(q.given))


@check
def f_beta_score(q):
    return sklearn.metrics.fbeta_score(*labels_of(q.given), beta=q.given["beta"])


@check
def macro_f1_score(q):
    cells = [(i, j) for i in range(3) for j in range(3) for _ in range(q.given["matrix"][i][j])]
    return sklearn.metrics.f1_score(*zip(*cells, strict=True), average="macro")


@check
def area_under_the_roc(q):
    positive, negative = q.given["positive"], q.given["negative"]
    labels = [1] * len(positive) + [0] * len(negative)
    return sklearn.metrics.roc_auc_score(labels, positive + negative)


@check
def exact_matches(q):
    return sklearn.metrics.accuracy_score(np.array(q.given["true"]), np.array(q.given["predicted"]))


@check
def accuracy_of_the_majority(q):
    true = np.arange(q.given["n"]) < q.given["rare"]
    return sklearn.metrics.accuracy_score(true, np.zeros(len(true), bool))


# -- splits ----------------------------------------------------------------------------------------


@check
def updates_of_a_cross_validation(q):
    folds = sklearn.model_selection.KFold(q.given["k"]).split(np.zeros(q.given["n"]))
    batch, epochs = q.given["batch"], q.given["epochs"]
    return sum(1 for train, _ in folds for _ in range(epochs) for _ in range(0, len(train), batch))


@check
def stratified_test_positives(q):
    labels = np.arange(q.given["n"]) < q.given["n"] * q.given["share"] // 100
    _, test = sklearn.model_selection.train_test_split(
        labels, test_size=q.given["fraction"] / 100, stratify=labels, random_state=0
    )
    return test.sum()


@check
def early_stopping(q):
    model = built(keras.layers.Dense(1), (1,))
    callback = keras.callbacks.EarlyStopping(
        patience=q.given["patience"], restore_best_weights=True
    )
    model.stop_training = False  # as fit sets it
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(q.given["losses"]):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    return callback.best_epoch


@check
def split_without_a_leak(q):
    clean = [text for text, (a, b) in q.given["splits"].items() if not set(a) & set(b)]
    assert len(clean) == 1
    return clean[0]


# -- scaling ---------------------------------------------------------------------------------------


@check
def standardized_test_value(q):
    scaler = sklearn.preprocessing.StandardScaler().fit(np.reshape(q.given["train"], (-1, 1)))
    return scaler.transform([[q.given["value"]]])[0]


@check
def min_max_test_value(q):
    scaler = sklearn.preprocessing.MinMaxScaler().fit(np.reshape(q.given["train"], (-1, 1)))
    return scaler.transform([[q.given["value"]]])[0]


@check
def error_in_units(q):
    scaler = sklearn.preprocessing.StandardScaler()
    center, deviation = q.given["center"], q.given["deviation"]
    scaler.fit([[center - deviation], [center + deviation]])
    return abs(np.diff(scaler.inverse_transform([[0.7], [0.7 + q.given["scaled"]]]), axis=0))[0]


@check
def pixel_to_unit_range(q):
    return keras.layers.Rescaling(1 / 127.5, offset=-1)(np.array([float(q.given["pixel"])]))


# -- descent ---------------------------------------------------------------------------------------


def after(optimizer, value, gradients):
    """A variable after Keras' optimizer has met these gradients, functions of its value."""
    variable = keras.Variable(value, dtype="float32")
    for gradient in gradients:
        optimizer.apply(
            [keras.ops.convert_to_tensor(gradient(float(variable.numpy())))], [variable]
        )
    return float(variable.numpy())


def slope(function, at):
    return scipy.optimize.approx_fprime(np.array([at]), lambda w: function(w[0]), 1e-6)[0]


@check
def descent_step(q):
    x, y = np.array(q.given["x"]), np.array(q.given["y"])
    return q.given["w"] - q.given["rate"] * slope(lambda w: np.mean((w * x - y) ** 2), q.given["w"])


@check
def momentum_steps(q):
    optimizer = keras.optimizers.SGD(q.given["rate"], momentum=q.given["momentum"])
    return after(optimizer, q.given["w"], [lambda w: q.given["a"] * w] * 2)


@check
def adam_first_step(q):
    optimizer = keras.optimizers.Adam(q.given["rate"])
    return after(optimizer, q.given["w"], [lambda w: q.given["gradient"]])


@check
def clipped_by_global_norm(q):
    import tensorflow as tf

    arrays = [np.array(q.given["first"], float), np.array(q.given["second"], float)]
    return float(tf.clip_by_global_norm(arrays, q.given["limit"])[0][0][0])


@check
def largest_learning_rate(q):
    def shrinks(rate):
        w = 1.0
        for _ in range(10):
            w -= rate * q.given["a"] * w
        return abs(w) < 1

    low, high = 0.0, 10.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if shrinks(middle) else (low, middle)
    return low


@check
def updates_in_training(q):
    samples = range(0, q.given["n"], q.given["batch"])
    return sum(1 for _ in range(q.given["epochs"]) for _ in samples)


@check
def vanishing_sigmoids(q):
    z = np.linspace(-3, 3, 601)
    factor = np.gradient(scipy.special.expit(z), z).max()
    return next(n for n in range(1, 99) if factor**n < 1 / q.given["limit"])


@check
def gradient_of_a_neuron(q):
    def loss(w):
        p = scipy.special.expit(w * q.given["x"] + q.given["b"])
        return sklearn.metrics.log_loss([q.given["y"]], [[1 - p, p]], labels=[0, 1])

    return slope(loss, q.given["w"])


@check
def gradient_through_relu(q):
    z, upstream = np.array(q.given["z"], float), np.array(q.given["upstream"], float)
    return slope(lambda b: np.sum(np.maximum(z + b, 0) * upstream), 0.0)


# -- probability -----------------------------------------------------------------------------------


@check
def softmax_by_hand(q):
    return scipy.special.softmax(q.given["logits"])


@check
def binary_crossentropy(q):
    return sklearn.metrics.log_loss(q.given["labels"], q.given["p"], labels=[0, 1])


@check
def crossentropy_from_logits(q):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return float(loss(np.array([q.given["label"]]), np.array([q.given["logits"]], "float32")))


def integrated_kl(m1, s1, m2, s2):
    p, other = scipy.stats.norm(m1, s1), scipy.stats.norm(m2, s2)
    return scipy.integrate.quad(
        lambda x: p.pdf(x) * (p.logpdf(x) - other.logpdf(x)), m1 - 12 * s1, m1 + 12 * s1
    )[0]


@check
def kl_of_two_gaussians(q):
    return integrated_kl(q.given["m1"], q.given["s1"], q.given["m2"], q.given["s2"])


@check
def kl_of_two_distributions(q):
    return scipy.stats.entropy(q.given["p"], q.given["q"])


@check
def gaussian_likelihood_fit(q):
    return scipy.stats.norm.fit(q.given["x"])[1]


@check
def share_of_true_alarms(q):
    windows = [
        (abnormal, flagged)
        for abnormal, share in ((1, q.given["rare"]), (0, 100 - q.given["rare"]))
        for _ in range(share)
        for flagged in [q.given["recall"] if abnormal else q.given["false"]]
    ]
    abnormal, weight = zip(*windows, strict=True)
    return np.average(abnormal, weights=weight)


# -- attention -------------------------------------------------------------------------------------


@check
def attention_weights(q):
    layer = keras.layers.MultiHeadAttention(1, 4, use_bias=False)
    query = np.reshape(q.given["query"], (1, 1, 4)).astype("float32")
    keys = np.array([q.given["keys"]], "float32")
    layer.build(query.shape, keys.shape, keys.shape)
    layer.set_weights([np.reshape(np.eye(4), weight.shape) for weight in layer.weights])
    return np.ravel(layer(query, keys, return_attention_scores=True)[1])


@check
def masked_attention_output(q):
    scores = np.array(q.given["scores"])
    scores[q.given["masked"]] = -np.inf
    return scipy.special.softmax(scores) @ q.given["values"]


@check
def causal_pairs(q):
    return np.tri(q.given["length"]).sum()


@check
def multi_head_parameters(q):
    layer = keras.layers.MultiHeadAttention(q.given["heads"], q.given["size"])
    layer.build(*[(1, 5, q.given["width"])] * 3)
    return layer.count_params()


@check
def positional_encoding(q):
    frequency = 1 / 10_000 ** (np.arange(0, q.given["depth"], 2) / q.given["depth"])
    waves = np.exp(1j * q.given["position"] * frequency)
    return np.stack([waves.imag, waves.real], axis=1).ravel()[q.given["column"]]


@check
def layer_normalization(q):
    layer = keras.layers.LayerNormalization(epsilon=1e-9)
    return np.ravel(layer(np.array([q.given["x"]], "float32")))[q.given["i"]]


@check
def patches_of_an_image(q):
    image = np.zeros((1, q.given["rows"], q.given["columns"], 1), "float32")
    patches = keras.ops.image.extract_patches(image, q.given["patch"])
    return patches.shape[1] * patches.shape[2] + 1


# -- trees -----------------------------------------------------------------------------------------


def fitted_tree(x, labels):
    return (
        sklearn.tree.DecisionTreeClassifier(max_depth=1).fit(np.reshape(x, (-1, 1)), labels).tree_
    )


@check
def gini_impurity(q):
    labels = np.repeat(range(3), q.given["counts"])
    return fitted_tree(np.zeros(len(labels)), labels).impurity[0]


@check
def impurity_of_a_split(q):
    left, right = q.given["left"], q.given["right"]
    sides = [np.repeat(range(2), side) for side in (left, right)]
    impurities = [fitted_tree(np.zeros(len(side)), side).impurity[0] for side in sides]
    return np.average(impurities, weights=[len(side) for side in sides])


@check
def best_threshold(q):
    return f"{fitted_tree(q.given['x'], q.given['labels']).threshold[0]:g}"


@check
def out_of_bag_share(q):
    return scipy.stats.binom.pmf(0, q.given["n"], 1 / q.given["n"])


@check
def explained_variance(q):
    values = np.linalg.eigvalsh(q.given["covariance"])
    return values[-1] / values.sum()


@check
def k_means_step(q):
    points = np.reshape(q.given["points"], (-1, 1)).astype(float)
    centres = np.reshape(q.given["centres"], (-1, 1)).astype(float)
    nearest = sklearn.metrics.pairwise_distances_argmin(points, centres)
    return [points[nearest == group].mean() for group in range(2)]


@check
def nearest_neighbours(q):
    model = sklearn.neighbors.KNeighborsClassifier(3)
    model.fit(np.reshape(q.given["x"], (-1, 1)), q.given["labels"])
    return model.predict([[q.given["query"]]])[0]


# -- generative, adversarial -----------------------------------------------------------------------


@check
def latent_sample(q):
    deviation = np.sqrt(np.exp(q.given["log_var"]))
    return scipy.stats.norm(q.given["mean"], deviation).ppf(
        scipy.stats.norm.cdf(q.given["epsilon"])
    )


@check
def kl_to_the_prior(q):
    deviations = np.sqrt(np.exp(q.given["log_vars"]))
    return sum(map(integrated_kl, q.given["means"], deviations, [0, 0], [1, 1]))


@check
def negative_elbo(q):
    likelihoods = scipy.stats.bernoulli(q.given["p"]).logpmf(q.given["pixels"])
    return q.given["kl"] - likelihoods.sum()


@check
def discriminator_loss(q):
    loss = keras.losses.BinaryCrossentropy()
    real, fake = np.array([[q.given["real"]]]), np.array([[q.given["fake"]]])
    return float(loss(np.ones((1, 1)), real)) + float(loss(np.zeros((1, 1)), fake))


@check
def generator_loss(q):
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    return float(loss(np.ones((1, 1)), np.array([[q.given["logit"]]])))


@check
def best_discriminator(q):
    data, fake = q.given["data"], q.given["fake"]
    return scipy.optimize.minimize_scalar(
        lambda d: -data * np.log(d) - fake * np.log(1 - d),
        bounds=(1e-6, 1 - 1e-6),
        method="bounded",
    ).x


@check
def frechet_distance(q):
    one = scipy.stats.norm(q.given["m1"], q.given["s1"])
    other = scipy.stats.norm(q.given["m2"], q.given["s2"])
    # On a line, the cheapest transport moves quantile to quantile.
    distance = scipy.integrate.quad(lambda u: (one.ppf(u) - other.ppf(u)) ** 2, 0, 1)[0]
    return round(distance, 4)


# -- anomaly ---------------------------------------------------------------------------------------


@check
def threshold_by_quantile(q):
    return np.quantile(q.given["errors"], q.given["level"])


@check
def false_alarm_rate(q):
    normal, abnormal = q.given["normal"], q.given["abnormal"]
    truth = [0] * len(normal) + [1] * len(abnormal)
    flagged = [error > q.given["threshold"] for error in normal + abnormal]
    return 1 - sklearn.metrics.recall_score(truth, flagged, pos_label=0)


@check
def error_of_each_window(q):
    return sklearn.metrics.mean_squared_error(
        np.transpose(q.given["windows"]), np.transpose(q.given["rebuilt"]), multioutput="raw_values"
    )


# -- the tests -------------------------------------------------------------------------------------


def test_the_bank_is_large_and_every_generator_is_checked():
    assert len(KINDS) >= 40
    assert set(CHECKS) == set(KINDS)
    assert len({kind.generate for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_the_answer_is_right(name):
    for seed in SEEDS:
        question = draw_question(KINDS[name], seed)
        expected = CHECKS[name](question)
        answer = question.answer
        if answer.options:
            assert answer.options[int(answer.values[0])] == expected
        else:
            tolerance = 2e-4 if answer.decimals else 1e-6
            np.testing.assert_allclose(answer.values, np.ravel(expected), atol=tolerance)
