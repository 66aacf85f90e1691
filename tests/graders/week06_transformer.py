"""Checks of week 6: that a transformer is one.

Models stay over there. What cannot be asked of a model through its public methods, such as which
weights get a gradient, is found there by the helpers of `INSPECTION`.
"""

import numpy as np
import pytest

from course.grading import expect
from course.grading.submission import Handle
from course.language import say

SECONDS = 60  # for a check that builds a network
TRAINING_SECONDS = 120  # also where a slow computer has other things to do
LEAST_GRADIENT = 1e-9  # where nothing passes, it is 0
LEAST_DIFFERENCE = 1e-5  # between probabilities; rounding makes 1e-7

INSPECTION = '''
import keras
import numpy as np
import tensorflow as tf


def shapes(model):
    """Path and shape of every weight that is trained."""
    return [(v.path, tuple(v.shape)) for v in model.trainable_variables]


def gradients(model, x, y):
    """The gradient of the loss by each weight that is trained, None where nothing leads to it.

    Without y: that of a sum of the squared outputs, each weighted in its own way.
    """
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        output = model(x, training=False)
        if y is None:
            weights = np.random.default_rng(0).uniform(0.5, 1.5, output.shape).astype("float32")
            loss = tf.reduce_sum(weights * output**2)
        else:
            loss = model.compute_loss(x=x, y=y, y_pred=output)
    return [
        None if gradient is None else np.asarray(tf.convert_to_tensor(gradient))
        for gradient in tape.gradient(loss, [getattr(v, "value", v) for v in variables])
    ]


def loss(model, x, y):
    """The loss for which the model is compiled."""
    y = np.asarray(y)
    return float(model.compute_loss(x=x, y=tf.constant(y), y_pred=model(x, training=False)))


def sharpen(model):
    """Enlarges scores, so that maps are not all alike, as they are before training."""
    for variable in model.trainable_variables:
        if variable.path.endswith(("/query/kernel", "/key/kernel")):
            variable.assign(3 * variable)


def maps(model, x):
    """What every attention layer attends to while the model reads a batch, in that order."""
    layer, found = keras.layers.MultiHeadAttention, []
    original = layer.call

    def call(self, query, value, *args, return_attention_scores=False, **kwargs):
        output, scores = original(
            self, query, value, *args, return_attention_scores=True, **kwargs
        )
        found.append(np.asarray(scores))
        return (output, scores) if return_attention_scores else output

    layer.call = call
    try:
        model(x, training=False)
    finally:
        layer.call = original
    return found
'''
ATTENTION_KERNELS = (
    "/query/kernel",
    "/key/kernel",
    "/value/kernel",
    "/attention_output/kernel",
)


# -- models and what is asked of them --------------------------------------------------------------


def keras_of(submission, rng):
    """Keras over there, with its randomness seeded."""
    keras = submission.module("keras")
    keras.utils.set_random_seed(int(rng.integers(100_000)))
    return keras


def windows_like(rng, *shape):
    return rng.normal(size=shape).astype("float32")


def called(model, x, shape, training=False):
    """What a model makes of x, finite and of this shape."""
    got = expect.shape(model(x, training=training), shape, of=say("the model's output"))
    finite = bool(np.isfinite(got).all())
    expect.that(finite, say("expected the model's output to be finite numbers"))
    return got


def shapes_of(submission, model):
    """(path, shape) of each weight that is trained."""
    got = submission.helper(INSPECTION, "shapes")(model)
    expect.that(
        isinstance(got, list) and len(got) > 0, say("expected a model with weights to train")
    )
    return [(str(path), tuple(shape)) for path, shape in got]


def n_weights(shapes):
    return sum(int(np.prod(shape)) for _, shape in shapes)


def kernels_of(shapes, which):
    return [shape for path, shape in shapes if path.endswith(which)]


def is_attention(path):
    return path.endswith(ATTENTION_KERNELS)


def expect_attention_layers(shapes, n_blocks, head_size, num_heads, misconception=None):
    """There are as many layers of attention as blocks, each with these heads."""
    queries = kernels_of(shapes, "/query/kernel")
    expect.that(
        len(queries) == n_blocks,
        say(
            "expected {expected} layers of keras.layers.MultiHeadAttention, got {got}",
            expected=n_blocks,
            got=len(queries),
        ),
        misconception,
    )
    for shape in queries:
        expect.that(
            shape[1:] == (num_heads, head_size),
            say(
                "expected {num_heads} heads of size {head_size}, got {got} of {got_size}",
                num_heads=num_heads,
                head_size=head_size,
                got=shape[1],
                got_size=shape[2],
            ),
            "heads_and_sizes_swapped" if shape[1:] == (head_size, num_heads) else None,
        )


