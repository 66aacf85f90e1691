"""`course authoring check`, `stubs` and `translations`."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from course.authoring import examine
from course.catalogue import read_catalogue, select
from course.errors import CourseError
from course.project import Project
from course.sandbox.launcher import Sandbox
from course.stubs import stale_stubs, write_stubs


def check(arguments: argparse.Namespace) -> int:
    project = Project.find()
    exercises = select(read_catalogue(project), arguments.exercises)
    counts = {True: 0, False: 0}
    with Sandbox() as sandbox, tqdm(unit=" claims", disable=not sys.stderr.isatty()) as bar:
        for finding in examine(project, exercises, sandbox):
            counts[not finding.problem] += 1
            bar.update()
            if finding.problem:
                bar.write(f"✗ {finding.exercise}: expected that {finding.claim}\n{finding.problem}")
    stale = stale_stubs(project)
    if stale:
        print(f"✗ out of date: exercises/{', '.join(stale)}; run course authoring stubs")
    print(f"{counts[True]} claims about {len(exercises)} graders hold, {counts[False]} do not")
    return 1 if counts[False] or stale else 0


def stubs(arguments: argparse.Namespace) -> int:
    project = Project.find()
    weeks = arguments.weeks or list(read_catalogue(project))
    for path, changed in write_stubs(project, weeks, arguments.force):
        print(f"{'written' if changed else 'as it was'}: {path.relative_to(project.root)}")
    return 0


def translations(arguments: argparse.Namespace) -> int:
    """Gathers what there is to say for the translators, and compiles what they have written."""
    try:
        from course.translations import update
    except ModuleNotFoundError as error:
        raise CourseError(f"{error.name} is not installed: pip install -e '.[dev]'") from None
    missing = 0
    project = Project.find()
    for path, n_sentences, n_missing in update(project):
        missing += n_missing
        print(f"{path.relative_to(project.root)}: {n_sentences - n_missing} of {n_sentences}")
    return 1 if missing else 0
