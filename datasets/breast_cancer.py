"""Breast cancer, 30 measurements of cell nuclei: bundled with scikit-learn, so always there.

Source: W. Wolberg, O. Mangasarian, N. Street, W. Street, "Breast Cancer Wisconsin (Diagnostic)"
(1993); UCI Machine Learning Repository 17, CC BY 4.0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from datasets.files import Provenance


class BreastCancer(NamedTuple):
    """Tumours and what they turned out to be.

    Attributes:
        x: (569, 30) float64, mean, standard error and largest value of ten measurements.
        y: (569,) int, 1 malignant (212 of them), 0 benign.
        provenance: For the report of a run.
    """

    x: np.ndarray
    y: np.ndarray
    provenance: Provenance


def load_breast_cancer() -> BreastCancer:
    """The tumours, which need no file."""
    import sklearn.datasets

    x, is_benign = sklearn.datasets.load_breast_cancer(return_X_y=True)
    return BreastCancer(x, 1 - is_benign, Provenance("breast cancer", "real", len(x)))
