"""Week 4: transfer learning and fine-tuning.

A network that has seen a million photos knows edges, fur and eyes; a thousand photos of cats and
dogs are then enough to teach it the rest. Two phases: first a new head learns on top of the frozen
base, then the top of the base is fine-tuned with small steps.

The experiment tells cats from dogs with a small MobileNet that was trained on ImageNet. Where the
photos are not at hand, it trains a base of its own on the digits 0–4 and transfers it to 5–9 with
ten images of each. Sources: keras.io, "Transfer learning and fine-tuning"; A. Howard et al.,
MobileNets (2017); J. Yosinski et al., How transferable are features in deep neural networks?
(2014); the Abalone data of the UCI repository (W. Nash et al., 1994).
"""

import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import sklearn.linear_model
import sklearn.pipeline
import sklearn.preprocessing

from course import exercise
from course.experiment import Experiment
from datasets.abalone import load_abalone
from datasets.cats_vs_dogs import load_cats_vs_dogs
from datasets.digits import load_digits
from datasets.mobilenet import mobilenet_weights
from datasets.scattered_digits import scatter

BATCH = 64  # images at a time


@exercise(
    points=2,
    difficulty=1,
    minutes=10,
    hints=(
        "0 must become -1, 255 must become 1, and what lies between lies evenly between.",
        "Half of 255 is 127.5. Mind the order: unsigned bytes cannot hold negative numbers, so "
        "convert to float32 before you subtract.",
    ),
)
def preprocess(images):
    """Scales the bytes of images to what a MobileNet was trained on.

    Args:
        images: uint8 array of any shape, such as (n, height, width, 3), values 0 … 255.

    Returns:
        float32 array of the same shape, values -1 … 1: 0 becomes -1, 255 becomes 1, linearly in
        between. The argument is not changed.

    Raises:
        ValueError: images are not uint8, perhaps because they have been preprocessed already.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError(f"expected images of dtype uint8, 0 to 255, got {images.dtype}")
    return images.astype("float32") / 127.5 - 1.0


@exercise(
    points=2,
    difficulty=1,
    minutes=10,
    uses=("keras",),
    hints=(
        "keras.layers has them ready: RandomFlip, RandomRotation, RandomZoom, RandomTranslation. "
        "A keras.Sequential of such layers is itself a layer.",
        'A cat upside down is rare: RandomFlip("horizontal"). Small angles and zooms are enough.',
        "Layers that change brightness or contrast expect values from 0 to 255 unless told "
        "otherwise. Every random layer takes a seed.",
    ),
)
def build_augmenter(seed):
    """Builds layers that show every image a little differently each time, in training only.

    Args:
        seed: where the randomness begins: augmenters of one seed do the same, others differ.

    Returns:
        A Keras layer or model, called as `augmenter(images, training=True)` on images of shape
        (n, height, width, channels) in [-1, 1]. In training it returns images of the same shape in
        [-1, 1], changed at random, each in its own way; with training=False, and in predict, it
        returns them as they are.
    """
    return keras.Sequential(
        [
            keras.layers.RandomFlip("horizontal", seed=seed),
            keras.layers.RandomRotation(0.03, seed=seed + 1),  # of a full turn: 11 degrees
            keras.layers.RandomZoom(0.1, seed=seed + 2),
        ]
    )


@exercise(
    points=4,
    difficulty=2,
    minutes=25,
    uses=("keras",),
    hints=(
        "Freeze first: base_model.trainable = False. Then call the base on a keras.Input of "
        "base_model.input_shape[1:], as if it were a layer.",
        "The base's output has shape (None, h, w, channels). GlobalAveragePooling2D makes it "
        "(None, channels), whatever the image's size; then Dropout, then one Dense layer.",
        "Softmax over a single unit is always 1. For two classes the head is Dense(1, "
        'activation="sigmoid") with the loss "binary_crossentropy".',
    ),
)
def build_transfer_model(base_model, n_classes, dropout=0.2):
    """Puts a new head on a frozen base: pooling, dropout, one dense layer.

    Args:
        base_model: a Keras model, (None, height, width, 3) -> (None, h, w, channels). It is frozen
            by this function.
        n_classes: how many classes to tell apart, at least 2.
        dropout: part of the pooled features that is dropped in training, 0 <= dropout < 1.

    Returns:
        A compiled keras.Model: the base, frozen and in inference mode (training moves neither its
        weights nor the statistics of its BatchNormalization layers); global average pooling;
        dropout; a dense head. It takes preprocessed images. More than two classes: probabilities
        (None, n_classes) by softmax, trained on integer labels with
        "sparse_categorical_crossentropy". Two classes: one sigmoid unit (None, 1), the probability
        of class 1, trained with "binary_crossentropy".

    Raises:
        ValueError: n_classes is below 2, or dropout is outside [0, 1).
    """
    if n_classes < 2:
        raise ValueError(f"expected n_classes of at least 2, got {n_classes}")
    if not 0 <= dropout < 1:
        raise ValueError(f"expected 0 <= dropout < 1, got {dropout}")
    base_model.trainable = False
    images = keras.Input(base_model.input_shape[1:])
    # training=False is for the reader: Keras ignores it during fit. What holds the statistics of
    # BatchNormalization still is that each such layer is frozen.
    x = base_model(images, training=False)  # (None, h, w, channels)
    x = keras.layers.GlobalAveragePooling2D()(x)  # (None, channels)
    x = keras.layers.Dropout(dropout)(x)
    if n_classes == 2:
        outputs = keras.layers.Dense(1, activation="sigmoid")(x)
        loss = "binary_crossentropy"
    else:
        outputs = keras.layers.Dense(n_classes, activation="softmax")(x)
        loss = "sparse_categorical_crossentropy"
    model = keras.Model(images, outputs)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss, metrics=["accuracy"])
    return model


@exercise(
    points=3,
    difficulty=2,
    minutes=15,
    uses=("keras",),
    hints=(
        "A frozen base gives the same features in every epoch, so compute them once and train the "
        "head on a small table.",
        "base_model.predict works in batches and in inference mode; calling "
        "base_model(images, training=True) does neither.",
        "predict gives (n, h, w, channels). Average over the two middle axes.",
    ),
)
def extract_features(base_model, images):
    """Computes the features that a base gives each image, averaged over the picture.

    Args:
        base_model: a Keras model, (None, height, width, 3) -> (None, h, w, channels).
        images: shape (n, height, width, 3), already preprocessed: they go in as they are.

    Returns:
        Array of shape (n, channels): the base's output in inference mode, averaged over h and w.
        The images go through the base in batches of a few hundred at most, so that memory does
        not grow with n.
    """
    maps = base_model.predict(images, batch_size=BATCH, verbose=0)  # (n, h, w, channels)
    return maps.mean(axis=(1, 2))


@exercise(
    points=4,
    difficulty=3,
    minutes=25,
    uses=("keras",),
    hints=(
        "base_model.trainable = True sets all its layers to trainable. Then freeze again what must "
        "stay frozen: base_model.layers[:-n_layers].",
        "A BatchNormalization layer that is trainable renews its statistics in fit, on a few "
        "images of yours instead of a million. isinstance(layer, "
        "keras.layers.BatchNormalization) finds them: trainable = False.",
        "What is trainable takes effect when the model is compiled, with a new optimizer: the old "
        "one does not know the new variables. The loss may stay: model.loss.",
    ),
)
def unfreeze_top(model, base_model, n_layers, learning_rate=1e-5):
    """Makes the top of the base trainable, for fine-tuning with small steps.

    Args:
        model: a compiled model with a trained head on a frozen base, as of build_transfer_model.
        base_model: its base.
        n_layers: how many of base_model.layers, counted from the end, become trainable, at least 1;
            all of them when there are not as many.
        learning_rate: of the fine-tuning.

    Returns:
        The same model, compiled anew for the same loss, with a new optimizer of this learning rate.
        Trainable are base_model.layers[-n_layers:], except BatchNormalization layers, and the head.
        All other layers of the base stay frozen, and no BatchNormalization layer changes in fit:
        neither its weights nor its statistics.

    Raises:
        ValueError: n_layers is below 1.
    """
    if n_layers < 1:
        raise ValueError(f"expected n_layers of at least 1, got {n_layers}")
    base_model.trainable = True
    for layer in base_model.layers[:-n_layers]:
        layer.trainable = False
    for layer in base_model.layers[-n_layers:]:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate), loss=model.loss, metrics=["accuracy"]
    )
    return model


@exercise(
    points=5,
    difficulty=3,
    minutes=40,
    uses=("keras",),
    hints=(
        "Everything is there: build_transfer_model, extract_features, unfreeze_top. Begin with "
        "keras.utils.set_random_seed(seed).",
        "The quick way to train the head: keras.Sequential([keras.Input((channels,)), "
        "*model.layers[-2:]]) shares dropout and dense layer with the model; fit it on extracted "
        "features.",
        "Then unfreeze_top and a few epochs of model.fit on the images. Fine-tuning does not "
        "always help: keep the weights that did best on the validation data.",
    ),
)
def transfer_learn(base_model, x_train, y_train, x_valid, y_valid, n_classes, seed):
    """Trains a classifier on top of a base: first its head, then the top of the base as well.

    Args:
        base_model: a pretrained Keras model, (None, height, width, 3) -> (None, h, w, channels).
        x_train, x_valid: preprocessed images of shape (n, height, width, 3).
        y_train, y_valid: integer labels 0 … n_classes - 1 of shape (n,). Validation images serve to
            choose when to stop, never to train on.
        n_classes: how many classes there are, at least 2.
        seed: where randomness begins.

    Returns:
        A compiled model as of build_transfer_model, trained in two phases: the head on the frozen
        base; then, compiled anew, head and top layers of the base at a lower learning rate, below
        1e-3. No BatchNormalization layer of the base has changed.

    Raises:
        ValueError: n_classes is below 2, or images and labels differ in number.
    """
    for x, y in ((x_train, y_train), (x_valid, y_valid)):
        if len(x) != len(y):
            raise ValueError(f"expected a label for each image, got {len(x)} and {len(y)}")
    keras.utils.set_random_seed(seed)
    model = build_transfer_model(base_model, n_classes)
    train_head(model, base_model, x_train, y_train, x_valid, y_valid)
    fine_tune(model, base_model, x_train, y_train, x_valid, y_valid, seed)
    return model


@exercise(
    points=3,
    difficulty=2,
    minutes=20,
    uses=("keras",),
    hints=(
        "Train a regressor of two parts: a base that ends in features, and a Dense(1) on top.",
        "Call the base inside the regressor, keras.Sequential([base, keras.layers.Dense(1)]): "
        "training the whole trains the base. Return the base alone.",
        "Rings are about 10 on average. Without help, a network spends its first epochs on "
        "finding that out: scale the target.",
    ),
)
def pretrain_base(x, rings, seed):
    """Homework: trains a network to predict the age of abalones, and returns it without its head.

    Args:
        x: measurements of shape (n, f), standardised.
        rings: number of rings, shape (n,); an abalone's age in years is about 1.5 more.
        seed: where randomness begins.

    Returns:
        base_model: a keras.Model, (None, f) -> (None, k) with k of at least 2, the last hidden
        layer of a network that was trained to predict rings. A linear function of its outputs
        predicts rings, also when they do not depend linearly on x.

    Raises:
        ValueError: x and rings differ in number.
    """
    x, rings = np.asarray(x, "float32"), np.asarray(rings, "float32")
    if len(x) != len(rings):
        raise ValueError(f"expected rings for each row of x, got {len(x)} and {len(rings)}")
    keras.utils.set_random_seed(seed)
    base_model = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(32, activation="relu"),
        ]
    )
    regressor = keras.Sequential([base_model, keras.layers.Dense(1)])
    regressor.compile(optimizer=keras.optimizers.Adam(3e-3), loss="mse")
    target = (rings - rings.mean()) / (rings.std() + 1e-6)
    regressor.fit(x, target, epochs=30, batch_size=64, verbose=0)
    return base_model


@exercise(
    points=3,
    difficulty=2,
    minutes=20,
    uses=("keras",),
    hints=(
        "Freeze the base before you compile: what a model trains is settled by then.",
        'A Dense(3, activation="softmax") on the frozen base, trained with '
        '"sparse_categorical_crossentropy" on the integer labels.',
    ),
)
def transfer_to_sex(base_model, x, sex, seed):
    """Homework: trains a new head that tells the sex of abalones from what the base knows of age.

    Args:
        base_model: a Keras model, (None, f) -> (None, k), as of pretrain_base. It is frozen by
            this function: training does not move its weights.
        x: measurements of shape (n, f), standardised as for the base.
        sex: integers of shape (n,): 0 infant, 1 female, 2 male.
        seed: where randomness begins.

    Returns:
        A compiled and trained keras.Model, (None, f) -> (None, 3), the probabilities of the three
        by softmax. Its base stays frozen if training goes on.

    Raises:
        ValueError: x and sex differ in number, or a label is not 0, 1 or 2.
    """
    x, sex = np.asarray(x, "float32"), np.asarray(sex)
    if len(x) != len(sex):
        raise ValueError(f"expected a label for each row of x, got {len(x)} and {len(sex)}")
    if not np.isin(sex, (0, 1, 2)).all():
        raise ValueError(f"expected the labels 0, 1 and 2, got {np.unique(sex)}")
    keras.utils.set_random_seed(seed)
    base_model.trainable = False
    measurements = keras.Input(x.shape[1:])
    features = base_model(measurements, training=False)  # (None, k)
    outputs = keras.layers.Dense(3, activation="softmax")(features)
    model = keras.Model(measurements, outputs)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-2),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x, sex, epochs=30, batch_size=64, verbose=0)
    return model


# -- The two phases of transfer_learn --------------------------------------------------------------


def train_head(model, base_model, x_train, y_train, x_valid, y_valid):
    """Trains dropout and dense layer of a transfer model on features that are computed once."""
    parts = (extract_features(base_model, x_train), y_train)
    return fit_head(model, *parts, extract_features(base_model, x_valid), y_valid)


def fit_head(model, train_features, y_train, valid_features, y_valid):
    """Fits what lies above the base to its features, (n, channels); returns it as a model."""
    head = keras.Sequential([keras.Input(train_features.shape[1:]), *model.layers[-2:]])
    head.compile(optimizer=keras.optimizers.Adam(1e-2), loss=model.loss, metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
    head.fit(
        train_features,
        np.asarray(y_train),
        validation_data=(valid_features, np.asarray(y_valid)),
        epochs=40,
        batch_size=BATCH,
        callbacks=[stop],
        verbose=0,
    )
    return head


def fine_tune(model, base_model, x_train, y_train, x_valid, y_valid, seed, n_epochs=3):
    """Trains head and top of the base on augmented images; keeps what does best in validation."""
    labels, valid = np.asarray(y_train), (x_valid, np.asarray(y_valid))
    augmenter = build_augmenter(seed)
    best_loss = model.evaluate(*valid, verbose=0)[0]
    best_weights = model.get_weights()
    unfreeze_top(model, base_model, max(len(base_model.layers) // 3, 1), learning_rate=2e-5)
    history = []
    for _ in range(n_epochs):
        batches = [x_train[i : i + BATCH] for i in range(0, len(x_train), BATCH)]
        seen = np.concatenate([augmenter(batch, training=True) for batch in batches])
        model.fit(seen, labels, batch_size=32, verbose=0)
        loss, accuracy = model.evaluate(*valid, verbose=0)
        history.append({"valid_loss": loss, "valid_accuracy": accuracy})
        if loss < best_loss:
            best_loss, best_weights = loss, model.get_weights()
    model.set_weights(best_weights)
    return history


# -- The experiment --------------------------------------------------------------------------------


def split(n, seed):
    """Indices of 65 % for training, 15 % for validation and 20 % for the test, shuffled."""
    return next(folds(n, 5, seed))


def folds(n, k, seed):
    """Indices for training, validation (15 % of n) and test, k times: each is tested once."""
    parts = np.array_split(np.random.default_rng(seed).permutation(n), k)
    n_valid = int(0.15 * n)
    for i, test in enumerate(parts):
        others = np.concatenate(parts[i + 1 :] + parts[:i])
        yield others[n_valid:], others[:n_valid], test


def mirrored(images):
    """Images of shape (n, height, width, channels), left and right exchanged."""
    return images[:, :, ::-1]


def load_mobilenet(size, weights):
    """MobileNet without its top, for images of size x size pixels; weights None means random."""
    return keras.applications.MobileNet(
        input_shape=(size, size, 3), alpha=0.25, include_top=False, weights=weights
    )


def accuracy(model, views, y):
    """Share of images that are told right, from all views of an image together."""
    p = sum(model.predict(view, batch_size=BATCH, verbose=0) for view in views) / len(views)
    chosen = (p[:, 0] > 0.5).astype(int) if p.shape[1] == 1 else p.argmax(axis=1)
    return float((chosen == y).mean())


def train_photo_head(base_model, views, y, parts, seed):
    """A head for cats and dogs on features of the frozen base, and its accuracy on the test.

    Args:
        base_model: the base.
        views: features of all photos and of their mirror images, (n, channels) each.
        y: labels, (n,).
        parts: indices for training, validation and test.
        seed: where randomness begins.

    Returns:
        The transfer model with its trained head, and a dict for the table.
    """
    started = time.perf_counter()
    train, valid, test = parts
    keras.utils.set_random_seed(seed)
    model = build_transfer_model(base_model, 2)
    head = fit_head(model, views[0][train], y[train], views[0][valid], y[valid])
    return model, {
        "head": accuracy(head, [view[test] for view in views], y[test]),
        "valid_loss": head.evaluate(views[0][valid], y[valid], verbose=0)[0],
        "seconds": time.perf_counter() - started,
    }


def tune_on_photos(model, base_model, x, y, parts, seed, n_epochs):
    """Fine-tunes a transfer model whose head is trained: test accuracy and validation losses."""
    train, valid, test = parts
    history = fine_tune(
        model, base_model, x[train], y[train], x[valid], y[valid], seed, n_epochs=n_epochs
    )
    views = (x[test], mirrored(x[test]))  # a cat in the mirror is a cat
    return {
        "fine_tuned": accuracy(model, views, y[test]),
        "curve": [epoch["valid_loss"] for epoch in history],
    }


def accuracy_by_labels(features, y, counts, seeds):
    """Test accuracy of logistic regression on features, by labelled images per class."""
    results = []
    for count in counts:
        scores = []
        for seed in seeds:
            train, _, test = split(len(y), seed)
            few = np.concatenate([train[y[train] == label][:count] for label in np.unique(y)])
            classifier = sklearn.pipeline.make_pipeline(
                sklearn.preprocessing.StandardScaler(),
                sklearn.linear_model.LogisticRegression(C=0.02, max_iter=2000),
            )
            classifier.fit(features[few], y[few])
            scores.append(classifier.score(features[test], y[test]))
        results.append(float(np.mean(scores)))
    return results


def run_photos(run, photos, weights):
    """Cats and dogs, with a MobileNet that has seen ImageNet."""
    size = photos.images.shape[1]
    x, y = preprocess(photos.images), photos.labels
    base_model = load_mobilenet(size, weights)
    views = [extract_features(base_model, view) for view in (x, mirrored(x))]
    parts = list(folds(len(y), 5, run.seed))
    heads = [
        train_photo_head(base_model, views, y, fold, run.seed + k)
        for k, fold in enumerate(run.progress(parts, "folds"))
    ]
    model, first = heads[0]
    tuned = run.step(
        "fine-tuning",
        lambda: tune_on_photos(model, base_model, x, y, parts[0], run.seed, 1 if run.quick else 4),
    )
    for k, (_, result) in enumerate(heads, 1):
        after = {"fine_tuned": tuned["fine_tuned"]} if k == 1 else {}
        run.row(
            model=f"MobileNet, fold {k}", head=result["head"], **after, seconds=result["seconds"]
        )
    test_accuracy = float(np.mean([result["head"] for _, result in heads]))
    run.row(model="mean", head=test_accuracy)
    run.metric("test_accuracy", test_accuracy, at_least=0.85 if run.quick else 0.95)
    run.metric("first_fold_accuracy_head", first["head"])
    run.metric("first_fold_accuracy_fine_tuned", tuned["fine_tuned"])
    counts = [5, 10, 20, 50, 100, 300]
    keras.utils.set_random_seed(run.seed)
    untaught = extract_features(load_mobilenet(size, None), x)
    curves = {
        name: accuracy_by_labels(features, y, counts, range(5))
        for name, features in (("ImageNet weights", views[0]), ("random weights", untaught))
    }
    run.metric("test_accuracy_random_weights", curves["random weights"][-1])
    run.save_figure(plot_phases(first, tuned), "fine_tuning")
    run.save_figure(plot_labels(counts, curves, "Cats or dogs?"), "labelled_images")


def digit_images(digits, seed):
    """Digits that lie somewhere on canvases of 28 x 28 pixels, in three channels, preprocessed."""
    return preprocess(np.repeat(scatter(digits, seed)[..., None], 3, axis=-1))


def build_digit_base():
    """A small convolutional base, (None, 28, 28, 3) -> (None, 7, 7, 128)."""
    layers = keras.layers
    stack = [keras.Input((28, 28, 3))]
    for filters in (32, 64):
        stack += [layers.Conv2D(filters, 3, padding="same", activation="relu")]
        # Few steps of training: the running statistics must keep up with them.
        stack += [layers.BatchNormalization(momentum=0.8), layers.MaxPooling2D()]
    return keras.Sequential([*stack, layers.Conv2D(128, 3, padding="same", activation="relu")])


def build_from_scratch(base_model, n_classes):
    """The model of build_transfer_model, with all of the base trainable."""
    model = build_transfer_model(base_model, n_classes)
    base_model.trainable = True
    model.compile(optimizer=keras.optimizers.Adam(2e-3), loss=model.loss, metrics=["accuracy"])
    return model


def pretrain_on_digits(images, labels, seed, n_epochs):
    """A base that tells digits and by which quarter turn each is turned.

    A base learns what its task asks for. Five classes ask for little, and features of it serve the
    other five digits badly; with the turn, there are four times as many, and they ask for strokes
    and their directions. (S. Gidaris et al., Unsupervised Representation Learning by Predicting
    Image Rotations, 2018.)

    Args:
        images: (n, 8, 8) uint8.
        labels: (n,) 0 … 4.
        seed: where randomness begins.
        n_epochs: over all images in all turns.
    """
    x = np.concatenate(
        [digit_images(np.rot90(images, turn, axes=(1, 2)), seed + turn) for turn in range(4)]
    )
    turned = np.concatenate([labels + 5 * turn for turn in range(4)])  # 0 … 19
    base_model = build_digit_base()
    build_from_scratch(base_model, 20).fit(x, turned, epochs=n_epochs, batch_size=64, verbose=0)
    return base_model


def transfer_digits(digits, seed, counts, n_epochs):
    """Test accuracy on 5-9, by images per class: transferred from 0-4, and from scratch."""
    keras.utils.set_random_seed(seed)
    old = digits.labels < 5
    pretrained = pretrain_on_digits(digits.images[old], digits.labels[old], seed, n_epochs)
    knowledge = pretrained.get_weights()
    x, y = digit_images(digits.images[~old], seed + 4), digits.labels[~old] - 5
    train, valid, test = split(len(y), seed)
    valid = valid[:50]
    result = {"transferred": [], "from scratch": []}
    for count in counts:
        few = np.concatenate([train[y[train] == label][:count] for label in range(5)])
        parts = (x[few], y[few], x[valid], y[valid])
        pretrained.set_weights(knowledge)
        model = transfer_learn(pretrained, *parts, 5, seed)
        result["transferred"].append(accuracy(model, [x[test]], y[test]))
        model = build_from_scratch(build_digit_base(), 5)
        stop = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
        model.fit(
            *parts[:2], validation_data=parts[2:], epochs=60, batch_size=16, callbacks=[stop],
            verbose=0,
        )  # fmt: skip
        result["from scratch"].append(accuracy(model, [x[test]], y[test]))
    return result


def run_digits(run, digits):
    """The embedded default: a base of our own, from the digits 0-4 to 5-9."""
    counts = [10] if run.quick else [5, 10, 30]
    seeds = range(run.seed, run.seed + (1 if run.quick else 3))
    n_epochs = 3 if run.quick else 6
    results = [
        run.step(f"seed {seed}", lambda s=seed: transfer_digits(digits, s, counts, n_epochs))
        for seed in run.progress(seeds, "seeds")
    ]
    k = counts.index(10)
    for seed, result in zip(seeds, results, strict=True):
        run.row(model=f"seed {seed}", **{name: values[k] for name, values in result.items()})
    curves = {name: np.mean([r[name] for r in results], axis=0) for name in results[0]}
    for name, curve in curves.items():
        run.metric(f"test_accuracy_{name.replace(' ', '_')}", float(curve[k]))
    gain = float(curves["transferred"][k] - curves["from scratch"][k])
    run.metric("gain_by_transfer", gain, at_least=0.05 if run.quick else 0.10)
    title = "Digits 5–9, with a base that knows 0–4"
    run.save_figure(plot_labels(counts, curves, title), "labelled_images")


def run_abalone(run):
    """The homework: from the age of abalones to their sex."""
    data = load_abalone()
    frame = data.frame
    sex = frame["sex"].map({"I": 0, "F": 1, "M": 2}).to_numpy()
    x = frame.drop(columns=["sex", "rings"]).to_numpy("float32")
    train, _, test = split(len(x), run.seed)
    x = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    base_model = pretrain_base(x[train], frame["rings"].to_numpy()[train], run.seed)
    model = transfer_to_sex(base_model, x[train], sex[train], run.seed)
    score = float((model.predict(x[test], verbose=0).argmax(axis=1) == sex[test]).mean())
    most_frequent = float((sex[test] == np.bincount(sex[train]).argmax()).mean())
    run.row(model=f"Abalone ({data.provenance.source}), sex", fine_tuned=score)
    run.metric("abalone_sex_accuracy", score, at_least=most_frequent + 0.05)


def plot_phases(head, tuned):
    """Validation loss before and after each epoch of fine-tuning."""
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    losses = [head["valid_loss"], *tuned["curve"]]
    axes.plot(range(len(losses)), losses, marker="o", label="head and top of the base")
    axes.axhline(losses[0], color="grey", linestyle="--", label="head alone")
    axes.set(
        title=f"Cats or dogs: test accuracy {head['head']:.3f} before fine-tuning, "
        f"{tuned['fine_tuned']:.3f} after",
        xlabel="epochs of fine-tuning",
        ylabel="validation loss (cross-entropy)",
        ylim=(0, None),
    )
    axes.set_xticks(range(len(losses)))
    axes.legend()
    return figure


def plot_labels(counts, curves, title):
    """Accuracy by labelled images per class."""
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for name, curve in curves.items():
        axes.plot(counts, curve, marker="o", label=name)
    axes.set(title=title, xlabel="labelled images per class", ylabel="test accuracy")
    axes.set_xscale("log")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    axes.legend(loc="lower right")
    return figure


def main(arguments=None):
    """Photos with a pretrained MobileNet where they can be had, else digits; then the homework."""
    with Experiment.from_arguments(__file__, arguments) as run:
        photos = load_cats_vs_dogs(160 if run.quick else 224)
        weights = mobilenet_weights("the digits of scikit-learn") if photos else None
        if photos and weights:
            run.uses_data(photos.provenance.as_dict())
            run_photos(run, photos, str(weights))
        else:
            digits = load_digits()
            run.uses_data(digits.provenance.as_dict())
            run_digits(run, digits)
        run_abalone(run)


if __name__ == "__main__":
    main()
