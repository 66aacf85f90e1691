"""What layers of Keras compute, in NumPy on the grader's side.

A model's methods and attributes are the submission's word: `get_weights` may show what was never
used. A grader that has set a base's weights itself, and computes here what follows from them, does
not depend on that word.

Arrays of images have shape (n, height, width, channels).
"""

from __future__ import annotations

import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def leaky_relu(x: np.ndarray, negative_slope: float = 0.3) -> np.ndarray:
    return np.where(x < 0, negative_slope * x, x)


def conv2d(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int = 1) -> np.ndarray:
    """A convolution without padding; kernel of shape (height, width, channels, filters)."""
    return np.tensordot(_patches(x, kernel, stride), kernel, axes=3) + bias


def separable_conv2d(
    x: np.ndarray, depthwise: np.ndarray, pointwise: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """Each channel convolved by itself, then mixed; kernels of shape (height, width, channels, 1)
    and (1, 1, channels, filters)."""
    spread = np.einsum("nhwijc,ijc->nhwc", _patches(x, depthwise), depthwise[..., 0])
    return spread @ pointwise[0, 0] + bias


def batch_normalization(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    epsilon: float = 1e-3,
) -> np.ndarray:
    """As in inference: by the statistics given."""
    return (x - mean) / np.sqrt(variance + epsilon) * gamma + beta


def _patches(x: np.ndarray, kernel: np.ndarray, stride: int = 1) -> np.ndarray:
    """What the kernel sees at each place: (n, rows, columns, height, width, channels)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
    return np.moveaxis(windows[:, ::stride, ::stride], 3, -1)
