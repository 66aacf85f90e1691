"""Tells when files of a folder change."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import watchfiles

# An editor's save is several changes within a millisecond or two. Its usual 50 ms step would be
# half of the time in which a student is answered.
STEP_MS, DEBOUNCE_MS = 10, 100
LOOK_ANYWAY_MS = 1_000  # for file systems that tell nothing: network drives, shared folders
RETRY_SECONDS = 0.5


@contextlib.contextmanager
def watching(folder: Path, on_change: Callable[[set[str]], None]) -> Iterator[None]:
    """Within, calls `on_change` with the names of changed files, in a thread of its own.

    At least every second it calls with no names, for what was missed and for folders that come and
    go.
    """
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            try:
                watched = _identity(folder)
                for changes in watchfiles.watch(
                    folder,
                    watch_filter=None,
                    debounce=DEBOUNCE_MS,
                    step=STEP_MS,
                    stop_event=stop,
                    rust_timeout=LOOK_ANYWAY_MS,
                    yield_on_timeout=True,
                    recursive=False,
                ):
                    on_change({Path(path).name for _, path in changes})
                    if _identity(folder) != watched:
                        break  # another folder of that name: notifications are about the old one
            except (OSError, RuntimeError):  # it is not there
                pass
            on_change(set())
            stop.wait(RETRY_SECONDS)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(2 * LOOK_ANYWAY_MS / 1_000)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
