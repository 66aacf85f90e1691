"""The weeks to write: edit the bodies marked TODO, then `course check`."""

from course import lazy

lazy.install()
