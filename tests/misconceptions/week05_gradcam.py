"""Wrong answers to week 5's Grad-CAM, and what to tell those who gave them."""

import keras
import matplotlib
import numpy as np
import tensorflow as tf

from course.misconception import misconception
from solutions.week05_gradcam import grad_cam, layer_calls

# -- grad_cam: `right` is the right answer, from which most of these differ in one thing ----------


@misconception(
    exercise="grad_cam",
    rejected_by="score_before_softmax",
    says="You take the gradient of the probability. For a confident network it is nearly 0, "
    "and it mixes in the scores of all other classes. Take the last layer's output before"
    " softmax or sigmoid.",
)
def gradient_of_the_probability(model, image, class_index=None, layer_name=None, right=grad_cam):
    image = np.asarray(image, "float32")
    right(model, image, class_index, layer_name)  # refuses bad input
    inputs = keras.Input(image.shape)
    calls = layer_calls(model, inputs)
    maps = [output for layer, _, output in calls if isinstance(layer, keras.layers.Conv2D)][-1]
    scores = calls[-1][-1]
    with tf.GradientTape() as tape:
        activations, values = keras.Model(inputs, [maps, scores])(image[None])
        class_index = int(np.argmax(values[0])) if class_index is None else class_index
        score = values[0, class_index]
    gradient = tape.gradient(score, activations)[0]  # (rows, columns, filters)
    weights = tf.reduce_mean(gradient, (0, 1))
    total = tf.nn.relu(tf.reduce_sum(activations[0] * weights, axis=-1))
    total = tf.image.resize(total[..., None], image.shape[:2])[..., 0].numpy()
    return total / max(total.max(), 1e-12)


@misconception(
    exercise="grad_cam",
    rejected_by="weighted_sum_of_feature_maps",
    says="The map is stretched from its minimum to its maximum, so what speaks against the "
    "class looks lukewarm. Set what is negative to 0, then divide by the maximum.",
)
def relu_missing(model, image, class_index=None, layer_name=None, right=grad_cam):
    image = np.asarray(image, "float32")
    right(model, image, class_index, layer_name)  # refuses bad input
    inputs = keras.Input(image.shape)
    calls = layer_calls(model, inputs)
    maps = [output for layer, _, output in calls if isinstance(layer, keras.layers.Conv2D)][-1]
    _, x, scores = calls[-1]
    scores = x @ calls[-1][0].kernel if isinstance(calls[-1][0], keras.layers.Dense) else x
    with tf.GradientTape() as tape:
        activations, values = keras.Model(inputs, [maps, scores])(image[None])
        class_index = int(np.argmax(values[0])) if class_index is None else class_index
        score = values[0, class_index]
    gradient = tape.gradient(score, activations)[0]  # (rows, columns, filters)
    total = tf.reduce_sum(activations[0] * tf.reduce_mean(gradient, (0, 1)), axis=-1)
    total = tf.image.resize(total[..., None], image.shape[:2])[..., 0].numpy()
    return (total - total.min()) / np.ptp(total)


@misconception(
    exercise="grad_cam",
    rejected_by="weighted_sum_of_feature_maps",
    says="You take the absolute value, so what speaks against the class looks like what speaks"
    " for it. Set what is negative to 0.",
)
def absolute_instead_of_relu(model, image, class_index=None, layer_name=None, right=grad_cam):
    image = np.asarray(image, "float32")
    right(model, image, class_index, layer_name)  # refuses bad input
    inputs = keras.Input(image.shape)
    calls = layer_calls(model, inputs)
    maps = [output for layer, _, output in calls if isinstance(layer, keras.layers.Conv2D)][-1]
    _, x, scores = calls[-1]
    scores = x @ calls[-1][0].kernel if isinstance(calls[-1][0], keras.layers.Dense) else x
    with tf.GradientTape() as tape:
        activations, values = keras.Model(inputs, [maps, scores])(image[None])
        class_index = int(np.argmax(values[0])) if class_index is None else class_index
        score = values[0, class_index]
    gradient = tape.gradient(score, activations)[0]  # (rows, columns, filters)
    total = abs(tf.reduce_sum(activations[0] * tf.reduce_mean(gradient, (0, 1)), axis=-1))
    total = tf.image.resize(total[..., None], image.shape[:2])[..., 0].numpy()
    return total / max(total.max(), 1e-12)


