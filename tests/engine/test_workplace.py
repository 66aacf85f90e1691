"""Exercises of one submission share a process, and no verdict depends on those before."""

import pytest
from toy import RIGHT, WEEK, write_toy

from course.catalogue import read_catalogue, select
from course.grading.grade import grade
from course.grading.workplace import Workplace
from course.sandbox.launcher import Sandbox

DOUBLE = "return [2 * int(value) for value in values]"
SUCCESSOR = "return number + 1"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def checks(sandbox, tmp_path):
    """Grades a text: `{check: result}`, without what depends on the clock."""
    project = write_toy(tmp_path / "checkout")
    catalogue = read_catalogue(project)
    (tmp_path / "s001").mkdir()

    def checks(text, *exercises, **more):
        for name, content in {WEEK: text, **more}.items():
            (tmp_path / "s001" / f"{name}.py").write_text(content)
        report = grade(project, select(catalogue, exercises), tmp_path / "s001", sandbox)
        return {check.check: {**check.to_json(), "seconds": 0} for check in report.checks}

    return checks


def statuses(checks):
    return {name: check["status"] for name, check in checks.items()}


def right_with(successor=SUCCESSOR, double=DOUBLE, top=""):
    return f"{top}\n{RIGHT}".replace(SUCCESSOR, successor).replace(DOUBLE, double)


def test_a_process_serves_one_exercise_after_the_other(checks):
    text = right_with(
        "import os; os.environ['WHO'] = str(os.getpid()); return number + 1",
        "import os; return None if os.environ.get('WHO') == str(os.getpid()) else []",
        # Its words are those of the exercise that came first, if the process is the same.
    )
    assert "None" in checks(text)["any_values"]["message"]
    assert "None" not in checks(text, f"{WEEK}.double")["any_values"]["message"]


@pytest.mark.parametrize(
    "end",
    [
        "import os; os._exit(1)",
        "import sys; sys.exit()",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    ],
)
def test_who_ends_the_process_costs_the_others_nothing(checks, end):
    found = statuses(checks(right_with(end)))
    assert found.pop("any_values") == "passed"
    assert set(found.values()) <= {"crashed", "failed"}


def test_who_ends_it_later_costs_the_others_nothing(checks):
    later = "import os, threading; threading.Timer(0.2, os._exit, [1]).start(); return number + 1"
    slow = f"import time; time.sleep(0.5); {DOUBLE}"
    assert statuses(checks(right_with(later, slow)))["any_values"] == "passed"


def test_what_an_exercise_leaves_is_forgotten(checks):
    text = right_with(
        "import helper; helper.seen.append(number); SEEN.append(number); return number + 1",
        f"import helper; assert not helper.seen + SEEN; {DOUBLE}",
        "SEEN = []",
    )
    assert set(statuses(checks(text, helper="seen = []")).values()) == {"passed"}


def test_a_module_that_can_be_imported_once_only(checks):
    once = "import os\nassert 'MET' not in os.environ\nos.environ['MET'] = ''"
    assert set(statuses(checks(right_with(top=once))).values()) == {"passed"}


def test_chance_and_warnings_are_the_same_whatever_ran_before(checks):
    text = right_with(
        "random.random(); np.random.rand(); np.mean([]); return number + 1",
        "print(__file__, flush=True); np.mean([]); return [random.random(), np.random.rand(), 0]",
        "import random\nimport numpy as np",
    )
    alone = checks(text, f"{WEEK}.double")["any_values"]
    assert alone["status"] == "failed"
    assert f"your code printed: {WEEK}.py" in alone["message"]
    assert alone == checks(text)["any_values"]


def test_what_others_printed_hides_nothing(checks):
    text = right_with("print('x' * 100_000); return number + 1", "print('mine'); return values")
    message = checks(text)["any_values"]["message"]
    assert message.endswith("your code printed: mine")


class Worker:
    ended = False

    def end(self):
        self.ended = True


class Starter:
    def start(self, files, modules):
        return Worker()


def test_a_worker_is_kept_while_it_serves():
    workplace = Workplace(Starter(), {})
    light, used = workplace.worker("week01_toy", ())
    assert not used and workplace.worker("week01_toy", ()) == (light, True)
    heavy, used = workplace.worker("week01_toy", ("keras",))
    assert light.ended and not used
    assert workplace.worker("week01_toy", ()) == (heavy, True)
    other, used = workplace.worker("week02_other", ())
    assert heavy.ended and not used
    other.end()
    assert workplace.worker("week02_other", ())[1] is False
