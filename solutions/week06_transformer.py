"""Week 6: a transformer that tells what people are doing.

Attention lets every moment of a recording look at every other one. Around it: positions, because
attention knows no order; residual connections and normalisation, because blocks are stacked; and a
convolution in front, because what happens within a fifth of a second needs no attention.

The experiment tells 19 activities of people whom nobody has seen in training: four people train,
one validates, one is tested, and each of six is tested once. What carries from one person to
another, and none of it is a longer training:

- What a person brings along is taken away from each window: its mean, except where it is posture
  (how gravity falls on the accelerometers). The mean of the magnetometers tells only which way the
  machine stood.
- Small movements are enlarged and large ones pressed together (arsinh): who stands in a lift
  differs from one who just stands by a twentieth of what running amounts to.
- Beside the three axes of each sensor stands the length of their vector, which is the same however
  the sensor is strapped on.
- Half of the training windows, or more, are altered: as if the sensors sat a little askew, and the
  person moved a little faster or slower, more or less. Rare activities are altered more often, so
  that all are equally frequent. (When only the rare ones are altered, whatever sits askew is taken
  for one of them.)
- In training whole channels are dropped at random, so that no decision hangs on one of them.

Sources: A. Vaswani et al., Attention Is All You Need (2017); R. Xiong et al., On Layer
Normalization in the Transformer Architecture (2020), for the normalisation before each part;
K. Altun, B. Barshan, O. Tunçel, Pattern Recognition 43 (2010), for the data.
"""

import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import sklearn.ensemble

from course import exercise
from course.experiment import Experiment
from datasets.daily_sports import ACTIVITY_NAMES, load_activities

N_PEOPLE = 6  # as in the part of the recordings that is passed around
N_CLASSES = len(ACTIVITY_NAMES)
N_UPDATES = 216  # of a training
BATCH_SIZE = 64
LEARNING_RATE = 2e-3
RATE = 25  # steps per second
# Where arsinh begins to bend, for accelerometer (m/s²), gyroscope (rad/s) and magnetometer.
BEND = np.array([0.3, 0.05, 0.02])
RIGHT_LEG = [27, 28, 29]  # its accelerometer
SHOWN = ("jumping", "moving in a lift")  # in the plot of attention over time


@exercise(
    points=2,
    difficulty=2,
    minutes=15,
    uses=("keras",),
    hints=(
        "Which two sizes does the encoding need, and where do they stand in inputs.shape?",
        "Compute it with NumPy, shape (steps, depth): sines in the even columns, cosines in the "
        "odd ones, exponents 2 * (column // 2) / depth.",
        "inputs + encoding adds it to every sample of the batch. Return the sum.",
    ),
)
def add_positional_encoding(inputs):
    """Adds to each step a pattern that tells where it stands.

    Columns 2i and 2i + 1 of step t get sin(t / 10000^(2i / depth)) and cos(t / 10000^(2i / depth)),
    for t from 0.

    Args:
        inputs: a tensor of shape (batch, steps, depth), or a symbolic one of a model that is being
            built, (None, steps, depth).

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: inputs has not three axes.
    """
    if len(inputs.shape) != 3:
        raise ValueError(f"expected inputs (batch, steps, depth), got shape {inputs.shape}")
    _, n_steps, depth = inputs.shape
    columns = np.arange(depth)
    angles = np.arange(n_steps)[:, np.newaxis] / 10_000 ** (columns // 2 * 2 / depth)
    encoding = np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))
    return inputs + encoding[np.newaxis].astype("float32")


