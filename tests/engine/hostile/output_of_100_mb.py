"""A right answer after 100 MB of text.

outcome: passed
"""

import sys

from right import split_sequence

for _ in range(100):
    sys.stdout.write("x" * 2**20)
