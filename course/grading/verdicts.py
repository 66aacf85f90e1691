"""Why a check ended, in the student's words."""

from __future__ import annotations

from course.catalogue import Exercise
from course.grading.report import Status
from course.grading.submission import SubmissionRaisedError
from course.language import say
from course.sandbox.supervisor import WorkerEndedError


class VerdictError(Exception):
    """Ends a check with a verdict that was known before it ran."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


def loading_failed(
    error: SubmissionRaisedError | WorkerEndedError, exercise: Exercise
) -> VerdictError:
    what = str(error)
    if isinstance(error, SubmissionRaisedError) and error.type == "SystemExit":
        what = say("your program left with sys.exit")
    text = say("{what}, while {week}.py was being imported", what=what, week=exercise.week)
    if isinstance(error, WorkerEndedError):
        return VerdictError(error.status, text)  # type: ignore[arg-type]
    return VerdictError("failed", f"{text}{error.place()}")


def call_failed(error: SubmissionRaisedError, exercise: Exercise) -> str:
    name = exercise.name
    if error.called is None:
        text = say("using what {name} returned raised {error}", name=name, error=error)
    elif error.type == "AttributeError" and not error.line and name in error.text:
        return say(
            "expected a function `{name}` in {week}.py, found none: was it renamed or deleted?",
            name=name,
            week=exercise.week,
        )
    elif error.refused:
        return say("{name} returned what cannot be checked: {why}", name=name, why=error.text)
    elif error.type == "SystemExit":
        text = say("{name} left the program with sys.exit", name=name)
    elif error.type == "NotImplementedError" and error.function != name:
        text = say(
            "{name} uses `{other}`, which is not written yet", name=name, other=error.function
        )
    else:
        text = say("{name} raised {error}", name=name, error=error)
    return f"{text}{error.place()}"
