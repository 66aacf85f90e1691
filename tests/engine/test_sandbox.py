"""Workers live in a process of their own, within limits, and leave nothing behind."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest

from course.errors import CourseError
from course.sandbox import confinement, forked, processes, supervisor
from course.sandbox.launcher import CAN_FORK, Sandbox
from course.sandbox.supervisor import Limits, WorkerEndedError
from course.sandbox.wire import HandleRef

SECONDS = 20.0
MEMORY_MB = 200
HOSTILE = Path(__file__).with_name("hostile")

forking = pytest.mark.skipif(not CAN_FORK, reason="workers are forked on Linux only")
walled = pytest.mark.skipif(not confinement.available(), reason="bubblewrap does not work here")


def make_sandbox(kind, **limits):
    limits = Limits(MEMORY_MB, **limits)
    return Sandbox(limits, confine=kind == "confined", fork=kind != "spawned")


def kinds():
    for kind in ("confined", "unconfined", "spawned"):
        usable = kind == "spawned" or (CAN_FORK and (kind != "confined" or confinement.available()))
        why = pytest.mark.skipif(not usable, reason=f"no {kind} workers here")
        yield pytest.param(kind, marks=why)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where all sandboxes keep their files."""
    folder = tmp_path / "sandboxes"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(params=list(kinds()))
def sandbox(request, folder):
    with make_sandbox(request.param) as sandbox:
        yield sandbox
    assert not alive_in(folder)
    assert not list(folder.iterdir())


@pytest.fixture
def template(folder):
    """An unconfined sandbox that forks, whose template the tests can get at."""
    with make_sandbox("unconfined") as sandbox:
        yield sandbox


def alive_in(folder):
    """Processes whose environment says that they live in a folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get("HOME", "").startswith(str(folder)) and lives(process):
                found.append(process)
    return found


def lives(process):
    """Whether a process still runs; one that has ended may wait for its parent as a zombie."""
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def same(value):
    """What tests send as a handle is a reference already."""
    return value


def load(sandbox, source, **more):
    """Starts a worker with a module; returns it, and a way to call the module's functions."""
    worker = sandbox.start({"week.py": source.encode()}, **more)
    module = worker.request({"op": "load", "module": "week"}, same, SECONDS)["ok"]

    def call(name, *args, seconds=SECONDS):
        function = worker.request({"op": "get", "target": module, "name": name}, same, seconds)
        request = {"op": "call", "target": function["ok"], "args": list(args), "kwargs": {}}
        return worker.request(request, same, seconds)

    return worker, call


def test_values_cross_and_objects_stay_behind_handles(sandbox):
    _, call = load(sandbox, "def pair(x): return [x, object]\ndef same(x, y): return x is y")
    number, handle = call("pair", 1.5)["ok"]
    assert number == 1.5
    assert handle == HandleRef(handle.id, "builtins.type")
    assert call("same", handle, handle)["ok"] is True
    assert call("same", handle, HandleRef(999, "")) == {"error": {**ERROR, "message": "999"}}


ERROR = {
    "type": "KeyError",
    "bases": ["KeyError", "LookupError", "Exception", "BaseException", "object"],
    "refused": False,
    "line": None,
    "text": None,
    "function": None,
}


def test_output_is_kept_and_shortened(sandbox):
    worker, call = load(
        sandbox, "import os\ndef f():\n  print('first')\n  os.write(1, b'x' * 10**6)"
    )
    call("f")
    worker.end()
    assert worker.output().startswith(("first\n", "x"))
    assert "more bytes left out" in worker.output()
    assert len(worker.output()) < 21_000


@pytest.mark.skipif(not supervisor.CAN_POLL, reason="what is read is not waited for")
def test_nobody_waits_for_output_that_has_been_read(monkeypatch):
    wait = supervisor._Output._wait

    def slowly(output, seconds):
        found = wait(output, seconds)
        if seconds is None:
            time.sleep(0.3)  # time for others to read what has been found
        return found

    monkeypatch.setattr(supervisor._Output, "_wait", slowly)
    ours, theirs = os.pipe()
    output = supervisor._Output(ours)
    os.write(theirs, b"printed")
    time.sleep(0.1)  # its thread has found something
    assert output.text() == "printed"
    time.sleep(0.5)  # and comes too late
    asking = threading.Thread(target=output.text, daemon=True)
    asking.start()
    asking.join(SECONDS)
    assert not asking.is_alive()
    os.close(theirs)


def test_environment_of_the_grader_stays_there(sandbox, monkeypatch):
    monkeypatch.setenv("COURSE_SECRET", "hidden labels")
    _, call = load(sandbox, "import os\ndef f(): return dict(os.environ)")
    environment = call("f")["ok"]
    assert "COURSE_SECRET" not in environment
    assert environment["HOME"] != str(Path.home())


