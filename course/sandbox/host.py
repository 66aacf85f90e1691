"""The worker's half of the conversation: holds the submission and answers requests about it.

Nothing here is trusted by the grader: a submission shares this process and may change all of it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from course.sandbox import fresh
from course.sandbox.wire import HandleRef, WireError

MAX_TEXT = 2_000  # characters of an error's message


class Host:
    """Executes requests: plain dicts in, plain dicts out.

    A request is `{"op": name, ...}`; the operations are this class's `op_*` methods. The reply is
    `{"ok": value}` or `{"error": {"type", "message", "line", "text", "function"}}`.

    Args:
        folder: the directory that holds the submission's files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._objects: dict[int, Any] = {}
        self._used = False

    def respond(self, request: dict[str, Any]) -> dict[str, Any]:
        arguments = {name: value for name, value in request.items() if name != "op"}
        try:
            return {"ok": getattr(self, f"op_{request['op']}")(**self._resolved(arguments))}
        except BaseException as error:  # SystemExit and KeyboardInterrupt are answers too
            return {"error": self.describe_error(error)}

    def to_handle(self, value: Any) -> HandleRef:
        """Keeps an object that cannot cross and returns the reference that can."""
        number = len(self._objects)
        self._objects[number] = value
        kind = type(value)
        return HandleRef(number, f"{kind.__module__}.{kind.__qualname__}"[:MAX_TEXT])

    def op_load(self, module: str) -> ModuleType:
        """Imports the submission's module, afresh, from its folder. Handles given out so far no
        longer stand for anything."""
        if self._used:
            self._objects.clear()
            fresh.forget(self._folder)
        self._used = True
        path = self._folder / f"{module}.py"
        # Behind everything else, so that a file named numpy.py shadows nothing.
        if str(self._folder) not in sys.path:
            sys.path.append(str(self._folder))
        spec = importlib.util.spec_from_file_location(module, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} cannot be imported")
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[module] = loaded
        spec.loader.exec_module(loaded)
        return loaded

    def op_begin(self, seed: int) -> None:
        """Makes ready for a check."""
        fresh.begin(seed)

    def op_module(self, name: str) -> ModuleType:
        """Imports a library module."""
        return importlib.import_module(name)

    def op_define(self, source: str, name: str) -> Any:
        """Runs a grader's source text and returns what it defines under that name."""
        namespace: dict[str, Any] = {"__name__": "helper"}
        exec(source, namespace)
        return namespace[name]

    def op_get(self, target: Any, name: str) -> Any:
        return getattr(target, name)

    def op_set(self, target: Any, name: str, value: Any) -> None:
        setattr(target, name, value)

    def op_item(self, target: Any, key: Any) -> Any:
        return target[key]

    def op_call(self, target: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return target(*args, **kwargs)

    def describe_error(self, error: BaseException) -> dict[str, Any]:
        """What went wrong, where in the submission, as plain text."""
        try:
            message = str(error)[:MAX_TEXT]
        except BaseException:  # a broken __str__ is the submission's, too
            message = "(its message cannot be shown)"
        where = self._innermost_frame(error)
        bases = [base.__name__[:MAX_TEXT] for base in type(error).__mro__[:20]]
        return {
            # Students know a MemoryError, and not NumPy's _ArrayMemoryError.
            "type": next((name for name in bases if not name.startswith("_")), bases[0]),
            "bases": bases,
            "message": message,
            "refused": isinstance(error, WireError),
            "line": where.lineno if where else None,
            "text": (where.line or "")[:MAX_TEXT] if where else None,
            "function": where.name if where else None,
        }

    def _innermost_frame(self, error: BaseException) -> traceback.FrameSummary | None:
        # A recursion error has thousands of frames; the last ones hold the submission's line.
        frames = traceback.extract_tb(error.__traceback__, limit=-50)
        inside = [frame for frame in frames if frame.filename.startswith(str(self._folder))]
        return inside[-1] if inside else None

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, HandleRef):
            return self._objects[value.id]
        if type(value) in (list, tuple):
            return type(value)(self._resolved(item) for item in value)
        if type(value) is dict:
            return {key: self._resolved(item) for key, item in value.items()}
        return value
