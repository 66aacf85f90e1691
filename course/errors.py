"""The one exception that is the user's to read."""

from __future__ import annotations


class CourseError(Exception):
    """A mistake that the user can mend.

    The message says what was expected, what came and what to do next. The command line prints it
    without a traceback and exits with 2.
    """
