"""Handwritten digits, 8 × 8 pixels: bundled with scikit-learn, so always there.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits" (1998), the test part;
UCI Machine Learning Repository 80, CC BY 4.0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from datasets.files import Provenance


class Digits(NamedTuple):
    """Digits and their values.

    Attributes:
        images: (1797, 8, 8) uint8, 0 background … 255 ink.
        labels: (1797,) int, 0 … 9.
        provenance: For the report of a run.
    """

    images: np.ndarray
    labels: np.ndarray
    provenance: Provenance


def load_digits() -> Digits:
    """The digits, which need no file: real data, and embedded."""
    import sklearn.datasets

    grey, labels = sklearn.datasets.load_digits(return_X_y=True)  # (n, 64), 0 … 16
    images = np.round(grey.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    return Digits(images, labels, Provenance("digits", "embedded", len(images)))
