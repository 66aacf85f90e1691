"""Handwritten digits that lie somewhere, turned a little, among pieces of others.

scikit-learn's digits fill their 8 x 8 pixels, so that ten of each are enough to tell them apart.
Here each is drawn at twice its size on a larger canvas, at a random place and angle, with two
pieces of other digits beside or upon it: as in a photo, what is to be seen is not in one place.
"""

from __future__ import annotations

import numpy as np

SIZE = 28  # pixels of the canvas's side
DIGIT = 16  # of a digit's
PIECE = 6  # of a piece's
MAX_ANGLE = 20.0  # degrees


def scatter(images: np.ndarray, seed: int, n_pieces: int = 2) -> np.ndarray:
    """Puts each digit somewhere on a larger canvas.

    Args:
        images: (n, 8, 8) uint8, 0 background … 255 ink.
        seed: where randomness begins: places, angles and pieces.
        n_pieces: how many pieces of other digits lie about.

    Returns:
        (n, 28, 28) uint8.
    """
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    large = [np.clip(ndimage.zoom(image.astype("float32"), 2, order=1), 0, 255) for image in images]
    canvases = np.zeros((len(images), SIZE, SIZE), "float32")
    for canvas, digit in zip(canvases, large, strict=True):
        for other in rng.integers(len(images), size=n_pieces):
            row, column = rng.integers(DIGIT - PIECE + 1, size=2)
            _draw(canvas, large[other][row : row + PIECE, column : column + PIECE], rng)
        angle = rng.uniform(-MAX_ANGLE, MAX_ANGLE)
        _draw(canvas, ndimage.rotate(digit, angle, reshape=False, order=1), rng)
    return canvases.round().astype(np.uint8)


def _draw(canvas: np.ndarray, patch: np.ndarray, rng: np.random.Generator) -> None:
    """Lays a patch on the canvas at random; the stronger ink stays."""
    size = len(patch)
    row, column = rng.integers(SIZE - size + 1, size=2)
    place = canvas[row : row + size, column : column + size]
    np.maximum(place, patch, out=place)
