"""Objects whose end begins another of their kind.

outcome: timeout
says: while week04_sequences.py was being imported
"""


class Undead:
    def __del__(self):
        Undead()


Undead()
