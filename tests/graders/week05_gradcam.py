"""Checks of week 5: Grad-CAM on networks whose heatmaps can be computed by hand."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from course.grading import expect
from course.grading.submission import SubmissionRaisedError
from course.language import say

SECONDS = 60
TOLERANCE = 0.01  # of values from 0 to 1: resizing through bytes is fine
N_FILTERS = 3


# -- Networks of one convolution, and what they must give ------------------------------------------


@dataclass
class Network:
    """An image, a 1 × 1 convolution with ReLU, and a linear head: (h, w, k), n_classes scores.

    Attributes:
        image: (h, w, channels).
        kernel: (channels, k) of the convolution.
        head: (h, w, k, n_classes); scores are the sum of feature maps times head, plus bias.
        bias: (n_classes,).
    """

    image: np.ndarray
    kernel: np.ndarray
    head: np.ndarray
    bias: np.ndarray

    @property
    def maps(self):
        return np.maximum(self.image @ self.kernel, 0)

    @property
    def scores(self):
        return np.einsum("ijk,ijkc->c", self.maps, self.head) + self.bias

    @property
    def predicted(self):
        return int(self.scores.argmax())

    def sum_of_maps(self, gradient):
        """The feature maps weighted by the mean gradient of each; gradient (h, w, k)."""
        return self.maps @ gradient.mean(axis=(0, 1))

    def heatmap(self, class_index):
        return scaled(np.maximum(self.sum_of_maps(self.head[..., class_index]), 0))

    def heatmap_of_the_probability(self, class_index):
        p = np.exp(self.scores - self.scores.max())
        p /= p.sum()
        gradient = p[class_index] * (self.head[..., class_index] - self.head @ p)
        return scaled(np.maximum(self.sum_of_maps(gradient), 0))

    def betrays(self, class_index):
        """What some wrong answers give."""
        gradient, maps = self.head[..., class_index], self.maps
        total = self.sum_of_maps(gradient)
        wrong_axis = np.maximum((maps * gradient.mean(axis=-1, keepdims=True)).sum(axis=-1), 0)
        return {
            "relu_missing": (total - total.min()) / np.ptp(total),
            "absolute_instead_of_relu": scaled(abs(total)),
            "wrong_axis_of_the_weights": scaled(wrong_axis),
            "gradient_not_averaged": scaled(np.maximum((maps * gradient).sum(axis=-1), 0)),
            "maps_not_weighted": scaled(maps.mean(axis=-1)),
            "not_scaled": np.maximum(total, 0),
        }


def scaled(values):
    return values / values.max() if values.max() > 0 else values


def draw_network(rng, shape=(5, 7, 2), n_classes=3, pooled=False):
    """A network in which every class has evidence for it and against it, and all differ."""
    while True:
        head = rng.normal(size=(*shape[:2], N_FILTERS, n_classes)) / 20 + rng.normal(
            size=(N_FILTERS, n_classes)
        )
        if pooled:  # a head on averages has the same weight at every position
            head = np.broadcast_to(head.mean(axis=(0, 1)), head.shape)
        network = Network(
            image=rng.uniform(-1, 1, shape).round(3).astype("float32"),
            kernel=rng.normal(size=(shape[2], N_FILTERS)),
            head=head / np.prod(shape[:2]),
            bias=rng.normal(size=n_classes) / 10,
        )
        totals = [network.sum_of_maps(head[..., c]) for c in range(n_classes)]
        heatmaps = [scaled(np.maximum(total, 0)) for total in totals]
        mixed = all(min(total.max(), -total.min()) > 0.2 * abs(total).max() > 0 for total in totals)
        differ = all(
            abs(heatmaps[i] - heatmaps[j]).max() > 0.1 for i in range(n_classes) for j in range(i)
        )
        lead = np.diff(np.sort(network.scores)[-2:])  # of the predicted class; empty for one
        if mixed and differ and (lead > 0.02).all():
            return network


def convolution(submission, network, **options):
    """The network's convolution as a layer over there, built and with its weights."""
    conv = submission.module("keras").layers.Conv2D(
        N_FILTERS, 1, use_bias=False, activation="relu", **options
    )
    conv.build((None, *network.image.shape))
    conv.set_weights([network.kernel[None, None].astype("float32")])
    return conv


def dense(submission, kernel, bias, activation=None):
    layer = submission.module("keras").layers.Dense(len(bias), activation=activation)
    layer.build((None, len(kernel)))
    layer.set_weights([kernel.astype("float32"), np.asarray(bias, "float32")])
    return layer


