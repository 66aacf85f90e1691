"""The frame of every page: head, style, navigation, and the one script, which sorts tables."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course.language import language, say
from course.pages.markup import Content, Html, element

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Section:
    """A part of a page that the navigation leads to.

    Attributes:
        id: of its element, different from all others of the page.
        title: its heading.
        content: what it holds.
        mark: stands before the title where it says how things are, "✓".
        short: what the navigation calls it; the title when empty.
    """

    id: str
    title: str
    content: Content
    mark: str = ""
    short: str = ""

    def link(self) -> Html:
        return element("a", self._marked(self.short or self.title), href=f"#{self.id}")

    def markup(self) -> Html:
        heading = element("h2", self._marked(self.title), id=f"{self.id}-title")
        return element(
            "section", heading, self.content, id=self.id, aria_labelledby=f"{self.id}-title"
        )

    def _marked(self, words: str) -> str:
        return f"{self.mark} {words}".lstrip()


def page(title: str, lead: Content, sections: Iterable[Section]) -> str:
    """A whole page as text.

    Args:
        title: of the page.
        lead: what stands below the title: how it went, in a line or two.
        sections: the rest.
    """
    sections = list(sections)
    links = element("ul", (element("li", section.link()) for section in sections))
    body = element(
        "body",
        element("a", say("Skip to the content"), class_="skip", href="#content"),
        element("header", element("h1", title), lead),
        element("nav", links, aria_label=say("On this page")) if len(sections) > 1 else "",
        element("main", (section.markup() for section in sections), id="content", tabindex="-1"),
        element("script", _file("sort.js")),
    )
    return f"<!doctype html>\n{element('html', _head(title), body, lang=language())}\n"


def _head(title: str) -> Html:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", _file("style.css")),
    )


@functools.cache
def _policy() -> str:
    """Lets the browser fetch nothing, and run and apply nothing but these two files."""
    return "; ".join(
        [
            "default-src 'none'",
            "img-src data:",
            f"style-src {_hash('style.css')}",
            f"script-src {_hash('sort.js')}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(name: str) -> str:
    digest = hashlib.sha256(_file(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@functools.cache
def _file(name: str) -> Html:
    return Html((FOLDER / name).read_text(encoding="utf-8"))
