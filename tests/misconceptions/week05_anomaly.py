"""Wrong answers to week 5, and what to tell those who gave them."""

import keras
import numpy as np

from course.misconception import misconception

# -- select_activities -----------------------------------------------------------------------------


@misconception(
    exercise="select_activities",
    rejected_by="two_activities_stay",
    says="The labels are turned around: y = 1 means abnormal, that which is to be found.",
)
def labels_turned_around(X, activity, normal, abnormal):
    X, activity = np.asarray(X), np.asarray(activity)
    keep = np.isin(activity, np.append(normal, abnormal))
    return X[keep], np.isin(activity[keep], normal).astype(int)


@misconception(
    exercise="select_activities",
    rejected_by="two_activities_stay",
    says="All that is not normal counts as abnormal, windows of other activities included. Keep "
    "only the two that were asked for.",
)
def all_others_are_abnormal(X, activity, normal, abnormal):
    return np.asarray(X), (~np.isin(activity, normal)).astype(int)


@misconception(
    exercise="select_activities",
    rejected_by="two_activities_stay",
    says="y still holds the numbers of the activities. It should be 1 where abnormal, otherwise 0.",
)
def activities_left_as_labels(X, activity, normal, abnormal):
    X, activity = np.asarray(X), np.asarray(activity)
    keep = np.isin(activity, np.append(normal, abnormal))
    return X[keep], activity[keep]


@misconception(
    exercise="select_activities",
    rejected_by="rejects_what_cannot_be_selected",
    says="An activity without windows, or a NaN in one, goes through without a word, and shows up "
    "much later as a strange result. Say so at once: raise ValueError.",
    betrayed=False,
)
def takes_anything(X, activity, normal, abnormal):
    X, activity = np.asarray(X), np.asarray(activity)
    keep = np.isin(activity, np.append(normal, abnormal))
    return X[keep], np.isin(activity[keep], abnormal).astype(int)


# -- split_train_valid_test ------------------------------------------------------------------------


@misconception(
    exercise="split_train_valid_test",
    rejected_by="shuffled_by_the_seed",
    says="The windows are cut in their order, not shuffled: the test then holds one activity, or "
    "one person, only.",
    betrayed=False,
)
def not_shuffled(X, y, seed, groups=None):
    X, y = np.asarray(X), np.asarray(y)
    a, b = round(0.6 * len(X)), round(0.8 * len(X))
    return (X[:a], y[:a]), (X[a:b], y[a:b]), (X[b:], y[b:])


@misconception(
    exercise="split_train_valid_test",
    rejected_by="groups_never_straddle",
    says="The groups are not used, so windows of one person are on both sides, and the test does "
    "not tell what happens with a new person.",
    betrayed=False,
)
def groups_ignored(X, y, seed, groups=None):
    X, y = np.asarray(X), np.asarray(y)
    if len(X) < 3 or len(X) != len(y):
        raise ValueError("expected at least 3 windows, each with its label")
    order = np.random.default_rng(seed).permutation(len(X))
    n = max(1, round(0.2 * len(X)))
    parts = order[: -2 * n], order[-2 * n : -n], order[-n:]
    return tuple((X[part], y[part]) for part in parts)


@misconception(
    exercise="split_train_valid_test",
    rejected_by="sixty_twenty_twenty",
    says="X and y are shuffled each by itself, so windows have got the labels of others. Shuffle "
    "numbers once, and use them for both.",
    betrayed=False,
)
def labels_shuffled_apart(X, y, seed, groups=None):
    rng = np.random.default_rng(seed)
    X, y = rng.permutation(np.asarray(X)), rng.permutation(np.asarray(y))
    a, b = round(0.6 * len(X)), round(0.8 * len(X))
    return (X[:a], y[:a]), (X[a:b], y[a:b]), (X[b:], y[b:])


