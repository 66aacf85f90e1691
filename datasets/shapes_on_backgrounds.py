"""Coloured shapes on textured backgrounds, made here, with the pixels that each shape covers.

Nothing but its form tells a shape's class: colour, size, place, turn and the texture around it are
drawn at random. So a classifier must look at the shape, and the masks tell whether it does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from datasets.files import Provenance

CLASSES = ("ring", "square", "triangle", "cross")  # labels 0 … 3
RADII = (0.2, 0.25)  # of the circle around a shape, as parts of the image's side
MIN_COLOUR = 0.5  # least difference between the strongest and the weakest of red, green and blue
MIN_SIZE = 16  # pixels; in smaller images the forms cannot be told apart


class Shapes(NamedTuple):
    """Images, what they show and where.

    Attributes:
        images: (n, size, size, 3) uint8, RGB.
        labels: (n, shapes) int, 0 ring, 1 square, 2 triangle, 3 cross; no class twice in one image.
        masks: (n, shapes, size, size) bool, the pixels of each shape; a ring's with its hole.
        provenance: For the report of a run.
    """

    images: np.ndarray
    labels: np.ndarray
    masks: np.ndarray
    provenance: Provenance


def make_shapes(n: int, seed: int, size: int = 48, shapes: int = 2) -> Shapes:
    """Draws images with one shape each, or two that do not touch.

    Args:
        n: Number of images, at least 1.
        seed: Of everything random.
        size: Side of the images in pixels, at least 16.
        shapes: Shapes in each image, 1 or 2.

    Raises:
        ValueError: An argument is out of its range.
    """
    if n < 1 or size < MIN_SIZE or shapes not in (1, 2):
        raise ValueError(
            f"expected n >= 1, size >= {MIN_SIZE} and 1 or 2 shapes, "
            f"got n={n}, size={size}, shapes={shapes}"
        )
    rng = np.random.default_rng(seed)
    images, labels, masks = [], [], []
    for _ in range(n):
        image = _background(rng, size)
        classes = rng.permutation(len(CLASSES))[:shapes]
        outlines = []
        for label, circle in zip(classes, _circles(rng, size, shapes), strict=True):
            painted, outline = _form(CLASSES[label], *circle, rng.uniform(0, 2 * np.pi), size)
            image[painted] = _colour(rng)
            outlines.append(outline)
        images.append(image + rng.normal(0, 0.02, image.shape))  # grain, on shapes as well
        labels.append(classes)
        masks.append(outlines)
    pixels = np.round(255 * np.stack(images).clip(0, 1)).astype(np.uint8)
    provenance = Provenance("shapes_on_backgrounds", "embedded", n)
    return Shapes(pixels, np.stack(labels), np.array(masks), provenance)


def _background(rng: np.random.Generator, size: int) -> np.ndarray:
    """Grey waves of random direction and length, a little tinted: (size, size, 3)."""
    y, x = np.mgrid[:size, :size] / size
    grey = np.full((size, size), rng.uniform(0.4, 0.6))
    for _ in range(4):
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        frequency = rng.uniform(1, 12)  # waves across the image
        along = x * np.cos(angle) + y * np.sin(angle)
        grey += rng.uniform(0.05, 0.15) * np.sin(2 * np.pi * frequency * along + phase)
    return grey[..., None] + rng.uniform(-0.1, 0.1, 3)


def _circles(rng: np.random.Generator, size: int, n: int) -> list[tuple[np.ndarray, float]]:
    """Centre (x, y) and radius of n circles inside the image that do not touch, n of 1 or 2."""
    radii = size * rng.uniform(*RADII, n)
    while True:
        centres = rng.uniform(radii, size - 1 - radii, (2, n)).T
        if n == 1 or np.linalg.norm(centres[0] - centres[1]) > radii.sum() + 2:
            return list(zip(centres, radii, strict=True))


def _form(
    kind: str, centre: np.ndarray, radius: float, turn: float, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """The pixels to paint and those within the outline, of a shape in this circle."""
    y, x = np.mgrid[:size, :size]
    across, down = (x - centre[0]) / radius, (y - centre[1]) / radius
    u = across * np.cos(turn) + down * np.sin(turn)
    v = down * np.cos(turn) - across * np.sin(turn)
    if kind == "ring":
        distance = np.hypot(u, v)
        return abs(distance - 0.65) < 0.25, distance < 0.9
    if kind == "square":
        inside = np.maximum(abs(u), abs(v)) < np.sqrt(0.5)
    elif kind == "triangle":
        inside = np.maximum(-v, 0.5 * v + np.sqrt(0.75) * abs(u)) < 0.5
    else:  # a cross
        inside = (np.minimum(abs(u), abs(v)) < 0.4) & (np.maximum(abs(u), abs(v)) < 0.92)
    return inside, inside


def _colour(rng: np.random.Generator) -> np.ndarray:
    """A random colour, red, green and blue from 0 to 1, that is no grey."""
    while True:
        colour = rng.uniform(0, 1, 3)
        if np.ptp(colour) > MIN_COLOUR:
            return colour
