"""The terminal that `course watch` takes over: its keys, its size, and frames drawn on it."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

ENTER, LEAVE = "\033[?1049h\033[?25l", "\033[?25h\033[?1049l"  # a screen of its own, no cursor
HOME, TO_LINE_END, TO_SCREEN_END = "\033[H", "\033[K", "\033[J"
KEY_POLL_SECONDS = 0.2


class Terminal:
    """Draws frames, and tells of each key. A context manager; leaving it restores the terminal.

    Args:
        on_key: called with each key, in a thread of its own.
        on_change: called when the size has changed or the terminal was given back to us.
    """

    def __init__(self, on_key: Callable[[str], None], on_change: Callable[[], None]) -> None:
        self._on_key = on_key
        self._on_change = on_change
        self._left = threading.Event()
        self._reader = threading.Thread(target=self._read_keys, daemon=True)
        self._restore = contextlib.ExitStack()

    @staticmethod
    def available() -> bool:
        return sys.stdin.isatty() and sys.stdout.isatty()

    @property
    def coloured(self) -> bool:
        return "NO_COLOR" not in os.environ

    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return shutil.get_terminal_size()

    def __enter__(self) -> Terminal:
        self._restore.enter_context(_single_keys())
        self._restore.enter_context(_signals(self._on_change))
        self._write(ENTER)
        self._restore.callback(self._write, LEAVE)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._restore.close()
        self._reader.join(2 * KEY_POLL_SECONDS)

    def draw(self, lines: Sequence[str]) -> None:
        # Over what is there, line by line: clearing first would flicker.
        text = "\n".join(line + TO_LINE_END for line in lines)
        self._write(f"{HOME}{text}{TO_SCREEN_END}")

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Within, another program has the screen; what it printed stays above ours."""
        self._write(LEAVE)
        try:
            yield
        finally:
            self._write(ENTER)

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the window was closed; a signal says so, too
            sys.stdout.write(text)
            sys.stdout.flush()

    def _read_keys(self) -> None:
        while not self._left.is_set():
            key = _read_key(KEY_POLL_SECONDS)
            if key is not None:
                self._on_key(key)
            if key == "":  # no terminal any more
                return


if sys.platform == "win32":
    import msvcrt
    import time

    def _read_key(seconds: float) -> str | None:
        deadline = time.monotonic() + seconds
        while not msvcrt.kbhit():
            if time.monotonic() > deadline:
                return None
            time.sleep(0.02)
        return msvcrt.getwch()

    @contextlib.contextmanager
    def _single_keys() -> Iterator[None]:
        os.system("")  # switches the console's escape sequences on
        yield

    @contextlib.contextmanager
    def _signals(on_change: Callable[[], None]) -> Iterator[None]:
        yield

else:
    import termios
    import tty

    def _read_key(seconds: float) -> str | None:
        """The next key; None when there is none in time, and nothing when there will be none."""
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        if not ready:
            return None
        with contextlib.suppress(OSError):
            return os.read(sys.stdin.fileno(), 16).decode(errors="replace")
        return ""

    @contextlib.contextmanager
    def _single_keys() -> Iterator[None]:
        before = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin)
        try:
            yield
        finally:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

    @contextlib.contextmanager
    def _signals(on_change: Callable[[], None]) -> Iterator[None]:
        """Size changes, waking up after Ctrl-Z, and being told to leave."""

        def woken(number: int, frame: object) -> None:
            tty.setcbreak(sys.stdin)
            sys.stdout.write(ENTER)
            on_change()

        def resized(number: int, frame: object) -> None:
            on_change()

        def leave(number: int, frame: object) -> None:
            raise SystemExit(128 + number)

        handlers: dict[signal.Signals, Any] = {
            signal.SIGWINCH: resized,
            signal.SIGCONT: woken,
            signal.SIGTERM: leave,
            signal.SIGHUP: leave,
        }
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
