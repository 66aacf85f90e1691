"""Frames over a socket, with a deadline."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from course.sandbox import wire

# How often a waiting grader looks at the clock and at the worker's memory.
POLL_SECONDS = 0.1


class ChannelTimeoutError(Exception):
    """The deadline passed before the whole frame was sent or received."""


class ChannelClosedError(Exception):
    """The other side is gone."""


class Channel:
    """One end of the conversation between the grader and a worker.

    Args:
        sock: a connected stream socket, owned by the channel from now on.
        while_waiting: called about every `POLL_SECONDS` of an exchange; what it raises ends it.
    """

    def __init__(
        self, sock: socket.socket, while_waiting: Callable[[], None] = lambda: None
    ) -> None:
        self._socket = sock
        self._while_waiting = while_waiting
        self._next_look = 0.0

    def send(
        self, value: Any, to_handle: wire.ToHandle | None = None, seconds: float | None = None
    ) -> None:
        """Sends one value; see `receive` for the errors."""
        deadline = _deadline(seconds)
        for part in wire.pack_frame(value, to_handle):
            view = memoryview(part).cast("B")
            while view.nbytes:
                view = view[self._patiently(partial(self._socket.send, view), deadline) :]

    def receive(self, seconds: float | None = None) -> Any:
        """Waits for the next value.

        Raises:
            ChannelTimeoutError: the value did not arrive within `seconds` (None: no limit).
            ChannelClosedError: the other side is gone.
            wire.WireError: what arrived is not a valid frame.
        """
        deadline = _deadline(seconds)
        header = self._read(wire.HEADER_SIZE, deadline)
        skeleton_length, buffers_length = wire.unpack_header(bytes(header))
        skeleton = self._read(skeleton_length, deadline)
        return wire.decode(skeleton, self._read(buffers_length, deadline))

    def close(self) -> None:
        self._socket.close()

    def _read(self, n_bytes: int, deadline: float | None) -> bytearray:
        received = bytearray()
        while len(received) < n_bytes:
            size = min(n_bytes - len(received), 1 << 20)
            chunk = self._patiently(partial(self._socket.recv, size), deadline)
            if not chunk:
                raise ChannelClosedError
            received += chunk
        return received

    def _patiently(self, operation: Callable[[], Any], deadline: float | None) -> Any:
        # The clock is looked at even when all goes well: byte by byte, a frame can take for ever.
        self._socket.settimeout(None if deadline is None else POLL_SECONDS)
        while True:
            self._look(deadline)
            try:
                return operation()
            except TimeoutError:
                continue
            except OSError as error:
                raise ChannelClosedError from error

    def _look(self, deadline: float | None) -> None:
        now = time.monotonic()
        if deadline is not None and now > deadline:
            raise ChannelTimeoutError
        if now > self._next_look:
            self._next_look = now + POLL_SECONDS
            self._while_waiting()


def _deadline(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds
