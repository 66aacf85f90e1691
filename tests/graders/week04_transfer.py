"""Checks of week 4: transfer learning and fine-tuning.

Base models are built over there, through handles on Keras; weights cross as plain arrays and are
compared here. What a model shows of itself, its weights among it, is only the submission's word. So
the small bases get weights that are drawn here, their features are computed here, and predictions
must be what follows from features and shown weights: a model that shows other weights than it uses
is found out.

Not proven, since nothing but the worker's word tells it: the learning rate, the loss, and how the
weights came to be what they are. The checks with a MobileNet compare what the model shows; the same
properties are proven on the small bases.
"""

import itertools

import numpy as np
import pytest

from course.grading import expect, layers
from course.grading.submission import SubmissionRaisedError
from course.language import say

SECONDS = 60  # for a check that builds or trains a network


# -- bases, models and weights ---------------------------------------------------------------------


def keras_of(submission, rng):
    """Keras over there, with its randomness seeded."""
    keras = submission.module("keras")
    keras.utils.set_random_seed(int(rng.integers(100_000)))
    return keras


def convnet(keras, size=12, dropout=0.5):
    """A small functional base with BatchNormalization and Dropout: 8 layers, 6 channels out."""
    kinds = keras.layers
    images = keras.Input((size, size, 3))
    x = kinds.Conv2D(8, 3, activation="relu")(images)
    x = kinds.BatchNormalization()(x)
    x = kinds.Dropout(dropout)(x)
    x = kinds.Conv2D(8, 3)(x)
    x = kinds.BatchNormalization()(x)
    x = kinds.LeakyReLU()(x)
    return keras.Model(images, kinds.Conv2D(6, 3, strides=2, activation="relu")(x))


def convnet_weights(rng):
    return [
        *kernel_and_bias(rng, 3, 3, 3, 8),
        *normalization(rng, 8),
        *kernel_and_bias(rng, 3, 3, 8, 8),
        *normalization(rng, 8),
        *kernel_and_bias(rng, 3, 3, 8, 6),
    ]


def convnet_features(weights, images):
    """What the base makes of images, averaged over the picture, from its weights: (n, 6)."""
    return layers.relu(convnet_scores(weights, images)).mean(axis=(1, 2))


def convnet_scores(weights, images):
    """What the base makes of images before its last ReLU: (n, height, width, 6)."""
    x = layers.relu(layers.conv2d(images, *weights[:2]))
    x = layers.batch_normalization(x, *weights[2:6])
    x = layers.batch_normalization(layers.conv2d(x, *weights[6:8]), *weights[8:12])
    return layers.conv2d(layers.leaky_relu(x), *weights[12:], stride=2)


def convnet_weights_for(rng, images, labels):
    """Weights that serve such images as pretrained ones would, whatever the seed.

    From image to image each feature differs by about 1, which is not little beside its mean, and
    nearly every image is nearest to the mean of its class. With weights drawn at random, features
    may hardly differ, and no head learns in a few epochs what is in the fourth digit.
    """
    classes = np.unique(labels)
    while True:
        *lower, kernel, bias = convnet_weights(rng)
        scores = convnet_scores([*lower, kernel, bias], images)
        mean, stddev = scores.mean(axis=(0, 1, 2)), scores.std(axis=(0, 1, 2))
        kernel, bias = kernel / stddev, (bias - mean) / stddev
        spread = convnet_features([*lower, kernel, bias], images).std(axis=0)
        weights = [*lower, *float32(kernel / spread, bias / spread)]
        features = convnet_features(weights, images)
        means = np.stack([features[labels == label].mean(axis=0) for label in classes])
        distances = np.linalg.norm(features[:, None] - means, axis=2)  # (n, classes)
        right = (classes[distances.argmin(axis=1)] == labels).mean()
        if right >= 0.98 and features.mean(axis=0).max() < 3:
            return weights


def sequential(keras, size=9, dropout=0.5):
    """A Sequential base: 5 layers, 5 channels out."""
    kinds = keras.layers
    return keras.Sequential(
        [
            keras.Input((size, size, 3)),
            kinds.Conv2D(4, 3, activation="tanh"),
            kinds.BatchNormalization(),
            kinds.Dropout(dropout),
            kinds.SeparableConv2D(5, 3),
            kinds.LeakyReLU(),
        ]
    )


def sequential_weights(rng):
    depthwise, pointwise = rng.normal(0, 0.6, (3, 3, 4, 1)), rng.normal(0, 0.7, (1, 1, 4, 5))
    return [
        *kernel_and_bias(rng, 3, 3, 3, 4),
        *normalization(rng, 4),
        *float32(depthwise, pointwise, rng.uniform(0.05, 0.3, 5)),
    ]


def sequential_features(weights, images):
    """What the base makes of images, averaged over the picture, from its weights: (n, 5)."""
    x = np.tanh(layers.conv2d(images, *weights[:2]))
    x = layers.batch_normalization(x, *weights[2:6])
    return layers.leaky_relu(layers.separable_conv2d(x, *weights[6:])).mean(axis=(1, 2))


def kernel_and_bias(rng, *shape):
    kernel = rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)
    return float32(kernel, rng.uniform(0.05, 0.3, shape[-1]))


def normalization(rng, channels):
    """Gamma, beta, mean and variance that do something."""
    limits = ((0.8, 1.3), (-0.2, 0.3), (0.05, 0.3), (0.5, 1.3))
    return float32(*(rng.uniform(*pair, channels) for pair in limits))


def float32(*arrays):
    return [array.astype("float32") for array in arrays]


def mobilenet(keras, rng):
    """A MobileNet with random weights through which signals do not die: 86 layers, 256 channels."""
    base = keras.applications.MobileNet(
        input_shape=(32, 32, 3), alpha=0.25, include_top=False, weights=None
    )
    weights = weights_of(base)
    for number, array in enumerate(weights):
        if array.ndim == 4:
            fan_in = 2.0 if array.shape[3] == 1 else np.prod(array.shape[:3])
            weights[number] = rng.normal(0, np.sqrt(2 / fan_in), array.shape)
    return with_weights(base, float32(*weights))


def with_weights(base, weights):
    """The base, with these weights."""
    base.set_weights(weights)
    return base


def statistics_moved_from_their_start(base, rng):
    """Gives BatchNormalization other statistics than 0 and 1, so that it does something."""
    weights = weights_of(base)
    weights = [a + rng.uniform(0.05, 0.3, a.shape) if a.ndim == 1 else a for a in weights]
    base.set_weights(float32(*weights))


def images_like(rng, n, size):
    return rng.uniform(-1, 1, (n, size, size, 3)).astype("float32")


def weights_of(layer):
    """All weights of a layer or model, BatchNormalization's statistics included, as arrays."""
    got = layer.get_weights()
    expect.that(isinstance(got, list), say("expected the model's get_weights() to give a list"))
    return [expect.array(array, of=say("a weight")) for array in got]


def moved(before, after):
    """Whether any weight has another value."""
    return len(before) != len(after) or any(
        one.shape != other.shape or not np.array_equal(one, other)
        for one, other in zip(before, after, strict=True)
    )


def is_batch_normalization(submission, layer):
    is_a = submission.module("builtins").isinstance
    kind = submission.module("keras").layers.BatchNormalization
    return is_a(layer, kind) is True


def predictions(model, x, shape, of=None, misconception=None):
    """The model's predictions, finite and of this shape."""
    of = of or say("the model's predictions")
    got = expect.array(model.predict(x, verbose=0), of=of)
    expect.that(
        got.shape == shape,
        say(
            "wrong shape of {of} for x of shape {x_shape}: expected {expected}, got {got}",
            of=of,
            x_shape=x.shape,
            expected=shape,
            got=got.shape,
        ),
        misconception,
    )
    expect.that(bool(np.isfinite(got).all()), say("expected {of} to be finite numbers", of=of))
    return got


def expect_probabilities(got):
    of = say("the model's predictions")
    expect.that(
        bool((got >= 0).all() and (got <= 1).all()),
        say(
            "expected {of} to be probabilities, got values from {lowest:.3g} to {highest:.3g}",
            of=of,
            lowest=got.min(),
            highest=got.max(),
        ),
    )
    if got.shape[1] > 1:
        expect.equal(
            got.sum(axis=1), np.ones(len(got)), of=say("the row sums of {of}", of=of), rtol=1e-3
        )


def train_a_little(model, x, y, epochs=2):
    """Fits; in its own words when the optimizer does not know the variables."""
    try:
        model.fit(x, y, epochs=epochs, batch_size=16, verbose=0)
    except SubmissionRaisedError as error:
        if "Unknown variable" in error.text or "was not recognized" in error.text:
            expect.fail(
                say(
                    "expected a model that can be trained, got an error in fit: the optimizer was "
                    "made for other variables"
                ),
                "optimizer_reused",
            )
        raise


def pooled(base, images):
    """What the base makes of images in inference mode, averaged over the picture."""
    return expect.array(base.predict(images, verbose=0)).mean(axis=(1, 2))


# -- preprocess ------------------------------------------------------------------------------------


@pytest.mark.exercise("preprocess")
def test_bytes_become_minus_one_to_one(submission, rng):
    """0 becomes -1, 255 becomes 1, and values between lie evenly between."""
    levels = np.array([[0, 255, 51, 204, 127, 128]], np.uint8)
    expect.equal(submission.preprocess(levels), levels / 127.5 - 1, atol=1e-5)
    images = rng.integers(0, 256, (2, 5, 4, 3)).astype(np.uint8)
    expect.equal(submission.preprocess(images), images / 127.5 - 1, of=say("the images"), atol=1e-5)


@pytest.mark.exercise("preprocess")
def test_float32_and_the_bytes_are_left_alone(submission):
    """The result is float32."""
    got = submission.preprocess(np.array([0, 255], np.uint8))
    expect.equal(got, [-1, 1])
    kind = getattr(got, "dtype", type(got).__name__)
    expect.that(kind == np.float32, say("expected an array of float32, got {kind}", kind=kind))


@pytest.mark.exercise("preprocess")
def test_rejects_what_is_no_bytes(submission):
    """Images that are not uint8, such as preprocessed ones, are a ValueError."""
    images = np.array([[0, 255, 51]], np.uint8)
    expect.equal(submission.preprocess(images), [[-1, 1, -0.6]], atol=1e-5)
    for wrong in (np.array([[-1.0, 0.5]], np.float32), np.array([[0.0, 255.0]])):
        expect.raises(
            ValueError,
            lambda wrong=wrong: submission.preprocess(wrong),
            say("the images are {dtype}", dtype=wrong.dtype),
        )


# -- build_augmenter -------------------------------------------------------------------------------


def smooth_images(n, size=16):
    """Copies of one image in [-1, 1] whose left and right, top and bottom differ."""
    row = np.linspace(-1, 1, size)
    image = np.stack([np.add.outer(row * a, row * b) for a, b in ((0.5, 0.5), (0, 1), (0.9, 0.1))])
    return np.repeat(np.moveaxis(image, 0, -1)[None], n, axis=0).astype("float32")


def augmented(augmenter, images, training):
    expect.that(
        hasattr(augmenter, "has"),  # a handle: something that stays over there
        say("expected a Keras layer or model, got {kind}", kind=type(augmenter).__name__),
    )
    got = augmenter(images, training=training)
    return expect.shape(
        got, images.shape, of=say("the images with training={training}", training=training)
    )


@pytest.mark.exercise("build_augmenter", seconds=SECONDS)
def test_changes_images_in_training(submission):
    """In training every image of a batch is changed in its own way; the shape stays."""
    images = smooth_images(12)
    got = augmented(submission.build_augmenter(3), images, True)
    changed = np.abs(got - images).max(axis=(1, 2, 3)) > 0.01
    expect.that(
        bool(changed.mean() > 0.4),
        say(
            "expected images to be changed in training, got {changed} of 12 changed",
            changed=changed.sum(),
        ),
        "never_augments",
    )
    alike = np.abs(got - got[0]).max(axis=(1, 2, 3)) < 1e-4
    expect.that(
        not alike.all(), say("expected each image to be changed in its own way, got 12 alike")
    )


@pytest.mark.exercise("build_augmenter", seconds=SECONDS)
def test_leaves_images_alone_otherwise(submission):
    """With training=False images come back as they are; in training they do not."""
    images = smooth_images(6)
    augmenter = submission.build_augmenter(5)
    in_training = augmented(augmenter, images, True)
    keras = submission.module("keras")
    model = keras.Sequential([keras.Input(images.shape[1:]), augmenter])
    for still, where in (
        (augmented(augmenter, images, False), say("with training=False")),
        (predictions(model, images, images.shape, of=say("the images")), say("in predict")),
    ):
        expect.that(
            bool(np.abs(still - images).max() < 1e-5),
            say("expected images as they are {where}, got changed ones", where=where),
            "augments_at_test_too",
        )
    expect.that(
        bool(np.abs(in_training - images).max() > 0.01), say("expected changes in training")
    )


@pytest.mark.exercise("build_augmenter", seconds=SECONDS)
def test_values_stay_in_range(submission):
    """Images in [-1, 1] stay there and are still images: neither clipped to black nor noise."""
    images = smooth_images(24)
    got = augmented(submission.build_augmenter(8), images, True)
    expect.that(
        bool(got.min() >= -1.001 and got.max() <= 1.001),
        say(
            "expected values in [-1, 1], got {lowest:.3g} to {highest:.3g}",
            lowest=got.min(),
            highest=got.max(),
        ),
        "brightness_for_0_to_255",
    )
    expect.that(
        bool(got.std() > 0.5 * images.std()),
        say(
            "expected images with about the contrast of the originals (deviation {expected:.2f}), "
            "got {got:.2f}",
            expected=images.std(),
            got=got.std(),
        ),
        "brightness_for_0_to_255",
    )
    expect.that(bool(np.abs(got - images).max() > 0.01), say("expected changes in training"))


@pytest.mark.exercise("build_augmenter", seconds=SECONDS)
def test_seed_decides(submission):
    """Augmenters of one seed do the same, those of another seed something else."""
    images = smooth_images(8)
    one, same, other = (
        augmented(submission.build_augmenter(seed), images, True) for seed in (1, 1, 2)
    )
    expect.that(
        bool(np.abs(one - same).max() < 1e-4),
        say("expected the same changes from two augmenters of seed 1, got different ones"),
        "seed_ignored",
    )
    expect.that(
        bool(np.abs(one - other).max() > 0.01),
        say("expected other changes for another seed, got the same"),
    )


# -- build_transfer_model --------------------------------------------------------------------------


def head_of(model, base, channels, n_outputs):
    """Kernel and bias of the head: what the model has beyond the base's weights."""
    expect.that(
        model.has("trainable_variables"),
        say("expected a keras.Model, got something without variables"),
    )
    trainable = [expect.array(array) for array in expect_list(model.trainable_variables)]
    shapes = [array.shape for array in trainable]
    wanted = [(channels, n_outputs), (n_outputs,)]
    if shapes != wanted:
        wrong = None
        if len(shapes) > 2:
            wrong = "base_left_trainable"
        elif shapes and len(shapes[0]) == 2 and shapes[0][0] > channels:
            wrong = "flattens_instead_of_pooling"
        expect.fail(
            say(
                "expected only the head to be trainable, a kernel of shape {kernel} and a bias of "
                "shape {bias}; got {n} trainable arrays of shapes {shapes}",
                kernel=wanted[0],
                bias=wanted[1],
                n=len(shapes),
                shapes=", ".join(map(str, shapes[:6])),
            ),
            wrong,
        )
    return trainable


def expect_list(got):
    expect.that(isinstance(got, list), say("expected the model's variables to be a list"))
    return got


def head_output(features, head):
    """What the head makes of pooled features, computed here."""
    scores = features @ head[0] + head[1]
    if scores.shape[1] == 1:
        return 1 / (1 + np.exp(-scores))
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


@pytest.mark.exercise("build_transfer_model", seconds=SECONDS)
def test_base_pooling_head(submission, rng):
    """Predictions are the head's of the base's pooled features, for any base and any size."""
    keras = keras_of(submission, rng)
    known, other = convnet_weights(rng), sequential_weights(rng)
    pretrained = mobilenet(keras, rng)
    statistics_moved_from_their_start(pretrained, rng)
    bases = (
        (with_weights(convnet(keras), known), lambda x: convnet_features(known, x), 12, 6, 3),
        (
            with_weights(sequential(keras, 7), other),
            lambda x: sequential_features(other, x),
            *(7, 5, 5),
        ),
        (pretrained, lambda x: pooled(pretrained, x), 32, 256, 4),
    )
    for base, features_of, size, channels, n_classes in bases:
        images = images_like(rng, 12, size)  # more than a head has inputs, so it cannot be made up
        features = features_of(images)
        model = expect.model(submission.build_transfer_model(base, n_classes))
        got = predictions(model, images, (12, n_classes))
        expect_probabilities(got)
        head = head_of(model, base, channels, n_classes)
        twice = {
            "preprocesses_again": head_output(features_of(images / 127.5 - 1), head),
            "expects_zero_to_one": head_output(features_of((images + 1) / 2), head),
        }
        expect.equal(
            got,
            head_output(features, head),
            of=say("the predictions"),
            rtol=1e-2,
            atol=1e-4,
            betrays=twice,
        )
        expect_obeys_its_head(model, images, features, n_classes, rng)


def expect_obeys_its_head(model, images, features, n_outputs, rng):
    """With a kernel and a bias that are drawn here, predictions are what follows from them."""
    channels = features.shape[1]
    drawn = float32(rng.normal(0, 0.5, (channels, n_outputs)), rng.normal(0, 0.5, n_outputs))
    weights = weights_of(model)
    kernel, _ = head_among(weights, channels, n_outputs)
    place = next(number for number, array in enumerate(weights) if array is kernel)
    weights[place : place + 2] = drawn
    model.set_weights(float32(*weights))
    expect.equal(
        predictions(model, images, (len(images), n_outputs)),
        head_output(features, drawn),
        of=say("the predictions with other weights in the head"),
        rtol=1e-2,
        atol=1e-4,
    )


@pytest.mark.exercise("build_transfer_model", seconds=SECONDS)
def test_two_classes_have_one_sigmoid(submission, rng):
    """Two classes are one sigmoid unit, the probability of class 1, which training moves."""
    keras = keras_of(submission, rng)
    weights = sequential_weights(rng)
    base = with_weights(sequential(keras, dropout=0.0), weights)
    images = images_like(rng, 16, 9)
    features = sequential_features(weights, images)
    model = expect.model(submission.build_transfer_model(base, 2))
    got = predictions(model, images, (16, 1), misconception="two_units_for_two_classes")
    expect_probabilities(got)
    expect.that(
        not (got == 1).all(),
        say("expected probabilities that depend on the image, got 1 for every image"),
        "softmax_over_one_unit",
    )
    head = head_of(model, base, 5, 1)
    expect.equal(got, head_output(features, head), of=say("the predictions"), rtol=1e-2, atol=1e-4)
    loss = expect.array(model.test_on_batch(images, np.ones(16)), of=say("the loss")).reshape(-1)[0]
    expect.number(loss, -np.log(got).mean(), of=say("the loss when all labels are 1"), rtol=0.02)
    expect_obeys_its_head(model, images, features, 1, rng)


@pytest.mark.exercise("build_transfer_model", seconds=SECONDS)
def test_training_moves_only_the_head(submission, rng):
    """After some training the base is what it was, its statistics included; the head is not."""
    keras = keras_of(submission, rng)
    for base, weights, features_of, size, n_classes in (
        (convnet(keras), convnet_weights(rng), convnet_features, 12, 3),
        (sequential(keras), sequential_weights(rng), sequential_features, 9, 2),
    ):
        base.set_weights(weights)
        images = images_like(rng, 16, size)
        features = features_of(weights, images)
        model = expect_only_head_moves(submission, base, size, n_classes, rng, eagerly=False)
        n_outputs = 1 if n_classes == 2 else n_classes
        got = predictions(model, images, (16, n_outputs))
        head = head_of(model, base, features.shape[1], n_outputs)
        expect.equal(
            got,
            head_output(features, head),
            of=say("the predictions after training, from the base as it was"),
            rtol=1e-2,
            atol=1e-4,
        )


@pytest.mark.exercise("build_transfer_model", seconds=SECONDS)
def test_training_moves_only_the_head_of_mobilenet(submission, rng):
    """The same with a MobileNet as the base."""
    base = mobilenet(keras_of(submission, rng), rng)
    expect_only_head_moves(submission, base, 32, 4, rng, eagerly=True)


def expect_only_head_moves(submission, base, size, n_classes, rng, eagerly):
    before = weights_of(base)
    model = expect.model(submission.build_transfer_model(base, n_classes))
    images = images_like(rng, 32, size)
    labels = rng.integers(0, n_classes, 32)
    untrained = weights_of(model)
    first = expect.array(model.predict(images, verbose=0))
    expect.that(
        len(untrained) > len(before), say("expected the model to have a head on the base, got none")
    )
    if eagerly:  # one step without a graph takes less time than the graph
        model.run_eagerly = True
        model.train_on_batch(images[:8], labels[:8])
    else:
        train_a_little(model, images, labels)
    if moved(before, weights_of(base)):
        frozen_now = base.trainable is False
        expect.fail(
            say("expected the base's weights not to move in training, but they did"),
            "frozen_after_compiling" if frozen_now else "base_left_trainable",
        )
    expect.that(
        moved(untrained, weights_of(model)),
        say("expected training to move the head's weights, but they are what they were"),
        "head_frozen_too",
    )
    trained = expect.array(model.predict(images, verbose=0))
    expect.that(
        moved([first], [trained]), say("expected other predictions after training, got the same")
    )
    expect.that(
        bool(np.ptp(trained, axis=0).max() > 0),
        say("expected predictions that depend on the image after training, got the same for all"),
    )
    return model


@pytest.mark.exercise("build_transfer_model", seconds=SECONDS)
def test_dropout_before_the_head(submission, rng):
    """`dropout` is the part of the pooled features that is dropped in training, and only then."""
    keras = keras_of(submission, rng)
    images = images_like(rng, 6, 9)
    for dropout in (0.0, 0.5):
        base = sequential(keras, dropout=0.0)
        model = expect.model(submission.build_transfer_model(base, 3, dropout))
        still = predictions(model, images, (6, 3))
        expect.equal(
            predictions(model, images, (6, 3)), still, of=say("the predictions, once more")
        )
        noisy = expect.shape(model(images, training=True), (6, 3), of=say("the output in training"))
        differs = bool(np.abs(noisy - still).max() > 1e-3)
        expect.that(
            differs == (dropout > 0),
            say(
                "with dropout={dropout} and training=True, expected the output to differ from the "
                "predictions, but it did not",
                dropout=dropout,
            )
            if dropout
            else say(
                "with dropout={dropout} and training=True, expected the output to equal the "
                "predictions, but it did not: something else is random in training",
                dropout=dropout,
            ),
            "dropout_ignored",
        )


@pytest.mark.exercise("build_transfer_model", seconds=SECONDS)
def test_rejects_one_class(submission, rng):
    """A single class, or a dropout outside [0, 1), is a ValueError."""
    keras = keras_of(submission, rng)
    model = expect.model(submission.build_transfer_model(sequential(keras), 3))
    predictions(model, images_like(rng, 1, 9), (1, 3))
    for n_classes, dropout in ((1, 0.2), (0, 0.2), (3, 1.0), (3, -0.1)):
        base = sequential(keras)
        expect.raises(
            ValueError,
            lambda base=base, n=n_classes, d=dropout: submission.build_transfer_model(base, n, d),
            say(
                "n_classes is {n_classes} and dropout {dropout}",
                n_classes=n_classes,
                dropout=dropout,
            ),
        )


# -- extract_features ------------------------------------------------------------------------------


