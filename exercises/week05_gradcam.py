"""Week 5: where the network looks.

Grad-CAM asks a trained classifier which parts of an image speak for a class. The last convolution
still knows where things are and already knows what they are: its feature maps, each weighted by
how strongly it raises the class's score, add up to a heatmap.

A heatmap always looks convincing. So the experiment draws its own images, in which it is known
where the evidence lies, and counts how often the hottest pixel lies on it, against baselines that
look at no network. Then it looks at photos of cats and dogs. Sources: R. Selvaraju et al.,
Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization (2017); J. Zhang
et al., Top-down Neural Attention by Excitation Backprop (2016), for the pointing game.
"""

# Write the bodies marked TODO, then: course check week05_gradcam

import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from course.experiment import Experiment
from datasets.cats_vs_dogs import load_cats_vs_dogs
from datasets.mobilenet import mobilenet_weights
from datasets.shapes_on_backgrounds import CLASSES, make_shapes

N_EXAMPLES = 5  # images in the figure
TEST_SEED = 1_000_000  # far from those that training images are drawn from
N_PHOTOS = 300  # to train a head on
IMAGE_SIZE = 48  # pixels, of the drawn images
PHOTO_SIZE = 160  # pixels


# -- A tool for grad_cam ---------------------------------------------------------------------------


def layer_calls(model, inputs):
    """Calls a model's layers one by one on new inputs, also those of models nested in it.

    A pretrained base that was used as a layer hides its convolutions: their outputs belong to the
    base's own graph, not to that of the model around it. Here everything becomes one graph.

    Args:
        model: a functional or Sequential model with one input and one output.
        inputs: a keras.Input of the shape that the model takes.

    Returns:
        A list of (layer, its input, its output), in the order in which they are called. Weights are
        shared with the model, which stays as it is.

    Raises:
        ValueError: the model has no graph of layers, as a subclassed one.
    """
    if not hasattr(model, "inputs"):
        raise ValueError(f"expected a functional or built Sequential model, got {model}")
    calls = []

    def call(layer, *args, **kwargs):
        if isinstance(layer, keras.Model) and hasattr(layer, "inputs"):
            calls.extend(layer_calls(layer, args[0]))
            return calls[-1][-1]
        output = layer(*args, **kwargs)
        calls.append((layer, args[0], output))
        return output

    graph = keras.Model(model.inputs, model.outputs[0])  # a Sequential becomes functional
    keras.models.clone_model(
        graph, [inputs], clone_function=lambda layer: layer, call_function=call
    )
    return calls


def grad_cam(model, image, class_index=None, layer_name=None):
    """Shows which parts of an image speak for a class, in the eyes of a convolutional network.

    The heatmap is the sum of a layer's feature maps, each weighted by the mean over all positions
    of the gradient of the class's score; of the sum only what is positive counts. The score is the
    one before softmax or sigmoid: of a confident network, the probability's gradient is nearly 0.

    Args:
        model: a functional or Sequential model, (None, h, w, channels) -> (None, n_classes). It
            ends in a Dense layer with softmax, sigmoid or no activation, or in a Dense layer
            followed by an activation layer. One output unit means two classes: its score speaks for
            class 1 and, with the sign changed, for class 0. The convolutions may be inside a nested
            model, such as a frozen pretrained base, at any depth. The model is not changed.
        image: one image of shape (h, w, channels), with values as the model expects them.
        class_index: the class to explain; None means the predicted one.
        layer_name: name of the layer whose feature maps are used, at any depth; None means the last
            convolution.

    Returns:
        Array of shape (h, w), 0 to 1: the heatmap, resized bilinearly to the image's size and
        divided by its maximum. All 0 when nothing speaks for the class.

    Raises:
        ValueError: image is not 3-D, the model has no convolution, no layer with feature maps
            (None, rows, columns, channels) is called layer_name, or class_index is not in
            0 … n_classes - 1.

    Source: R. Selvaraju et al., Grad-CAM (2017), section 3.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("grad_cam is still to be written")


def overlay(image, heatmap, alpha=0.4):
    """Paints a heatmap over an image.

    Args:
        image: shape (h, w, 3) or, grey, (h, w, 1); uint8 from 0 to 255, or floats from 0 to 1.
        heatmap: shape (h, w), 0 to 1.
        alpha: share of the heatmap's colour in every pixel, 0 to 1: 0 leaves the image alone.

    Returns:
        uint8 array of shape (h, w, 3): (1 - alpha) · image + alpha · colour, where the colours come
        from a colour map of your choice.

    Raises:
        ValueError: the shapes do not fit, alpha or heatmap leaves 0 … 1, or an image that is not
            uint8 does.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("overlay is still to be written")