def build(submission, network, activation=None, ending=()):
    """The network over there, as a functional model; `ending` are layers after the Dense."""
    keras = submission.module("keras")
    inputs = keras.Input(network.image.shape)
    outputs = convolution(submission, network)(inputs)
    outputs = keras.layers.Flatten()(outputs)
    kernel = network.head.reshape(-1, network.head.shape[-1])
    outputs = dense(submission, kernel, network.bias, activation)(outputs)
    for layer in ending:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


def expect_heatmap(got, expected, betrays=None):
    """`got` is this heatmap."""
    expect.shape(got, expected.shape, of=say("the heatmap"))
    betrays = {
        name: values
        for name, values in (betrays or {}).items()
        if not np.allclose(values, expected, atol=2 * TOLERANCE)
    }
    expect.equal(got, expected, of=say("the heatmap"), rtol=0, atol=TOLERANCE, betrays=betrays)


# -- grad_cam --------------------------------------------------------------------------------------


@pytest.mark.exercise("grad_cam", seconds=SECONDS)
def test_weighted_sum_of_feature_maps(submission, rng):
    """Feature maps, each weighted by its mean gradient, are added up, rectified and scaled."""
    for shape in ((5, 7, 2), (8, 3, 2), (6, 6, 3)):
        network = draw_network(rng, shape)
        model = build(submission, network)
        got = submission.grad_cam(model, network.image, class_index=1)
        expect_heatmap(got, network.heatmap(1), network.betrays(1))


@pytest.mark.exercise("grad_cam", seconds=SECONDS)
def test_the_class_matters(submission, rng):
    """Each class has a heatmap of its own; without class_index it is the predicted one's."""
    network = draw_network(rng)
    model = build(submission, network, activation="softmax")
    of_predicted = network.heatmap(network.predicted)
    expect_heatmap(submission.grad_cam(model, network.image), of_predicted)
    for class_index in range(3):
        got = submission.grad_cam(model, network.image, class_index)
        expect_heatmap(got, network.heatmap(class_index), {"class_ignored": of_predicted})
    image = network.image.astype("float64")
    expect_heatmap(submission.grad_cam(model, image), of_predicted)


@pytest.mark.exercise("grad_cam", seconds=SECONDS)
def test_score_before_softmax(submission, rng):
    """The gradient is that of the score, not of the probability, wherever softmax stands."""
    layers = submission.module("keras").layers
    network = draw_network(rng)
    # As sure of class 2 as float32 can be: every probability's gradient is 0.
    sure = replace(network, bias=network.bias + np.array([0, 0, 200]))
    for case, model in (
        (network, build(submission, network, "softmax")),
        (network, build(submission, network, ending=[layers.Activation("softmax")])),
        (network, build(submission, network, ending=[layers.Softmax()])),
        (sure, build(submission, sure, "softmax")),
        (sure, build(submission, sure, "sigmoid")),
    ):
        for class_index in (0, 2):
            got = submission.grad_cam(model, case.image, class_index)
            wrong = case.heatmap_of_the_probability(class_index)
            expect_heatmap(got, case.heatmap(class_index), {"gradient_of_the_probability": wrong})


@pytest.mark.exercise("grad_cam", seconds=SECONDS)
def test_one_sigmoid_unit(submission, rng):
    """One output unit has two classes: its score speaks for class 1, and negated for class 0."""
    network = draw_network(rng, n_classes=1)
    total = network.sum_of_maps(network.head[..., 0])
    heatmaps = [scaled(np.maximum(-total, 0)), scaled(np.maximum(total, 0))]
    for shift, activation in ((0, "sigmoid"), (0, None), (90, "sigmoid")):
        # The bias decides which class is predicted.
        for bias, predicted in ((5 + shift, 1), (-5 - shift, 0)):
            case = replace(network, bias=np.array([bias]))
            model = build(submission, case, activation)
            for class_index in (0, 1):
                got = submission.grad_cam(model, case.image, class_index)
                wrong = {
                    "one_unit_has_one_class": heatmaps[1 - class_index],
                    "gradient_of_the_probability": np.zeros_like(total),
                }
                expect_heatmap(got, heatmaps[class_index], wrong)
            got = submission.grad_cam(model, case.image)
            expect_heatmap(got, heatmaps[predicted], {"one_unit_has_one_class": heatmaps[0]})


