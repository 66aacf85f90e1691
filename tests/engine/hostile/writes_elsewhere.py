"""Changes the course itself.

outcome: failed
says: course/__init__.py
needs walls
"""

import pathlib

import course

pathlib.Path(course.__file__).touch()
