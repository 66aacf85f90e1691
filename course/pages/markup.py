"""HTML elements from Python values. Text is escaped unless it is `Html` already."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from html import escape
from typing import TypeAlias

VOID = frozenset({"img", "meta"})  # elements without an end tag
# Controls, what reorders text around it, and halves of characters, which UTF-8 cannot hold.
_UNSEEN = frozenset({"Cc", "Cs"})
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


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


def bullets(lines: Iterable[Content]) -> Html:
    """A list; nothing where there are no lines."""
    items = [element("li", line) for line in lines]
    return element("ul", items) if items else Html()


def visible(text: str) -> str:
    """Text in which no character hides, or turns around what stands beside it."""
    return "".join(c if _is_plain(c) else c.encode("unicode_escape").decode() for c in text)


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


def _is_plain(character: str) -> bool:
    if character in "\n\t":
        return True
    return character not in _REORDERING and unicodedata.category(character) not in _UNSEEN
