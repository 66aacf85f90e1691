"""Imports the solution.

outcome: failed
says: No module named 'solutions'
"""

from solutions.week04_sequences import split_sequence