def test_input_is_empty(sandbox):
    _, call = load(sandbox, "import sys\ndef f(): return sys.stdin.read()")
    assert call("f")["ok"] == ""


def test_memory_is_watched(sandbox):
    _, call = load(sandbox, (HOSTILE / "memory_shared.py").read_text())
    with pytest.raises(WorkerEndedError, match=f"more than {MEMORY_MB} MB of memory") as caught:
        call("split_sequence", [], 1)
    assert caught.value.status == "crashed"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no limit for files")
def test_the_size_of_a_file_is_limited(sandbox):
    _, call = load(sandbox, (HOSTILE / "large_file.py").read_text())
    assert "File too large" in call("split_sequence", [], 1)["error"]["message"]


MORE_PROCESSES = """
import subprocess, sys, time
def f():
    while True:
        subprocess.Popen([sys.executable, "-ISc", "import time; time.sleep(1000)"])
"""


@pytest.mark.parametrize("kind", list(kinds()))
def test_processes_are_counted(folder, kind):
    with make_sandbox(kind, processes=5) as sandbox:
        _, call = load(sandbox, MORE_PROCESSES)
        with pytest.raises(WorkerEndedError, match="started more than 5 processes") as caught:
            call("f")
        assert caught.value.status == "crashed"
    assert not alive_in(folder)


@walled
def test_no_fork_bomb_is_faster_than_the_walls(folder):
    with make_sandbox("confined") as sandbox:
        _, call = load(
            sandbox,
            "import resource\ndef f(): return list(resource.getrlimit(resource.RLIMIT_NPROC))",
        )
        soft, hard = call("f")["ok"]
        assert soft == hard
        assert soft - 1_000 < Limits().processes <= soft
        # The limit does not hold for root.
        number = sandbox._template.descendants()[0].uids().real
        assert number == os.getuid() or (os.getuid() == 0 and number in confinement.STRANGERS)


def test_time_is_limited(sandbox):
    worker, call = load(sandbox, "import itertools\ndef f(): sum(itertools.repeat(1))")
    with pytest.raises(WorkerEndedError, match="endless loop") as caught:
        call("f", seconds=0.3)
    assert caught.value.status == "timeout"
    assert worker.ended


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("os._exit(3)", r"\(exit status 3\)"),
        ("os.kill(os.getpid(), signal.SIGABRT)", r"\(SIGABRT\)"),
        ("os.kill(os.getpid(), signal.SIGRTMIN + 2)", r"\(signal 36\)"),
    ],
)
@forking
def test_how_a_worker_ended_is_told(sandbox, statement, words):
    _, call = load(sandbox, f"import os, signal\ndef f(): {statement}")
    with pytest.raises(WorkerEndedError, match=words):
        call("f")


@forking
@pytest.mark.parametrize("name", ["daemon", "daemon_of_another_program", "fork_generations"])
def test_descendants_end_with_the_worker(sandbox, folder, name):
    load(sandbox, "")
    with_one_worker = len(alive_in(folder))
    source = (HOSTILE / f"{name}.py").read_text().replace("from right", "# from right")
    worker, _ = load(sandbox, source)
    # They are still being born; those that live a moment only may never be seen in a list.
    deadline = time.monotonic() + 1
    while len(alive_in(folder)) <= with_one_worker and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.end()
    assert len(alive_in(folder)) == with_one_worker - 1


def test_a_new_worker_ends_the_one_before(sandbox):
    first, _ = load(sandbox, "")
    second, _ = load(sandbox, "")
    assert first.ended
    assert not second.ended


def test_leaving_ends_a_busy_worker(sandbox):
    load(
        sandbox,
        "import threading\nthreading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()",
    )


def test_nothing_that_was_written_stays(sandbox, folder):
    source = (HOSTILE / "leaves_files.py").read_text().replace("from right", "# from right")
    load(sandbox, source)[0].end()
    _, call = load(sandbox, "import os\ndef f(): return os.listdir(os.path.expanduser('~'))")
    assert len(call("f")["ok"]) <= 1  # its own folder


def test_libraries_are_loaded_ahead(template):
    source = "import sys\nTHERE = 'colorsys' in sys.modules\ndef f(): return THERE"
    assert load(template, source)[1]("f")["ok"] is False
    assert load(template, source, modules=["colorsys"])[1]("f")["ok"] is True
    assert load(template, source)[1]("f")["ok"] is True


@forking
def test_a_missing_library_is_named(template):
    with pytest.raises(CourseError, match="expected to import no_such_library, got ModuleNotFound"):
        template.start({}, modules=["no_such_library"])
    load(template, "")