@misconception(
    exercise="grad_cam",
    rejected_by="weighted_sum_of_feature_maps",
    says="The gradient is averaged over the channels, which gives a weight for each position. "
    "Average over rows and columns: one weight for each channel.",
)
def wrong_axis_of_the_weights(model, image, class_index=None, layer_name=None, right=grad_cam):
    image = np.asarray(image, "float32")
    right(model, image, class_index, layer_name)  # refuses bad input
    inputs = keras.Input(image.shape)
    calls = layer_calls(model, inputs)
    maps = [output for layer, _, output in calls if isinstance(layer, keras.layers.Conv2D)][-1]
    _, x, scores = calls[-1]
    scores = x @ calls[-1][0].kernel if isinstance(calls[-1][0], keras.layers.Dense) else x
    with tf.GradientTape() as tape:
        activations, values = keras.Model(inputs, [maps, scores])(image[None])
        class_index = int(np.argmax(values[0])) if class_index is None else class_index
        score = values[0, class_index]
    gradient = tape.gradient(score, activations)[0]  # (rows, columns, filters)
    total = tf.nn.relu(
        tf.reduce_sum(activations[0] * tf.reduce_mean(gradient, -1, keepdims=True), axis=-1)
    )
    total = tf.image.resize(total[..., None], image.shape[:2])[..., 0].numpy()
    return total / max(total.max(), 1e-12)


@misconception(
    exercise="grad_cam",
    rejected_by="weighted_sum_of_feature_maps",
    says="You multiply feature maps and gradient position by position. Grad-CAM first averages"
    " the gradient over rows and columns.",
)
def gradient_not_averaged(model, image, class_index=None, layer_name=None, right=grad_cam):
    image = np.asarray(image, "float32")
    right(model, image, class_index, layer_name)  # refuses bad input
    inputs = keras.Input(image.shape)
    calls = layer_calls(model, inputs)
    maps = [output for layer, _, output in calls if isinstance(layer, keras.layers.Conv2D)][-1]
    _, x, scores = calls[-1]
    scores = x @ calls[-1][0].kernel if isinstance(calls[-1][0], keras.layers.Dense) else x
    with tf.GradientTape() as tape:
        activations, values = keras.Model(inputs, [maps, scores])(image[None])
        class_index = int(np.argmax(values[0])) if class_index is None else class_index
        score = values[0, class_index]
    gradient = tape.gradient(score, activations)[0]  # (rows, columns, filters)
    total = tf.nn.relu(tf.reduce_sum(activations[0] * gradient, axis=-1))
    total = tf.image.resize(total[..., None], image.shape[:2])[..., 0].numpy()
    return total / max(total.max(), 1e-12)


@misconception(
    exercise="grad_cam",
    rejected_by="weighted_sum_of_feature_maps",
    says="The feature maps are averaged without weights, so no gradient and no class is in the"
    " heatmap.",
)
def maps_not_weighted(model, image, class_index=None, layer_name=None, right=grad_cam):
    image = np.asarray(image, "float32")
    right(model, image, class_index, layer_name)  # refuses bad input
    inputs = keras.Input(image.shape)
    calls = layer_calls(model, inputs)
    maps = [output for layer, _, output in calls if isinstance(layer, keras.layers.Conv2D)][-1]
    activations = keras.Model(inputs, maps)(image[None])
    total = tf.nn.relu(tf.reduce_mean(activations[0], axis=-1))
    total = tf.image.resize(total[..., None], image.shape[:2])[..., 0].numpy()
    return total / max(total.max(), 1e-12)


@misconception(
    exercise="grad_cam",
    rejected_by="weighted_sum_of_feature_maps",
    says="The heatmap is not divided by its maximum.",
)
def not_scaled(model, image, class_index=None, layer_name=None, right=grad_cam):
    image = np.asarray(image, "float32")
    right(model, image, class_index, layer_name)  # refuses bad input
    inputs = keras.Input(image.shape)
    calls = layer_calls(model, inputs)
    maps = [output for layer, _, output in calls if isinstance(layer, keras.layers.Conv2D)][-1]
    _, x, scores = calls[-1]
    scores = x @ calls[-1][0].kernel if isinstance(calls[-1][0], keras.layers.Dense) else x
    with tf.GradientTape() as tape:
        activations, values = keras.Model(inputs, [maps, scores])(image[None])
        class_index = int(np.argmax(values[0])) if class_index is None else class_index
        score = values[0, class_index]
    gradient = tape.gradient(score, activations)[0]  # (rows, columns, filters)
    weights = tf.reduce_mean(gradient, (0, 1))
    total = tf.nn.relu(tf.reduce_sum(activations[0] * weights, axis=-1))
    return tf.image.resize(total[..., None], image.shape[:2])[..., 0].numpy()


