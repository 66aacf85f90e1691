"""A run's figures on a page."""

from __future__ import annotations

import base64
from pathlib import Path

from PIL import Image

from course.pages.markup import Html, element
from course.pages.table import scroll_box

WIDE = 640  # pixels; what is wider scrolls on a phone, where its letters would be too small


def figure(path: Path) -> Html:
    """A figure from a PNG file, with the words that `course.experiment` has put into it."""
    with Image.open(path) as image:
        width, height = image.size
        title = str(image.info.get("Title", path.stem.replace("_", " ")))
        words = str(image.info.get("Description", ""))
    content = base64.b64encode(path.read_bytes()).decode()
    picture = element(
        "img",
        alt=words or title,
        src=f"data:image/png;base64,{content}",
        width=str(width),
        height=str(height),
        decoding="async",
        class_="wide" if width > WIDE else "",
    )
    return element("figure", scroll_box(picture, title), element("figcaption", title))
