"""Why a check ended, in the student's words."""

from __future__ import annotations

from course.catalogue import Exercise
from course.grading.report import Status
from course.grading.submission import SubmissionRaisedError
from course.sandbox.supervisor import WorkerEndedError


class VerdictError(Exception):
    """Ends a check with a verdict that was known before it ran."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


def loading_failed(
    error: SubmissionRaisedError | WorkerEndedError, exercise: Exercise
) -> VerdictError:
    where = f"while {exercise.week}.py was being imported"
    if isinstance(error, WorkerEndedError):
        return VerdictError(error.status, f"{error}, {where}")  # type: ignore[arg-type]
    if error.type == "SystemExit":
        return VerdictError("failed", f"your program left with sys.exit, {where}{error.place()}")
    return VerdictError("failed", f"{error}, {where}{error.place()}")


def call_failed(error: SubmissionRaisedError, exercise: Exercise) -> str:
    if error.called is None:
        return f"using what {exercise.name} returned raised {error}{error.place()}"
    if error.type == "AttributeError" and not error.line and exercise.name in error.text:
        return (
            f"expected a function `{exercise.name}` in {exercise.week}.py, found none: "
            "was it renamed or deleted?"
        )
    if error.refused:
        return f"{exercise.name} returned what cannot be checked: {error.text}"
    if error.type == "SystemExit":
        return f"{exercise.name} left the program with sys.exit{error.place()}"
    if error.type == "NotImplementedError" and error.function != exercise.name:
        return f"{exercise.name} uses `{error.function}`, which is not written yet{error.place()}"
    return f"{exercise.name} raised {error}{error.place()}"
