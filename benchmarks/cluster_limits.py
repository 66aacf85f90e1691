"""What one program can do per second for a whole cluster: hand out submissions, record grades.

    python benchmarks/cluster_limits.py [--grades 500]

Measured with workers that answer at once, so nothing is graded: what is left is the scheduler with
the client, then the gradebook alone, with reports of 5 and of 40 checks, and what reads all of it.
On a crowded machine "CPU ms each" is the figure to go by, but for what waits for the disk.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from distributed import Client, LocalCluster, Worker

from course.classroom.cluster import Run
from course.classroom.cluster_worker import Grading, answer
from course.classroom.exports import FORMATS
from course.classroom.gradebook import Gradebook
from course.classroom.intake import Submission
from course.classroom.names import Student
from course.classroom.unit import Settings
from course.grading.report import CheckResult, Report
from course.table import format_table

MESSAGE = "expected y[0] = 3, got 2\nfor split_sequence([0. 1. 2. 3. 4. 5.], 3)"
MODULE = b"x = 1  # of a module of 10 kB\n" * 350


class Instant(Grading):
    """Answers without grading."""

    async def setup(self, worker: Worker) -> None:
        pass

    async def teardown(self, worker: Worker) -> None:
        pass

    def grade(self, submission: Submission) -> bytes:
        return answer(report_of(submission, 40), 1.0)


def report_of(submission: Submission, n_checks: int) -> Report:
    """Half of its checks failed, with a message."""
    checks = tuple(
        CheckResult(
            exercise=f"week01_benchmark.exercise_{number // 4}",
            check=f"check_{number}",
            title="The target is the value after the window.",
            status="failed" if number % 2 else "passed",
            max_score=0.25,
            message=MESSAGE if number % 2 else "",
        )
        for number in range(n_checks)
    )
    return Report(submission.student.id, 0, checks)


def submission(number: int) -> Submission:
    student = Student(f"s{number:07}", f"Student {number}")
    return Submission(student, {"week01_benchmark.py": MODULE}, ("week01_benchmark",), 0.0)


def through_the_scheduler(n: int) -> dict[str, str]:
    """Submissions to workers and back. Client and scheduler share this process."""
    settings = Settings(Path.cwd(), ())
    with (
        LocalCluster(n_workers=2, threads_per_worker=8, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(Instant(settings, "", False, "en"), name="instant")

        run = Run(client, "instant", settings)

        def hand_out(n: int) -> None:
            for _ in run.reports((submission(each) for each in range(n)), lambda: None):
                pass

        hand_out(100)  # all is loaded now
        return measured("scheduler and client", n, lambda: hand_out(n))


def in_the_gradebook(n: int, n_checks: int) -> Iterator[dict[str, str]]:
    def record() -> None:
        for number in range(n):
            each = submission(number)
            gradebook.record(each, "0" * 64, report_of(each, n_checks), 1.0)

    def export() -> None:
        for function in FORMATS.values():
            function(gradebook, Path(folder))

    with (
        tempfile.TemporaryDirectory() as folder,
        Gradebook(Path(folder), writing=True) as gradebook,
    ):
        exercises = sorted({check.exercise for check in report_of(submission(0), n_checks).checks})
        gradebook.set_exercises([(exercise, 1.0) for exercise in exercises])
        yield measured(f"gradebook, {n_checks} checks: record", n, record)
        yield measured("    apply the policy", n, gradebook.apply_policy)
        yield measured("    export everything", n, export)
        size = gradebook.path.stat().st_size
        yield {"what": f"    its file: {size / n / 1000:.1f} kB a submission"}


def on_the_disk(n: int) -> dict[str, str]:
    """How often a file can be made safe, which a gradebook does several times a submission."""

    def sync() -> None:
        for _ in range(n):
            file.write(b"x" * 4096)
            os.fsync(file.fileno())

    with tempfile.TemporaryFile(buffering=0) as file:
        return measured("the disk: fsync", n, sync)


def measured(what: str, n: int, function: Callable[[], object]) -> dict[str, str]:
    started, used = time.perf_counter(), time.process_time()
    function()
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - used
    return {
        "what": what,
        "per second": f"{n / seconds:,.0f}",
        "CPU ms each": f"{1000 * cpu_seconds / n:.2f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what limits a large cluster.")
    parser.add_argument("--grades", type=int, default=500, metavar="N")
    n = parser.parse_args().grades
    rows = [through_the_scheduler(n)]
    for n_checks in (5, 40):
        rows += in_the_gradebook(n, n_checks)
    rows.append(on_the_disk(100))
    print(format_table(rows))
    print(f"\n{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
