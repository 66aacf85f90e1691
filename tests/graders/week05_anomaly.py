"""Checks of week 5: the steps of anomaly detection, one by one and together, and the denoiser.

What a model shows of itself is the submission's word; what it makes of windows that are drawn here
is not. So layers that a model lists must have a part in its output, the narrow middle is measured
by outputs alone, and what is learned is judged by windows that can only be learned.

Not proven, since nothing but the worker's word tells it: of which kind a layer is, in which order
layers follow each other, and which windows detect_anomalies has trained on.
"""

import numpy as np
import pytest

from course.grading import expect
from course.language import say

TRAINING_SECONDS = 60
MARK = 10_000.0
STEP = 0.001  # of a window's values: small for a network, large for float32
SAME_DIRECTION = 0.05  # what float32 and the kinks of ReLU may make of a direction


def marked(n, n_steps=3, n_channels=2):
    """Windows that tell their number: every value of window i is i plus a small fraction."""
    within = np.arange(n_steps * n_channels).reshape(n_steps, n_channels) / 100
    return np.arange(float(n))[:, None, None] + within


def numbers_of(X):
    """The numbers of such windows."""
    return np.floor(X[:, 0, 0] + 1e-3).astype(int)


def waves(rng, n, n_steps=16, n_channels=3):
    """Windows of one family: a slow wave of changing phase, which every channel has its way."""
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    steps = 2 * np.pi * np.arange(n_steps)[:, None] / n_steps
    size, lag = 1 + np.arange(n_channels), np.arange(n_channels)
    return (size * np.sin(steps + lag + phase)).astype("float32")


# -- select_activities -----------------------------------------------------------------------------


@pytest.mark.exercise("select_activities")
def test_two_activities_stay(submission, rng):
    """The windows of both activities stay, in their order, with y = 1 for the abnormal."""
    activity = np.array([18, 1, 7, 1, 18, 2, 1])
    X = marked(7)
    X_kept, y = expect.parts(submission.select_activities(X, activity, 1, 18), "X", "y")
    expect.equal(X_kept, X[[0, 1, 3, 4, 6]], of="X")
    expect.equal(y, [1, 0, 0, 1, 0], of="y")
    activity = rng.integers(1, 5, size=40)
    activity[:2] = 2, 4
    X_kept, y = expect.parts(submission.select_activities(marked(40), activity, 4, 2), "X", "y")
    kept = np.isin(activity, (2, 4))
    expect.equal(X_kept, marked(40)[kept], of="X")
    expect.equal(y, activity[kept] == 2, of="y")


@pytest.mark.exercise("select_activities")
def test_several_activities_on_a_side(submission):
    """Normal and abnormal may each be several activities."""
    activity = np.array([3, 2, 4, 1, 3, 5])
    X_kept, y = expect.parts(
        submission.select_activities(marked(6), activity, [3, 4], (2, 5)), "X", "y"
    )
    expect.equal(X_kept, marked(6)[[0, 1, 2, 4, 5]], of="X")
    expect.equal(y, [0, 1, 0, 0, 1], of="y")


@pytest.mark.exercise("select_activities")
def test_rejects_what_cannot_be_selected(submission):
    """Sides that overlap or have no window, other lengths and NaN are a ValueError."""
    X, activity = marked(4), np.array([1, 2, 1, 3])
    _, y = expect.parts(submission.select_activities(X, activity, 1, 3), "X", "y")
    expect.equal(y, [0, 0, 1], of="y")
    broken = X.copy()
    broken[2, 1, 0] = np.nan
    for arguments, why in (
        ((X, activity[:-1], 1, 3), say("there are 4 windows and 3 activities")),
        ((X, activity, 1, 9), say("no window is of activity 9")),
        ((X, activity, 9, 1), say("no window is of activity 9")),
        ((X, activity, [1, 2], [2, 3]), say("activity 2 is on both sides")),
        ((broken, activity, 1, 3), say("a window of activity 1 holds NaN")),
    ):
        expect.raises(
            ValueError, lambda arguments=arguments: submission.select_activities(*arguments), why
        )


# -- split_train_valid_test ------------------------------------------------------------------------


def split_of(submission, X, y, seed, groups=None):
    """The numbers of the windows in each part, after checking that each has its label."""
    got = submission.split_train_valid_test(X, y, seed, groups)
    found = []
    names = ("train", "valid", "test")
    for name, part in zip(names, expect.parts(got, *names), strict=True):
        X_part, y_part = expect.parts(
            part, say("X of {part}", part=name), say("y of {part}", part=name)
        )
        X_part = expect.array(X_part, say("X of {part}", part=name))
        expect.shape(
            X_part, (len(X_part) if X_part.ndim else 0, *X.shape[1:]), say("X of {part}", part=name)
        )
        numbers = numbers_of(X_part)
        expect.that(
            bool(np.isin(numbers, np.arange(len(X))).all()),
            say("expected the windows of {part} to be windows that came in, got others", part=name),
        )
        expect.equal(X_part, X[numbers], of=say("X of {part}", part=name))
        expect.equal(
            y_part, y[numbers], of=say("y of {part}, the labels of its windows", part=name)
        )
        found.append(numbers)
    return found