@forking
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_template_that_was_killed_or_stopped_is_replaced(template, folder, monkeypatch, number):
    monkeypatch.setattr(forked, "KILL_SECONDS", 0.2)
    worker, call = load(template, f"import os\ndef f(): os.kill(os.getppid(), {number:d})")
    with contextlib.suppress(WorkerEndedError):  # it may die with its parent before it answers
        call("f")
    worker.end()
    assert not alive_in(folder)
    load(template, "")


@forking
def test_a_template_that_died_between_two_workers_is_replaced(template, folder):
    load(template, "")[0].end()
    (process,) = alive_in(folder)
    process.kill()
    load(template, "")


@forking
def test_a_folder_that_was_removed_is_replaced(template, folder):
    worker, call = load(template, "import shutil\ndef f(path): shutil.rmtree(path)")
    (home,) = folder.iterdir()
    call("f", str(home))
    assert not home.exists()
    worker.end()
    load(template, "")


def test_without_bubblewrap_workers_run_unconfined(folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    confinement._run_as.cache_clear()
    try:
        with Sandbox() as sandbox:
            assert not sandbox.confined
            assert load(sandbox, "def f(): return 1")[1]("f")["ok"] == 1
        with pytest.raises(CourseError, match="a sandbox, since one is required; bubblewrap"):
            Sandbox(require=True)
    finally:
        confinement._run_as.cache_clear()


def test_only_the_wire_and_the_output_are_open(sandbox):
    _, call = load(
        sandbox,
        "import os, stat\n"
        "def f():\n"
        "    there = os.listdir('/proc/self/fd')\n"
        "    return [n for n in map(int, there) if n > 2 and os.path.exists(f'/proc/self/fd/{n}')]",
    )
    assert len(call("f")["ok"]) <= (1 if sandbox._fork else 2)  # spawned: and its grader's end


LEAVES_EVERYTHING = """
import ctypes, json, os, pathlib, signal, subprocess, sys, tempfile
import numpy

def f():
    libc = ctypes.CDLL(None)
    os.environ["PASSED"] = os.environ["PYTHONPATH"] = "1"
    sys.modules["colorsys"] = sys
    sys.path.insert(0, "/passed")
    os.umask(0o777)
    os.nice(5)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    for folder in ("/dev/shm", "/tmp", "/dev/mqueue", tempfile.gettempdir(), os.environ["HOME"]):
        try:
            pathlib.Path(folder, "left-by-a-submission").write_text("passed")
        except OSError:
            pass
    libc.shmget(77, 4096, 0o1666)
    libc.mq_open(b"/passed", os.O_RDWR | os.O_CREAT, 0o666, None)
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    numpy.sum = numpy.random.default_rng = json.loads = __builtins__["len"] = None
"""

LOOKS_AROUND = """
import ctypes, json, os, signal, sys
import numpy

def f():
    home = os.environ["HOME"]
    own = os.getcwd()
    return {
        "environment": dict(os.environ),
        "modules": sorted(sys.modules),
        "functions": [hasattr(part, "__name__") for part in
                      (numpy.sum, numpy.random.default_rng, json.loads, __builtins__["len"])],
        "path": [entry for entry in sys.path if entry != own],
        "umask": os.umask(0),
        "nice": os.nice(0),
        "signals": [signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
                    len(signal.pthread_sigmask(signal.SIG_BLOCK, []))],
        "files": [[name for name in sorted(os.listdir(place)) if os.path.join(place, name) != own]
                  for place in ("/dev/shm", "/tmp", "/dev/mqueue", home) if os.path.exists(place)],
        "own": sorted(os.listdir(own)),
        "shared memory": ctypes.CDLL(None).shmget(77, 4096, 0o666),
        "queue": ctypes.CDLL(None).mq_open(b"/passed", os.O_RDWR),
        "processes": sum(name.isdigit() for name in os.listdir("/proc")),
    }
"""


@walled
def test_nothing_of_one_submission_reaches_the_next(folder):
    with make_sandbox("confined") as sandbox:
        before = load(sandbox, LOOKS_AROUND)[1]("f")["ok"]
        assert before["shared memory"] == before["queue"] == -1
        with pytest.raises(WorkerEndedError, match="exit status 1"):  # it has broken itself, too
            load(sandbox, LEAVES_EVERYTHING)[1]("f")
        after = load(sandbox, LOOKS_AROUND)[1]("f")["ok"]
        for found in (before, after):  # the name of a new template's folder is another
            home = found["environment"]["HOME"]
            found["environment"] = {
                k: v.replace(home, "~") for k, v in found["environment"].items()
            }
            found["files"] = [
                [n for n in names if n != Path(home).name] for names in found["files"]
            ]
        assert after == before


@walled
def test_a_template_goes_on_after_a_well_behaved_submission(folder):
    with make_sandbox("confined") as sandbox:
        load(sandbox, "import tempfile\ntempfile.mkdtemp(dir='/dev/shm')")
        first = sandbox._template
        load(sandbox, "")
        assert sandbox._template is first


@walled
def test_a_sandbox_that_is_required_is_confined(folder):
    with Sandbox(require=True) as sandbox:
        assert sandbox.confined


@walled
def test_walls_hide_the_machine(folder):
    secret = folder.parent / "gradebook.sqlite"
    secret.write_text("grades")
    listener = socket.create_server(("127.0.0.1", 0))
    with make_sandbox("confined") as sandbox, listener:
        _, call = load(
            sandbox,
            "import os, pathlib\n"
            "def exists(path): return os.path.exists(path)\n"
            "def processes(): return sum(name.isdigit() for name in os.listdir('/proc'))\n"
            "def writable(path): return os.access(path, os.W_OK)\n"
            "def connect(port):\n"
            "    import socket\n"
            "    return socket.create_connection(('127.0.0.1', port))\n",
        )
        root = confinement.ROOT
        hidden = [root / "tests", root / "solutions", root / ".git", Path(__file__), Path.home()]
        hidden += [Path("/etc/passwd"), Path("/proc") / str(os.getpid()) / "environ", secret]
        hidden = [path for path in hidden if path != Path("/root")]
        assert [path for path in hidden if call("exists", str(path))["ok"]] == []
        assert call("processes")["ok"] <= 3  # bubblewrap, template, worker
        places = ("/", "/dev", "/tmp", "/usr/bin", sys.prefix, str(root / "course"))
        assert [place for place in places if call("writable", place)["ok"]] == []
        assert call("writable", "/dev/shm")["ok"]
        assert (
            call("connect", listener.getsockname()[1])["error"]["type"] == "ConnectionRefusedError"
        )


@pytest.mark.skipif(
    not confinement._strangers_work(), reason="only root can run workers as somebody else"
)
def test_without_walls_root_runs_workers_as_a_stranger(monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp") as name, make_sandbox("unconfined") as sandbox:
        place = Path(name)
        place.chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", name)
        (place / "solutions").mkdir(mode=0o700)
        (place / "solutions" / "week.py").write_text("the answer")
        (place / "gradebook.sqlite").write_text("grades")
        _, call = load(
            sandbox,
            "import os, pathlib, subprocess\n"
            "def read(path): return pathlib.Path(path).read_text()\n"
            "def write(path): pathlib.Path(path).write_text('full marks')\n"
            "def linger():\n"
            "    subprocess.Popen(['sleep', '1000'], start_new_session=True, env={})\n"
            "    return os.getuid()\n",
        )
        assert call("read", str(place / "solutions" / "week.py"))["error"]["type"] == (
            "PermissionError"
        )
        assert call("write", str(place / "gradebook.sqlite"))["error"]["type"] == "PermissionError"
        stranger = call("linger")["ok"]
        assert stranger in confinement.STRANGERS
        sandbox.close()
        left = [process for process in psutil.process_iter() if process.uids().real == stranger]
        assert not [*filter(lives, left)]
        assert sorted(path.name for path in place.iterdir()) == ["gradebook.sqlite", "solutions"]


GRADER = """
import sys, tempfile
from course.sandbox.launcher import Sandbox
kind, tempfile.tempdir = sys.argv[1:]
sandbox = Sandbox(confine=kind == "confined", fork=kind != "spawned")
worker = sandbox.start({"week.py": b"print('loaded', flush=True)\\nwhile True: pass"})
print("ready", flush=True)
worker.request({"op": "load", "module": "week"}, None, 1000.0)
"""


@pytest.mark.parametrize("kind", list(kinds()))
def test_nothing_outlives_a_grader_that_was_killed(folder, kind):
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER, kind, str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(confinement.ROOT)},
    )
    with grader:
        assert grader.stdout.readline() == b"ready\n"
        family = psutil.Process(grader.pid).children(recursive=True)
        assert family
        grader.kill()
    deadline = time.monotonic() + SECONDS
    while (alive := [*filter(lives, family), *alive_in(folder)]) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive


@pytest.mark.skipif(os.name != "posix", reason="folders have no permissions")
def test_awkward_folders_are_removed(tmp_path):
    top = tmp_path / "top"
    inner = top
    for _ in range(500):
        inner /= "d"
    inner.mkdir(parents=True)
    (top / "locked" / "in").mkdir(parents=True)
    (top / "locked").chmod(0)
    (tmp_path / "kept").mkdir()
    (top / "link").symlink_to(tmp_path / "kept")
    processes.remove(top)
    assert not top.exists()
    assert (tmp_path / "kept").exists()
    shutil.rmtree(tmp_path / "kept")