def expect_gradients(submission, model, x, y=None):
    """Every kernel of every attention layer gets a gradient."""
    shapes = shapes_of(submission, model)
    got = submission.helper(INSPECTION, "gradients")(model, x, y)
    expect.that(
        any(is_attention(path) for path, _ in shapes),
        say("expected layers of keras.layers.MultiHeadAttention, found none"),
        "no_attention",
    )
    for (path, _), gradient in zip(shapes, got, strict=True):
        if not is_attention(path):
            continue
        largest = 0.0 if gradient is None else float(np.abs(expect.array(gradient)).max())
        expect.that(
            largest > LEAST_GRADIENT,
            say(
                "expected every kernel of the attention layers to get a gradient, "
                "got {largest:.1g} at most for {kernel}: it can never learn",
                largest=largest,
                kernel=path,
            ),
            "no_projection",
        )


def expect_loss(submission, model, x, y, n_classes):
    """The loss is the cross-entropy of integer labels from 0."""
    expect.that(
        model.has("optimizer") and model.optimizer is not None,
        say("expected a compiled model, got one without an optimizer: call model.compile(...)"),
        "not_compiled",
    )
    p = called(model, x, (len(x), n_classes if n_classes > 2 else 1)).clip(1e-7, 1 - 1e-7)
    of_truth = p[np.arange(len(y)), y] if n_classes > 2 else np.where(y == 1, p[:, 0], 1 - p[:, 0])
    got = submission.helper(INSPECTION, "loss")(model, x, y)
    expect.number(got, -np.log(of_truth).mean(), of=say("the loss of integer labels"), rtol=1e-2)


def expect_head(submission, model, x, n_classes, rng):
    """Probabilities of the classes in the right shape, and the loss for them."""
    expected = (len(x), n_classes if n_classes > 2 else 1)
    got = expect.array(model(x, training=False), of=say("the model's output"))
    wrong = None
    if n_classes == 2 and got.shape == expected and np.allclose(got, 1):
        wrong = "softmax_over_one_unit"
    elif got.shape == (len(x), n_classes + 1):
        wrong = "labels_from_one"
    expect.shape(got, expected, say("the model's output"), wrong)
    expect.that(
        bool(np.isfinite(got).all() and (got >= 0).all() and (got <= 1).all()),
        say(
            "expected probabilities, got values from {least:.3g} to {greatest:.3g}",
            least=got.min(),
            greatest=got.max(),
        ),
    )
    if n_classes > 2:
        expect.equal(
            got.sum(axis=1), np.ones(len(x)), of=say("the sums of probabilities"), rtol=1e-3
        )
    varies = bool(np.ptp(got, axis=0).max() > LEAST_DIFFERENCE)
    expect.that(
        varies,
        say("expected other probabilities for other windows, got {one}", one=got[0]),
        wrong,
    )
    labels = rng.permutation(np.resize(np.arange(n_classes), len(x)))
    expect_loss(submission, model, x, labels, n_classes)


def expect_dropout(model, x, active, what):
    """In training the output changes from call to call, or does not; otherwise it never does."""
    still = expect.array(model(x, training=False))
    again = expect.array(model(x, training=False))
    expect.that(
        bool(np.allclose(still, again, atol=1e-6)),
        say(
            "expected the same output from two calls outside of training, with {what}; got two "
            "different ones",
            what=what,
        ),
        "dropout_at_test_too",
    )
    one, other = (expect.array(model(x, training=True)) for _ in range(2))
    if active:
        expect.that(
            not np.allclose(one, other, atol=1e-6),
            say(
                "expected values to be dropped in training, with {what}; got the same output twice",
                what=what,
            ),
            "dropout_ignored",
        )
    else:
        expect.that(
            bool(np.allclose(one, still, atol=1e-5)),
            say(
                "expected nothing to be dropped in training, with {what}; got another output",
                what=what,
            ),
        )


# -- add_positional_encoding -----------------------------------------------------------------------


