"""The complete, runnable weeks: `python -m solutions.week04_sequences`."""

from course import lazy

lazy.install()