@pytest.mark.exercise("extract_features", seconds=SECONDS)
def test_the_bases_output_averaged(submission, rng):
    """Features are the base's output for the images as they are, averaged over height and width."""
    keras = keras_of(submission, rng)
    for base, weights, features_of, size, n in (
        (convnet(keras), convnet_weights(rng), convnet_features, 12, 7),
        (sequential(keras, 8), sequential_weights(rng), sequential_features, 8, 1),
    ):
        base.set_weights(weights)
        images = images_like(rng, n, size)
        maps = expect.array(base.predict(images, verbose=0))
        betrays = {
            "preprocesses_features_again": features_of(weights, images / 127.5 - 1),
            "takes_the_maximum": maps.max(axis=(1, 2)),
            "sums_over_the_picture": maps.sum(axis=(1, 2)),
        }
        got = submission.extract_features(base, images)
        expect_pooled_shape(got, maps)
        expect.equal(
            got,
            features_of(weights, images),
            of=say("the features"),
            rtol=1e-3,
            atol=1e-5,
            betrays=betrays,
        )


def expect_pooled_shape(got, maps):
    shape = expect.array(got, of=say("the features")).shape
    wanted = (maps.shape[0], maps.shape[3])
    expect.that(
        shape == wanted,
        say(
            "wrong shape of the features: expected {expected}, got {got}",
            expected=wanted,
            got=shape,
        ),
        "not_pooled" if np.prod(shape) == maps.size and maps.size > np.prod(wanted) else None,
    )


@pytest.mark.exercise("extract_features", seconds=SECONDS)
def test_inference_mode(submission, rng):
    """Dropout in the base drops nothing, and BatchNormalization uses the statistics it has."""
    before = convnet_weights(rng)
    base = with_weights(convnet(keras_of(submission, rng), dropout=0.5), before)
    images = images_like(rng, 9, 12)
    wanted = convnet_features(before, images)
    got = expect.shape(
        submission.extract_features(base, images), wanted.shape, of=say("the features")
    )
    expect.that(
        not moved(before, weights_of(base)),
        say("expected the base's weights and statistics not to move, but they did"),
        "in_training_mode",
    )
    expect.that(
        bool(np.allclose(got, wanted, rtol=1e-3, atol=1e-4)),
        say("expected what the base gives in inference mode, got something else"),
        "in_training_mode",
    )


@pytest.mark.exercise("extract_features", seconds=SECONDS)
def test_in_batches(submission, rng):
    """Many images go through the base in batches, and come back in their order."""
    keras = keras_of(submission, rng)
    inputs = keras.Input((4, 4, 3))
    # A base that adds to each image how many came together with it.
    ops = keras.ops
    count = ops.sum(ops.ones_like(inputs), axis=0, keepdims=True)
    counts = ops.add(ops.zeros_like(inputs), count)
    base = keras.Model(inputs, keras.layers.Concatenate()([inputs, counts]))
    images = images_like(rng, 1500, 4)
    got = expect.shape(submission.extract_features(base, images), (1500, 6), of=say("the features"))
    expect.equal(got[:, :3], images.mean(axis=(1, 2)), of=say("the features"), atol=1e-4)
    largest = round(got[:, 3:].max())
    expect.that(
        largest <= 750,
        say(
            "expected batches of a few hundred images at most, got {largest} of 1500 at once",
            largest=largest,
        ),
        "all_at_once",
    )


# -- unfreeze_top ----------------------------------------------------------------------------------


def trained_transfer_model(keras, base, n_classes, images, labels, eagerly=False):
    """A transfer model as of the head's phase: frozen base, trained head, optimizer in use."""
    kinds = keras.layers
    base.trainable = False
    inputs = keras.Input(images.shape[1:])
    x = kinds.GlobalAveragePooling2D()(base(inputs, training=False))
    if n_classes == 2:
        outputs, loss = kinds.Dense(1, activation="sigmoid")(x), "binary_crossentropy"
    else:
        outputs = kinds.Dense(n_classes, activation="softmax")(x)
        loss = "sparse_categorical_crossentropy"
    model = keras.Model(inputs, outputs)
    model.compile(
        optimizer=keras.optimizers.Adam(3e-3), loss=loss, metrics=["accuracy"], run_eagerly=eagerly
    )
    model.train_on_batch(images, labels)
    return model


def layers_of(base):
    listed = base.layers
    expect.that(isinstance(listed, list), say("expected the base to keep its layers"))
    return listed


def expect_shown_weights_are_used(model, base, features_of, size, n_outputs, rng):
    """Predictions are what follows from the weights that base and model show."""
    images = images_like(rng, 16, size)
    features = features_of(weights_of(base), images)
    expect.equal(
        predictions(model, images, (16, n_outputs)),
        head_output(features, head_among(weights_of(model), features.shape[1], n_outputs)),
        of=say("the predictions, from the weights that the model shows"),
        rtol=1e-2,
        atol=1e-4,
    )


def head_among(weights, channels, n_outputs):
    """Kernel and bias of the head among a model's weights."""
    wanted = [(channels, n_outputs), (n_outputs,)]
    for pair in itertools.pairwise(weights):
        if [array.shape for array in pair] == wanted:
            return pair
    return expect.fail(
        say(
            "expected a dense head on the base's {channels} pooled features, with a kernel of "
            "shape {kernel} and a bias of shape {bias}, found none among the weights",
            channels=channels,
            kernel=wanted[0],
            bias=wanted[1],
        )
    )


def expect_the_top_moves(submission, keras, base, size, n_classes, n_layers, rng, eagerly=False):
    """Unfreezes, trains, and compares layer by layer."""
    images, labels = images_like(rng, 16, size), rng.integers(0, n_classes, 16)
    model = trained_transfer_model(keras, base, n_classes, images, labels, eagerly)
    got = expect.model(submission.unfreeze_top(model, base, n_layers, 0.01))
    expect_new_rate(got, 0.01)
    listed = layers_of(base)
    before = [weights_of(layer) for layer in listed]
    everything = weights_of(got)
    if eagerly:
        got.run_eagerly = True
        got.train_on_batch(images, labels)
    else:
        train_a_little(got, images, labels)
    n_head = 2  # kernel and bias come last in a Functional model
    expect.that(
        moved(everything[-n_head:], weights_of(got)[-n_head:]),
        say("expected the head to go on learning, but training did not move it"),
        "head_frozen_too",
    )
    first = len(listed) - n_layers
    for number, layer in enumerate(listed):
        expect_layer(
            submission,
            layer,
            before[number],
            number >= first,
            say("{number} of {n_layers}", number=number, n_layers=len(listed)),
        )
    return got


