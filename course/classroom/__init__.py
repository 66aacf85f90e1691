"""Grades a class: from what strangers hand in to a gradebook.

`intake` finds who handed in what, `containers`, `notebooks` and `modules` turn it into week
modules, `batch` has `job` processes grade them (`cluster`: on many machines), `gradebook` keeps the
results, and everything that an instructor gets to see (`summary`, `exports`) is read from the
gradebook.
"""
