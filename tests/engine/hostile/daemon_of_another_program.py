"""A right answer, and another program that outlives it.

outcome: passed
"""

import subprocess

from right import split_sequence

subprocess.Popen(["sleep", "1000"], start_new_session=True, close_fds=False)