def expect_partition(parts, n):
    together = np.concatenate(parts)
    missing, twice = n - len(np.unique(together)), len(together) - len(np.unique(together))
    expect.that(
        missing == 0 and twice == 0,
        say(
            "expected each of {n} windows in exactly one part, got {missing} in none and {twice} "
            "more than once",
            n=n,
            missing=missing,
            twice=twice,
        ),
    )


@pytest.mark.exercise("split_train_valid_test")
def test_sixty_twenty_twenty(submission):
    """Every window is in exactly one part, with its label; 60 % train, 20 % validate, 20 % test."""
    for n, few in ((100, 20), (43, 9), (5, 1)):
        X, y = marked(n), (np.arange(n) % 3 == 0).astype(int)
        train, valid, test = split_of(submission, X, y, 0)
        expect_partition((train, valid, test), n)
        close = 1 if n > 5 else 0
        for name, part in (("valid", valid), ("test", test)):
            expect.that(
                abs(len(part) - few) <= close,
                say(
                    "expected 20 % of {n} windows in {part}, about {few}, got {got}",
                    n=n,
                    part=name,
                    few=few,
                    got=len(part),
                ),
            )


@pytest.mark.exercise("split_train_valid_test")
def test_shuffled_by_the_seed(submission, rng):
    """Parts hold windows from everywhere; the same seed gives the same split, another another."""
    X, y = marked(60), np.repeat([0, 1], 30)
    seed = int(rng.integers(1_000))
    parts = split_of(submission, X, y, seed)
    expect_partition(parts, 60)
    for name, part in zip(("train", "valid", "test"), parts, strict=True):
        spread = np.abs(np.diff(np.sort(part))).max(initial=0)
        expect.that(
            bool(spread > 1 and 0 < y[part].mean() < 1),
            say("expected windows from the whole series in {part}, got a piece of it", part=name),
        )
    for one, other in zip(parts, split_of(submission, X, y, seed), strict=True):
        expect.that(
            set(one.tolist()) == set(other.tolist()),
            say("expected the same split from the same seed, got another"),
        )
    another = split_of(submission, X, y, seed + 1)
    expect.that(
        set(another[2].tolist()) != set(parts[2].tolist()),
        say("expected another split from another seed, got the same"),
    )


@pytest.mark.exercise("split_train_valid_test")
def test_groups_never_straddle(submission, rng):
    """All windows of a group are in one part: of 10 people two validate and two test."""
    groups = rng.permutation(np.repeat(np.arange(1, 11), 6))
    X, y = marked(60), rng.integers(0, 2, size=60)
    tested = set()
    for seed in range(3):
        parts = split_of(submission, X, y, seed, groups)
        people = [set(groups[part].tolist()) for part in parts]
        shared = (people[0] & people[1]) | (people[0] & people[2]) | (people[1] & people[2])
        expect.that(
            not shared,
            say("expected each group in one part, got group {groups} in several", groups=shared),
        )
        expect_partition(parts, 60)
        sizes = tuple(map(len, people))
        expect.that(
            sizes == (6, 2, 2), say("expected 6, 2 and 2 of 10 groups, got {sizes}", sizes=sizes)
        )
        tested.add(frozenset(people[2]))
    expect.that(
        len(tested) > 1, say("expected other groups in the test for other seeds, got the same")
    )


@pytest.mark.exercise("split_train_valid_test")
def test_few_groups_of_any_name(submission):
    """Three groups are one each; groups of different sizes and names stay whole."""
    groups = np.array([30, 7, 7, 7, 7, 7, 7, 11, 11])
    X, y = marked(9), np.arange(9) % 2
    parts = split_of(submission, X, y, 1, groups)
    expect_partition(parts, 9)
    counts = [len(set(groups[part].tolist())) for part in parts]
    expect.that(
        counts == [1, 1, 1],
        say("expected one of 3 groups in each part, got {counts}", counts=counts),
    )


@pytest.mark.exercise("split_train_valid_test")
def test_rejects_what_cannot_be_split(submission):
    """Fewer than three windows or groups, and lengths that differ, are a ValueError."""
    X, y = marked(10), np.arange(10) % 2
    expect_partition(split_of(submission, X, y, 3), 10)
    for arguments, why in (
        ((X[:2], y[:2], 0), say("two windows make no three parts")),
        ((X, y, 0, np.repeat([1, 2], 5)), say("two groups make no three parts")),
        ((X, y, 0, np.ones(10)), say("one group makes no three parts")),
        ((X, y[:-1], 0), say("there are 10 windows and 9 labels")),
        ((X, y, 0, np.arange(9)), say("there are 10 windows and 9 groups")),
    ):
        expect.raises(
            ValueError,
            lambda arguments=arguments: submission.split_train_valid_test(*arguments),
            why,
        )


# -- keep_normal -----------------------------------------------------------------------------------


@pytest.mark.exercise("keep_normal")
def test_only_normal_windows(submission, rng):
    """The windows with y = 0 are left, in their order."""
    expect.equal(submission.keep_normal(marked(5), np.array([0, 1, 1, 0, 0])), marked(5)[[0, 3, 4]])
    y = rng.integers(0, 2, size=30)
    y[3] = 0
    expect.equal(submission.keep_normal(marked(30), y), marked(30)[y == 0])


