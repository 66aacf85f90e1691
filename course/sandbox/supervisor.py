"""The grader's grip on one worker: speaks with it under limits, and ends it for certain."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from course.language import say
from course.sandbox import wire
from course.sandbox.channel import Channel, ChannelClosedError, ChannelTimeoutError
from course.sandbox.processes import START_SECONDS, Process, use_more_memory

KEPT_OUTPUT = 20_000  # bytes of what a submission prints
CATCH_UP_SECONDS = 0.1
CAN_POLL = hasattr(select, "poll")  # not on Windows


class WorkerEndedError(Exception):
    """The worker did not answer; `status` is the check's: "timeout" or "crashed"."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Limits:
    """What one worker may use, with all that it starts.

    Attributes:
        memory_mb: memory, in MiB.
        processes: how many there may be at once.
        output_mb: what it prints, in MiB; only the beginning is kept.
        disk_mb: what it keeps in files, in MiB, where it is confined. One file may have
            `worker.FILE_MB` anywhere.
    """

    memory_mb: int = 4_096
    processes: int = 256
    output_mb: int = 1_024
    disk_mb: int = 1_024


class Worker:
    """One submission's process.

    Args:
        process: the process.
        output: descriptor from which to read what it prints; owned by the worker from now on.
        limits: what it may use.
    """

    def __init__(self, process: Process, output: int, limits: Limits) -> None:
        self._channel = Channel(process.sock, self._check_use)
        self._process = process
        self._limits = limits
        self._output = _Output(output)
        self.ended = False

    def send_files(self, files: Mapping[str, bytes]) -> None:
        self._guarded(lambda: self._channel.send(dict(files), seconds=START_SECONDS), START_SECONDS)

    def request(
        self, message: dict[str, Any], to_handle: wire.ToHandle, seconds: float
    ) -> dict[str, Any]:
        """Sends a request for the host and waits for its reply.

        Raises:
            WorkerEndedError: no valid reply came in `seconds`; the worker has been killed.
            wire.WireError: the request itself holds something that cannot cross.
        """

        def converse() -> Any:
            self._channel.send(message, to_handle, seconds)
            return self._receive(seconds)

        return self._guarded(converse, seconds)

    def output(self) -> str:
        """What the submission printed so far, shortened; all of it is there after `end`."""
        return self._output.text()

    def forget_output(self) -> None:
        """Leaves out of `output`, from now on, what was printed before."""
        self._output.forget()

    def end(self) -> str:
        """Kills the process with all that it started. Says how it ended, if by itself."""
        if self.ended:
            return ""
        self.ended = True
        self._channel.close()
        how = self._process.end()
        self._output.close()
        return how

    def _receive(self, seconds: float) -> dict[str, Any]:
        try:
            reply = self._channel.receive(seconds)
        except wire.WireError as error:
            raise WorkerEndedError(
                "crashed", say("your program sent no valid answer: {error}", error=error)
            ) from None
        if type(reply) is not dict or len(reply) != 1 or not reply.keys() <= {"ok", "error"}:
            raise WorkerEndedError("crashed", say("your program sent no valid answer"))
        return reply

    def _guarded(self, converse: Callable[[], Any], seconds: float) -> Any:
        try:
            return converse()
        except ChannelTimeoutError:
            self.end()
            raise WorkerEndedError(
                "timeout",
                say(
                    "no answer within {seconds} seconds: is there an endless loop?",
                    seconds=f"{seconds:.0f}",
                ),
            ) from None
        except ChannelClosedError:
            how = self.end()
            raise WorkerEndedError(
                "crashed", say("your program ended before it answered") + how
            ) from None
        except WorkerEndedError:
            self.end()
            raise

    def _check_use(self) -> None:
        family, limits = self._process.family(), self._limits
        if len(family) > limits.processes:
            excess = say("your program started more than {n} processes", n=limits.processes)
        elif use_more_memory(family, limits.memory_mb * 2**20):
            excess = say("your program used more than {n} MB of memory", n=limits.memory_mb)
        elif self._output.n_bytes > limits.output_mb * 2**20:
            excess = say("your program printed more than {n} MB", n=limits.output_mb)
        else:
            return
        raise WorkerEndedError("crashed", excess)


class _Output:
    """Reads what a worker prints for as long as it prints, and keeps the beginning."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._kept = b""
        self._forgotten = 0  # bytes
        self.n_bytes = 0
        self._ended = False
        self._reading = threading.Lock()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Waits until all is read, but not for a process that has escaped and keeps printing."""
        self._thread.join(timeout=1)

    def text(self) -> str:
        self._catch_up()
        text = self._kept.decode("utf-8", "replace")
        left_out = self.n_bytes - self._forgotten - len(self._kept)
        return (
            f"{text}\n[{say('{n} more bytes left out', n=f'{left_out:,}')}]" if left_out else text
        )

    def forget(self) -> None:
        self._catch_up()
        with self._reading:
            self._kept, self._forgotten = b"", self.n_bytes

    def _catch_up(self) -> None:
        """Reads what is there now: when an answer has come, what was printed before it has, too."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        if CAN_POLL:
            with self._reading:
                while not self._ended and self._wait(0) and time.monotonic() < deadline:
                    self._read()

    def _drain(self) -> None:
        while not self._ended:
            if CAN_POLL:
                self._wait(None)
            with self._reading:
                # What was there may have been read meanwhile, and then reading would wait, for what
                # only comes after those who wait for the lock have gone on.
                if not CAN_POLL or self._wait(0):
                    self._read()
        os.close(self._descriptor)

    def _wait(self, seconds: float | None) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(seconds))

    def _read(self) -> None:
        chunk = b"" if self._ended else os.read(self._descriptor, 65_536)
        self._ended = not chunk
        self.n_bytes += len(chunk)
        self._kept += chunk[: KEPT_OUTPUT - len(self._kept)]