def pointing_game(heatmap, mask):
    """Tells whether a heatmap is hottest on the object.

    Args:
        heatmap: shape (h, w), 0 or more.
        mask: shape (h, w), bool or 0 and 1: the object's pixels.

    Returns:
        bool: whether the hottest pixel (of several, the first in reading order) lies in the mask.
        False when the heatmap is 0 everywhere: it points nowhere.

    Raises:
        ValueError: heatmap and mask are not of one shape (h, w).

    Source: J. Zhang et al., Top-down Neural Attention by Excitation Backprop (2016); theirs
    forgives a distance of 15 pixels, this one none.
    """
    # TODO: your code here, in place of the next line.
    raise NotImplementedError("pointing_game is still to be written")


# -- The experiment --------------------------------------------------------------------------------


def require_unit_range(values, name):
    """Raises ValueError unless all values are from 0 to 1."""
    if not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            f"expected {name} from 0 to 1, got {values.min():.4g} to {values.max():.4g}"
        )


def present_classes(labels):
    """Integer labels (n, shapes) as (n, n_classes), 1 where a class is in the image."""
    return np.eye(len(CLASSES), dtype="float32")[labels].sum(axis=1)


def train_shape_finder(images, labels, n_epochs, seed, run):
    """Trains a small network that tells which shapes are in an image; it never sees a mask."""
    keras.utils.set_random_seed(seed)
    layers = [
        keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3)),
        keras.layers.Rescaling(1 / 127.5, offset=-1),
        *convolution_block(16, 5, strides=2),  # (None, 24, 24, 16)
        *convolution_block(32, 3),
        keras.layers.MaxPooling2D(),  # (None, 12, 12, 32)
        *convolution_block(48, 3),
        # No normalization after the last convolution: what Grad-CAM adds up is what is pooled.
        keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
        keras.layers.GlobalMaxPooling2D(),  # (None, 64): one place is enough to prove a shape
        keras.layers.Dense(len(CLASSES), activation="sigmoid"),
    ]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.005), loss="binary_crossentropy")
    targets = present_classes(labels)
    callbacks = [run.epochs(n_epochs, f"training, seed {seed}")]
    model.fit(images, targets, batch_size=32, epochs=n_epochs, verbose=0, callbacks=callbacks)
    return model


def convolution_block(filters, kernel_size, strides=1):
    """Convolution, normalization and ReLU, as a list of layers."""
    return [
        keras.layers.Conv2D(filters, kernel_size, strides=strides, padding="same", use_bias=False),
        keras.layers.BatchNormalization(momentum=0.9),
        keras.layers.ReLU(),
    ]


def measure_pointing(test, n_train, n_epochs, seed, run):
    """Trains with one seed, then asks for each of the two shapes in every image: where is it?"""
    started = time.perf_counter()
    train = make_shapes(n_train, seed, IMAGE_SIZE)
    model = train_shape_finder(train.images, train.labels, n_epochs, seed, run)
    predicted = model.predict(test.images, verbose=0) > 0.5
    heatmaps = [
        [grad_cam(model, image, class_index) for class_index in labels]
        for image, labels in zip(test.images, run.progress(test.labels, "heatmaps"), strict=True)
    ]
    return {
        "accuracy": float(np.mean(predicted == present_classes(test.labels))),
        "pointing": hit_rate(heatmaps, test.masks),
        "other": hit_rate(heatmaps, test.masks[:, ::-1]),
        "examples": np.round(heatmaps[:N_EXAMPLES], 3).tolist(),
        "seconds": time.perf_counter() - started,
    }


def hit_rate(heatmaps, masks):
    """Part of the heatmaps (n, shapes, h, w) that are hottest within their mask."""
    pairs = zip(heatmaps, masks, strict=True)
    hits = [
        pointing_game(heatmap, mask)
        for image_heatmaps, image_masks in pairs
        for heatmap, mask in zip(image_heatmaps, image_masks, strict=True)
    ]
    return float(np.mean(hits))


