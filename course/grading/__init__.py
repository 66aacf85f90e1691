"""Judges a submission: `grade` runs the graders, which are pytest tests, and makes a `report`.

A grader reaches the submission's code only through `submission` and its handles, says what it
expects with `expect`, and `diagnosis` names the misconception that a wrong result betrays.
"""
