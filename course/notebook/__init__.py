"""What a week's notebook imports: `check`, `hint`, `solution` and `run`.

A notebook is handed in like a module, its code cells one below the other. So all of this does
nothing unless a notebook is running.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def open_week(name: str, lang: str | None = None) -> tuple[Callable[..., None], ...]:
    """The week's `check`, `hint`, `solution` and `run`; each of the first three takes the name of
    an exercise.

    Args:
        name: the week, "week04_sequences".
        lang: the language of messages and hints, as for `course --lang`.
    """
    shell = _shell()
    if shell is None:
        return _nothing, _nothing, _nothing, _nothing
    from course.language import speak
    from course.notebook.week import NotebookWeek

    if lang is not None:
        speak(lang)
    week = NotebookWeek(name, lambda: shell.user_ns["In"])
    return week.check, week.hint, week.solution, week.run


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _nothing(*arguments: object, **options: object) -> None:
    pass
