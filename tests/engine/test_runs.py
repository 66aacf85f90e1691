"""Every week's experiment runs where there is no network and no data, and says so."""

import json
import os
import subprocess
import sys
from types import ModuleType

import matplotlib.image
import pytest

from course.catalogue import read_catalogue
from course.project import Project
from datasets import registry

PROJECT = Project.find()
# The loaders of files that are not bundled with a library; each is registered.
FETCHED = {name for name, value in vars(registry).items() if isinstance(value, ModuleType)}


@pytest.mark.parametrize("week", read_catalogue(PROJECT))
def test_quick_run_on_embedded_data(week, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "COURSE_DATA"}
    nowhere = "http://127.0.0.1:9"
    environment |= {"HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere, "COURSE_CACHE": str(tmp_path)}
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", f"solutions.{week}", "--quick", "--out", str(out)],
        cwd=PROJECT.root,
        env=environment | {"PYTHONWARNINGS": "error::DeprecationWarning:__main__"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    strange = [line for line in done.stderr.splitlines() if not line.startswith("course: ")]
    assert not strange, "only a note on the data belongs on standard error"

    result = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert result["week"] == week
    assert result["data"]["source"] in ("embedded", "real")
    if result["data"]["name"] in FETCHED:
        assert result["data"]["source"] == "embedded"
        assert "Using" in done.stderr, "the embedded default must say that it is one"
    assert result["bars"]
    assert all(bar["met"] for bar in result["bars"].values()), result["bars"]
    pictures = list(out.glob("*.png"))
    assert pictures
    for picture in pictures:
        assert matplotlib.image.imread(picture)[..., :3].std() > 0.01, f"{picture.name} is blank"