@pytest.mark.exercise("keep_normal")
def test_rejects_no_normal_windows(submission):
    """Nothing but abnormal windows, and lengths that differ, are a ValueError."""
    expect.equal(submission.keep_normal(marked(2), np.array([1, 0])), marked(2)[1:])
    expect.raises(
        ValueError,
        lambda: submission.keep_normal(marked(2), np.array([1, 1])),
        say("both windows are abnormal"),
    )
    expect.raises(
        ValueError,
        lambda: submission.keep_normal(marked(3), np.array([0, 1])),
        say("there are 3 windows and 2 labels"),
    )


# -- standardize -----------------------------------------------------------------------------------


def standardized(train, *others):
    mean, std = train.mean(axis=(0, 1)), train.std(axis=(0, 1))
    return [(array - mean) / np.where(std == 0, 1, std) for array in (train, *others)]


def expect_standardized(submission, train, *others):
    got = submission.standardize(train, *others)
    names = ["train", say("the second array"), say("the third array")][: 1 + len(others)]
    for name, part, expected in zip(
        names, expect.parts(got, *names), standardized(train, *others), strict=True
    ):
        expect.equal(part, expected, of=name, rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("standardize")
def test_each_channel_by_itself(submission, rng):
    """In train, each channel gets mean 0 and deviation 1, over all windows and steps."""
    train = rng.normal(size=(5, 4, 3)) * [1, 10, 100] + [0, 5, -50]
    expect_standardized(submission, train)


@pytest.mark.exercise("standardize")
def test_others_by_the_statistics_of_train(submission, rng):
    """The other arrays are shifted and scaled as train is, whatever their own statistics are."""
    train = rng.normal(size=(6, 4, 2)) * [1, 3] + [2, 0]
    valid, test = rng.normal(size=(3, 4, 2)) * 5 - 7, rng.normal(size=(2, 4, 2)) + 100
    expect_standardized(submission, train, valid, test)
    expect_standardized(submission, train, test)


@pytest.mark.exercise("standardize")
def test_constant_channel(submission, rng):
    """A channel that is constant in train is only shifted, here and in the others."""
    train, other = rng.normal(size=(4, 3, 2)), rng.normal(size=(2, 3, 2))
    train[:, :, 1] = 0.5
    expect_standardized(submission, train, other)


@pytest.mark.exercise("standardize")
def test_rejects_what_has_no_statistics(submission, rng):
    """No windows, NaN in train and another number of channels are a ValueError."""
    train = rng.normal(size=(4, 3, 2))
    expect_standardized(submission, train)
    broken = train.copy()
    broken[1, 2, 0] = np.nan
    for arguments, why in (
        ((train[:0],), say("train has no windows")),
        ((broken,), say("train holds NaN")),
        ((train, np.zeros((2, 3, 3))), say("train has 2 channels and the other array 3")),
    ):
        expect.raises(
            ValueError, lambda arguments=arguments: submission.standardize(*arguments), why
        )


# -- build_autoencoder -----------------------------------------------------------------------------


def built(submission, *sizes, **named):
    return expect.model(submission.build_autoencoder(*sizes, **named))


def reproduced(model, X):
    """What the model makes of X, as an array of the shape of X."""
    # Called, not predict(): that compiles first, which takes longer than all windows here.
    return expect.shape(model(X, training=False), X.shape, of=say("the model's output"))


def all_layers(layer):
    """A layer with all that are nested in it, in the order in which the model lists them."""
    yield layer
    inner = [getattr_or_none(layer, name) for name in ("layer", "forward_layer", "cell")]
    for child in [*(getattr_or_none(layer, "layers") or []), *inner]:
        if child is not None:
            yield from all_layers(child)


def getattr_or_none(handle, name):
    return getattr(handle, name) if handle.has(name) else None


@pytest.mark.exercise("build_autoencoder", seconds=TRAINING_SECONDS)
def test_output_of_the_shape_of_the_input(submission, rng):
    """Output and input have one shape, whatever the length of a window."""
    for n_steps, n_channels in ((13, 3), (20, 1), (1, 4)):
        model = built(submission, n_steps, n_channels, latent_dim=2)
        reproduced(model, rng.normal(size=(2, n_steps, n_channels)).astype("float32"))


@pytest.mark.exercise("build_autoencoder", seconds=TRAINING_SECONDS)
def test_convolution_then_dense_then_lstm(submission, rng):
    """The encoder has a Conv1D layer first, then a Dense layer, then an LSTM layer."""
    model = built(submission, 12, 2, latent_dim=3)
    x = rng.normal(size=(3, 12, 2)).astype("float32")
    reproduced(model, x)  # a model that is not built yet has no weights
    layers, is_a = submission.module("keras").layers, submission.module("builtins").isinstance
    kinds = {
        "Conv1D": layers.Conv1D,
        "Dense": layers.Dense,
        "LSTM": (layers.LSTM, layers.LSTMCell),
    }
    seen, first = [], {}
    for layer in all_layers(model):
        for name, kind in kinds.items():
            if is_a(layer, kind) is True and name not in seen:
                seen.append(name)
                first[name] = layer
    for name in kinds:
        expect.that(
            name in seen, say("expected a layer {name} in the model, found none", name=name)
        )
    expect.that(
        seen == list(kinds),
        say(
            "expected Conv1D, then Dense, then LSTM, got {order}",
            order=say(", then ").join(seen),
        ),
        misconception="layers_in_another_order",
    )
    for name, layer in first.items():
        expect_part_in_the_output(model, layer, name, x)


def expect_part_in_the_output(model, layer, name, x):
    """With other weights in a layer, other windows come out."""
    weights, before = layer.get_weights(), reproduced(model, x)
    expect.that(
        isinstance(weights, list), say("expected the layer {name} to show its weights", name=name)
    )
    layer.set_weights([expect.array(array) * 0 + 0.5 for array in weights])
    after = reproduced(model, x)
    layer.set_weights(weights)
    expect.that(
        bool(np.abs(after - before).max() > 1e-6),
        say(
            "expected the layer {name} to have a part in the output, got the same output with "
            "other weights in it",
            name=name,
        ),
    )
    expect.equal(reproduced(model, x), before, of=say("the output with the old weights"))


@pytest.mark.exercise("build_autoencoder", seconds=TRAINING_SECONDS)
def test_everything_passes_the_narrow_middle(submission, rng):
    """What comes out depends on latent_dim numbers only, not on all that went in."""
    for latent_dim in (1, 3):
        model = built(submission, 6, 2, latent_dim=latent_dim)
        # Output by input: as many independent directions as numbers come through the middle.
        jacobians = [jacobian(model, rng.normal(size=(1, 6, 2)), rng) for _ in range(3)]
        strengths = np.linalg.svd(jacobians, compute_uv=False)  # (3, 12)
        expect.that(
            bool((strengths[:, 0] > 1e-5).all()),
            say("expected an output that depends on the input, got a constant"),
        )
        # Near a kink a direction may look like two; by chance not at all three windows.
        ranks = (strengths > SAME_DIRECTION * strengths[:, :1]).sum(axis=1)
        rank = int(ranks.min())
        expect.that(
            rank <= latent_dim,
            say(
                "expected the output to depend on {latent_dim} numbers of a window, for "
                "latent_dim={latent_dim}, got all 12 of its 12 values",
                latent_dim=latent_dim,
            )
            if rank == 12
            else say(
                "expected the output to depend on {latent_dim} numbers of a window, for "
                "latent_dim={latent_dim}, got at least {rank} of its 12 values",
                latent_dim=latent_dim,
                rank=rank,
            ),
            misconception="overcomplete" if rank > 3 and latent_dim == 1 else None,
        )


def jacobian(model, x, rng):
    """How the output for one window changes along random directions of the input, measured."""
    directions, _ = np.linalg.qr(rng.normal(size=(x.size, x.size)))
    steps = STEP * directions.reshape(-1, *x.shape[1:])
    outputs = reproduced(model, np.concatenate([x + steps, x - steps]).astype("float32"))
    ahead, back = np.split(outputs.reshape(2 * x.size, -1), 2)
    return (ahead - back) / (2 * STEP)


@pytest.mark.exercise("build_autoencoder", seconds=TRAINING_SECONDS)
def test_compiled_with_the_mean_squared_error(submission, rng):
    """The model comes compiled, and its loss is the mean squared error."""
    model = built(submission, 8, 2, latent_dim=2)
    expect.that(
        getattr_or_none(model, "optimizer") is not None,
        say("expected a compiled model, got one without an optimizer: call model.compile(...)"),
        misconception="not_compiled",
    )
    X = rng.normal(size=(9, 8, 2)).astype("float32") * 3
    loss = model.evaluate(X, X, verbose=0)
    loss = loss[0] if isinstance(loss, (list, tuple)) and loss else loss
    expect.number(loss, ((reproduced(model, X) - X) ** 2).mean(), of=say("the loss"), rtol=1e-2)


@pytest.mark.exercise("build_autoencoder", seconds=TRAINING_SECONDS, training=True)
def test_learns_standardised_data(submission, rng):
    """It learns to reproduce windows of waves, far from 0 and below it, and them alone."""
    submission.module("keras").utils.set_random_seed(int(rng.integers(1_000)))
    X = waves(rng, 300) - np.float32(2)
    model = built(submission, 16, 3, latent_dim=8)
    model.fit(X[:250], X[:250], epochs=40, batch_size=25, verbose=0)
    got = reproduced(model, X[250:])
    error, power = ((got - X[250:]) ** 2).mean(), ((X - X.mean(axis=(0, 1))) ** 2).mean()
    one_sided = got.min() >= 0 or (got.max() <= 1 and got.min() >= -1)
    expect.that(
        bool(error < 0.5 * power),
        say(
            "expected a mean squared error clearly below the variance of the waves, {power:.2f}, "
            "got {error:.2f}",
            power=power,
            error=error,
        ),
        misconception="sigmoid_output" if one_sided else None,
    )
    # Eight numbers cannot hold a window of noise. A model that gives it back has copied it.
    noise = rng.normal(-2, 1, size=(50, 16, 3)).astype("float32")
    kept = 1 - ((reproduced(model, noise) - noise) ** 2).mean() / noise.var()
    expect.that(
        bool(kept < 0.7),
        say(
            "expected a model that has learned waves not to reproduce noise, which 8 numbers "
            "cannot describe; got {kept:.0%} of the noise's variance back: the input is copied",
            kept=kept,
        ),
    )


@pytest.mark.exercise("build_autoencoder", seconds=TRAINING_SECONDS)
def test_rejects_a_middle_that_is_not_narrow(submission, rng):
    """Sizes below 1, and as many latent numbers as a window has values, are a ValueError."""
    reproduced(built(submission, 4, 2, latent_dim=7), np.zeros((1, 4, 2), "float32"))
    for sizes in ((0, 2, 1), (4, 0, 1), (4, 2, 0), (4, 2, 8), (4, 2, 9)):
        expect.raises(
            ValueError,
            lambda sizes=sizes: submission.build_autoencoder(*sizes),
            say("n_steps, n_channels, latent_dim are {sizes}", sizes=sizes),
        )


# -- reconstruction_error --------------------------------------------------------------------------


def scaling_model(submission, factors):
    """A Keras model over there that multiplies each channel by its factor."""
    keras = submission.module("keras")
    n_channels = len(factors)
    model = keras.Sequential(
        [keras.layers.Input((None, n_channels)), keras.layers.Dense(n_channels, use_bias=False)]
    )
    model.set_weights([np.diag(np.asarray(factors, "float32"))])
    return model


@pytest.mark.exercise("reconstruction_error", seconds=TRAINING_SECONDS)
def test_one_error_per_window(submission, rng):
    """The error of a window is the mean of its squared differences, over steps and channels."""
    model = scaling_model(submission, [0.5, -1.0])
    for n in (3, 40):
        X = rng.normal(size=(n, 5, 2)).round(2)
        squares = (X * [0.5, 2.0]) ** 2
        expect.equal(
            submission.reconstruction_error(model, X),
            squares.mean(axis=(1, 2)),
            of=say("the errors"),
            rtol=1e-3,
            betrays={
                "averaged_over_the_batch": squares.mean(),
                "one_error_per_step_and_channel": squares.mean(axis=0),
                "mean_absolute_error": np.sqrt(squares).mean(axis=(1, 2)),
                "summed_not_averaged": squares.sum(axis=(1, 2)),
            },
        )


@pytest.mark.exercise("reconstruction_error", seconds=TRAINING_SECONDS)
def test_dropout_is_off(submission):
    """The model predicts as it does after training: without dropout."""
    keras = submission.module("keras")
    model = keras.Sequential([keras.layers.Input((4, 1)), keras.layers.Dropout(0.5)])
    expect.equal(submission.reconstruction_error(model, np.ones((6, 4, 1))), np.zeros(6))
    model = scaling_model(submission, [3.0])
    expect.equal(submission.reconstruction_error(model, np.ones((2, 4, 1))), [4, 4])


@pytest.mark.exercise("reconstruction_error", seconds=TRAINING_SECONDS)
def test_rejects_no_windows(submission):
    """No windows, or a single one without its axis, are a ValueError."""
    model = scaling_model(submission, [3.0])
    expect.equal(submission.reconstruction_error(model, np.ones((1, 4, 1))), [4])
    for shape in ((0, 4, 1), (4, 1)):
        expect.raises(
            ValueError,
            lambda shape=shape: submission.reconstruction_error(model, np.ones(shape)),
            say("X has shape {shape}", shape=shape),
        )


# -- choose_threshold and classify -----------------------------------------------------------------


@pytest.mark.exercise("choose_threshold")
def test_quantile_of_the_errors(submission, rng):
    """The threshold is the quantile of the errors, in whatever order they come."""
    expect.number(submission.choose_threshold(np.array([5.0, 1.0, 3.0]), 0.5), 3)
    expect.number(submission.choose_threshold(np.array([4.0, 0.0]), quantile=0.75), 3)
    errors = rng.exponential(size=50)
    for quantile in (0.0, 0.9, 1.0):
        got = submission.choose_threshold(errors, quantile)
        expect.number(got, np.quantile(errors, quantile))


@pytest.mark.exercise("choose_threshold")
def test_ninety_nine_percent_by_default(submission):
    """Without a quantile, 99 of 100 normal windows stay below the threshold."""
    expect.number(submission.choose_threshold(np.arange(201.0)[::-1].copy()), 198)


@pytest.mark.exercise("choose_threshold")
def test_rejects_what_has_no_quantile(submission):
    """No errors, NaN among them and a quantile that is no part of 1 are a ValueError."""
    errors = np.array([1.0, 2.0])
    expect.number(submission.choose_threshold(errors, 1.0), 2)
    for arguments, why in (
        ((np.array([]),), say("there are no errors")),
        ((np.array([1.0, np.nan]),), say("one of the errors is NaN")),
        ((errors, 1.5), say("the quantile is 1.5")),
        ((errors, -0.1), say("the quantile is -0.1")),
    ):
        expect.raises(
            ValueError, lambda arguments=arguments: submission.choose_threshold(*arguments), why
        )


@pytest.mark.exercise("classify")
def test_above_the_threshold_is_abnormal(submission, rng):
    """1 where the error is above the threshold, 0 where it is below, or exactly there."""
    expect.equal(submission.classify(np.array([0.1, 0.9, 0.5, 0.51]), 0.5), [0, 1, 0, 1])
    errors = rng.normal(size=20)
    expect.equal(submission.classify(errors, errors[0]), errors > errors[0])


@pytest.mark.exercise("classify")
def test_classes_are_integers(submission):
    """The classes are whole numbers, which can be counted and compared."""
    got = expect.array(submission.classify(np.array([1.0, 3.0]), 2.0))
    expect.equal(got, [0, 1])
    expect.that(
        got.dtype.kind in "iu",
        say("expected integers 0 and 1, got {dtype} values", dtype=got.dtype),
    )


@pytest.mark.exercise("classify")
def test_rejects_nan(submission):
    """NaN is neither above nor below anything: a ValueError."""
    expect.equal(submission.classify(np.array([1.0, 3.0]), 2.0), [0, 1])
    expect.raises(
        ValueError,
        lambda: submission.classify(np.array([1.0, np.nan]), 2.0),
        say("an error is NaN"),
    )
    expect.raises(
        ValueError,
        lambda: submission.classify(np.array([1.0]), float("nan")),
        say("the threshold is NaN"),
    )


# -- detection_report ------------------------------------------------------------------------------


def report_of(y, errors, threshold):
    """The figures, computed here."""
    y, errors = np.asarray(y), np.asarray(errors, float)
    called = errors > threshold
    hits, alarms = (called & (y == 1)).sum(), (called & (y == 0)).sum()
    precision = hits / called.sum() if called.any() else 0.0
    recall = hits / (y == 1).sum()
    above = errors[y == 1][:, None] - errors[y == 0]
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if hits else 0.0,
        "roc_auc": (above > 0).mean() + (above == 0).mean() / 2,
        "false_positive_rate": alarms / (y == 0).sum(),
    }