def encoding_of(length, depth):
    table = np.zeros((length, depth))
    for t, column in np.ndindex(length, depth):
        angle = t / 10_000 ** (2 * (column // 2) / depth)
        table[t, column] = np.sin(angle) if column % 2 == 0 else np.cos(angle)
    return table


def symbolic(keras, submission, build, length, depth):
    """A model of what `build` makes of an input (None, length, depth)."""
    inputs = keras.Input((length, depth))
    outputs = build(inputs)
    expect.that(
        isinstance(outputs, Handle),
        say("expected a symbolic tensor, got {kind}", kind=type(outputs).__name__),
    )
    return keras.Model(inputs, outputs)


def expect_encoding(submission, keras, x):
    _, length, depth = x.shape
    model = symbolic(keras, submission, submission.add_positional_encoding, length, depth)
    columns, halves = np.arange(depth), (depth + 1) // 2
    angles = np.arange(length)[:, None] / 10_000 ** (2 * np.arange(halves) / depth)
    raw = np.arange(length)[:, None] / 10_000 ** (columns / depth)
    expect.equal(
        model(x),
        x + encoding_of(length, depth),
        of=say("the sum"),
        rtol=1e-3,
        atol=1e-4,
        betrays={
            "position_lost": x,
            "sines_and_cosines_in_halves": x
            + np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :depth],
            "encoding_instead_of_the_sum": np.broadcast_to(encoding_of(length, depth), x.shape),
            "number_of_the_step": x + np.arange(length)[:, None],
            "an_exponent_per_column": x + np.where(columns % 2 == 0, np.sin(raw), np.cos(raw)),
        },
    )


@pytest.mark.exercise("add_positional_encoding", seconds=SECONDS)
def test_each_step_gets_its_pattern(submission, rng):
    """Sines are added to the even columns, cosines to the odd ones, in every sample alike."""
    keras = keras_of(submission, rng)
    expect_encoding(submission, keras, np.zeros((1, 3, 4), "float32"))
    expect_encoding(submission, keras, windows_like(rng, 3, 7, 6))


@pytest.mark.exercise("add_positional_encoding", seconds=SECONDS)
def test_any_length_and_depth(submission, rng):
    """A single step, many steps and an odd depth are all right."""
    keras = keras_of(submission, rng)
    for shape in ((2, 1, 8), (2, int(rng.integers(30, 60)), 16), (2, 5, 7)):
        expect_encoding(submission, keras, windows_like(rng, *shape))


@pytest.mark.exercise("add_positional_encoding", seconds=SECONDS)
def test_encoding_rejects_other_axes(submission, rng):
    """Inputs that have not three axes are a ValueError."""
    keras = keras_of(submission, rng)
    expect_encoding(submission, keras, windows_like(rng, 1, 4, 4))
    for shape in ((6,), (4, 4, 3)):
        inputs = keras.Input(shape)
        expect.raises(
            ValueError,
            lambda inputs=inputs: submission.add_positional_encoding(inputs),
            say("the inputs have shape {shape}", shape=(None, *shape)),
        )


# -- transformer_encoder ---------------------------------------------------------------------------


def encoder(submission, keras, length, depth, *sizes, **named):
    return symbolic(
        keras,
        submission,
        lambda inputs: submission.transformer_encoder(inputs, *sizes, **named),
        length,
        depth,
    )


def expect_work(got, x):
    expect.that(
        not np.allclose(got, x, atol=1e-3),
        say("expected a block to change its inputs, got them back"),
    )


@pytest.mark.exercise("transformer_encoder", seconds=SECONDS)
def test_shape_stays(submission, rng):
    """The output has the shape of the input, so that blocks can be stacked."""
    keras = keras_of(submission, rng)
    for length, depth, sizes in ((5, 8, (4, 2, 16)), (1, 6, (3, 5, 4)), (9, 3, (2, 1, 7))):
        x = windows_like(rng, 2, length, depth)
        expect_work(called(encoder(submission, keras, length, depth, *sizes), x, x.shape), x)


@pytest.mark.exercise("transformer_encoder", seconds=SECONDS)
def test_steps_look_at_each_other(submission, rng):
    """A change in one step shows in all others, and in no other sample."""
    keras = keras_of(submission, rng)
    model = encoder(submission, keras, 6, 8, 4, 2, 16)
    x = windows_like(rng, 2, 6, 8)
    changed = x.copy()
    changed[0, 2] = 3 * windows_like(rng, 8)
    difference = np.abs(called(model, changed, x.shape) - called(model, x, x.shape)).max(axis=2)
    unmoved = [step for step in range(6) if difference[0, step] < LEAST_DIFFERENCE]
    expect.that(
        not unmoved,
        say(
            "expected a change in step 2 to show in all steps, got none in {unmoved}",
            unmoved=unmoved,
        ),
        "no_attention" if len(unmoved) == 5 else None,
    )
    expect.that(
        bool(difference[1].max() < LEAST_DIFFERENCE),
        say("expected a change in one sample not to show in another, but it did"),
        "attends_to_other_samples",
    )


@pytest.mark.exercise("transformer_encoder", seconds=SECONDS)
def test_what_came_in_is_added(submission, rng):
    """Attention and feed-forward part are residual: with kernels of 0 what came in passes."""
    keras = keras_of(submission, rng)
    model = encoder(submission, keras, 4, 12, 3, 2, 10)
    x = windows_like(rng, 3, 4, 12)
    expect_work(called(model, x, x.shape), x)
    weights = [expect.array(array, of=say("a weight")) for array in model.get_weights()]
    model.set_weights([(a if a.ndim < 2 else 0 * a).astype("float32") for a in weights])
    got = called(model, x, x.shape)

    def standardized(array):  # a normalisation after the sum is all right
        array = array - array.mean(axis=2, keepdims=True)
        return array / np.maximum(1e-6, array.std(axis=2, keepdims=True))

    alike = float((standardized(got) * standardized(x)).mean())
    expect.that(
        alike > 0.99,
        say(
            "expected the block to hand on what came in when its kernels are 0 (x + attention(x), "
            "then x + feed_forward(x)), got something with a correlation of {alike:.2f} to it",
            alike=alike,
        ),
        "no_residual",
    )


@pytest.mark.exercise("transformer_encoder", seconds=SECONDS)
def test_heads_and_units(submission, rng):
    """There are num_heads heads of head_size, and a feed-forward part of ff_dim units."""
    keras = keras_of(submission, rng)
    for head_size, num_heads, ff_dim in ((5, 2, 11), (3, 4, 23)):
        model = encoder(submission, keras, 4, 6, head_size, num_heads, ff_dim)
        called(model, windows_like(rng, 1, 4, 6), (1, 4, 6))
        shapes = shapes_of(submission, model)
        expect_attention_layers(shapes, 1, head_size, num_heads)
        others = [shape for path, shape in shapes if not is_attention(path) and len(shape) > 1]
        expect.that(
            any(shape[-2:] == (6, ff_dim) for shape in others),
            say(
                "expected a kernel to the ff_dim={ff_dim} units of the feed-forward part, "
                "from {depth} to {ff_dim}; got kernels of shapes {shapes}",
                ff_dim=ff_dim,
                depth=6,
                shapes=others,
            ),
        )
        expect.that(
            any(shape[-2:] == (ff_dim, 6) for shape in others),
            say(
                "expected a kernel back from the ff_dim={ff_dim} units of the feed-forward part, "
                "from {ff_dim} to {depth}; got kernels of shapes {shapes}",
                ff_dim=ff_dim,
                depth=6,
                shapes=others,
            ),
        )


@pytest.mark.exercise("transformer_encoder", seconds=SECONDS)
def test_all_of_attention_learns(submission, rng):
    """Every kernel of the attention layer gets a gradient."""
    keras = keras_of(submission, rng)
    model = encoder(submission, keras, 5, 8, 4, 2, 16)
    expect_gradients(submission, model, windows_like(rng, 4, 5, 8))


@pytest.mark.exercise("transformer_encoder", seconds=SECONDS)
def test_encoder_drops_in_training_only(submission, rng):
    """With dropout values are dropped in training and only there; by default nowhere."""
    keras = keras_of(submission, rng)
    x = windows_like(rng, 2, 6, 8)
    dropping = encoder(submission, keras, 6, 8, 4, 2, 16, dropout=0.5)
    expect_dropout(dropping, x, True, "dropout=0.5")
    expect_dropout(encoder(submission, keras, 6, 8, 4, 2, 16), x, False, say("no dropout"))


@pytest.mark.exercise("transformer_encoder", seconds=SECONDS)
def test_encoder_rejects_empty_sizes(submission, rng):
    """Sizes below 1 and a dropout of 1 or more are a ValueError."""
    keras = keras_of(submission, rng)
    called(encoder(submission, keras, 3, 4, 1, 1, 1), windows_like(rng, 1, 3, 4), (1, 3, 4))
    inputs = keras.Input((3, 4))
    for sizes in ((0, 2, 8), (4, 0, 8), (4, 2, 0), (4, 2, 8, 1.0), (4, 2, 8, -0.1)):
        expect.raises(
            ValueError,
            lambda sizes=sizes: submission.transformer_encoder(inputs, *sizes),
            say("head_size, num_heads, ff_dim (and dropout) are {sizes}", sizes=sizes),
        )


# -- build_transformer -----------------------------------------------------------------------------

SMALL = {"head_size": 4, "num_heads": 2, "ff_dim": 12, "mlp_units": [10]}


def built(submission, input_shape, n_classes, n_blocks=1, **named):
    sizes = SMALL | {"num_transformer_blocks": n_blocks} | named
    return expect.model(submission.build_transformer(input_shape, n_classes, **sizes))


def n_outputs(n_classes):
    return n_classes if n_classes > 2 else 1


@pytest.mark.exercise("build_transformer", seconds=SECONDS)
def test_head_and_loss_follow_the_classes(submission, rng):
    """With 2 classes one sigmoid unit and binary, else softmax and sparse cross-entropy."""
    keras_of(submission, rng)
    for n_classes in (2, 5):
        model = built(submission, (7, 3), n_classes)
        expect_head(submission, model, 2 * windows_like(rng, 20, 7, 3), n_classes, rng)


@pytest.mark.exercise("build_transformer", seconds=SECONDS)
def test_lengths_and_channels_never_seen(submission, rng):
    """Any length and any number of channels; the number of weights depends on the latter only."""
    keras_of(submission, rng)
    counts = {}
    for length, channels in ((6, 5), (23, 5), (2, 1)):
        model = built(submission, (length, channels), 3)
        called(model, windows_like(rng, 4, length, channels), (4, 3))
        counts[length, channels] = n_weights(shapes_of(submission, model))
    expect.that(
        counts[6, 5] == counts[23, 5],
        say(
            "expected as many weights for 23 steps as for 6, since the mean over time is taken, "
            "got {longer} and {shorter}",
            longer=counts[23, 5],
            shorter=counts[6, 5],
        ),
        "pooling_over_the_wrong_axis",
    )


@pytest.mark.exercise("build_transformer", seconds=SECONDS)
def test_every_attention_kernel_learns(submission, rng):
    """Every kernel of every attention layer gets a gradient, also when there is one channel."""
    keras_of(submission, rng)
    model = built(submission, (8, 1), 3, n_blocks=2)
    expect_gradients(submission, model, windows_like(rng, 12, 8, 1), np.arange(12) % 3)


@pytest.mark.exercise("build_transformer", seconds=SECONDS)
def test_order_of_time_matters(submission, rng):
    """Another order of the steps gives another output."""
    keras_of(submission, rng)
    model = built(submission, (9, 2), 4)
    x = windows_like(rng, 6, 9, 2)
    straight = called(model, x, (6, 4))
    for order, message in (
        (
            np.arange(9)[::-1],
            say("expected other probabilities for windows that run backwards, got the same"),
        ),
        (
            rng.permutation(9),
            say("expected other probabilities for windows that run shuffled, got the same"),
        ),
    ):
        difference = np.abs(called(model, x[:, order].copy(), (6, 4)) - straight).max()
        expect.that(bool(difference > LEAST_DIFFERENCE), message, "position_missing")


@pytest.mark.exercise("build_transformer", seconds=SECONDS)
def test_as_many_blocks_as_asked_for(submission, rng):
    """Each block has attention of its own, and adds the same number of weights."""
    keras_of(submission, rng)
    counts = []
    for n_blocks in (1, 2, 3):
        model = built(submission, (5, 3), 3, n_blocks)
        called(model, windows_like(rng, 2, 5, 3), (2, 3))
        shapes = shapes_of(submission, model)
        expect_attention_layers(shapes, n_blocks, 4, 2, "blocks_ignored")
        counts.append(n_weights(shapes))
    expect.that(
        0 < counts[1] - counts[0] == counts[2] - counts[1],
        say(
            "expected each block to add the same number of weights, "
            "got {counts} for 1, 2, 3 blocks",
            counts=counts,
        ),
    )


@pytest.mark.exercise("build_transformer", seconds=SECONDS)
def test_sizes_are_used(submission, rng):
    """Heads, their size, ff_dim and mlp_units are those that were asked for."""
    keras_of(submission, rng)
    sizes = {"head_size": 5, "num_heads": 3, "ff_dim": 17, "mlp_units": (13, 11)}
    model = built(submission, (5, 4), 3, **sizes)
    called(model, windows_like(rng, 2, 5, 4), (2, 3))
    shapes = shapes_of(submission, model)
    expect_attention_layers(shapes, 1, 5, 3)
    kernels = [shape for path, shape in shapes if not is_attention(path) and len(shape) > 1]
    for ends, what in (
        ((17,), "ff_dim=17"),
        ((13, 11), "mlp_units=(13, 11)"),
        ((11, 3), say("the head")),
    ):
        expect.that(
            any(shape[-len(ends) :] == ends for shape in kernels),
            say(
                "expected a kernel for {what}, got kernels of shapes {shapes}",
                what=what,
                shapes=kernels,
            ),
            "mlp_units_ignored" if what != "ff_dim=17" else None,
        )


@pytest.mark.exercise("build_transformer", seconds=SECONDS)
def test_drops_in_training_only(submission, rng):
    """dropout and mlp_dropout each drop values in training and only there; by default nowhere."""
    keras_of(submission, rng)
    x = windows_like(rng, 4, 6, 3)
    for named in ({"dropout": 0.5}, {"mlp_dropout": 0.5}):
        model = built(submission, (6, 3), 3, **named)
        expect_dropout(model, x, True, "{}={}".format(*next(iter(named.items()))))
    expect_dropout(built(submission, (6, 3), 3), x, False, say("no dropout"))


@pytest.mark.exercise("build_transformer", seconds=SECONDS)
def test_transformer_rejects_what_is_none(submission, rng):
    """One class, no blocks and heads of size 0 are a ValueError."""
    keras_of(submission, rng)
    called(built(submission, (4, 2), 2, mlp_units=[]), windows_like(rng, 3, 4, 2), (3, 1))
    for n_classes, n_blocks, head_size in ((1, 1, 4), (3, 0, 4), (3, 1, 0)):
        expect.raises(
            ValueError,
            lambda n=n_classes, b=n_blocks, h=head_size: built(
                submission, (4, 2), n, b, head_size=h
            ),
            say(
                "n_classes, num_transformer_blocks, head_size are {sizes}",
                sizes=(n_classes, n_blocks, head_size),
            ),
        )


# -- build_cnn_transformer -------------------------------------------------------------------------


def hybrid(submission, input_shape, n_classes, **named):
    return expect.model(submission.build_cnn_transformer(input_shape, n_classes, **named))


@pytest.mark.exercise("build_cnn_transformer", seconds=SECONDS)
def test_heads_by_default(submission, rng):
    """Shape and number of classes are enough; head and loss follow the latter."""
    keras_of(submission, rng)
    for n_classes in (2, 4):
        model = hybrid(submission, (20, 3), n_classes)
        expect_head(submission, model, 2 * windows_like(rng, 12, 20, 3), n_classes, rng)


@pytest.mark.exercise("build_cnn_transformer", seconds=SECONDS)
def test_convolution_before_attention(submission, rng):
    """A convolution makes ceil(steps / patch) tokens, among which attention works."""
    keras_of(submission, rng)
    for length, patch in ((20, 5), (11, 4)):
        model = hybrid(submission, (length, 3), 3, patch=patch, filters=7)
        x = windows_like(rng, 2, length, 3)
        called(model, x, (2, 3))
        shapes = shapes_of(submission, model)
        wide = [
            s for path, s in shapes if not is_attention(path) and len(s) > 2 and max(s[:-2]) > 1
        ]
        expect.that(
            bool(wide),
            say("expected the kernel of a convolution over several steps, found none"),
            "no_convolution",
        )
        found = submission.helper(INSPECTION, "maps")(model, x)
        expect.that(
            isinstance(found, list) and len(found) > 0,
            say("expected layers of keras.layers.MultiHeadAttention, found none"),
            "no_attention",
        )
        n_tokens = -(-length // patch)
        for scores in found:
            got = expect.array(scores).shape[-1]
            expect.that(
                got == n_tokens,
                say(
                    "expected attention among {n_tokens} tokens, of {length} steps and "
                    "patch={patch}, got {got}",
                    n_tokens=n_tokens,
                    length=length,
                    patch=patch,
                    got=got,
                ),
                "attends_to_every_step" if got == length else None,
            )


@pytest.mark.exercise("build_cnn_transformer", seconds=SECONDS)
def test_attention_after_the_convolution_learns(submission, rng):
    """Every kernel of every attention layer gets a gradient, also when there is one channel."""
    keras_of(submission, rng)
    model = hybrid(submission, (20, 1), 3, num_transformer_blocks=2)
    expect_gradients(submission, model, windows_like(rng, 12, 20, 1), np.arange(12) % 3)


@pytest.mark.exercise("build_cnn_transformer", seconds=SECONDS)
def test_order_of_patches_matters(submission, rng):
    """Another order of the patches gives another output: their positions are known."""
    keras_of(submission, rng)
    model = hybrid(submission, (24, 2), 3, patch=4)
    x = windows_like(rng, 6, 24, 2)
    straight = called(model, x, (6, 3))
    turned = x.reshape(6, 6, 4, 2)[:, ::-1].reshape(6, 24, 2).copy()
    expect.that(
        bool(np.abs(called(model, turned, (6, 3)) - straight).max() > LEAST_DIFFERENCE),
        say("expected other probabilities when the patches come in another order, got the same"),
        "position_missing_among_patches",
    )


@pytest.mark.exercise("build_cnn_transformer", seconds=SECONDS)
def test_blocks_and_sizes_are_used(submission, rng):
    """The number of blocks, their sizes and the dropouts are those that were asked for."""
    keras_of(submission, rng)
    x = windows_like(rng, 2, 15, 3)
    sizes = {"head_size": 5, "num_heads": 3, "ff_dim": 17, "mlp_units": (13, 11), "patch": 3}
    for n_blocks in (1, 3):
        model = hybrid(submission, (15, 3), 3, num_transformer_blocks=n_blocks, **sizes)
        called(model, x, (2, 3))
        shapes = shapes_of(submission, model)
        expect_attention_layers(shapes, n_blocks, 5, 3, "blocks_ignored_after_convolution")
        kernels = [shape for path, shape in shapes if not is_attention(path) and len(shape) > 1]
        for ends in ((17,), (13, 11), (11, 3)):
            expect.that(
                any(shape[-len(ends) :] == ends for shape in kernels),
                say(
                    "expected kernels for ff_dim=17, mlp_units=(13, 11) and the head, "
                    "got kernels of shapes {shapes}",
                    shapes=kernels,
                ),
            )
    for named in ({"dropout": 0.5}, {"channel_dropout": 0.5}):
        model = hybrid(submission, (15, 3), 3, patch=3, **named)
        expect_dropout(model, x, True, "{}={}".format(*next(iter(named.items()))))


@pytest.mark.exercise("build_cnn_transformer", seconds=SECONDS)
def test_hybrid_rejects_empty_sizes(submission, rng):
    """One class, and sizes below 1, are a ValueError."""
    keras_of(submission, rng)
    called(hybrid(submission, (10, 2), 3, patch=1), windows_like(rng, 1, 10, 2), (1, 3))
    for n_classes, named in (
        (1, {}),
        (3, {"filters": 0}),
        (3, {"patch": 0}),
        (3, {"num_transformer_blocks": 0}),
    ):
        expect.raises(
            ValueError,
            lambda n=n_classes, named=named: hybrid(submission, (10, 2), n, **named),
            ", ".join(
                say("{name} is {value}", name=name, value=value)
                for name, value in {"n_classes": n_classes, **named}.items()
            ),
        )


# -- train_transformer -----------------------------------------------------------------------------


def movements(rng, n, n_classes, length=20):
    """Windows of waves that differ in how fast they are, and when they grow."""
    labels = rng.permutation(np.resize(np.arange(n_classes), n))
    t = np.arange(length)[:, None] / length
    cycles = np.array([1.0, 2.5, 2.5])[labels][:, None, None]
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    waves = np.sin(2 * np.pi * cycles * t + phase + np.arange(3))  # (n, length, 3)
    sizes = np.stack([np.full_like(t, 0.6), 1 - t, t])[labels]  # (n, length, 1)
    x = 1.6 * sizes * waves + rng.normal(0, 0.15, waves.shape)
    return x.astype("float32"), labels


def expect_told_apart(model, n_classes, rng):
    """On windows that the submission has not seen, the right class is mostly the most probable."""
    x, labels = movements(rng, 150, n_classes)
    got = expect.array(model.predict(x, verbose=0), of=say("the model's predictions"))
    from_one = got.shape == (150, n_classes + 1)
    if from_one and (got.argmax(axis=1) == labels + 1).mean() > 0.6:
        expect.fail(
            say(
                "expected probabilities of the classes 0 … {last}, got one column more, and the "
                "right class is one further on",
                last=n_classes - 1,
            ),
            "trains_labels_from_one",
        )
    expect.shape(got, (150, n_outputs(n_classes)), say("the model's predictions"))
    chosen = got.argmax(axis=1) if n_classes > 2 else (got[:, 0] > 0.5).astype(int)
    accuracy = float((chosen == labels).mean())
    expect.that(
        accuracy >= 0.8,
        say(
            "expected an accuracy of at least 0.8 on unseen windows of {n_classes} classes that "
            "are easy to tell apart, got {accuracy:.2f}",
            n_classes=n_classes,
            accuracy=accuracy,
        ),
        "never_trained" if np.ptp(got, axis=0).max() < 0.5 else None,
    )


def trained(submission, n_classes, rng):
    train, valid = movements(rng, 240, n_classes), movements(rng, 60, n_classes)
    return expect.model(submission.train_transformer(*train, *valid, int(rng.integers(1_000))))


@pytest.mark.exercise("train_transformer", seconds=TRAINING_SECONDS)
def test_tells_movements_apart(submission, rng):
    """It tells three kinds of windows apart that differ in speed and in when they grow."""
    keras_of(submission, rng)
    model = trained(submission, 3, rng)
    expect_told_apart(model, 3, rng)
    expect.that(
        len(kernels_of(shapes_of(submission, model), "/query/kernel")) > 0,
        say("expected layers of keras.layers.MultiHeadAttention, found none"),
        "trains_no_transformer",
    )


@pytest.mark.exercise("train_transformer", seconds=TRAINING_SECONDS)
def test_two_classes_and_bad_labels(submission, rng):
    """It tells two classes apart; one-hot rows and labels that do not fit are a ValueError."""
    keras_of(submission, rng)
    expect_told_apart(trained(submission, 2, rng), 2, rng)
    x, y = movements(rng, 12, 2)
    for y_train, y_valid, why in (
        (np.eye(2)[y], y, say("the labels are one-hot rows")),
        (y[:-1], y, say("there are 12 windows and 11 labels")),
        (y - 1, y, say("labels begin with -1")),
        (np.zeros(12, int), np.zeros(12, int), say("there is one class")),
        (y, y[:-1], say("there are 12 validation windows and 11 labels")),
    ):
        expect.raises(
            ValueError,
            lambda a=y_train, b=y_valid: submission.train_transformer(x, a, x, b, 0),
            why,
        )


# -- attention_maps --------------------------------------------------------------------------------


def expect_maps(submission, model, x):
    """The maps are what the model's attention layers attend to; these are made sharper first."""
    submission.helper(INSPECTION, "sharpen")(model)
    found = submission.helper(INSPECTION, "maps")(model, x[None])
    expected = np.stack([expect.array(scores)[0] for scores in found])
    expect.equal(
        submission.attention_maps(model, x),
        expected,
        of=say("the maps"),
        rtol=1e-2,
        atol=1e-4,
        betrays={
            "last_block_only": expected[-1:],
            "blocks_backwards": expected[::-1],
            "heads_averaged": expected.mean(axis=1),
            "maps_transposed": np.swapaxes(expected, 2, 3),
            "batch_axis_left": expected[:, None],
        },
    )


@pytest.mark.exercise("attention_maps", seconds=SECONDS)
def test_who_looked_at_whom(submission, rng):
    """Each block's and head's weights, rows look at columns; blocks come in their order."""
    keras_of(submission, rng)
    for n_blocks, num_heads, length in ((2, 3, 5), (1, 2, 7)):
        model = built(submission, (length, 3), 3, n_blocks, num_heads=num_heads)
        expect_maps(submission, model, windows_like(rng, length, 3))


@pytest.mark.exercise("attention_maps", seconds=SECONDS)
def test_maps_of_patches(submission, rng):
    """After a convolution there are as many rows and columns as tokens."""
    keras_of(submission, rng)
    model = hybrid(submission, (18, 2), 4, patch=3, num_heads=2, num_transformer_blocks=3)
    expect_maps(submission, model, windows_like(rng, 18, 2))


@pytest.mark.exercise("attention_maps", seconds=SECONDS)
def test_maps_are_not_of_training(submission, rng):
    """Dropout is off: each row adds up to 1, and a second call gives the same."""
    keras_of(submission, rng)
    model = built(submission, (6, 2), 2, 2, dropout=0.5)
    x = windows_like(rng, 6, 2)
    one, other = (
        expect.shape(submission.attention_maps(model, x), (2, 2, 6, 6), of=say("the maps"))
        for _ in range(2)
    )
    expect.that(
        bool(np.allclose(one, other, atol=1e-6) and np.allclose(one.sum(axis=3), 1, atol=1e-3)),
        say("expected the same maps from two calls, with rows that add up to 1, got others"),
        "maps_with_dropout",
    )


@pytest.mark.exercise("attention_maps", seconds=SECONDS)
def test_maps_reject_a_batch(submission, rng):
    """A batch of windows instead of one is a ValueError."""
    keras_of(submission, rng)
    model = built(submission, (5, 2), 3)
    expect_maps(submission, model, windows_like(rng, 5, 2))
    x = windows_like(rng, 4, 5, 2)
    expect.raises(
        ValueError,
        lambda: submission.attention_maps(model, x),
        say("x has shape {shape}", shape=x.shape),
    )
