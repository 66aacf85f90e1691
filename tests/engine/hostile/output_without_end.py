"""Prints for ever.

outcome: crashed
says: your program printed more than 150 MB
"""

while True:
    print("never enough " * 10_000)