def expect_layer(submission, layer, before, in_top, where):
    """That a layer of the base moved if and only if it should."""
    if not before:
        return
    has_moved, normalizes = (
        moved(before, weights_of(layer)),
        is_batch_normalization(submission, layer),
    )
    if normalizes:
        expect.that(
            not has_moved,
            say(
                "expected the BatchNormalization layer {where} of the base not to change in fit, "
                "but its weights or statistics moved",
                where=where,
            ),
            "batch_normalization_drifts",
        )
    elif in_top:
        expect.that(
            has_moved,
            say(
                "expected layer {where} of the base, in the unfrozen top, to move in training, "
                "but it did not",
                where=where,
            ),
            "recompiles_but_never_unfreezes",
        )
    else:
        expect.that(
            not has_moved,
            say(
                "expected layer {where} of the base, below the unfrozen top, to stay, but it moved",
                where=where,
            ),
            "unfreezes_everything",
        )


def learning_rate_of(model):
    expect.that(
        model.has("optimizer") and model.optimizer is not None,
        say("expected a compiled model, got one without an optimizer"),
    )
    return float(expect.shape(model.optimizer.learning_rate, (), of=say("the learning rate")))


def expect_new_rate(model, wanted):
    rate = learning_rate_of(model)
    if not np.isclose(rate, wanted, rtol=1e-3):
        wrong = "same_learning_rate"
        if np.isclose(rate, 3e-3, rtol=1e-3):
            wrong = "unfreezes_without_compiling"
        expect.fail(
            say("expected a learning rate of {expected:g}, got {got:g}", expected=wanted, got=rate),
            wrong,
        )


@pytest.mark.exercise("unfreeze_top", seconds=SECONDS)
def test_exactly_the_top_moves(submission, rng):
    """Training then moves the head and the last n_layers of the base, and no layer below."""
    keras = keras_of(submission, rng)
    base = with_weights(convnet(keras), convnet_weights(rng))
    model = expect_the_top_moves(submission, keras, base, 12, 3, 4, rng)
    expect_shown_weights_are_used(model, base, convnet_features, 12, 3, rng)


@pytest.mark.exercise("unfreeze_top", seconds=SECONDS)
def test_batch_normalization_stays(submission, rng):
    """No weight or statistic of a BatchNormalization layer moves, in the top or below it."""
    keras = keras_of(submission, rng)
    base = with_weights(sequential(keras), sequential_weights(rng))
    model = expect_the_top_moves(submission, keras, base, 9, 2, 5, rng)
    expect_shown_weights_are_used(model, base, sequential_features, 9, 1, rng)


@pytest.mark.exercise("unfreeze_top", seconds=SECONDS)
def test_top_of_mobilenet(submission, rng):
    """The same with the last 15 layers of a MobileNet."""
    keras = keras_of(submission, rng)
    expect_the_top_moves(submission, keras, mobilenet(keras, rng), 32, 3, 15, rng, eagerly=True)


@pytest.mark.exercise("unfreeze_top", seconds=SECONDS)
def test_lower_learning_rate_same_loss(submission, rng):
    """Learning goes on at the given rate, 1e-5 by default, with the loss that the model had."""
    keras = keras_of(submission, rng)
    images = images_like(rng, 8, 9)
    for n_classes in (2, 3):
        base = sequential(keras)
        labels = rng.integers(0, n_classes, 8)
        model = trained_transfer_model(keras, base, n_classes, images, labels)
        loss = float(expect.array(model.test_on_batch(images, labels)).reshape(-1)[0])
        got = expect.model(submission.unfreeze_top(model, base, 2))
        expect_new_rate(got, 1e-5)
        after = expect.array(got.test_on_batch(images, labels), of=say("the loss")).reshape(-1)[0]
        expect.number(after, loss, of=say("the loss on the same images"), rtol=1e-2)


@pytest.mark.exercise("unfreeze_top", seconds=SECONDS)
def test_rejects_no_layers(submission, rng):
    """To unfreeze fewer than one layer is a ValueError: layers[-0:] would be all of them."""
    keras = keras_of(submission, rng)
    images, base = images_like(rng, 4, 9), sequential(keras)
    model = trained_transfer_model(keras, base, 3, images, np.array([0, 1, 2, 0]))
    expect_new_rate(expect.model(submission.unfreeze_top(model, base, 1, 1e-4)), 1e-4)
    for n_layers in (0, -2):
        expect.raises(
            ValueError,
            lambda n=n_layers: submission.unfreeze_top(model, base, n),
            say("n_layers is {n_layers}", n_layers=n_layers),
        )


# -- transfer_learn --------------------------------------------------------------------------------


def striped_images(rng, n, n_classes, size=12):
    """Images to tell apart by their colour and the direction of their stripes."""
    labels = rng.integers(0, n_classes, n)
    colours = np.array([[0.9, 0.1, -0.5], [-0.5, 0.8, 0.2], [0.1, -0.6, 0.9]])[:n_classes]
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    across, down = np.meshgrid(np.arange(size), np.arange(size))
    direction = np.where((labels == 0)[:, None, None], across, down)
    stripes = np.sin(direction * np.pi / 3 + phase)[..., None]  # (n, size, size, 1)
    images = stripes * colours[labels][:, None, None] * 0.7 + rng.normal(
        0, 0.15, (n, size, size, 3)
    )
    images += 0.3 * colours[labels][:, None, None]
    return images.clip(-1, 1).astype("float32"), labels


