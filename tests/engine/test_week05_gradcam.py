"""Week 5's Grad-CAM: the drawn shapes, and answers in other styles."""

import numpy as np
import pytest

from course.project import Project
from datasets.shapes_on_backgrounds import CLASSES, make_shapes

OTHER_OVERLAY = """

def overlay(image, heatmap, alpha=0.4):
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is {alpha}")
    heatmap = np.array(heatmap, dtype=float)
    if heatmap.shape != image.shape[:2] or image.shape[-1] not in (1, 3):
        raise ValueError(f"{heatmap.shape} does not fit {image.shape}")
    if heatmap.min() < 0 or heatmap.max() > 1:
        raise ValueError("the heatmap is not from 0 to 1")
    if image.dtype.kind == "f":
        if image.min() < 0 or image.max() > 1:
            raise ValueError("the image is not from 0 to 1")
        image = (image * 255).round()
    image = np.broadcast_to(image, (*heatmap.shape, 3)).astype(int)
    red = np.stack([heatmap, np.zeros_like(heatmap), 1 - heatmap], axis=-1) * 255
    return (image + alpha * (red - image)).astype("uint8")
"""
RIGHT_ANSWERS = {
    "overlay": OTHER_OVERLAY,
    "pointing_game": """

def pointing_game(heatmap, mask):
    if np.shape(heatmap) != np.shape(mask):
        raise ValueError(f"shapes {np.shape(heatmap)} and {np.shape(mask)} differ")
    if not np.any(heatmap):
        return False
    row, column = np.unravel_index(np.argmax(heatmap), heatmap.shape)
    return mask[row, column] > 0
""",
}


@pytest.mark.parametrize("exercise", RIGHT_ANSWERS)
def test_right_answers_in_other_styles_pass(bench, tmp_path, exercise):
    solution = (Project.find().solutions / "week05_gradcam.py").read_text(encoding="utf-8")
    path = tmp_path / "week05_gradcam.py"
    path.write_text(solution + RIGHT_ANSWERS[exercise], encoding="utf-8")
    report = bench.grade(tmp_path, f"week05_gradcam.{exercise}")
    assert [check.message for check in report.checks if check.status != "passed"] == []


def test_shapes_are_where_the_masks_say():
    shapes = make_shapes(20, seed=3, size=40)
    assert shapes.images.shape == (20, 40, 40, 3)
    assert shapes.images.dtype == np.uint8
    assert shapes.masks.shape == (20, 2, 40, 40)
    assert not shapes.masks.all(axis=1).any()  # no pixel belongs to two shapes
    squares = shapes.labels == CLASSES.index("square")
    inside = [shapes.images[i][shapes.masks[i, k]] for i, k in np.argwhere(squares)]
    assert max(pixels.std(axis=0).max() for pixels in inside) < 10  # one colour, and grain


def test_a_seed_settles_the_shapes():
    first, again, other = (make_shapes(3, seed, shapes=1) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.images, again.images)
    assert (first.images != other.images).any()


@pytest.mark.parametrize("arguments", [(0, 0), (1, 0, 8), (1, 0, 48, 3)])
def test_impossible_shapes_are_refused(arguments):
    with pytest.raises(ValueError, match=r"expected n >= 1.*got n="):
        make_shapes(*arguments)