def expect_report(got, y, errors, threshold):
    of = say("the report")
    expect.that(
        isinstance(got, dict),
        say("expected {of} to be a dict, got {kind}", of=of, kind=type(got).__name__),
    )
    for name, value in report_of(y, errors, threshold).items():
        expect.that(
            name in got,
            say(
                'expected {of} to have "{name}", got {got}',
                of=of,
                name=name,
                got=sorted(map(str, got)),
            ),
        )
        expect.number(got[name], value, of=f'{of}["{name}"]')


@pytest.mark.exercise("detection_report")
def test_all_figures_of_a_small_case(submission):
    """Precision, recall, F1, AUC and false-positive rate of eight windows."""
    y = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    errors = np.array([0.1, 0.2, 0.3, 0.6, 0.8, 0.4, 0.7, 0.9])
    expect_report(submission.detection_report(y, errors, 0.5), y, errors, 0.5)


@pytest.mark.exercise("detection_report")
def test_area_needs_no_threshold(submission, rng):
    """The AUC is that of the errors, ties counted half: it is the same for every threshold."""
    y = rng.integers(0, 2, size=40)
    y[:2] = 0, 1
    errors = (rng.integers(0, 4, size=40) + y).astype(float)
    for threshold in (0.75, 2.0, 3.5):
        expect_report(submission.detection_report(y, errors, threshold), y, errors, threshold)