@misconception(
    exercise="split_train_valid_test",
    rejected_by="sixty_twenty_twenty",
    says="Validation windows are in the training as well: the second split must divide what the "
    "first one left.",
    betrayed=False,
)
def validation_within_training(X, y, seed, groups=None):
    X, y = np.asarray(X), np.asarray(y)
    order = np.random.default_rng(seed).permutation(len(X))
    n = max(1, round(0.2 * len(X)))
    parts = order[:-n], order[-2 * n : -n], order[-n:]
    return tuple((X[part], y[part]) for part in parts)


# -- keep_normal -----------------------------------------------------------------------------------


@misconception(
    exercise="keep_normal",
    rejected_by="only_normal_windows",
    says="The abnormal windows are still there. An autoencoder that has trained on them reproduces "
    "them well, and then nothing stands out.",
)
def anomalies_kept(X, y):
    return np.asarray(X)


@misconception(
    exercise="keep_normal",
    rejected_by="only_normal_windows",
    says="You keep the abnormal windows and remove the normal ones: y = 1 means abnormal.",
)
def keeps_the_abnormal(X, y):
    return np.asarray(X)[np.asarray(y) == 1]


@misconception(
    exercise="keep_normal",
    rejected_by="rejects_no_normal_windows",
    says="When nothing is normal you return an empty array, on which training fails later and "
    "elsewhere. Raise ValueError.",
    betrayed=False,
)
def empty_is_fine(X, y):
    return np.asarray(X)[np.asarray(y) == 0]


# -- standardize -----------------------------------------------------------------------------------


@misconception(
    exercise="standardize",
    rejected_by="others_by_the_statistics_of_train",
    says="Each array is scaled by its own statistics. Then a test of jumping looks as calm as the "
    "training did: use mean and deviation of train for all.",
)
def each_by_its_own_statistics(train, *others):
    arrays = [np.asarray(array) for array in (train, *others)]
    scaled = []
    for array in arrays:
        std = array.std(axis=(0, 1))
        scaled.append((array - array.mean(axis=(0, 1))) / np.where(std == 0, 1, std))
    return scaled


@misconception(
    exercise="standardize",
    rejected_by="others_by_the_statistics_of_train",
    says="Mean and deviation come from all arrays together, so the training has seen the test.",
)
def statistics_of_everything(train, *others):
    arrays = [np.asarray(array) for array in (train, *others)]
    everything = np.concatenate(arrays)
    mean, std = everything.mean(axis=(0, 1)), everything.std(axis=(0, 1))
    return [(array - mean) / np.where(std == 0, 1, std) for array in arrays]


@misconception(
    exercise="standardize",
    rejected_by="each_channel_by_itself",
    says="One mean and one deviation serve all channels, so those with small numbers vanish beside "
    "the large ones: take them over axes 0 and 1 only.",
)
def one_scalar_for_all_channels(train, *others):
    arrays = [np.asarray(array) for array in (train, *others)]
    return [(array - arrays[0].mean()) / arrays[0].std() for array in arrays]


@misconception(
    exercise="standardize",
    rejected_by="each_channel_by_itself",
    says="Each step of the window has its own mean and deviation. A channel has one of each, over "
    "windows and steps: axis=(0, 1).",
)
def each_step_by_itself(train, *others):
    arrays = [np.asarray(array) for array in (train, *others)]
    mean, std = arrays[0].mean(axis=0), arrays[0].std(axis=0)
    return [(array - mean) / np.where(std == 0, 1, std) for array in arrays]


@misconception(
    exercise="standardize",
    rejected_by="constant_channel",
    says="A channel that never changes has a deviation of 0, and 0 / 0 is NaN, which then spreads "
    "over the whole model. Divide by 1 there.",
)
def divides_by_zero(train, *others):
    arrays = [np.asarray(array) for array in (train, *others)]
    mean, std = arrays[0].mean(axis=(0, 1)), arrays[0].std(axis=(0, 1))
    with np.errstate(all="ignore"):
        return [(array - mean) / std for array in arrays]