def transferred(submission, keras, n_classes, rng):
    """What transfer_learn makes of a base; the base, and its weights before."""
    weights = convnet_weights_for(rng, *striped_images(rng, 300, n_classes))
    base = with_weights(convnet(keras, dropout=0.1), weights)
    before = [weights_of(layer) for layer in layers_of(base)]
    x_train, y_train = striped_images(rng, 120, n_classes)
    x_valid, y_valid = striped_images(rng, 40, n_classes)
    model = expect.model(
        submission.transfer_learn(base, x_train, y_train, x_valid, y_valid, n_classes, 7)
    )
    return model, base, before


def expect_classes_told_apart(model, n_classes, rng):
    images, labels = striped_images(rng, 120, n_classes)
    got = predictions(model, images, (120, n_classes if n_classes > 2 else 1))
    expect_probabilities(got)
    chosen = got.argmax(axis=1) if n_classes > 2 else (got[:, 0] > 0.5).astype(int)
    accuracy = (chosen == labels).mean()
    expect.that(
        bool(accuracy >= 0.8),
        say(
            "expected an accuracy of at least 0.8 on unseen images of {n_classes} classes that "
            "differ in colour, got {accuracy:.2f}",
            n_classes=n_classes,
            accuracy=accuracy,
        ),
    )


def expect_classes_told_apart_by_the_base(model, base, n_classes, rng):
    expect_classes_told_apart(model, n_classes, rng)
    n_outputs = n_classes if n_classes > 2 else 1
    expect_shown_weights_are_used(model, base, convnet_features, 12, n_outputs, rng)


@pytest.mark.exercise("transfer_learn", seconds=SECONDS, training=True)
def test_tells_classes_apart(submission, rng):
    """On images it has not seen, the model tells three classes apart, by the base's features."""
    model, base, _ = transferred(submission, keras_of(submission, rng), 3, rng)
    expect_classes_told_apart_by_the_base(model, base, 3, rng)


@pytest.mark.exercise("transfer_learn", seconds=SECONDS, training=True)
def test_two_classes(submission, rng):
    """It tells two classes apart, with one sigmoid unit; images without labels are a ValueError."""
    keras = keras_of(submission, rng)
    model, base, _ = transferred(submission, keras, 2, rng)
    expect_classes_told_apart_by_the_base(model, base, 2, rng)
    x, y = striped_images(rng, 12, 2)
    for x_train, y_train, n_classes, why in (
        (x, y[:-1], 2, say("there are 12 images and 11 labels")),
        (x, y, 1, say("n_classes is 1")),
    ):
        base = convnet(keras)
        expect.raises(
            ValueError,
            lambda a=(base, x_train, y_train, x, y, n_classes, 0): submission.transfer_learn(*a),
            why,
        )


@pytest.mark.exercise("transfer_learn", seconds=SECONDS)
def test_fine_tunes_the_top_at_a_lower_rate(submission, rng):
    """In the end the top of the base is trainable too, at a rate below 1e-3."""
    keras = keras_of(submission, rng)
    model, base, before = transferred(submission, keras, 3, rng)
    rate = learning_rate_of(model)
    expect.that(
        rate < 1e-3,
        say("expected fine-tuning at a learning rate below 1e-3, got {rate:g}", rate=rate),
        "same_learning_rate_for_both",
    )
    trainable = len(expect_list(model.trainable_variables))
    expect.that(
        trainable > 2,
        say("expected the top of the base to be trainable in the second phase, got only the head"),
        "head_only",
    )
    for number, layer in enumerate(layers_of(base)):
        if is_batch_normalization(submission, layer):
            expect.that(
                not moved(before[number], weights_of(layer)),
                say(
                    "expected BatchNormalization layer {number} of the base not to change, but "
                    "its weights or statistics moved",
                    number=number,
                ),
                "statistics_drift_in_fine_tuning",
            )
    expect_shown_weights_are_used(model, base, convnet_features, 12, 3, rng)


# -- homework: pretrain_base and transfer_to_sex ---------------------------------------------------


def shells(rng, n):
    """Measurements of which rings are no linear function: their distance from two planes."""
    x = rng.normal(size=(n, 6)).astype("float32")
    rings = 6 + 4 * np.abs(x[:, 0] + x[:, 1] - x[:, 2]) + 3 * np.abs(x[:, 3] - x[:, 4])
    return x, np.round(rings + rng.normal(0, 0.3, n))


def readout_error(features, rings, test_features, test_rings):
    """Share of the variance of rings that a linear function of the features does not explain."""
    mean, stddev = features.mean(axis=0), features.std(axis=0) + 1e-3
    table = np.column_stack([(features - mean) / stddev, np.ones(len(features))])
    solution = np.linalg.solve(
        table.T @ table + 1e-2 * np.eye(table.shape[1]), table.T @ (rings - rings.mean())
    )
    test_table = np.column_stack([(test_features - mean) / stddev, np.ones(len(test_features))])
    residual = test_rings - rings.mean() - test_table @ solution
    return float(np.mean(residual**2) / np.var(test_rings))


@pytest.mark.exercise("pretrain_base", seconds=SECONDS, training=True)
def test_features_know_the_rings(submission, rng):
    """From the base's features, rings of unseen shells can be read off linearly."""
    keras_of(submission, rng)
    x, rings = shells(rng, 1200)
    base = expect.model(submission.pretrain_base(x[:800], rings[:800], 3))
    features = expect.array(base.predict(x, verbose=0), of=say("the features"))
    expect_features(features, len(x))
    error = readout_error(features[600:900], rings[600:900], features[900:], rings[900:])
    expect.that(
        error < 0.25,
        say(
            "expected features from which a linear function predicts rings of unseen shells, with "
            "at most 0.25 of their variance left unexplained; got {error:.2f} (from x itself: "
            "{baseline:.2f})",
            error=error,
            baseline=readout_error(x[:900], rings[:900], x[900:], rings[900:]),
        ),
        "base_is_never_trained",
    )


def expect_features(features, n):
    expect.that(
        features.ndim == 2 and len(features) == n,
        say("expected features of shape ({n}, k), got {got}", n=n, got=features.shape),
    )
    expect.that(
        features.shape[1] > 1,
        say("expected the base without its head, k features per shell; got one number per shell"),
        "returns_the_head_too",
    )


