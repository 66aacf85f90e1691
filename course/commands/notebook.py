"""`course notebook`: a week as a Jupyter notebook."""

from __future__ import annotations

import argparse
from pathlib import Path

from course.catalogue import find_week, read_catalogue
from course.language import say
from course.notebook.writing import write_notebook
from course.project import Project


def notebook(arguments: argparse.Namespace) -> int:
    week = find_week(read_catalogue(Project.find()), arguments.week)
    path = arguments.out or Path(f"{week.name}.ipynb")
    write_notebook(week, path)
    print(
        say(
            "{week} as a notebook: {path}; its second cell says how to open it",
            week=week.name,
            path=path,
        )
    )
    return 0
