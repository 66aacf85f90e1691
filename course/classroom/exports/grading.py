"""How another machine grades one submission as this class was graded."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from course.classroom.gradebook import Gradebook
from course.language import language, say

TEMPLATES = Path(__file__).parent / "templates"


def filled_template(name: str, gradebook: Gradebook) -> str:
    """A script with the exercises, weights and seed of a gradebook, and the language, filled in.

    Dates stay out: where a submission arrives, the platform knows best when, and what that costs.
    """
    policy = gradebook.policy()
    weights = [f"{json.dumps(name)} = {value!r}" for name, value in policy.weights.items()]
    seed = next((grade.report.seed for grade in gradebook.grades()), 0)
    arguments = ["--seed", str(seed), "--weeks", *gradebook.exercises()]
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    unfinished = say(
        "This submission could not be graded, through a fault of the autograder and not of yours. "
        "Tell your instructor, who finds more in the autograder's output."
    )
    text = text.replace('"@UNFINISHED@"', json.dumps(unfinished, ensure_ascii=False))
    text = text.replace("@LANGUAGE@", language())
    text = text.replace("@POLICY@", shlex.join(["[weights]", *weights]))
    return text.replace("@ARGUMENTS@", shlex.join(arguments))