@exercise(
    points=4,
    difficulty=3,
    minutes=30,
    uses=("keras",),
    hints=(
        "Two parts, one after the other: attention, in which steps look at each other, and a "
        "feed-forward part, which treats each step by itself. What each finds is added to what "
        "came in.",
        "Self-attention: query and value are the same, MultiHeadAttention(num_heads, head_size)"
        "(x, x). For the feed-forward part Dense(ff_dim, activation='relu'), then Dense back to "
        "the depth of the inputs.",
        "x = inputs + attention(LayerNormalization()(inputs)), then "
        "x + feed_forward(LayerNormalization()(x)).",
    ),
)
def transformer_encoder(inputs, head_size, num_heads, ff_dim, dropout=0.0):
    """One block of a transformer: steps look at each other, then each thinks for itself.

    Self-attention is a keras.layers.MultiHeadAttention of `num_heads` heads with queries and keys
    of depth `head_size`. The feed-forward part has `ff_dim` units and goes back to the depth of the
    inputs. Both parts are residual: their result is added to what they were given. Each has a layer
    normalisation, before it or after the sum.

    Args:
        inputs: a symbolic tensor of shape (None, steps, depth).
        head_size: depth of each head's queries and keys.
        num_heads: how many heads there are.
        ff_dim: units of the feed-forward part.
        dropout: the part of values that is dropped in training, in both parts.

    Returns:
        A symbolic tensor of the shape of the inputs.

    Raises:
        ValueError: a size is below 1, or dropout is not in 0 … 1 (1 excluded).
    """
    if min(head_size, num_heads, ff_dim) < 1 or not 0 <= dropout < 1:
        raise ValueError(
            f"expected sizes of at least 1 and 0 <= dropout < 1, got head_size={head_size}, "
            f"num_heads={num_heads}, ff_dim={ff_dim} and dropout={dropout}"
        )
    layers = keras.layers
    attention = layers.MultiHeadAttention(num_heads, head_size, dropout=dropout)
    normalized = layers.LayerNormalization(epsilon=1e-6)(inputs)
    # The scores are for attention_maps.
    attended, _ = attention(normalized, normalized, return_attention_scores=True)
    x = inputs + layers.Dropout(dropout)(attended)
    hidden = layers.LayerNormalization(epsilon=1e-6)(x)
    hidden = layers.Dense(ff_dim, activation="relu")(hidden)
    hidden = layers.Dense(inputs.shape[-1])(layers.Dropout(dropout)(hidden))
    return x + layers.Dropout(dropout)(hidden)


def _classifier(window, tokens, n_classes, mlp_units, mlp_dropout):
    """A compiled model from a window to its class, which is told from the mean of the tokens."""
    if n_classes < 2:
        raise ValueError(f"expected n_classes of at least 2, got {n_classes}")
    tokens = keras.layers.LayerNormalization(epsilon=1e-6)(tokens)
    x = keras.layers.GlobalAveragePooling1D()(tokens)  # (None, steps, depth) -> (None, depth)
    for units in mlp_units:
        x = keras.layers.Dense(units, activation="relu")(x)
        x = keras.layers.Dropout(mlp_dropout)(x)
    if n_classes == 2:
        output = keras.layers.Dense(1, activation="sigmoid")(x)
        loss = "binary_crossentropy"
    else:
        output = keras.layers.Dense(n_classes, activation="softmax")(x)
        loss = "sparse_categorical_crossentropy"
    model = keras.Model(window, output)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


