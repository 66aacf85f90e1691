"""A class that hands in answers to the toy course, for tests of grading."""

import os
import subprocess
import sys
import time

from toy import WEEK

from course.project import Project

CHECKOUT = Project.find().root
RIGHT = (
    "def successor(number):\n    return number + 1\n\n\n"
    "def double(values):\n    return [2 * int(value) for value in values]\n"
)
WRONG = RIGHT.replace("number + 1", "number - 1")
HALF = RIGHT.replace("2 * int", "3 * int")


def hand_in(folder, answers, age=100.0):
    """Writes each student's module. `answers` is `{student: text}`."""
    for student, text in answers.items():
        path = folder / student / f"{WEEK}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        then = time.time() - age
        os.utime(path, (then, then))


def class_of(n):
    """Answers of n students, right, half right and wrong."""
    answers = {f"s{number:03}": (RIGHT, HALF, WRONG)[number % 3] for number in range(n)}
    return {student: f"# {student}\n{text}" for student, text in answers.items()}


def start(*arguments, **options):
    """Starts the command as a program."""
    command = [sys.executable, "-W", "error", "-m", "course", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)} | options.pop("env", {})
    return subprocess.Popen(
        options.pop("prefix", []) + command,
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,
    )