@pytest.mark.exercise("pretrain_base", seconds=SECONDS)
def test_any_number_of_columns(submission, rng):
    """The base takes as many columns as x has; other seeds begin with other weights."""
    keras_of(submission, rng)
    x = rng.normal(size=(60, 3)).astype("float32")
    rings = np.round(10 + 2 * x[:, 0])
    bases = [expect.model(submission.pretrain_base(x, rings, seed)) for seed in (1, 2)]
    one, other = (expect.array(base.predict(x[:5], verbose=0)) for base in bases)
    expect_features(one, 5)
    expect.that(
        one.shape == other.shape and not np.allclose(one, other),
        say("expected other features for another seed, got the same"),
    )


@pytest.mark.exercise("pretrain_base", seconds=SECONDS)
def test_rejects_rings_that_do_not_fit(submission, rng):
    """x and rings of different length are a ValueError."""
    x = rng.normal(size=(20, 2)).astype("float32")
    base = expect.model(submission.pretrain_base(x, np.full(20, 9.0) + (x[:, 0] > 0), 0))
    expect_features(expect.array(base.predict(x, verbose=0)), 20)
    expect.raises(
        ValueError,
        lambda: submission.pretrain_base(x, np.full(19, 9.0), 0),
        say("there are 20 rows and 19 rings"),
    )


def age_base(keras, n_features=4):
    """A base as of pretrain_base, by other means."""
    kinds = keras.layers
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            kinds.Dense(12, activation="tanh"),
            kinds.BatchNormalization(),
            kinds.Dense(8, activation="tanh"),
        ]
    )


def blind_to_a_direction(base, rng):
    """Gives an age_base weights by which its features do not change along one direction.

    Returns:
        The direction, shape (4,). As long as the base stays what it is, nothing that is computed
        from its features changes along it, whatever the head has learned.
    """
    direction = rng.normal(size=4)
    direction /= np.linalg.norm(direction)
    kernel = rng.normal(0, 0.5, (4, 12))
    kernel -= np.outer(direction, direction @ kernel)
    dense = float32(rng.normal(0, 0.4, (12, 8)), rng.uniform(-0.2, 0.2, 8))
    bias = rng.uniform(-0.3, 0.3, 12)
    base.set_weights([*float32(kernel, bias), *normalization(rng, 12), *dense])
    return direction


def expect_blind(model, x, direction, when):
    along = (x + 2 * direction).astype("float32")
    got, other = predictions(model, x, (len(x), 3)), predictions(model, along, (len(x), 3))
    expect.that(
        bool(np.abs(got - other).max() < 1e-3),
        say(
            "expected the model, {when}, to give the same for shells of which the base, as it "
            "came, gives the same features; got something else, so it does more than the base as "
            "it came and a head",
            when=when,
        ),
        "base_learns_too",
    )


def sexed_shells(rng, n):
    """Measurements and a sex that shows in them."""
    sex = rng.integers(0, 3, n)
    centres = np.array([[2.0, 0, 0, 1], [-1, 2, 0, 0], [-1, -2, 1, 0]])
    return (centres[sex] + rng.normal(0, 0.6, (n, 4))).astype("float32"), sex


@pytest.mark.exercise("transfer_to_sex", seconds=SECONDS, training=True)
def test_tells_the_sex_of_unseen_shells(submission, rng):
    """The model gives three probabilities, and on unseen shells the right one is mostly highest."""
    keras = keras_of(submission, rng)
    x, sex = sexed_shells(rng, 500)
    model = expect.model(submission.transfer_to_sex(age_base(keras), x[:300], sex[:300], 1))
    got = predictions(model, x[300:], (200, 3))
    expect_probabilities(got)
    accuracy = (got.argmax(axis=1) == sex[300:]).mean()
    expect.that(
        bool(accuracy >= 0.75),
        say(
            "expected an accuracy of at least 0.75 on unseen shells that are easy to tell apart, "
            "got {accuracy:.2f}",
            accuracy=accuracy,
        ),
        "head_is_never_trained",
    )


@pytest.mark.exercise("transfer_to_sex", seconds=SECONDS)
def test_base_does_not_move(submission, rng):
    """Neither the training nor any further training moves the base; it moves the head."""
    keras = keras_of(submission, rng)
    base = age_base(keras)
    direction = blind_to_a_direction(base, rng)
    before = weights_of(base)
    x, sex = sexed_shells(rng, 90)
    model = expect.model(submission.transfer_to_sex(base, x, sex, 2))
    first = predictions(model, x, (90, 3))
    expect.that(
        not moved(before, weights_of(base)),
        say("expected the base's weights not to move in training, but they did"),
        "frozen_too_late" if base.trainable is False else "base_learns_too",
    )
    expect_blind(model, x, direction, say("after transfer_to_sex"))
    trained = weights_of(model)
    try:
        train_a_little(model, x, sex)
    except SubmissionRaisedError:  # the contract names no loss: it may want labels one-hot
        train_a_little(model, x, np.eye(3, dtype="float32")[sex])
    expect.that(
        not moved(before, weights_of(base)),
        say("expected the base to stay frozen when training goes on, but its weights moved"),
        "base_learns_too",
    )
    expect_blind(model, x, direction, say("after further training"))
    expect.that(
        moved(trained, weights_of(model)) and moved([first], [predictions(model, x, (90, 3))]),
        say("expected further training to move the head, got none"),
    )


@pytest.mark.exercise("transfer_to_sex", seconds=SECONDS)
def test_rejects_other_labels(submission, rng):
    """Labels other than 0, 1 and 2, or one too few of them, are a ValueError."""
    keras = keras_of(submission, rng)
    x, sex = sexed_shells(rng, 30)
    model = expect.model(submission.transfer_to_sex(age_base(keras), x, sex, 0))
    predictions(model, x, (30, 3))
    for labels, why in (
        (sex[:-1], say("there are 30 rows and 29 labels")),
        (sex + 1, say("labels go to 3")),
    ):
        base = age_base(keras)
        expect.raises(
            ValueError,
            lambda base=base, labels=labels: submission.transfer_to_sex(base, x, labels, 0),
            why,
        )