@exercise(
    points=5,
    difficulty=3,
    minutes=35,
    uses=("keras",),
    hints=(
        "Input, Dense to the depth of the blocks, add_positional_encoding, the blocks in a loop, "
        "GlobalAveragePooling1D, the Dense layers of mlp_units, the head.",
        "Why the Dense layer at the start: a layer normalisation over a single channel makes 0 of "
        "everything, and nothing passes it. head_size * num_heads is a good depth.",
        "The head depends on n_classes: Dense(1, 'sigmoid') with binary_crossentropy for 2, "
        "otherwise Dense(n_classes, 'softmax') with sparse_categorical_crossentropy.",
    ),
)
def build_transformer(
    input_shape,
    n_classes,
    head_size,
    num_heads,
    ff_dim,
    num_transformer_blocks,
    mlp_units,
    dropout=0.0,
    mlp_dropout=0.0,
):
    """Builds a transformer that classifies windows of a time series.

    Each step is projected to a depth of more than one channel, whatever the number of channels is,
    and gets the encoding of its position. Blocks of transformer_encoder follow. Their steps are
    averaged over time, so that the number of weights does not depend on the length of a window.
    Dense layers and the head make probabilities of that.

    Args:
        input_shape: (steps, channels) of a window, each at least 1.
        n_classes: at least 2.
        head_size, num_heads, ff_dim: of each block.
        num_transformer_blocks: how many blocks there are, at least 1.
        mlp_units: a list or tuple with the units of each Dense layer before the head; may be empty.
        dropout: of the blocks, in training.
        mlp_dropout: after each of the Dense layers, in training.

    Returns:
        A compiled keras.Model, (None, steps, channels) -> (None, n_classes), with softmax and
        sparse_categorical_crossentropy: labels are integers from 0. With 2 classes
        (None, steps, channels) -> (None, 1), with sigmoid and binary_crossentropy.

    Raises:
        ValueError: n_classes is below 2, num_transformer_blocks below 1, or a size of a block is.
    """
    if num_transformer_blocks < 1:
        raise ValueError(f"expected at least 1 block, got {num_transformer_blocks}")
    window = keras.Input(input_shape)
    x = keras.layers.Dense(head_size * num_heads)(window)  # (None, steps, depth)
    x = add_positional_encoding(x)
    for _ in range(num_transformer_blocks):
        x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)
    return _classifier(window, x, n_classes, mlp_units, mlp_dropout)


@exercise(
    points=4,
    difficulty=3,
    minutes=25,
    uses=("keras",),
    hints=(
        "Attention compares every step with every other: five times fewer steps are 25 times fewer "
        "comparisons. And neighbours within a fifth of a second need no attention.",
        "Conv1D(filters, patch, strides=patch, padding='same') makes one token of every `patch` "
        "steps. SpatialDropout1D before it drops whole channels.",
        "After that it goes on as in build_transformer: projection, positions, blocks, mean, head.",
    ),
)
def build_cnn_transformer(
    input_shape,
    n_classes,
    filters=64,
    patch=5,
    head_size=16,
    num_heads=4,
    ff_dim=128,
    num_transformer_blocks=2,
    mlp_units=(64,),
    dropout=0.0,
    mlp_dropout=0.0,
    channel_dropout=0.0,
):
    """Builds a classifier with a convolution for what is local and attention for what is global.

    One or more convolutions over time make fewer tokens of the steps: ceil(steps / patch). From
    there on it is a transformer as of build_transformer: projection, positions, blocks, mean over
    time, Dense layers, head.

    Args:
        input_shape: (steps, channels) of a window.
        n_classes: at least 2.
        filters: of the convolution.
        patch: how many steps become one token, at least 1.
        head_size, num_heads, ff_dim, num_transformer_blocks, mlp_units, dropout, mlp_dropout: as of
            build_transformer.
        channel_dropout: the part of the channels of a window that is dropped in training, each for
            all steps.

    Returns:
        A compiled keras.Model with the outputs and the losses of build_transformer.

    Raises:
        ValueError: n_classes is below 2, or another size below 1.
    """
    if min(filters, patch, num_transformer_blocks) < 1:
        raise ValueError(
            f"expected sizes of at least 1, got filters={filters}, patch={patch} and "
            f"num_transformer_blocks={num_transformer_blocks}"
        )
    window = keras.Input(input_shape)
    x = keras.layers.SpatialDropout1D(channel_dropout)(window)
    x = keras.layers.Conv1D(filters, patch, patch, padding="same", activation="relu")(x)
    x = keras.layers.Dense(head_size * num_heads)(x)  # (None, steps / patch, depth)
    x = add_positional_encoding(x)
    for _ in range(num_transformer_blocks):
        x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)
    return _classifier(window, x, n_classes, mlp_units, mlp_dropout)