@pytest.mark.exercise("detection_report")
def test_nothing_called_abnormal(submission):
    """Where no window is called abnormal, precision, recall and F1 are 0."""
    y, errors = np.array([0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.4])
    expect_report(submission.detection_report(y, errors, 0.2), y, errors, 0.2)
    expect_report(submission.detection_report(y, errors, 9.0), y, errors, 9.0)


@pytest.mark.exercise("detection_report")
def test_rejects_a_single_class(submission):
    """Labels of one class, and lengths that differ, are a ValueError."""
    y, errors = np.array([0, 1, 1]), np.array([0.1, 0.2, 0.3])
    expect_report(submission.detection_report(y, errors, 0.15), y, errors, 0.15)
    for labels, why in (
        ([0, 0, 0], say("no window is abnormal")),
        ([1, 1, 1], say("no window is normal")),
        ([0, 1], say("there are 3 errors and 2 labels")),
    ):
        expect.raises(
            ValueError,
            lambda labels=labels: submission.detection_report(np.array(labels), errors, 0.15),
            why,
        )


# -- detect_anomalies ------------------------------------------------------------------------------


def recordings(rng):
    """Windows of activity 5, slow waves; of activity 8, the same with a fast one; of activity 2.

    Returns: windows, activity and person of each: of 10 people, 7 have 7 windows and 3 have 14.
    """
    n = 91
    X = waves(rng, n, n_steps=15)
    activity = np.resize([5, 5, 8], n)
    person = np.repeat(np.arange(10), [7] * 7 + [14] * 3)
    activity[-1] = 2
    fast = np.where(np.arange(15) % 2, 4.0, -4.0)[:, None] * rng.choice([-1, 1], size=(n, 1, 1))
    return np.where((activity == 8)[:, None, None], fast, X).astype("float32"), activity, person


