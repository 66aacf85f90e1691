"""A right answer, and files that are hard to remove.

outcome: passed
"""

import os
import pathlib

from right import split_sequence

home = pathlib.Path.home()
(home / ".keras").mkdir()
(home / ".keras" / "keras.json").write_text('{"backend": "nonsense"}')
(home / "locked").mkdir()
(home / "locked" / "file").touch()
(home / "locked").chmod(0)
for _ in range(1_200):
    pathlib.Path("deeper").mkdir()
    os.chdir("deeper")