@exercise(
    points=4,
    difficulty=3,
    minutes=30,
    uses=("keras",),
    hints=(
        "How many classes are there? The labels tell: they are integers from 0.",
        "Build a model, fit it with validation_data=(X_valid, y_valid), and keep the weights of "
        "the epoch that was best in validation, not of the last one.",
        "keras.callbacks.EarlyStopping(patience=…, restore_best_weights=True) keeps the best. A "
        "learning rate that rises at first and falls to almost nothing in the end trains a "
        "transformer in a fraction of the time: keras.optimizers.schedules.CosineDecay.",
    ),
)
def train_transformer(X_train, y_train, X_valid, y_valid, seed):
    """Trains a transformer to tell classes of windows, and keeps it as it was best in validation.

    Args:
        X_train: windows of shape (n, steps, channels), standardised.
        y_train: integers of shape (n,), from 0; there are max(y_train) + 1 classes, at least 2.
        X_valid, y_valid: the same of windows that are not trained on.
        seed: where randomness begins.

    Returns:
        A trained keras.Model with the outputs of build_transformer: probabilities of all classes,
        or with two classes that of class 1.

    Raises:
        ValueError: lengths differ, labels are not integers from 0 of one axis (one-hot rows, for
            instance), there are fewer than two classes, or y_valid has one more.
    """
    y_train, y_valid = np.asarray(y_train), np.asarray(y_valid)
    for X, y in ((X_train, y_train), (X_valid, y_valid)):
        if y.ndim != 1 or len(X) != len(y):
            raise ValueError(f"expected a label per window, got {y.shape} for {len(X)} windows")
        if y.dtype.kind not in "iu" or y.min() < 0:
            raise ValueError(f"expected integer labels from 0, got {np.unique(y)}")
    if y_valid.max() > y_train.max() or y_train.max() < 1:
        raise ValueError(
            f"expected at least two classes, all of them in training, "
            f"got labels up to {y_train.max()} in training and {y_valid.max()} in validation"
        )
    keras.utils.set_random_seed(seed)
    model = build_cnn_transformer(
        np.shape(X_train)[1:],
        int(y_train.max()) + 1,
        dropout=0.1,
        mlp_dropout=0.3,
        channel_dropout=0.2,
    )
    fit(model, (X_train, y_train), (X_valid, y_valid))
    return model