@pytest.mark.exercise("grad_cam", seconds=SECONDS)
def test_last_convolution_or_the_named_layer(submission, rng):
    """The last convolution is the default; layer_name chooses another layer."""
    keras = submission.module("keras")
    while True:
        network = draw_network(rng)
        mixing, weights = rng.normal(size=(N_FILTERS, N_FILTERS)), rng.normal(size=N_FILTERS)
        second_maps = np.maximum(network.maps @ mixing, 0)
        gradient = ((second_maps > 0) * weights) @ mixing.T  # of the first maps, (h, w, k)
        heatmaps = {
            "first_maps": scaled(np.maximum(network.sum_of_maps(gradient), 0)),
            "second_maps": scaled(np.maximum(second_maps @ weights, 0)),
        }
        if (
            all(h.any() for h in heatmaps.values())
            and np.ptp(np.subtract(*heatmaps.values())) > 0.2
        ):
            break
    inputs = keras.Input(network.image.shape)
    outputs = convolution(submission, network, name="first_maps")(inputs)
    second = keras.layers.Conv2D(
        N_FILTERS, 1, use_bias=False, activation="relu", name="second_maps"
    )
    outputs = second(outputs)
    second.set_weights([mixing[None, None].astype("float32")])
    outputs = keras.layers.GlobalAveragePooling2D()(outputs)
    kernel = np.stack([weights, -weights], axis=1)
    model = keras.Model(inputs, dense(submission, kernel, [0, 0], "softmax")(outputs))

    expect_heatmap(
        submission.grad_cam(model, network.image, 0),
        heatmaps["second_maps"],
        {"first_convolution": heatmaps["first_maps"]},
    )
    for name, expected in heatmaps.items():
        got = submission.grad_cam(model, network.image, class_index=0, layer_name=name)
        wrong = {"layer_name_ignored": heatmaps["second_maps"]}
        expect_heatmap(got, expected, wrong)


@pytest.mark.exercise("grad_cam", seconds=SECONDS)
def test_nested_base_model(submission, rng):
    """The convolutions may be inside a base model that is used as a layer, frozen or not."""
    keras = submission.module("keras")
    layers = keras.layers
    network = draw_network(rng, pooled=True)
    kernel = network.head[0, 0] * np.prod(network.image.shape[:2])
    expected = network.heatmap(1)

    def base(trainable):
        inputs = keras.Input(network.image.shape)
        model = keras.Model(inputs, convolution(submission, network)(inputs))
        model.trainable = trainable
        return model

    def head():
        return [layers.GlobalAveragePooling2D(), dense(submission, kernel, network.bias, "softmax")]

    def functional(inside):
        inputs = outputs = keras.Input(network.image.shape)
        for layer in [inside, *head()]:
            outputs = layer(outputs)
        return keras.Model(inputs, outputs)

    flat = keras.Sequential(
        [keras.Input(network.image.shape), convolution(submission, network), *head()]
    )
    expect_heatmap(submission.grad_cam(flat, network.image, 1), expected)
    twice = keras.Sequential([keras.Input(network.image.shape), layers.Identity(), base(False)])
    for what, model in (
        (say("a functional model around a base"), functional(base(True))),
        (say("a functional model around a frozen base"), functional(base(False))),
        (
            say("a Sequential around a base"),
            keras.Sequential([keras.Input(network.image.shape), base(True), *head()]),
        ),
        (say("a functional model around a Sequential around a base"), functional(twice)),
    ):
        try:
            got = submission.grad_cam(model, network.image, 1)
        except SubmissionRaisedError as error:
            expect.fail(
                say(
                    "expected the heatmap for {model}, as for the same layers in one model; got "
                    "{error}",
                    model=what,
                    error=error,
                ),
                misconception="nested_model_not_opened",
            )
        expect_heatmap(got, expected)


