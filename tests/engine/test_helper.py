"""Functions that a grader defines on the submission's side."""

import pytest

from course.grading.submission import Handle, Submission, SubmissionRaisedError
from course.grading.workplace import Workplace
from course.project import Project
from course.sandbox.in_process import InProcess

SOURCE = """
import math

class Counter:
    def __init__(self):
        self.seen = []

    def root(self, value):
        self.seen.append(value)
        return math.sqrt(value)
"""


@pytest.fixture
def submission(tmp_path):
    (tmp_path / "week.py").write_text("def apply(f, values):\n    return [f(v) for v in values]\n")
    workplace = Workplace(InProcess(tmp_path, Project.find().root), {})
    submission = Submission(workplace, "week", "apply")
    submission.load()
    submission.begin(5.0, seed=0)
    return submission


def test_submission_calls_the_helper_and_the_grader_reads_it(submission):
    counter = submission.helper(SOURCE, "Counter")()
    assert isinstance(counter, Handle)
    assert submission.apply(counter.root, [4.0, 9.0]) == [2.0, 3.0]
    assert counter.seen == [4.0, 9.0]


def test_helpers_share_nothing(submission):
    first = submission.helper("values = []\ndef get():\n    return values", "get")
    second = submission.helper("def get():\n    return values", "get")
    assert first() == []
    with pytest.raises(SubmissionRaisedError, match="NameError"):
        second()
