"""HTML elements from Python values. Text is escaped unless it is `Html` already."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import TypeAlias

VOID = frozenset({"img", "meta"})  # elements without an end tag
# Controls, what reorders the text around it, and halves of characters, which UTF-8 cannot hold.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class Html(str):
    """Markup, as opposed to text that is still to be escaped."""


Content: TypeAlias = "str | Iterable[Content]"


def element(name: str, /, *content: Content, **attributes: str | bool) -> Html:
    """An element with what is in it.

    Args:
        name: "td".
        content: text, which is escaped; `Html`, which is not; or several of them.
        attributes: `class_="number"`, `aria_label="…"`; True stands without a value, and False
            and "" leave the attribute out.
    """
    start = f"<{name}{''.join(_attribute(*item) for item in attributes.items())}>"
    return Html(start if name in VOID else f"{start}{joined(*content)}</{name}>")


def joined(*content: Content) -> Html:
    """Several pieces, one after the other."""
    return Html("".join(map(_markup, content)))


def breakable(name: str) -> Html:
    """A name such as `week01_toy.successor`, which may break at its joints and nowhere else."""
    pieces = re.split(r"(?<=[._])", name)
    return Html("<wbr>".join(map(_markup, pieces)))


def bullets(lines: Iterable[Content]) -> Html:
    """A list; nothing where there are no lines."""
    items = [element("li", line) for line in lines]
    return element("ul", items) if items else Html()


def visible(text: str) -> str:
    """Text in which no character hides, or turns around what stands beside it."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _markup(content: Content) -> str:
    if isinstance(content, Html):
        return content
    if isinstance(content, str):
        return escape(visible(content))
    return joined(*content)


def _attribute(name: str, value: str | bool) -> str:
    if value is False or value == "":
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(visible(str(value)))}"'
