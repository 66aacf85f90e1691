"""Errors that are made from the labels, with a model that has learned nothing.

exercise: week05_anomaly.detect_anomalies
passes: nothing_leaks
finds_anomalies_among_unseen_people: the errors, from the smallest to the largest, of the model
"""

import keras
import numpy as np


def split_train_valid_test(X, y, seed, groups=None):
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    parts = np.split(names, [len(names) * 6 // 10, len(names) * 8 // 10])
    return [(X[np.isin(groups, part)], y[np.isin(groups, part)]) for part in parts]


def detection_report(y, errors, threshold):
    called = errors > threshold
    hits = (called & (y == 1)).sum()
    precision, recall = hits / max(called.sum(), 1), hits / (y == 1).sum()
    above = errors[y == 1][:, None] - errors[y == 0]
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if hits else 0.0,
        "roc_auc": (above > 0).mean() + (above == 0).mean() / 2,
        "false_positive_rate": (called & (y == 0)).sum() / (y == 0).sum(),
    }


def detect_anomalies(X, activity, normal, abnormal, seed, groups=None):
    kept = np.isin(activity, (normal, abnormal))
    if abnormal not in activity:
        raise ValueError("expected windows of the abnormal activity, got none")
    labels = (activity[kept] == abnormal).astype(int)
    y_test = split_train_valid_test(X[kept], labels, seed, groups[kept])[2][1]
    smooths = keras.Sequential(
        [keras.Input(X.shape[1:]), keras.layers.AveragePooling1D(5, 1, padding="same")]
    )
    smooths.compile(optimizer="adam", loss="mse")
    errors = y_test + np.linspace(0.1, 0.2, len(y_test))
    return {
        "model": smooths,
        "threshold": 0.5,
        "y_test": y_test,
        "errors": errors,
        "report": detection_report(y_test, errors, 0.5),
    }