def detected(submission, *arguments):
    got = submission.detect_anomalies(*arguments)
    expect.that(isinstance(got, dict), say("expected a dict, got {kind}", kind=type(got).__name__))
    for name in ("model", "threshold", "y_test", "errors", "report"):
        expect.that(
            name in got,
            say('expected a dict with "{name}", got {got}', name=name, got=sorted(map(str, got))),
        )
    expect.model(got["model"], of=say('the dict\'s "model"'))
    expect.shape(got["threshold"], (), of=say('the dict\'s "threshold"'))
    return got


@pytest.mark.exercise("detect_anomalies", seconds=TRAINING_SECONDS, training=True)
def test_finds_anomalies_among_unseen_people(submission, rng):
    """The report is that of the test, 20 % of the people; the model tells new windows, too."""
    X, activity, person = recordings(rng)
    got = detected(submission, X, activity, 5, 8, 0, person)
    y_test = expect.array(got["y_test"], of=say('the dict\'s "y_test"'))
    expect.shape(y_test, (len(y_test) if y_test.ndim else 0,), of=say('the dict\'s "y_test"'))
    # Two people have 14, 21 or 28 windows; one of all windows is of the third activity.
    sizes = (13, 14, 20, 21, 27, 28)
    expect.that(
        len(y_test) in sizes and 0 < y_test.sum() < len(y_test),
        say(
            "expected the windows of two people in the test, {sizes} of them, normal and abnormal "
            "ones, got {n} windows, {abnormal:g} abnormal",
            sizes=sizes,
            n=len(y_test),
            abnormal=y_test.sum(),
        ),
        misconception="people_on_both_sides" if len(y_test) == 18 else None,
    )
    errors = expect.shape(got["errors"], y_test.shape, of=say('the dict\'s "errors"'))
    expect_report(got["report"], y_test, errors, float(got["threshold"]))
    expect.equal(
        np.sort(errors),
        np.sort(errors_by(got["model"], submission, X, activity, person)),
        of=say("the errors, from the smallest to the largest, of the model on the test windows"),
        rtol=1e-2,
        atol=1e-4,
    )

    hidden, hidden_activity, _ = recordings(rng)
    kept = hidden_activity != 2
    _, hidden = standardized(X[activity == 5], hidden[kept])
    hidden = hidden.astype("float32")
    hidden_errors = ((reproduced(got["model"], hidden) - hidden) ** 2).mean(axis=(1, 2))
    for where, labels, values in (
        (say("the test"), y_test, errors),
        (say("windows that only the grader has"), hidden_activity[kept] == 8, hidden_errors),
    ):
        area = report_of(labels, values, 0)["roc_auc"]
        expect.that(
            bool(area > 0.9),
            say(
                "expected larger errors for fast waves than for slow ones, a ROC AUC above 0.9 on "
                "{where}, got {area:.2f}",
                where=where,
                area=area,
            ),
        )
    expect.raises(
        ValueError,
        lambda: submission.detect_anomalies(X, activity, 5, 11, 0),
        say("no window is of activity 11"),
    )


