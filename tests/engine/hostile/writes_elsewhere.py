"""Changes the course itself.

outcome: failed
says: Read-only file system
needs walls
"""

import pathlib

import course

pathlib.Path(course.__file__).touch()
