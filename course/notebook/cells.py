"""From the cells that were run to a module with what one function needs.

What only shows, plots or trains is left out, so that a check does not repeat it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from course.outline import Definition, first_line, last_line
from course.source import SourceProblem, bound_names, parse_source

SIMPLE = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, *Definition.__args__)


def module_text(cells: Sequence[str], name: str) -> str:
    """The statements that define a name and all that it uses, each as it was run last.

    Args:
        cells: the code of the cells in the order in which they were run.
        name: the function.
    """
    statements = [pair for cell in cells for pair in _statements(cell)]
    bound = [_bound(statement) for statement, _ in statements]
    chosen: set[int] = set()
    known: set[str] = set()
    waiting = [name, "*"]
    while waiting:
        wanted = waiting.pop()
        known.add(wanted)
        for number in _bindings(wanted, statements, bound):
            chosen.add(number)
            waiting += _names(statements[number][0]) - known
    return "\n\n".join(statements[number][1] for number in sorted(chosen)) + "\n"


def _bindings(
    name: str, statements: list[tuple[ast.stmt, str]], bound: list[set[str]]
) -> Iterator[int]:
    """The statements that give a name its value, from the last one back."""
    for number in reversed(range(len(statements))):
        if name in bound[number]:
            yield number
            statement = statements[number][0]
            reads_it = not isinstance(statement, Definition) and name in _names(statement, ast.Load)
            if isinstance(statement, SIMPLE) and name != "*" and not reads_it:
                return


def _statements(cell: str) -> Iterator[tuple[ast.stmt, str]]:
    try:
        tree = parse_source(cell, "a cell")
    except SourceProblem:
        return
    lines = cell.split("\n")
    for node in tree.body:
        if isinstance(node, Definition):
            yield node, "\n".join(lines[first_line(node) - 1 : last_line(node)])
        elif not isinstance(node, ast.Expr):
            yield node, ast.get_source_segment(cell, node) or ""


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement binds, those in its blocks included."""
    if isinstance(statement, SIMPLE) and (names := set(bound_names(statement))):
        return names
    return _names(statement, ast.Store) | {
        name
        for node in ast.walk(statement)
        if isinstance(node, Definition | ast.Import | ast.ImportFrom)
        for name in bound_names(node)
    }


def _names(statement: ast.stmt, context: type[ast.expr_context] = ast.expr_context) -> set[str]:
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, context)
    }
