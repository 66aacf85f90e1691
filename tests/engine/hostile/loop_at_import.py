"""Never finishes being imported.

outcome: timeout
says: while week04_sequences.py was being imported
"""

while True:
    pass
