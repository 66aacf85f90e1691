"""Imports the graders.

outcome: failed
says: No module named 'tests'
"""

from tests.graders.week04_sequences import windows_of as split_sequence