@pytest.mark.exercise("grad_cam", seconds=SECONDS)
def test_size_and_range(submission, rng):
    """The heatmap has the image's size, whatever the network's strides, and is from 0 to 1."""
    keras = submission.module("keras")
    layers = keras.layers
    keras.utils.set_random_seed(int(rng.integers(1_000)))
    for shape in ((33, 21, 3), (16, 40, 1)):
        model = keras.Sequential(
            [
                keras.Input(shape),
                layers.Conv2D(8, 3, strides=2, activation="relu"),
                layers.BatchNormalization(),
                layers.MaxPooling2D(),
                layers.Conv2D(8, 3, padding="same", activation="relu"),
                layers.Dropout(0.5),
                layers.GlobalAveragePooling2D(),
                layers.Dense(4, activation="softmax"),
            ]
        )
        image = rng.uniform(size=shape).astype("float32")
        hottest = []
        for class_index in range(4):
            got = expect.array(
                submission.grad_cam(model, image, class_index), of=say("the heatmap")
            )
            size = ((shape[0] - 3) // 2 + 1) // 2, ((shape[1] - 3) // 2 + 1) // 2
            expect.that(
                got.shape == shape[:2],
                say(
                    "wrong shape of the heatmap for an image of shape {image}: expected "
                    "{expected}, got {got}",
                    image=shape,
                    expected=shape[:2],
                    got=got.shape,
                ),
                misconception="not_resized" if got.shape == size else None,
            )
            expect.that(
                bool(np.isfinite(got).all() and got.min() >= 0 and got.max() <= 1 + 1e-5),
                say(
                    "expected a heatmap from 0 to 1, got {lowest:.4g} to {highest:.4g}",
                    lowest=got.min(),
                    highest=got.max(),
                ),
            )
            hottest.append(got.max())
        expect.that(
            max(hottest) > 0.5,
            say(
                "expected heatmaps scaled by their maximum, got at most {highest:.4g}",
                highest=max(hottest),
            ),
        )


@pytest.mark.exercise("grad_cam", seconds=SECONDS)
def test_follows_the_object(submission, rng):
    """When the object moves, the hottest place moves with it."""
    keras = submission.module("keras")
    shape, side = (37, 29, 1), 7
    conv = keras.layers.Conv2D(1, 5, strides=2, padding="same", activation="relu")
    conv.build((None, *shape))
    conv.set_weights([np.ones((5, 5, 1, 1), "float32"), np.array([-2.0], "float32")])
    head = dense(submission, np.array([[1.0, -1.0]]), [0, 0], "softmax")
    model = keras.Sequential(
        [keras.Input(shape), conv, keras.layers.GlobalAveragePooling2D(), head]
    )
    corners = [(3, 3), (3, 19), (27, 3), (27, 19)]
    corners += [tuple(int(rng.integers(2, n - side - 2)) for n in shape[:2]) for _ in range(2)]
    for row, column in corners:
        image = np.zeros(shape, "float32")
        image[row : row + side, column : column + side] = 1
        got = submission.grad_cam(model, image, 0)
        heatmap = expect.shape(got, shape[:2], of=say("the heatmap"))
        found = np.unravel_index(np.nanargmax(np.nan_to_num(heatmap)), heatmap.shape)
        inside = row <= found[0] < row + side and column <= found[1] < column + side
        rows, columns = f"{row}–{row + side - 1}", f"{column}–{column + side - 1}"
        expect.that(
            bool(inside and heatmap.max() > 0.5),
            say(
                "expected the hottest pixel on the object, in rows {rows} and columns {columns}, "
                "got row {row}, column {column}",
                rows=rows,
                columns=columns,
                row=found[0],
                column=found[1],
            ),
        )


@pytest.mark.exercise("grad_cam", seconds=SECONDS)
def test_nothing_speaks_for_the_class(submission, rng):
    """When all evidence is against a class, its heatmap is 0 everywhere, without NaN."""
    network = draw_network(rng)
    sign = np.array([1.0, -1.0, -2.0])  # of all feature maps, for each class
    head = np.broadcast_to(sign, network.head.shape) / 35
    network = replace(network, head=head)
    model = build(submission, network, "softmax")
    expect_heatmap(submission.grad_cam(model, network.image, 0), network.heatmap(0))
    for class_index in (1, 2):
        got = expect.shape(
            submission.grad_cam(model, network.image, class_index), (5, 7), of=say("the heatmap")
        )
        expect.that(
            not np.isnan(got).any(),
            say("expected a heatmap of zeros, got NaN"),
            misconception="division_by_zero",
        )
        expect_heatmap(got, np.zeros((5, 7)), network.betrays(class_index))


@pytest.mark.exercise("grad_cam", seconds=SECONDS)
def test_leaves_the_model_alone(submission, rng):
    """Explaining a model changes neither its predictions nor what is trainable."""
    network = draw_network(rng)
    model = build(submission, network, "softmax")
    model.layers[1].trainable = False
    batch = network.image[None]
    before = expect.array(model.predict(batch, verbose=0), of=say("the prediction"))
    expect_heatmap(submission.grad_cam(model, network.image, 1), network.heatmap(1))
    after = expect.array(model.predict_on_batch(batch), of=say("the prediction"))
    # A compiled prediction function remembers what it was traced with, so ask the layers as well.
    directly = expect.array(model(batch), of=say("the prediction"))
    same = all(
        got.shape == before.shape and np.allclose(got, before, atol=1e-4)
        for got in (after, directly)
    )
    expect.that(
        same,
        say(
            "expected the model to predict after grad_cam what it predicted before, got something "
            "else"
        ),
        misconception="softmax_removed_from_the_model",
    )
    trainable = [model.layers[1].trainable, model.layers[-1].trainable]
    expect.that(
        trainable == [False, True],
        say("expected the model's layers to be as trainable as before grad_cam, got a change"),
    )


@pytest.mark.exercise("grad_cam", seconds=SECONDS)
def test_rejects_bad_input(submission, rng):
    """A batch, an unknown class or layer, and a model without convolution are a ValueError."""
    keras = submission.module("keras")
    network = draw_network(rng)
    model, image = build(submission, network, "softmax"), network.image
    expect_heatmap(submission.grad_cam(model, image, 2), network.heatmap(2))
    flat = keras.Sequential(
        [keras.Input(image.shape), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    for arguments, why in (
        (
            (model, image[None], 0),
            say("the image has shape {shape}, with a batch axis", shape=image[None].shape),
        ),
        (
            (model, image[..., 0], 0),
            say("the image has shape {shape}, no channels", shape=image[..., 0].shape),
        ),
        ((model, image, 3), say("class_index is 3 and there are 3 classes")),
        ((model, image, -1), say("class_index is -1")),
        ((model, image, 0, "no_such_layer"), say("no layer is called no_such_layer")),
        ((flat, image, 0), say("the model has no convolution")),
    ):
        expect.raises(ValueError, lambda arguments=arguments: submission.grad_cam(*arguments), why)


# -- overlay ---------------------------------------------------------------------------------------


def expect_picture(got, shape, of):
    """`got` as a uint8 picture of this height and width, in int64."""
    picture = expect.shape(got, (*shape, 3), of=of)
    expect.that(
        picture.dtype == np.uint8,
        say("expected {of} to be of dtype uint8, got {dtype}", of=of, dtype=picture.dtype),
    )
    return picture.astype(np.int64)


@pytest.mark.exercise("overlay")
def test_blends_image_and_colours(submission, rng):
    """alpha is the share of the heatmap's colour: 0 gives the image, 1 the colours alone."""
    shape = (5, 8)
    image = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    heatmap = rng.uniform(size=shape)
    alphas = (0.0, 1.0, 0.25, 0.7)
    got = [submission.overlay(image, heatmap, alpha=alpha) for alpha in alphas]
    got.append(submission.overlay(image, heatmap))
    pictures = [
        expect_picture(picture, shape, say("the overlay with alpha={alpha}", alpha=alpha))
        for alpha, picture in zip((*alphas, 0.4), got, strict=True)
    ]
    expect.equal(
        pictures[0], image, of=say("the overlay with alpha={alpha}", alpha=0), rtol=0, atol=1
    )
    for alpha, picture in zip((*alphas, 0.4), pictures, strict=True):
        expected = (1 - alpha) * image + alpha * pictures[1]
        expect.equal(
            picture, expected, of=say("the overlay with alpha={alpha}", alpha=alpha), rtol=0, atol=2
        )
    other = expect_picture(submission.overlay(255 - image, heatmap, 1.0), shape, say("the overlay"))
    expect.equal(
        other, pictures[1], of=say("the overlay with alpha={alpha}", alpha=1), rtol=0, atol=1
    )


@pytest.mark.exercise("overlay")
def test_heat_has_a_colour(submission):
    """Cold, warm and hot pixels have colours that can be told apart."""
    image = np.full((1, 3, 3), 128, np.uint8)
    heatmap = np.array([[0.0, 0.5, 1.0]])
    picture = expect_picture(submission.overlay(image, heatmap, 1.0), (1, 3), say("the overlay"))[0]
    for i, j in ((0, 1), (1, 2), (0, 2)):
        difference = int(abs(picture[i] - picture[j]).sum())
        expect.that(
            difference > 60,
            say(
                "expected clearly different colours for heat {one} and {other}, got {colour} and "
                "{other_colour}",
                one=heatmap[0, i],
                other=heatmap[0, j],
                colour=picture[i].tolist(),
                other_colour=picture[j].tolist(),
            ),
        )


@pytest.mark.exercise("overlay")
def test_floats_and_grey_images(submission, rng):
    """Images of floats from 0 to 1, and grey ones, give what their bytes and colours give."""
    shape = (4, 3)
    grey = rng.integers(0, 256, (*shape, 1), dtype=np.uint8)
    colour = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    heatmap = rng.uniform(size=shape).astype("float32")
    of_colour = submission.overlay(colour, heatmap, 0.3)
    of_floats = submission.overlay(colour / 255, heatmap, 0.3)
    of_grey = submission.overlay(grey, heatmap, 0.3)
    of_repeated = submission.overlay(np.repeat(grey, 3, axis=2), heatmap, 0.3)
    plain = submission.overlay(colour, heatmap, 0.0)
    expect.equal(plain, colour, of=say("the overlay with alpha={alpha}", alpha=0), rtol=0, atol=1)
    for got, expected, of in (
        (of_floats, of_colour, say("the overlay on an image of floats")),
        (of_grey, of_repeated, say("the overlay on a grey image")),
    ):
        expected = expect_picture(expected, shape, say("the overlay"))
        expect.equal(expect_picture(got, shape, of), expected, of=of, rtol=0, atol=1)


@pytest.mark.exercise("overlay")
def test_rejects_what_does_not_fit(submission):
    """Sizes that differ, and values outside 0 … 1, are a ValueError."""
    image, heatmap = np.full((2, 4, 3), 90, np.uint8), np.zeros((2, 4))
    plain = submission.overlay(image, heatmap, 0)
    expect.equal(plain, image, of=say("the overlay with alpha={alpha}", alpha=0), rtol=0, atol=1)
    for arguments, why in (
        ((image, np.zeros((4, 2))), say("the image is 2 × 4 and the heatmap 4 × 2")),
        ((image[..., :2], heatmap), say("the image has 2 channels")),
        ((image, heatmap, 1.5), say("alpha is 1.5")),
        ((image, heatmap, -0.1), say("alpha is -0.1")),
        ((image, heatmap + 2), say("the heatmap is 2 everywhere")),
        ((image / 127.5 - 1, heatmap), say("the image has floats below 0")),
    ):
        expect.raises(ValueError, lambda arguments=arguments: submission.overlay(*arguments), why)


# -- pointing_game ---------------------------------------------------------------------------------


@pytest.mark.exercise("pointing_game")
def test_hottest_pixel_in_the_mask(submission, rng):
    """The hottest pixel decides, and no other: True when it lies in the mask."""
    heatmap = rng.uniform(0.1, 0.8, (4, 7)).round(3)
    heatmap[2, 5] = 0.9
    hottest = heatmap == 0.9
    far = np.zeros((4, 7), bool)
    far[0, :3] = True
    warm = (heatmap > 0.5) & ~hottest
    cases = [
        (heatmap, hottest, True),
        (heatmap, ~hottest, False),
        (heatmap, far, False),
        (heatmap, warm, False),
        (heatmap, (far | hottest).astype(int), True),
        (heatmap, np.zeros((4, 7), bool), False),
        (heatmap.T, hottest.T, True),
    ]
    got = [submission.pointing_game(heat, mask) for heat, mask, _ in cases]
    for answer, (_, mask, expected) in zip(got, cases, strict=True):
        of = say("the answer for a mask of {n} pixels", n=int(mask.sum()))
        expect.equal(answer, expected, of=of)


@pytest.mark.exercise("pointing_game")
def test_zeros_point_nowhere(submission):
    """A heatmap of zeros has no hottest pixel: False, whatever the mask."""
    everywhere = np.ones((3, 5), bool)
    answers = [
        submission.pointing_game(np.full((3, 5), 0.2), everywhere),
        submission.pointing_game(np.zeros((3, 5)), everywhere),
    ]
    expect.equal(answers[0], True, of=say("the answer for a warm heatmap"))
    expect.equal(answers[1], False, of=say("the answer for a heatmap of zeros"))


@pytest.mark.exercise("pointing_game")
def test_rejects_different_shapes(submission):
    """Heatmap and mask of different shapes are a ValueError."""
    heatmap = np.array([[0.0, 0.1], [1.0, 0.2]])
    expect.equal(submission.pointing_game(heatmap, heatmap == 1), True)
    for mask in (np.ones((2, 3), bool), np.ones((4,), bool), np.ones((2, 2, 1), bool)):
        expect.raises(
            ValueError,
            lambda mask=mask: submission.pointing_game(heatmap, mask),
            say("the heatmap has shape (2, 2) and the mask {mask}", mask=mask.shape),
        )
