"""Heavy libraries load on first use, and TensorFlow loads without its start-up noise.

`import keras` stands at the top of every week's module, yet most functions of a week need only
NumPy. With `install()` the import statement costs a file look-up, and the library is loaded when
one of its names is first used.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

# Every command imports this file, so what few need is imported where it is used.
if TYPE_CHECKING:
    from importlib.abc import Loader

HEAVY = frozenset({"keras", "matplotlib", "pandas", "pooch", "scipy", "sklearn", "tensorflow"})
# TensorFlow reads these when it is loaded. Level 3 keeps fatal errors.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "ABSL_MIN_LOG_LEVEL": "3", "GRPC_VERBOSITY": "ERROR"}


def install() -> None:
    """Defer heavy imports in this process. Calling it twice does no more than once."""
    if not any(isinstance(finder, _HeavyFinder) for finder in sys.meta_path):
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        sys.meta_path.insert(0, _HeavyFinder())


def load(name: str) -> None:
    """Import a library for good, now."""
    _load(importlib.import_module(name))


def is_loaded(name: str) -> bool:
    """Whether a library has been imported, and not only put off."""
    module = sys.modules.get(name)
    return module is not None and not _is_deferred(module)


class _HeavyFinder:
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        parent, _, _ = fullname.rpartition(".")
        if fullname not in HEAVY and not _is_deferred(sys.modules.get(parent)):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _DeferringLoader(spec.loader)  # type: ignore[assignment]
        return spec


class _DeferringLoader:
    """Puts off what `loader` does until an attribute of the module is missed.

    The standard library's LazyLoader does not serve here: it loads at any access, even when
    `inspect` or pytest go through all modules and ask for their file.
    """

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = _DeferredModule


class _DeferredModule(ModuleType):
    def __getattr__(self, name: str) -> object:
        if name in ("__wrapped__", "__warningregistry__"):  # asked of every module by inspection
            raise AttributeError(name)
        _load(self)
        return ModuleType.__getattribute__(self, name)


_loading = threading.RLock()


def _is_deferred(module: ModuleType | None) -> bool:
    # A module that is being loaded has its own loader again. It changes its class only afterwards,
    # so that other threads wait for it.
    return type(module) is _DeferredModule and isinstance(module.__loader__, _DeferringLoader)


def _load(module: ModuleType) -> None:
    with _loading:
        spec: Any = module.__spec__
        package = sys.modules.get(spec.name.rpartition(".")[0])
        if package is not None and _is_deferred(package):
            _load(package)  # a package comes before its modules
        if not _is_deferred(module):
            return  # another thread, or the package itself, was faster
        deferring = spec.loader
        spec.loader = module.__loader__ = deferring.loader
        try:
            with _quietly(spec.name):
                spec.loader.exec_module(module)
        except BaseException:
            spec.loader = module.__loader__ = deferring  # the next use fails in the same way
            raise
        module.__class__ = ModuleType


@contextlib.contextmanager
def _quietly(name: str) -> Iterator[None]:
    if name != "tensorflow":
        yield
        return
    import logging

    # Retracing is what small models of many shapes do; nobody here can help it.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with _stderr_kept_back():
        yield


@contextlib.contextmanager
def _stderr_kept_back() -> Iterator[None]:
    import tempfile

    # The messages come from C++ before any log level is read, so only the descriptor helps.
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all, nothing to keep back
        yield
        return
    with tempfile.TemporaryFile() as noise:
        sys.stderr.flush()
        os.dup2(noise.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            noise.seek(0)
            os.write(2, noise.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
