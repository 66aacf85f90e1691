"""`course authoring check`, `stubs` and `translations`."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from course.authoring import examine
from course.catalogue import read_catalogue, select
from course.errors import CourseError
from course.language import say
from course.project import Project
from course.sandbox.launcher import Sandbox
from course.stubs import stale_stubs, write_stubs


def check(arguments: argparse.Namespace) -> int:
    project = Project.find()
    exercises = select(read_catalogue(project), arguments.exercises)
    counts = {True: 0, False: 0}
    with (
        Sandbox() as sandbox,
        tqdm(unit=f" {say('claims')}", disable=not sys.stderr.isatty()) as bar,
    ):
        for finding in examine(project, exercises, sandbox):
            counts[not finding.problem] += 1
            bar.update()
            if finding.problem:
                expected = say("expected that {claim}", claim=finding.claim)
                bar.write(f"✗ {finding.exercise}: {expected}\n{finding.problem}")
    stale = stale_stubs(project)
    if stale:
        names = ", ".join(stale)
        print(say("✗ out of date: exercises/{names}; run course authoring stubs", names=names))
    print(
        say(
            "{true} claims about {n} graders hold, {false} do not",
            true=counts[True],
            n=len(exercises),
            false=counts[False],
        )
    )
    return 1 if counts[False] or stale else 0


def stubs(arguments: argparse.Namespace) -> int:
    project = Project.find()
    weeks = arguments.weeks or list(read_catalogue(project))
    for path, changed in write_stubs(project, weeks, arguments.force):
        what = say("written") if changed else say("as it was")
        print(f"{what}: {path.relative_to(project.root)}")
    return 0


def translations(arguments: argparse.Namespace) -> int:
    """Gathers what there is to say for the translators, and compiles what they have written."""
    try:
        from course.translations import update
    except ModuleNotFoundError as error:
        raise CourseError(
            say("{name} is not installed: pip install -e '.[dev]'", name=error.name)
        ) from None
    missing = 0
    project = Project.find()
    for path, n_sentences, n_missing in update(project):
        missing += n_missing
        done = say("{n} of {total}", n=n_sentences - n_missing, total=n_sentences)
        print(f"{path.relative_to(project.root)}: {done}")
    return 1 if missing else 0
