"""A bench on which tests grade submissions, and which sees the processes they leave."""

import contextlib
import os
import tempfile
from pathlib import Path

import psutil
import pytest

from course import lazy
from course.catalogue import read_catalogue, select
from course.grading.grade import grade
from course.project import Project
from course.sandbox.launcher import Sandbox
from course.sandbox.supervisor import Limits

lazy.install()  # as the command line does
os.environ["COURSE_LANG"] = "en"  # whatever the machine speaks


class Bench:
    """Grades submissions in one sandbox.

    Args:
        sandbox: where they run.
        folder: where the sandbox keeps its files.
    """

    def __init__(self, sandbox, folder):
        self.sandbox = sandbox
        self.folder = folder
        self._project = Project.find()
        self._catalogue = read_catalogue(self._project)

    def grade(self, submission, *names):
        exercises = select(self._catalogue, names or ["week04_sequences.split_sequence"])
        return grade(self._project, exercises, submission, self.sandbox)

    def processes(self):
        """Those whose environment says that they live in the sandbox."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                home = Path(process.environ().get("HOME", "/"))
                if home.is_relative_to(self.folder) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def left_behind(self):
        """All processes but the template and what bubblewrap puts around it."""
        return [process for process in self.processes() if not _is_ours(process)]


def _is_ours(process):
    with contextlib.suppress(psutil.Error):
        return process.ppid() == os.getpid() or process.parent().name() == "bwrap"
    return True  # it has ended meanwhile


@pytest.fixture(scope="module", params=["confined", "unconfined"])
def bench(request, tmp_path_factory):
    """One with the walls of bubblewrap and one without; a module's LIMITS hold for its workers."""
    folder = tmp_path_factory.mktemp("sandbox")
    confine = request.param == "confined"
    limits = getattr(request.module, "LIMITS", Limits())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        with Sandbox(limits, confine=confine) as sandbox:
            if confine and not sandbox.confined:
                pytest.skip("bubblewrap does not work here")
            bench = Bench(sandbox, folder)
            yield bench
        assert not bench.processes()
        assert not list(folder.glob("course-*"))  # what else lies here is of this process