def baselines(test):
    """Pointing accuracy of three ways that ask no network."""
    centre = np.zeros((IMAGE_SIZE, IMAGE_SIZE))
    centre[IMAGE_SIZE // 2, IMAGE_SIZE // 2] = 1
    brightness = test.images.mean(axis=-1)  # (n, h, w)
    return {
        "centre of the image": hit_rate([[centre, centre]] * len(test.masks), test.masks),
        "brightest pixel": hit_rate(np.stack([brightness, brightness], axis=1), test.masks),
        "any pixel at random": float(test.masks.mean()),
    }


def cat_finder(images, labels, weights, seed, run):
    """A head on a frozen MobileNet, trained on the base's pooled features: one sigmoid unit."""
    keras.utils.set_random_seed(seed)
    base = keras.applications.MobileNet(
        images.shape[1:], alpha=0.25, include_top=False, weights=weights
    )
    base.trainable = False
    inputs = keras.Input(images.shape[1:])
    pooled = keras.layers.GlobalAveragePooling2D()(base(inputs))  # (None, 256)
    head = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Model(inputs, head(pooled))
    features = keras.Model(inputs, pooled).predict(images, verbose=0)
    trainer = keras.Sequential([keras.Input(features.shape[1:]), head])
    trainer.compile(keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    callbacks = [run.epochs(30, "head on MobileNet")]
    trainer.fit(features, labels, batch_size=32, epochs=30, verbose=0, callbacks=callbacks)
    return model


def explain_photos(run):
    """Overlays for photos that the head was not trained on; None when photos cannot be had."""
    photos = load_cats_vs_dogs(PHOTO_SIZE, instead="no photos")
    weights = photos and mobilenet_weights(instead="no photos")
    if weights is None:
        return None
    order = np.random.default_rng(run.seed).permutation(len(photos.images))
    train, rest = order[:N_PHOTOS], order[N_PHOTOS : N_PHOTOS + 100]
    images = photos.images.astype("float32") / 127.5 - 1  # as MobileNet expects
    model = cat_finder(images[train], photos.labels[train], weights, run.seed, run)
    predicted = model.predict(images[rest], verbose=0)[:, 0] > 0.5
    accuracy = float(np.mean(predicted == photos.labels[rest]))
    run.row(model="MobileNet and a head", metric="accuracy, photos", value=accuracy)
    run.metric("accuracy_photos", accuracy)
    shown = [*rest[photos.labels[rest] == 0][:2], *rest[photos.labels[rest] == 1][:2]]
    # The last convolution of MobileNet is normalized and rectified afterwards: look at the result.
    heatmaps = [
        [grad_cam(model, images[i], kind, layer_name="conv_pw_13_relu") for kind in (0, 1)]
        for i in shown
    ]
    return plot_overlays(photos.images[shown], heatmaps, [("cat", "dog")] * len(shown))


def plot_overlays(images, heatmaps, names, masks=None):
    """A column per image; below it the heatmaps of two classes, and the outline of the truth."""
    figure, axes = plt.subplots(
        3, len(images), figsize=(2.2 * len(images), 6.9), layout="constrained"
    )
    for column, image in enumerate(images):
        axes[0, column].imshow(image)
        axes[0, column].set_title("image")
        for row, name in enumerate(names[column]):
            panel = axes[1 + row, column]
            panel.imshow(overlay(image, heatmaps[column][row], alpha=0.5))
            panel.set_title(f"Where is the {name}?" if masks is not None else f"What says {name}?")
            if masks is not None:
                panel.contour(masks[column][row], levels=[0.5], colors="white", linewidths=1.5)
    for panel in axes.flat:
        panel.set_axis_off()
    return figure


def main(arguments=None):
    """Baselines, the pointing game with several seeds, and overlays."""
    with Experiment.from_arguments(__file__, arguments) as run:
        test = make_shapes(25 if run.quick else 50, TEST_SEED, IMAGE_SIZE)
        run.uses_data(test.provenance.as_dict())
        seeds = range(run.seed, run.seed + (1 if run.quick else 3))
        sizes = (1200, 6) if run.quick else (2000, 6)
        results = [
            run.step(f"seed {seed}", lambda s=seed: measure_pointing(test, *sizes, s, run))
            for seed in run.progress(seeds, "seeds")
        ]
        for name, value in baselines(test).items():
            run.row(model=name, metric="pointing accuracy", value=value)
            run.metric(f"pointing_{name.replace(' ', '_')}", value)
        bar = 0.5 if run.quick else 0.9
        for seed, result in zip(seeds, results, strict=True):
            name, seconds = f"Grad-CAM, seed {seed}", result["seconds"]
            run.row(
                model=name,
                metric="pointing accuracy",
                value=result["pointing"],
                bar=bar,
                seconds=seconds,
            )
            run.row(model=name, metric="on the other shape", value=result["other"])
            run.row(model=name, metric="accuracy, shapes", value=result["accuracy"])
        lowest = min(result["pointing"] for result in results)
        run.metric("pointing_accuracy_lowest", lowest, at_least=bar)
        run.metric("accuracy_lowest", min(result["accuracy"] for result in results))
        run.metric("pointing_at_the_other_highest", max(result["other"] for result in results))

        shown = slice(N_EXAMPLES)
        names = [[CLASSES[label] for label in pair] for pair in test.labels[shown]]
        figure = plot_overlays(test.images[shown], results[0]["examples"], names, test.masks[shown])
        figure.suptitle("Grad-CAM for two classes of one image; white: the true outline")
        run.save_figure(figure, "shapes")
        figure = None if run.quick else explain_photos(run)
        if figure is not None:
            figure.suptitle("Grad-CAM in a nested MobileNet, photos never trained on")
            run.save_figure(figure, "cats_and_dogs")


if __name__ == "__main__":
    main()
