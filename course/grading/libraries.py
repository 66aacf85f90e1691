"""Which heavy libraries an answer needs, read from its text.

They are loaded before the submission's process is forked. Otherwise each process would spend
seconds on importing TensorFlow, and take them from the time that a check has.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

from course.lazy import HEAVY
from course.source import bound_names, parse_source


def libraries_used(source: str, function: str) -> set[str]:
    """The heavy libraries that importing a module and calling one of its functions loads.

    Args:
        source: the module's text.
        function: the function's name.

    Raises:
        SourceProblem: the text does not parse.
    """
    definitions, at_import = _outline(source)
    waiting = [*at_import, *filter(None, [definitions.get(function)])]
    reached: set[ast.AST] = set()
    libraries: set[str] = set()
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Import | ast.ImportFrom):
                libraries |= _imported(node)
            elif isinstance(node, ast.Name) and node.id in definitions:
                used = definitions[node.id]
                if used not in reached:
                    reached.add(used)
                    waiting.append(used)
    return libraries


@functools.lru_cache(maxsize=16)  # it is asked for every exercise of a module
def _outline(source: str) -> tuple[dict[str, ast.stmt], list[ast.AST]]:
    """What each top-level name is bound to, and what runs at import."""
    tree = parse_source(source, "the module")
    definitions = {name: node for node in tree.body for name in bound_names(node)}
    return definitions, [part for node in tree.body for part in _run_at_import(node)]


def _run_at_import(node: ast.stmt) -> Iterator[ast.AST]:
    """What of a top-level statement runs when the module is imported."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from (*node.decorator_list, node.args)
        case ast.Import():
            return  # it is deferred until one of its names is used
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return
        case _:
            yield node


def _imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        modules = [node.module or ""] if not node.level else []
    else:
        modules = [alias.name for alias in node.names]
    return {module.partition(".")[0] for module in modules} & HEAVY
