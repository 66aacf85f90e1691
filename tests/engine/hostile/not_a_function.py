"""Has a number where the function should be.

outcome: failed
says: 'int' object is not callable
"""

split_sequence = 7
