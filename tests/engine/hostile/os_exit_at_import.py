"""Ends its process while being imported, as if all were well.

outcome: crashed
says: ended before it answered (exit status 0), while week04_sequences.py
"""

import os

os._exit(0)
