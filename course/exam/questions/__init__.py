"""Short questions, one module a subject.

A module has `WORDS`, beginnings of the words by which a week is known to treat the subject, and
functions marked with `question`. Each is tested in `tests/engine/test_exam_questions.py` against
an independent computation from what it says was `given`, or from the code that it shows.
"""