def errors_by(model, submission, X, activity, person):
    """The model's errors on the test windows: those of the submission's own split by seed 0."""
    kept = np.isin(activity, (5, 8))
    labels = (activity[kept] == 8).astype(int)
    got = submission.split_train_valid_test(X[kept], labels, 0, person[kept])
    train, _, test = expect.parts(got, "train", "valid", "test")
    X_train, y_train = map(expect.array, expect.parts(train, "X", "y"))
    X_test = expect.array(expect.parts(test, "X", "y")[0])
    _, X_test = standardized(X_train[y_train == 0], X_test)
    X_test = X_test.astype("float32")
    return ((reproduced(model, X_test) - X_test) ** 2).mean(axis=(1, 2))


@pytest.mark.exercise("detect_anomalies", seconds=TRAINING_SECONDS, training=True)
def test_nothing_leaks(submission, rng):
    """A mark planted in abnormal and in test windows changes neither model nor threshold."""
    X, activity, person = recordings(rng)
    abnormal = activity == 8
    tested = np.isin(person, tested_people(submission, X, activity, person))
    clean = detected(submission, X, activity, 5, 8, 1, person)
    threshold = float(clean["threshold"])
    expect.that(
        0 < threshold < np.inf,
        say("expected a threshold above 0, got {threshold:.3g}", threshold=threshold),
    )

    def threshold_when_marked(where):
        X_marked = X + MARK * where[:, None, None].astype("float32")
        return float(detected(submission, X_marked, activity, 5, 8, 1, person)["threshold"])

    if 1 / 3 < threshold_when_marked(abnormal | tested) / threshold < 3:
        return
    for where, mask, misconception in (
        (say("abnormal windows that are not in the test"), abnormal & ~tested, "anomalies_left_in"),
        (say("test windows"), tested, None),
    ):
        other = threshold_when_marked(mask)
        expect.that(
            1 / 3 < other / threshold < 3,
            say(
                "expected a threshold of about {threshold:.3g} also when {mark:g} is added to all "
                "{where}, got {got:.3g}: model, scale or threshold has seen them",
                threshold=threshold,
                mark=MARK,
                where=where,
                got=other,
            ),
            misconception=misconception,
        )
    expect.fail(
        say("expected the threshold to stay when test and abnormal windows change together")
    )