# -- build_autoencoder -----------------------------------------------------------------------------


@misconception(
    exercise="build_autoencoder",
    rejected_by="learns_standardised_data",
    says="The output is squeezed by an activation such as sigmoid, tanh or ReLU. Standardised data "
    "is negative half of the time, and larger than 1 now and then: end with a linear layer.",
)
def sigmoid_output(n_steps, n_channels, latent_dim=16):
    if min(n_steps, n_channels, latent_dim) < 1 or latent_dim >= n_steps * n_channels:
        raise ValueError("expected a latent_dim below the size of a window")
    model = keras.Sequential(
        [
            keras.layers.Input((n_steps, n_channels)),
            keras.layers.Conv1D(16, 3, padding="same", activation="relu"),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.LSTM(latent_dim),
            keras.layers.Dense(n_steps * n_channels, activation="sigmoid"),
            keras.layers.Reshape((n_steps, n_channels)),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    return model


@misconception(
    exercise="build_autoencoder",
    rejected_by="everything_passes_the_narrow_middle",
    says="The middle is as wide as the window, so the model can learn to copy anything, anomalies "
    "included. The last LSTM of the encoder returns its last state alone, latent_dim numbers for "
    "the whole window: no return_sequences=True there.",
)
def overcomplete(n_steps, n_channels, latent_dim=16):
    if min(n_steps, n_channels, latent_dim) < 1 or latent_dim >= n_steps * n_channels:
        raise ValueError("expected a latent_dim below the size of a window")
    model = keras.Sequential(
        [
            keras.layers.Input((n_steps, n_channels)),
            keras.layers.Conv1D(32, 3, padding="same", activation="relu"),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.LSTM(max(latent_dim, 32), return_sequences=True),
            keras.layers.Dense(n_channels),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    return model


@misconception(
    exercise="build_autoencoder",
    rejected_by="convolution_then_dense_then_lstm",
    says="The layers of the encoder are in another order. Conv1D first makes features of "
    "neighbouring steps, Dense mixes them, and LSTM reads the sequence that is left.",
)
def layers_in_another_order(n_steps, n_channels, latent_dim=16):
    if min(n_steps, n_channels, latent_dim) < 1 or latent_dim >= n_steps * n_channels:
        raise ValueError("expected a latent_dim below the size of a window")
    model = keras.Sequential(
        [
            keras.layers.Input((n_steps, n_channels)),
            keras.layers.LSTM(16, return_sequences=True),
            keras.layers.Conv1D(16, 3, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(latent_dim),
            keras.layers.Dense(n_steps * n_channels),
            keras.layers.Reshape((n_steps, n_channels)),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    return model


@misconception(
    exercise="build_autoencoder",
    rejected_by="rejects_a_middle_that_is_not_narrow",
    says="As many latent numbers as a window has values are no bottleneck: raise ValueError.",
    betrayed=False,
)
def latent_not_smaller_than_the_input(n_steps, n_channels, latent_dim=16):
    if min(n_steps, n_channels, latent_dim) < 1:
        raise ValueError("expected sizes of at least 1")
    model = keras.Sequential(
        [
            keras.layers.Input((n_steps, n_channels)),
            keras.layers.Conv1D(16, 3, padding="same", activation="relu"),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.LSTM(latent_dim),
            keras.layers.Dense(n_steps * n_channels),
            keras.layers.Reshape((n_steps, n_channels)),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    return model


@misconception(
    exercise="build_autoencoder",
    rejected_by="compiled_with_the_mean_squared_error",
    says="A model must know its optimizer and loss before it can learn: end with "
    "model.compile(...).",
)
def not_compiled(n_steps, n_channels, latent_dim=16):
    if min(n_steps, n_channels, latent_dim) < 1 or latent_dim >= n_steps * n_channels:
        raise ValueError("expected a latent_dim below the size of a window")
    return keras.Sequential(
        [
            keras.layers.Input((n_steps, n_channels)),
            keras.layers.Conv1D(16, 3, padding="same", activation="relu"),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.LSTM(latent_dim),
            keras.layers.Dense(n_steps * n_channels),
            keras.layers.Reshape((n_steps, n_channels)),
        ]
    )


# -- reconstruction_error --------------------------------------------------------------------------


@misconception(
    exercise="reconstruction_error",
    rejected_by="one_error_per_window",
    says="The error is averaged over the whole batch, so all windows share one number. Each window "
    "needs its own: average over axes 1 and 2.",
)
def averaged_over_the_batch(model, X):
    X = np.asarray(X)
    if X.ndim != 3 or len(X) == 0:
        raise ValueError("expected windows")
    return float(np.mean((model.predict(X, verbose=0) - X) ** 2))


@misconception(
    exercise="reconstruction_error",
    rejected_by="one_error_per_window",
    says="The average runs over the windows, axis 0, and leaves an error per step and channel.",
)
def one_error_per_step_and_channel(model, X):
    X = np.asarray(X)
    if X.ndim != 3 or len(X) == 0:
        raise ValueError("expected windows")
    return np.mean((model.predict(X, verbose=0) - X) ** 2, axis=0)


@misconception(
    exercise="reconstruction_error",
    rejected_by="one_error_per_window",
    says="This is the mean absolute error. The contract asks for the mean of the squares.",
)
def mean_absolute_error(model, X):
    X = np.asarray(X)
    if X.ndim != 3 or len(X) == 0:
        raise ValueError("expected windows")
    return np.mean(np.abs(model.predict(X, verbose=0) - X), axis=(1, 2))


@misconception(
    exercise="reconstruction_error",
    rejected_by="one_error_per_window",
    says="The squares are summed, so the error grows with the length of the window. Average them.",
)
def summed_not_averaged(model, X):
    X = np.asarray(X)
    if X.ndim != 3 or len(X) == 0:
        raise ValueError("expected windows")
    return np.sum((model.predict(X, verbose=0) - X) ** 2, axis=(1, 2))


# -- choose_threshold ------------------------------------------------------------------------------


@misconception(
    exercise="choose_threshold",
    rejected_by="quantile_of_the_errors",
    says="The threshold is the largest error, whatever the quantile: a single odd window decides.",
)
def largest_error(valid_errors, quantile=0.99):
    return float(np.max(valid_errors))


@misconception(
    exercise="choose_threshold",
    rejected_by="quantile_of_the_errors",
    says="np.percentile wants 99, np.quantile 0.99. Your threshold is the 0.99th percentile, which "
    "nearly all normal windows exceed.",
)
def percentile_for_quantile(valid_errors, quantile=0.99):
    return float(np.percentile(valid_errors, quantile))


@misconception(
    exercise="choose_threshold",
    rejected_by="quantile_of_the_errors",
    says="The tail is taken at the wrong end: the part `quantile` of the errors is to stay below "
    "the threshold, not above it.",
)
def wrong_tail(valid_errors, quantile=0.99):
    return float(np.quantile(valid_errors, 1 - quantile))


@misconception(
    exercise="choose_threshold",
    rejected_by="quantile_of_the_errors",
    says="Mean plus some deviations supposes that errors are normally distributed; they are not. "
    "The contract asks for the quantile.",
)
def mean_plus_three_deviations(valid_errors, quantile=0.99):
    return float(np.mean(valid_errors) + 3 * np.std(valid_errors))


# -- classify --------------------------------------------------------------------------------------


@misconception(
    exercise="classify",
    rejected_by="above_the_threshold_is_abnormal",
    says="The inequality is turned: the abnormal windows are those with large errors.",
)
def inequality_turned(errors, threshold):
    return (np.asarray(errors) < threshold).astype(int)


@misconception(
    exercise="classify",
    rejected_by="above_the_threshold_is_abnormal",
    says="An error exactly at the threshold is still normal: > and not >=.",
)
def at_the_threshold_is_abnormal(errors, threshold):
    return (np.asarray(errors) >= threshold).astype(int)


# -- detection_report ------------------------------------------------------------------------------


@misconception(
    exercise="detection_report",
    rejected_by="all_figures_of_a_small_case",
    says="The ROC AUC is computed from the classes, which know one threshold only. It belongs to "
    "the errors, which rank the windows.",
)
def auc_from_hard_labels(y_true, errors, threshold):
    y_true, errors = np.asarray(y_true), np.asarray(errors)
    called = (errors > threshold).astype(int)
    hits, alarms = np.sum(called & y_true), np.sum(called & (1 - y_true))
    recall, false_positive_rate = hits / y_true.sum(), alarms / (1 - y_true).sum()
    return {
        "precision": float(hits / max(1, called.sum())),
        "recall": float(recall),
        "f1": float(2 * hits / (called.sum() + y_true.sum())),
        "false_positive_rate": float(false_positive_rate),
        "roc_auc": float((1 + recall - false_positive_rate) / 2),
    }


@misconception(
    exercise="detection_report",
    rejected_by="all_figures_of_a_small_case",
    says="Precision and recall are exchanged. Precision divides by the windows that are called "
    "abnormal, recall by those that are.",
)
def precision_and_recall_exchanged(y_true, errors, threshold):
    y_true, errors = np.asarray(y_true), np.asarray(errors)
    called = (errors > threshold).astype(int)
    hits, alarms = np.sum(called & y_true), np.sum(called & (1 - y_true))
    difference = errors[y_true == 1][:, None] - errors[y_true == 0]
    return {
        "precision": float(hits / y_true.sum()),
        "recall": float(hits / max(1, called.sum())),
        "f1": float(2 * hits / (called.sum() + y_true.sum())),
        "false_positive_rate": float(alarms / (1 - y_true).sum()),
        "roc_auc": float(np.mean(difference > 0) + np.mean(difference == 0) / 2),
    }


@misconception(
    exercise="detection_report",
    rejected_by="all_figures_of_a_small_case",
    says="The false-positive rate is divided by all windows called abnormal. It is the part of the "
    "normal windows that raise an alarm.",
)
def false_discovery_rate(y_true, errors, threshold):
    y_true, errors = np.asarray(y_true), np.asarray(errors)
    called = (errors > threshold).astype(int)
    hits, alarms = np.sum(called & y_true), np.sum(called & (1 - y_true))
    difference = errors[y_true == 1][:, None] - errors[y_true == 0]
    return {
        "precision": float(hits / max(1, called.sum())),
        "recall": float(hits / y_true.sum()),
        "f1": float(2 * hits / (called.sum() + y_true.sum())),
        "false_positive_rate": float(alarms / max(1, called.sum())),
        "roc_auc": float(np.mean(difference > 0) + np.mean(difference == 0) / 2),
    }


@misconception(
    exercise="detection_report",
    rejected_by="area_needs_no_threshold",
    says="Ties count nothing in your ROC AUC. Windows with the same error cannot be told apart: "
    "such a pair counts half.",
)
def ties_count_nothing(y_true, errors, threshold):
    y_true, errors = np.asarray(y_true), np.asarray(errors)
    called = (errors > threshold).astype(int)
    hits, alarms = np.sum(called & y_true), np.sum(called & (1 - y_true))
    return {
        "precision": float(hits / max(1, called.sum())),
        "recall": float(hits / y_true.sum()),
        "f1": float(2 * hits / (called.sum() + y_true.sum())),
        "false_positive_rate": float(alarms / (1 - y_true).sum()),
        "roc_auc": float(np.mean(errors[y_true == 1][:, None] > errors[y_true == 0])),
    }


# -- detect_anomalies ------------------------------------------------------------------------------


@misconception(
    exercise="detect_anomalies",
    rejected_by="nothing_leaks",
    says="Abnormal windows are in training or validation, so model, scale or threshold have seen "
    "what they are to find. keep_normal belongs to both parts, before anything is fitted.",
)
def anomalies_left_in(X, activity, normal, abnormal, seed, groups=None):
    keras.utils.set_random_seed(seed)
    if groups is not None:
        groups = np.asarray(groups)[np.isin(activity, np.append(normal, abnormal))]
    X, y = select_activities(X, activity, normal, abnormal)  # noqa: F821
    train, valid, test = split_train_valid_test(X, y, seed, groups)  # noqa: F821
    X_train, X_valid, X_test = standardize(keep_normal(*train), valid[0], test[0])  # noqa: F821
    model = build_autoencoder(*X_train.shape[1:])  # noqa: F821
    model.fit(X_train, X_train, epochs=20, batch_size=32, verbose=0)
    threshold = choose_threshold(reconstruction_error(model, X_valid))  # noqa: F821
    errors = reconstruction_error(model, X_test)  # noqa: F821
    report = detection_report(test[1], errors, threshold)  # noqa: F821
    return {
        "model": model,
        "threshold": threshold,
        "y_test": test[1],
        "errors": errors,
        "report": report,
    }


@misconception(
    exercise="detect_anomalies",
    rejected_by="nothing_leaks",
    says="The threshold is chosen from errors of the test, the very windows that it is judged by.",
    betrayed=False,
)
def threshold_from_the_test(X, activity, normal, abnormal, seed, groups=None):
    keras.utils.set_random_seed(seed)
    if groups is not None:
        groups = np.asarray(groups)[np.isin(activity, np.append(normal, abnormal))]
    X, y = select_activities(X, activity, normal, abnormal)  # noqa: F821
    train, _, (X_test, y_test) = split_train_valid_test(X, y, seed, groups)  # noqa: F821
    X_train, X_test = standardize(keep_normal(*train), X_test)  # noqa: F821
    model = build_autoencoder(*X_train.shape[1:])  # noqa: F821
    model.fit(X_train, X_train, epochs=20, batch_size=32, verbose=0)
    errors = reconstruction_error(model, X_test)  # noqa: F821
    threshold = choose_threshold(errors[y_test == 0])  # noqa: F821
    report = detection_report(y_test, errors, threshold)  # noqa: F821
    return {
        "model": model,
        "threshold": threshold,
        "y_test": y_test,
        "errors": errors,
        "report": report,
    }


@misconception(
    exercise="detect_anomalies",
    rejected_by="nothing_leaks",
    says="Everything is scaled before the split, so the scale of the training comes from test and "
    "abnormal windows, too. Split first.",
    betrayed=False,
)
def scaled_before_the_split(X, activity, normal, abnormal, seed, groups=None):
    keras.utils.set_random_seed(seed)
    if groups is not None:
        groups = np.asarray(groups)[np.isin(activity, np.append(normal, abnormal))]
    X, y = select_activities(X, activity, normal, abnormal)  # noqa: F821
    (X,) = standardize(X)  # noqa: F821
    train, valid, (X_test, y_test) = split_train_valid_test(X, y, seed, groups)  # noqa: F821
    X_train, X_valid = keep_normal(*train), keep_normal(*valid)  # noqa: F821
    model = build_autoencoder(*X_train.shape[1:])  # noqa: F821
    model.fit(X_train, X_train, epochs=20, batch_size=32, verbose=0)
    threshold = choose_threshold(reconstruction_error(model, X_valid))  # noqa: F821
    errors = reconstruction_error(model, X_test)  # noqa: F821
    report = detection_report(y_test, errors, threshold)  # noqa: F821
    return {
        "model": model,
        "threshold": threshold,
        "y_test": y_test,
        "errors": errors,
        "report": report,
    }


@misconception(
    exercise="detect_anomalies",
    rejected_by="finds_anomalies_among_unseen_people",
    says="The groups are not passed on to the split, so every person is in training and test.",
)
def people_on_both_sides(X, activity, normal, abnormal, seed, groups=None):
    keras.utils.set_random_seed(seed)
    X, y = select_activities(X, activity, normal, abnormal)  # noqa: F821
    train, valid, (X_test, y_test) = split_train_valid_test(X, y, seed)  # noqa: F821
    X_train, X_valid, X_test = standardize(  # noqa: F821
        keep_normal(*train),  # noqa: F821
        keep_normal(*valid),  # noqa: F821
        X_test,
    )
    model = build_autoencoder(*X_train.shape[1:])  # noqa: F821
    model.fit(X_train, X_train, epochs=20, batch_size=32, verbose=0)
    threshold = choose_threshold(reconstruction_error(model, X_valid))  # noqa: F821
    errors = reconstruction_error(model, X_test)  # noqa: F821
    report = detection_report(y_test, errors, threshold)  # noqa: F821
    return {
        "model": model,
        "threshold": threshold,
        "y_test": y_test,
        "errors": errors,
        "report": report,
    }


# -- add_noise and train_denoiser ------------------------------------------------------------------


@misconception(
    exercise="add_noise",
    rejected_by="noise_of_the_deviation",
    says="All windows get the same noise. Draw noise of the shape of X.",
)
def one_noise_for_all_windows(X, stddev, seed):
    X = np.asarray(X)
    if stddev < 0:
        raise ValueError("expected stddev >= 0")
    return X + np.random.default_rng(seed).normal(0, stddev, X.shape[1:])


@misconception(
    exercise="add_noise",
    rejected_by="noise_of_the_deviation",
    says="The second argument of `normal` is the standard deviation, not the variance.",
)
def variance_for_deviation(X, stddev, seed):
    if stddev < 0:
        raise ValueError("expected stddev >= 0")
    return X + np.random.default_rng(seed).normal(0, stddev**2, np.shape(X))


@misconception(
    exercise="add_noise",
    rejected_by="seed_and_zero",
    says="The seed is not used, so the same call gives other noise each time.",
    betrayed=False,
)
def seed_ignored(X, stddev, seed):
    if stddev < 0:
        raise ValueError("expected stddev >= 0")
    return X + np.random.default_rng().normal(0, stddev, np.shape(X))


@misconception(
    exercise="train_denoiser",
    rejected_by="nearer_to_the_clean_windows",
    says="The model was trained to give back what it gets, noise included. The target is the clean "
    "window: model.fit(noisy, clean).",
)
def trained_noisy_to_noisy(X_train, stddev, seed):
    if stddev <= 0 or len(X_train) == 0:
        raise ValueError("expected noise and windows")
    keras.utils.set_random_seed(seed)
    window = keras.Input(X_train.shape[1:])
    hidden = keras.layers.Conv1D(32, 5, padding="same", activation="relu")(window)
    change = keras.layers.Conv1D(X_train.shape[-1], 5, padding="same")(hidden)
    model = keras.Model(window, keras.layers.Add()([window, change]))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    rng = np.random.default_rng(seed)
    noisy = X_train + rng.normal(0, stddev, X_train.shape).astype("float32")
    model.fit(noisy, noisy, epochs=20, batch_size=32, verbose=0)
    return model


@misconception(
    exercise="train_denoiser",
    rejected_by="nearer_to_the_clean_windows",
    says="The model has only seen clean windows, so it has never had noise to remove.",
    betrayed=False,
)
def trained_without_noise(X_train, stddev, seed):
    if stddev <= 0 or len(X_train) == 0:
        raise ValueError("expected noise and windows")
    keras.utils.set_random_seed(seed)
    window = keras.Input(X_train.shape[1:])
    hidden = keras.layers.Conv1D(32, 5, padding="same", activation="relu")(window)
    change = keras.layers.Conv1D(X_train.shape[-1], 5, padding="same")(hidden)
    model = keras.Model(window, keras.layers.Add()([window, change]))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    model.fit(X_train, X_train, epochs=20, batch_size=32, verbose=0)
    return model
