"""The submission in the grader's own process, for debuggers (`course check --in-process`)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course.sandbox import wire
from course.sandbox.host import Host


class InProcess:
    """Stands in for a sandbox. Nothing is confined: an endless loop is endless.

    Values still cross the wire, so what is accepted here is accepted there.

    Args:
        folder: where the submission's files lie; breakpoints in them are met.
        root: the checkout, whose `datasets` the submission may import.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder.resolve()
        if str(root) not in sys.path:
            sys.path.append(str(root))

    def start(self, files: Mapping[str, bytes], modules: tuple[str, ...]) -> _Worker:
        return _Worker(Host(self._folder))


class _Worker:
    ended = False

    def __init__(self, host: Host) -> None:
        self._host = host

    def request(
        self, message: dict[str, Any], to_handle: wire.ToHandle, seconds: float
    ) -> dict[str, Any]:
        reply = self._host.respond(_across(message, to_handle))
        try:
            return _across(reply, self._host.to_handle)
        except wire.WireError as error:
            return {"error": self._host.describe_error(error)}

    def output(self) -> str:
        return ""  # it went to the terminal

    def forget_output(self) -> None:
        pass

    def end(self) -> None:
        self.ended = True


def _across(value: Any, to_handle: wire.ToHandle) -> Any:
    skeleton, buffers = wire.encode(value, to_handle)
    return wire.decode(skeleton, b"".join(buffers))
