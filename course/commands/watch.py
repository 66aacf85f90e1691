"""`course watch`: checks again on save."""

from __future__ import annotations

import argparse

from course.catalogue import read_catalogue, select
from course.project import Project
from course.watch.loop import Watch


def watch(arguments: argparse.Namespace) -> int:
    project = Project.find()
    watching = Watch(project, select(read_catalogue(project), arguments.exercises))
    watching.run()
    print(watching.summary())
    return 0