@misconception(
    exercise="grad_cam",
    rejected_by="the_class_matters",
    says="The heatmap is the predicted class's, whatever class_index says.",
)
def class_ignored(model, image, class_index=None, layer_name=None, right=grad_cam):
    right(model, image, class_index)  # refuses bad input
    return right(model, image, None, layer_name)


@misconception(
    exercise="grad_cam",
    rejected_by="one_sigmoid_unit",
    says="A single sigmoid unit stands for two classes: its score z speaks for class 1, and -z"
    " for class 0. You always explain class 1.",
)
def one_unit_has_one_class(model, image, class_index=None, layer_name=None, right=grad_cam):
    if model.output_shape[-1] == 1 and class_index in (None, 0):
        class_index = 1
    return right(model, image, class_index, layer_name)


@misconception(
    exercise="grad_cam",
    rejected_by="last_convolution_or_the_named_layer",
    says="You take the first convolution. The last one knows most about what is where.",
)
def first_convolution(model, image, class_index=None, layer_name=None, right=grad_cam):
    names = [layer.name for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    return right(model, image, class_index, layer_name or (names[0] if names else None))


@misconception(
    exercise="grad_cam",
    rejected_by="last_convolution_or_the_named_layer",
    says="layer_name is not used: the feature maps are always those of the last convolution.",
)
def layer_name_ignored(model, image, class_index=None, layer_name=None, right=grad_cam):
    right(model, image, class_index, layer_name)  # refuses bad input
    return right(model, image, class_index)


@misconception(
    exercise="grad_cam",
    rejected_by="nested_base_model",
    says="A base model that was used as a layer hides its convolutions: model.layers holds the"
    " base, not what is in it. Look inside, and connect its graph to that of the model "
    "around it; layer_calls does.",
)
def nested_model_not_opened(model, image, class_index=None, layer_name=None, right=grad_cam):
    if not any(isinstance(layer, keras.layers.Conv2D) for layer in model.layers):
        raise ValueError("expected a convolution in model.layers, got none")
    return right(model, image, class_index, layer_name)


@misconception(
    exercise="grad_cam",
    rejected_by="size_and_range",
    says="The heatmap has the size of the feature maps. Resize it to the image's.",
)
def not_resized(model, image, class_index=None, layer_name=None, right=grad_cam):
    image = np.asarray(image, "float32")
    right(model, image, class_index, layer_name)  # refuses bad input
    inputs = keras.Input(image.shape)
    calls = layer_calls(model, inputs)
    maps = [output for layer, _, output in calls if isinstance(layer, keras.layers.Conv2D)][-1]
    _, x, scores = calls[-1]
    scores = x @ calls[-1][0].kernel if isinstance(calls[-1][0], keras.layers.Dense) else x
    with tf.GradientTape() as tape:
        activations, values = keras.Model(inputs, [maps, scores])(image[None])
        class_index = int(np.argmax(values[0])) if class_index is None else class_index
        score = values[0, class_index]
    gradient = tape.gradient(score, activations)[0]  # (rows, columns, filters)
    weights = tf.reduce_mean(gradient, (0, 1))
    total = tf.nn.relu(tf.reduce_sum(activations[0] * weights, axis=-1))
    total = total.numpy()
    return total / max(total.max(), 1e-12)


@misconception(
    exercise="grad_cam",
    rejected_by="nothing_speaks_for_the_class",
    says="When nothing speaks for the class, the maximum is 0, and 0 / 0 is NaN. Divide only "
    "when the maximum is above 0.",
)
def division_by_zero(model, image, class_index=None, layer_name=None, right=grad_cam):
    heatmap = right(model, image, class_index, layer_name)
    with np.errstate(invalid="ignore"):
        return heatmap / heatmap.max()


@misconception(
    exercise="grad_cam",
    rejected_by="leaves_the_model_alone",
    says="You took softmax out of the caller's model and left it so: afterwards it predicts "
    "scores instead of probabilities.",
)
def softmax_removed_from_the_model(model, image, class_index=None, layer_name=None, right=grad_cam):
    heatmap = right(model, image, class_index, layer_name)
    if isinstance(model.layers[-1], keras.layers.Dense):
        model.layers[-1].activation = keras.activations.linear
    return heatmap


# -- overlay and pointing_game ---------------------------------------------------------------------


@misconception(
    exercise="overlay",
    rejected_by="blends_image_and_colours",
    says="The colours are added on top of the image, and bytes above 255 wrap around. Blend: "
    "(1 - alpha) · image + alpha · colour.",
)
def added_instead_of_blended(image, heatmap, alpha=0.4):
    image, heatmap = np.asarray(image), np.asarray(heatmap)
    if image.dtype != np.uint8:
        image = 255 * image
    colours = 255 * matplotlib.colormaps["turbo"](heatmap)[..., :3]
    return (image + alpha * colours).astype(np.int64).astype(np.uint8)


@misconception(
    exercise="overlay",
    rejected_by="blends_image_and_colours",
    says="alpha is used as the image's share. It is the share of the heatmap's colour: with "
    "alpha=0 the image stays as it is.",
)
def alpha_of_the_image(image, heatmap, alpha=0.4):
    image, heatmap = np.asarray(image), np.asarray(heatmap)
    if image.dtype != np.uint8:
        image = 255 * image
    colours = 255 * matplotlib.colormaps["turbo"](heatmap)[..., :3]
    return np.round(alpha * image + (1 - alpha) * colours).astype(np.uint8)


@misconception(
    exercise="overlay",
    rejected_by="blends_image_and_colours",
    says="alpha is not used.",
)
def alpha_ignored(image, heatmap, alpha=0.4):
    image, heatmap = np.asarray(image), np.asarray(heatmap)
    if image.dtype != np.uint8:
        image = 255 * image
    colours = 255 * matplotlib.colormaps["turbo"](heatmap)[..., :3]
    return np.round(0.6 * image + 0.4 * colours).astype(np.uint8)


@misconception(
    exercise="overlay",
    rejected_by="floats_and_grey_images",
    says="Floats from 0 to 1 must become 0 to 255 before they are blended with bytes; "
    "otherwise the image is black.",
)
def floats_taken_for_bytes(image, heatmap, alpha=0.4):
    image, heatmap = np.asarray(image), np.asarray(heatmap)
    if image.dtype != np.uint8:
        image = 1 * image
    colours = 255 * matplotlib.colormaps["turbo"](heatmap)[..., :3]
    return np.round((1 - alpha) * image + alpha * colours).astype(np.uint8)


@misconception(
    exercise="overlay",
    rejected_by="blends_image_and_colours",
    says="The result holds floats. Round them and convert to uint8 at the end.",
)
def not_bytes(image, heatmap, alpha=0.4):
    image, heatmap = np.asarray(image), np.asarray(heatmap)
    if image.dtype != np.uint8:
        image = 255 * image
    colours = 255 * matplotlib.colormaps["turbo"](heatmap)[..., :3]
    return (1 - alpha) * image + alpha * colours


@misconception(
    exercise="pointing_game",
    rejected_by="hottest_pixel_in_the_mask",
    says="You ask whether any warm pixel lies in the mask. Only the hottest one counts.",
)
def any_warm_pixel_counts(heatmap, mask):
    return bool((np.asarray(heatmap)[np.asarray(mask, bool)] > 0.5).any())


@misconception(
    exercise="pointing_game",
    rejected_by="hottest_pixel_in_the_mask",
    says="Rows and columns are exchanged somewhere between the hottest pixel and the mask.",
)
def rows_and_columns_exchanged(heatmap, mask):
    heatmap, mask = np.asarray(heatmap), np.asarray(mask, dtype=bool)
    return bool(mask.T.flat[np.argmax(heatmap)])


@misconception(
    exercise="pointing_game",
    rejected_by="hottest_pixel_in_the_mask",
    says="You compare the mean heat inside and outside of the mask. Only the hottest pixel counts.",
)
def more_heat_inside_than_outside(heatmap, mask):
    heatmap, mask = np.asarray(heatmap), np.asarray(mask, dtype=bool)
    if mask.all() or not mask.any():
        return bool(mask.all())
    return bool(heatmap[mask].mean() > heatmap[~mask].mean())


@misconception(
    exercise="pointing_game",
    rejected_by="zeros_point_nowhere",
    says="Of a heatmap of zeros, argmax gives the first pixel. It points nowhere, so that is "
    "no hit.",
)
def zeros_point_at_the_corner(heatmap, mask):
    heatmap, mask = np.asarray(heatmap), np.asarray(mask, dtype=bool)
    if heatmap.shape != mask.shape:
        raise ValueError(f"expected one shape, got {heatmap.shape} and {mask.shape}")
    return bool(mask.flat[np.argmax(heatmap)])