def fit(model, train, valid, n_updates=N_UPDATES):
    """Trains for about n_updates updates, however many windows there are, and keeps the best.

    The learning rate rises in a line and falls along a cosine: a transformer that begins at full
    speed loses its way, and one that ends at full speed does not arrive.

    Args:
        model: a compiled classifier; it gets a new optimizer.
        train, valid: (windows, labels) each.
        n_updates: how often the weights are changed; at least once through all windows.
    """
    batch_size = int(np.clip(len(train[0]) // 20, 8, BATCH_SIZE))  # few windows, small steps
    per_epoch = -(-len(train[0]) // batch_size)
    n_epochs = -(-n_updates // per_epoch)
    warm_up = n_epochs * per_epoch // 10
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=LEARNING_RATE / 10,
        decay_steps=n_epochs * per_epoch - warm_up,
        warmup_target=LEARNING_RATE,
        warmup_steps=warm_up,
    )
    model.compile(keras.optimizers.Adam(schedule), model.loss, metrics=["accuracy"])
    best = keras.callbacks.EarlyStopping(patience=n_epochs, restore_best_weights=True)
    model.fit(
        *train,
        validation_data=valid,
        epochs=n_epochs,
        batch_size=batch_size,
        verbose=0,
        callbacks=[best],
    )


@exercise(
    points=3,
    difficulty=3,
    minutes=25,
    uses=("keras",),
    hints=(
        "A MultiHeadAttention layer gives its weights away when it is called with "
        "return_attention_scores=True: it then returns a pair.",
        "When the blocks were built that way, layer.output is that pair for each such layer in "
        "model.layers. Stack the scores, keras.ops.stack(scores, axis=1), and make a keras.Model "
        "from model.input to that.",
        "x is one window: add an axis for the batch, call the model, take that axis away again.",
    ),
)
def attention_maps(model, x):
    """Shows who looked at whom, in every block and head, when the model read a window.

    Args:
        model: a model that build_transformer, build_cnn_transformer or train_transformer returned.
        x: one window of shape (steps, channels).

    Returns:
        Array of shape (blocks, heads, T, T), blocks in their order: how much the token of a row
        attends to that of a column, as outside of training. T is the number of tokens: the steps,
        or after a convolution that shortens them what is left.

    Raises:
        ValueError: x has not two axes.
    """
    x = np.asarray(x)
    if x.ndim != 2:
        raise ValueError(f"expected one window (steps, channels), got shape {x.shape}")
    scores = [
        layer.output[1]
        for layer in model.layers
        if isinstance(layer, keras.layers.MultiHeadAttention)
    ]
    maps = keras.Model(model.input, keras.ops.stack(scores, axis=1))
    return keras.ops.convert_to_numpy(maps(x[np.newaxis], training=False))[0]


# -- The experiment: what is taken from the recordings ---------------------------------------------


def posture_and_motion(X):
    """What an activity looks like, whoever does it.

    Args:
        X: windows of shape (n, steps, 45), as of `load_activities`.

    Returns:
        (n, steps, 75) float32. What moves, without the window's mean and pressed together by
        arsinh: in each of the 45 channels, and in the length of each of the 15 vectors. And where
        gravity falls: the window's mean of each of the 15 accelerometer axes, at all steps alike.
    """
    sensors = X.reshape(*X.shape[:2], 5, 3, 3)  # units, kinds of sensor, axes
    lengths = np.linalg.norm(sensors, axis=-1)
    mean = sensors.mean(axis=1, keepdims=True)
    moving = np.arcsinh((sensors - mean) / BEND[:, np.newaxis])
    moving_lengths = np.arcsinh((lengths - lengths.mean(axis=1, keepdims=True)) / BEND)
    posture = np.broadcast_to(mean[:, :, :, 0], sensors[:, :, :, 0].shape)
    parts = [part.reshape(*X.shape[:2], -1) for part in (moving, moving_lengths, posture)]
    return np.concatenate(parts, axis=-1).astype("float32")


def altered(X, rng, tempo=0.12, tilt=0.2, size=0.2):
    """Windows as of somebody else: other tempo and size of movements, sensors a little askew.

    Args:
        X: windows of shape (n, steps, 45).
        rng: where randomness comes from.
        tempo, size: deviations of the logarithms by which time and movements are stretched.
        tilt: deviation of the angle about each axis by which a unit is turned, in radians.

    Returns:
        Windows of the same shape.
    """
    n, n_steps, _ = X.shape
    sensors = stretched(X, np.exp(rng.normal(0, tempo, n))).reshape(n, n_steps, 5, 3, 3)
    turns = rotations(rng.normal(0, tilt, (n, 5, 3)))  # (n, units, 3, 3)
    turned = sensors @ turns[:, np.newaxis]
    mean = turned.mean(axis=1, keepdims=True)
    factors = np.exp(rng.normal(0, size, (n, 1, 1, 1, 1)))
    return (mean + factors * (turned - mean)).reshape(X.shape).astype("float32")


def stretched(X, factors):
    """Windows played at other speeds about their middle; beyond their ends they run backwards."""
    last = X.shape[1] - 1
    times = last / 2 + (np.arange(X.shape[1]) - last / 2) * factors[:, np.newaxis]  # (n, steps)
    times = last - np.abs(last - np.abs(times))
    before = np.clip(np.floor(times).astype(int), 0, last - 1)
    weight = (times - before)[:, :, np.newaxis]
    rows = np.arange(len(X))[:, np.newaxis]
    return (1 - weight) * X[rows, before] + weight * X[rows, before + 1]


def rotations(vectors):
    """The rotation about each vector by its length (Rodrigues' formula): (…, 3) to (…, 3, 3)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., np.newaxis, np.newaxis]
    cross = np.cross(vectors[..., np.newaxis, :], np.eye(3)) / angle
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def equally_frequent(X, y, rng):
    """As many windows of every class as the most frequent one has, at most half of them as came."""
    most = np.bincount(y).max()
    windows, labels = [], np.repeat(np.unique(y), most)
    for label in np.unique(y):
        of_class = rng.permutation(np.flatnonzero(y == label))
        n_altered = most - min(len(of_class), most // 2)
        chosen = np.resize(of_class, most)
        windows += [altered(X[chosen[:n_altered]], rng), X[chosen[n_altered:]]]
    return np.concatenate(windows), labels


def standardize(train, *others):
    """All arrays by the mean and deviation of each channel in train."""
    mean, std = train.mean(axis=(0, 1)), train.std(axis=(0, 1)) + 1e-6
    return [(array - mean) / std for array in (train, *others)]


def validating_for(data, tested):
    """The person before the one under test, or the last one before the first."""
    people = np.unique(data.subject).tolist()
    return people[people.index(tested) - 1]


def split_people(data, tested, seed):
    """Everything for one person under test.

    Returns:
        ((X, y), (X, y), (X, y)) for training, validation and test, ready for a network. One
        person validates, and all others train.
    """
    validating = validating_for(data, tested)
    known = ~np.isin(data.subject, (tested, validating))
    labels = data.activity - 1
    rng = np.random.default_rng(seed)
    X_train, y_train = equally_frequent(data.windows[known], labels[known], rng)
    parts = [data.windows[data.subject == person] for person in (validating, tested)]
    views = standardize(*map(posture_and_motion, (X_train, *parts)))
    of_parts = [labels[data.subject == person] for person in (validating, tested)]
    return tuple(zip(views, (y_train, *of_parts), strict=True))


# -- The experiment: who competes ------------------------------------------------------------------


def forest(train, test, seed):
    """The baseline: a forest that knows of each channel its mean and deviation in the window."""
    X_train, y_train = train

    def summary(X):
        return np.concatenate([X.mean(axis=1), np.log(X.std(axis=1) + 1e-3)], axis=1)

    trees = sklearn.ensemble.ExtraTreesClassifier(200, n_jobs=-1, random_state=seed)
    return trees.fit(summary(X_train), y_train).predict(summary(test))


def plain_transformer(input_shape):
    """Attention among all steps, without a convolution."""
    return build_transformer(input_shape, N_CLASSES, 16, 4, 128, 2, (64,), 0.1, 0.2)


def recurrent_network(input_shape):
    """An LSTM that reads the steps one by one."""
    return sequential(input_shape, [keras.layers.LSTM(120)])


def convolutional_network(input_shape):
    """Convolutions, the first as coarse as that before the transformer."""
    layers = []
    for strides, width in ((5, 5), (1, 3), (1, 3)):
        layers.append(keras.layers.Conv1D(96, width, strides, padding="same", activation="relu"))
        layers.append(keras.layers.BatchNormalization())
    return sequential(input_shape, [*layers, keras.layers.GlobalAveragePooling1D()])


def sequential(input_shape, layers):
    """A compiled classifier that ends in dropout and softmax."""
    head = [keras.layers.Dropout(0.2), keras.layers.Dense(N_CLASSES, activation="softmax")]
    model = keras.Sequential([keras.Input(input_shape), *layers, *head])
    model.compile(loss="sparse_categorical_crossentropy")
    return model


OTHERS = {
    "plain transformer": plain_transformer,
    "LSTM": recurrent_network,
    "convnet": convolutional_network,
}


def judged(tested, truth, predicted, seconds, n_parameters=None):
    """What is kept of a training, as JSON can hold it."""
    recalls = [np.mean(predicted[truth == label] == label) for label in np.unique(truth)]
    return {
        "tested": tested,
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "accuracy": float(np.mean(predicted == truth)),
        "balanced": float(np.mean(recalls)),
        "seconds": seconds,
        "parameters": n_parameters,
    }


def run_main_model(data, tested, seed, quick):
    """Trains convolution + transformer, tests it on a person, and looks into it."""
    train, valid, (X_test, y_test) = split_people(data, tested, seed)
    started = time.perf_counter()
    if quick:
        keras.utils.set_random_seed(seed)
        model = build_cnn_transformer(train[0].shape[1:], N_CLASSES)
        fit(model, train, valid, n_updates=60)
    else:
        model = train_transformer(*train, *valid, seed)
    seconds = time.perf_counter() - started
    predicted = model.predict(X_test, verbose=0).argmax(axis=1)
    result = judged(tested, y_test, predicted, seconds, model.count_params())
    windows = data.windows[data.subject == tested]
    result["examples"] = {}
    for name in SHOWN:
        right = (y_test == ACTIVITY_NAMES.index(name)) & (predicted == y_test)
        for place in np.flatnonzero(right)[:1]:
            maps = attention_maps(model, X_test[place]).mean(axis=1)  # over heads: (blocks, T, T)
            leg = np.linalg.norm(windows[place, :, RIGHT_LEG], axis=0)
            result["examples"][name] = {"maps": maps.tolist(), "signal": leg.tolist()}
    return result


def run_forest(data, tested, seed):
    """Trains the baseline on the recordings as they are and tests it on a person."""
    known = ~np.isin(data.subject, (tested, validating_for(data, tested)))
    of_test = data.subject == tested
    started = time.perf_counter()
    predicted = forest((data.windows[known], data.activity[known] - 1), data.windows[of_test], seed)
    seconds = time.perf_counter() - started
    return judged(tested, data.activity[of_test] - 1, predicted, seconds)


def run_other(name, data, tested, seed):
    """Trains a competitor on what the main model gets, as long as it, and tests it on a person."""
    train, valid, (X_test, y_test) = split_people(data, tested, seed)
    keras.utils.set_random_seed(seed)
    started = time.perf_counter()
    model = OTHERS[name](train[0].shape[1:])
    fit(model, train, valid)
    seconds = time.perf_counter() - started
    predicted = model.predict(X_test, verbose=0).argmax(axis=1)
    return judged(tested, y_test, predicted, seconds, model.count_params())


# -- The experiment: figures -----------------------------------------------------------------------


def plot_confusion(results):
    """What unseen people did, and what they were taken to be doing, in percent of what they did."""
    matrix = np.zeros((N_CLASSES, N_CLASSES))
    for result in results:
        np.add.at(matrix, (result["truth"], result["predicted"]), 1)
    shares = 100 * matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    figure, axes = plt.subplots(figsize=(10.5, 9), layout="constrained")
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for row, column in np.argwhere(shares >= 0.5):
        share = shares[row, column]
        colour = "white" if share > 50 else "black"
        axes.text(column, row, f"{share:.0f}", ha="center", va="center", color=colour, fontsize=8)
    axes.set(
        title=f"Activities of {len(results)} people never seen in training",
        xlabel="taken for",
        ylabel="truth",
        xticks=range(N_CLASSES),
        yticks=range(N_CLASSES),
        yticklabels=ACTIVITY_NAMES,
    )
    axes.set_xticklabels(ACTIVITY_NAMES, rotation=50, ha="right", rotation_mode="anchor")
    figure.colorbar(image, label="windows of the activity, %", shrink=0.8)
    return figure


def plot_attention(examples):
    """What moves in a window, and which moments the other moments look at."""
    n_blocks = max(len(example["maps"]) for example in examples.values())
    figure, axes = plt.subplots(
        len(examples),
        1 + n_blocks,
        figsize=(5 + 3.6 * n_blocks, 3.7 * len(examples)),
        width_ratios=(1.5, *[1] * n_blocks),
        layout="constrained",
        squeeze=False,
    )
    for row, (name, example) in zip(axes, examples.items(), strict=True):
        signal, maps = np.array(example["signal"]), np.array(example["maps"])
        duration, n_tokens = len(signal) / RATE, maps.shape[-1]
        row[0].plot(np.arange(len(signal)) / RATE, signal, color="black", linewidth=1)
        row[0].set(
            title=f"{name.capitalize()}, an unseen person",
            xlabel="seconds",
            ylabel="acceleration of the right leg, m/s²",
        )
        received = row[0].twinx()
        middles = (np.arange(n_tokens) + 0.5) * duration / n_tokens
        received.bar(
            middles,
            100 * maps[-1].mean(axis=0),
            width=0.9 * duration / n_tokens,
            color="tab:orange",
            alpha=0.4,
        )
        received.set_ylabel(f"attention received in block {len(maps)}, %", color="tab:orange")
        for block, (axis, weights) in enumerate(zip(row[1:], maps, strict=True), start=1):
            image = axis.imshow(100 * weights, extent=(0, duration, duration, 0), cmap="magma")
            axis.set(
                title=f"Block {block}, mean of the heads",
                xlabel="looked at, seconds",
                ylabel="looking, seconds",
            )
            figure.colorbar(image, ax=axis, label="attention, %", shrink=0.8)
    return figure


def plot_people(rotation, forests):
    """Accuracy for each person under test, of transformer and baseline."""
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    places = np.arange(len(rotation))
    for shift, name, colour, results in (
        (-0.2, "forest on mean and deviation", "tab:grey", forests),
        (0.2, "convolution + transformer", "tab:blue", rotation),
    ):
        heights = [100 * result["balanced"] for result in results]
        bars = axes.bar(places + shift, heights, 0.4, color=colour, label=name)
        axes.bar_label(bars, fmt="%.0f")
    axes.set(
        title="19 activities, each person tested by a model that has never seen them",
        xlabel="person under test",
        ylabel="mean recall of the activities, %",
        xticks=places,
        xticklabels=[f"p{result['tested']}" for result in rotation],
        ylim=(0, 119),
    )
    axes.axhline(100 / N_CLASSES, color="black", linestyle=":", label="at random")
    axes.legend(loc="upper center", ncols=3)
    return figure


# -- The experiment --------------------------------------------------------------------------------


def mean_of(results, figure):
    return float(np.mean([result[figure] for result in results]))


def main(arguments=None):
    """Everybody is tested once; then other kinds of network on one of the splits."""
    with Experiment.from_arguments(__file__, arguments) as run:
        data = load_activities()
        run.uses_data(data.provenance.as_dict())
        people = np.unique(data.subject)[: 4 if run.quick else N_PEOPLE]
        kept = np.isin(data.subject, people)
        data = data._replace(
            windows=data.windows[kept], activity=data.activity[kept], subject=data.subject[kept]
        )
        tested = people[-1:].tolist() if run.quick else people.tolist()
        rotation, forests = [], []
        for person in run.progress(tested, "people"):
            forests.append(
                run.step(f"forest, p{person}", lambda p=person: run_forest(data, p, run.seed))
            )
            rotation.append(
                run.step(
                    f"transformer, p{person}",
                    lambda p=person: run_main_model(data, p, run.seed, run.quick),
                )
            )
        compared = []
        for name in [] if run.quick else run.progress(list(OTHERS), "other networks"):
            last = tested[-1]
            result = run.step(name, lambda n=name, p=last: run_other(n, data, p, run.seed))
            compared.append((name, result))

        report(run, rotation, forests, compared)
        strict = data.provenance.source == "real" and not run.quick
        run.metric(
            "unseen_accuracy", mean_of(rotation, "accuracy"), at_least=0.9 if strict else 0.7
        )
        run.metric("unseen_mean_recall", mean_of(rotation, "balanced"))
        run.metric("forest_accuracy", mean_of(forests, "accuracy"))
        run.metric("forest_mean_recall", mean_of(forests, "balanced"))
        seconds = mean_of(rotation, "seconds")
        run.metric("seconds_of_a_training", seconds, at_most=60 if strict else None)

        run.save_figure(plot_confusion(rotation), "confusion")
        run.save_figure(plot_people(rotation, forests), "people")
        examples = next((r["examples"] for r in rotation[::-1] if r["examples"]), None)
        if examples:
            run.save_figure(plot_attention(examples), "attention")


def report(run, rotation, forests, compared):
    """The table: the mean over all people under test, then one split for every kind of network."""
    rows = [
        ("each of them", "forest (baseline)", forests),
        ("each of them", "convolution + transformer", rotation),
    ]
    last = f"p{rotation[-1]['tested']}"
    rows.append((last, "convolution + transformer", rotation[-1:]))
    rows += [(last, name, [result]) for name, result in compared]
    for under_test, model, results in rows:
        run.row(
            under_test=under_test,
            model=model,
            accuracy=mean_of(results, "accuracy"),
            mean_recall=mean_of(results, "balanced"),
            seconds=mean_of(results, "seconds"),
            parameters=results[0]["parameters"],
        )


if __name__ == "__main__":
    main()
