"""The language that the tool speaks: English, or another one by a gettext catalogue.

Sentences are written in English where they are used, `say("no week {week}", week=name)`. Their
translations are kept in `translations/LANGUAGE/*.po`, one file for the tool and one for each week;
`course authoring translations` gathers new sentences there and compiles what is translated.
"""

from __future__ import annotations

import gettext
import os
from functools import cache
from pathlib import Path

from course.errors import CourseError

LANGUAGES = ("en", "ko")
COMPILED = Path(__file__).parent / "locale"
# In this order, as GNU gettext reads them; COURSE_LANG comes before all.
LOCALE_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def say(text: str, /, **values: object) -> str:
    """A sentence in the user's language.

    Args:
        text: the sentence in English, with `{names}` for values, as in `str.format`.
        values: what to put in.
    """
    # gettext's answer to the empty text is the catalogue's header.
    translated = _catalogue(language()).gettext(text) if text else ""
    return translated.format(**values) if values else translated


def in_every_language(text: str) -> list[str]:
    """A sentence without values in all languages, each once, to know it again in what was kept."""
    return list(dict.fromkeys(_catalogue(one).gettext(text) for one in LANGUAGES))


def speak(asked: str | None) -> None:
    """Chooses the language of this process and of those it starts.

    Args:
        asked: one of LANGUAGES; None leaves the choice to COURSE_LANG and the locale.

    Raises:
        CourseError: When there is no such translation.
    """
    wanted, source = (asked, "--lang") if asked else (os.environ.get("COURSE_LANG"), "COURSE_LANG")
    if wanted and _short(wanted) not in LANGUAGES:
        known = " | ".join(LANGUAGES)
        raise CourseError(
            say(
                "expected {source} to be one of {known}, got {given!r}",
                source=source,
                known=known,
                given=wanted,
            )
        )
    chosen = _short(wanted) if wanted else language()
    os.environ["COURSE_LANG"] = chosen
    # argparse's own words, "usage" and so on, go through gettext's global domain.
    os.environ["LANGUAGE"] = chosen
    gettext.bindtextdomain("course", str(COMPILED))
    gettext.textdomain("course")


def language() -> str:
    """The language in force, one of LANGUAGES."""
    asked = [os.environ.get(name, "") for name in ("COURSE_LANG", *LOCALE_VARIABLES)]
    wanted = next(filter(None, asked), "") or _system_locale()
    return _short(wanted) if _short(wanted) in LANGUAGES else "en"


def _short(name: str) -> str:
    """ "ko" for "ko_KR.UTF-8", "ko:en", "ko-KR" and Windows' "Korean_Korea"."""
    short = name.replace("-", "_").partition("_")[0].partition(":")[0].partition(".")[0].lower()
    return "ko" if short == "korean" else short


@cache
def _system_locale() -> str:
    """What Windows and macOS know of the user where no variable is set."""
    import locale

    return locale.getlocale()[0] or ""


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("course", COMPILED, [language], fallback=True)
