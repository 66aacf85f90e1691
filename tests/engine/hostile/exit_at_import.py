"""Leaves while being imported.

outcome: failed
says: sys.exit, while week04_sequences.py was being imported
"""

import sys

sys.exit(0)