def tested_people(submission, X, activity, person):
    """The people in the test part, as the submission's own split has it."""
    kept = np.isin(activity, (5, 8))
    windows = np.broadcast_to(person[kept, None, None], (kept.sum(), *X.shape[1:])).astype(float)
    labels = (activity[kept] == 8).astype(int)
    got = submission.split_train_valid_test(windows, labels, 1, person[kept])
    _, _, test = expect.parts(got, "train", "valid", "test")
    X_test, _ = expect.parts(test, "X", "y")
    return np.unique(expect.array(X_test)[:, 0, 0]).astype(int)


# -- add_noise and train_denoiser ------------------------------------------------------------------


@pytest.mark.exercise("add_noise")
def test_noise_of_the_deviation(submission, rng):
    """Every value gets noise of its own, with mean 0 and the deviation asked for."""
    X = rng.normal(size=(30, 20, 4)) * 3 + 7
    for stddev in (0.5, 2.0):
        noise = expect.shape(submission.add_noise(X, stddev, 5), X.shape) - X
        expect.that(
            abs(noise.mean()) < 0.15 * stddev and abs(noise.std() / stddev - 1) < 0.1,
            say(
                "expected noise of mean 0 and deviation {stddev}, got {mean:.2f} and {std:.2f}",
                stddev=stddev,
                mean=noise.mean(),
                std=noise.std(),
            ),
        )
        shared = [axis for axis in range(3) if noise.std(axis=axis).mean() < 0.5 * stddev]
        expect.that(
            not shared,
            say(
                "expected noise of its own for every value, got the same along axis {axes}",
                axes=shared,
            ),
            misconception="one_noise_for_all_windows" if 0 in shared else None,
        )


@pytest.mark.exercise("add_noise")
def test_seed_and_zero(submission, rng):
    """The same seed gives the same noise, another one other noise, and a deviation of 0 none."""
    X = rng.normal(size=(4, 5, 2)).round(2)
    first = expect.shape(submission.add_noise(X, 1.0, 3), X.shape)
    expect.that(bool((first != X).any()), say("expected noise, got X as it was"))
    expect.equal(submission.add_noise(X, 1.0, 3), first, of=say("noise of the same seed"))
    other = expect.shape(submission.add_noise(X, 1.0, 4), X.shape)
    expect.that(bool((first != other).all()), say("expected other noise from another seed"))
    expect.equal(submission.add_noise(X, 0.0, 3), X, of=say("X with noise of deviation 0"))


@pytest.mark.exercise("add_noise")
def test_rejects_a_negative_deviation(submission):
    """A negative standard deviation is a ValueError."""
    X = np.ones((2, 3, 1))
    expect.equal(submission.add_noise(X, 0.0, 0), X)
    expect.raises(ValueError, lambda: submission.add_noise(X, -1.0, 0), say("stddev is -1"))


@pytest.mark.exercise("train_denoiser", seconds=TRAINING_SECONDS, training=True)
def test_nearer_to_the_clean_windows(submission, rng):
    """On new windows its output is nearer to the clean ones than the noisy input is."""
    X = waves(rng, 300, n_steps=20)
    X[:, 1::2, rng.integers(3)] *= -1  # to smooth this channel is to lose it
    X /= X.std(axis=(0, 1))
    for stddev in (0.6,):
        model = expect.model(submission.train_denoiser(X[:240], stddev, int(rng.integers(100))))
        noise = rng.normal(0, stddev, size=(60, 20, 3)).astype("float32")
        got = reproduced(model, X[240:] + noise)
        before, after = (noise**2).mean(), ((got - X[240:]) ** 2).mean()
        gain = 10 * np.log10(before / after)
        as_it_came = ((got - X[240:] - noise) ** 2).mean() < 0.1 * before
        expect.that(
            bool(gain > 1),
            say(
                "expected a peak signal-to-noise ratio at least 1 dB above that of the noisy "
                "windows, for noise of {stddev}, got {gain:+.1f} dB",
                stddev=stddev,
                gain=gain,
            ),
            misconception="trained_noisy_to_noisy" if as_it_came else None,
        )


@pytest.mark.exercise("train_denoiser", seconds=TRAINING_SECONDS)
def test_rejects_no_noise(submission, rng):
    """Noise of deviation 0, or no windows, is a ValueError."""
    X = waves(rng, 20, n_steps=10)
    reproduced(expect.model(submission.train_denoiser(X, 1.0, 0)), X)
    expect.raises(ValueError, lambda: submission.train_denoiser(X, 0.0, 0), say("stddev is 0"))
    expect.raises(
        ValueError, lambda: submission.train_denoiser(X[:0], 1.0, 0), say("no windows came")
    )
