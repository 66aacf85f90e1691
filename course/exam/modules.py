"""The module of one exam task: what its exercise needs from the solution, and no more."""

from __future__ import annotations

import ast
import builtins
import functools
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from course.catalogue import find_exercises, parse_solution
from course.outline import first_line, last_line, last_line_with_comments
from course.source import bound_names

_Import = ast.Import | ast.ImportFrom
# As in stubs: a student will need them, and they give nothing away.
_LIBRARIES = ("numpy", "keras", "tensorflow")
_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__"}


@dataclass(frozen=True)
class TaskModule:
    """Cuts modules of single exercises out of a week's solution.

    Args:
        text: the solution module.
        week: its name.
        exercise: the exercise's name.
        graders: the text of the week's graders, which may call other exercises as well.
    """

    text: str
    week: str
    exercise: str
    graders: str = ""

    @cached_property
    def given(self) -> frozenset[str]:
        """The other exercises of the week that this one builds upon; the task shows them solved."""
        reached = self._reach(self._names_of_answer(self._function) | self._called_by_graders)
        return frozenset(reached & self._exercises.keys() - {self.exercise})

    def stub(self) -> str:
        """The exercise as in the stub, to be written."""
        body = [
            "    # TODO: your code here, in place of the next line.",
            f'    raise NotImplementedError("{self.exercise} is still to be written")',
        ]
        return self._compose("\n".join([self._head, *body]), set())

    def with_body(self, body: str) -> str:
        """The exercise with another body, indented as in a function."""
        names = free_names([ast.parse(textwrap.dedent(body))])
        return self._compose(f"{self._head}\n{body}", names)

    def solved(self) -> str:
        """The exercise as the solution has it."""
        return self._compose(self._source(self._function), self._names_of_answer(self._function))

    def can_use(self, names: Iterable[str]) -> bool:
        """Whether all these names are there for the exercise's body, without giving it away."""
        return set(names) <= _BUILTINS | self._definitions.keys() - {self.exercise, "main"}

    @cached_property
    def signature(self) -> tuple[str, ...]:
        """The names of the arguments, and their defaults."""
        return signature_of(self._function)

    # -- the solution, taken apart -------------------------------------------------------------

    @cached_property
    def _tree(self) -> ast.Module:
        return _parse(self.text, f"{self.week}.py")

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def _exercises(self) -> dict[str, tuple[ast.FunctionDef, ast.Call]]:
        found = find_exercises(self._tree, f"{self.week}.py")
        return {function.name: (function, call) for function, call in found}

    @cached_property
    def _function(self) -> ast.FunctionDef:
        return self._exercises[self.exercise][0]

    @cached_property
    def _definitions(self) -> dict[str, ast.stmt]:
        return {name: node for node in self._tree.body for name in bound_names(node)}

    @cached_property
    def _head(self) -> str:
        """The exercise up to the end of its docstring."""
        start, end = self._function.lineno, last_line(self._function.body[0])
        return "\n".join(self._lines[start - 1 : end])

    @cached_property
    def _offered(self) -> set[str]:
        """Public helpers and other exercises that the solution or the graders use."""
        used = self._names_of_answer(self._function) | self._called_by_graders
        return {
            name
            for name in used & self._definitions.keys()
            if not name.startswith("_") and not isinstance(self._definitions[name], _Import)
        }

    # -- what is needed ------------------------------------------------------------------------

    def _reach(self, names: Iterable[str]) -> set[str]:
        """The module's names among these, with all that their definitions use."""
        reached: set[str] = set()
        waiting = [name for name in names if name in self._definitions]
        while waiting:
            name = waiting.pop()
            if name in reached or name == self.exercise:
                continue
            reached.add(name)
            node = self._definitions[name]
            if not isinstance(node, _Import):
                waiting += [other for other in self._names_of(node) if other in self._definitions]
        return reached

    def _names_of(self, node: ast.stmt) -> set[str]:
        """The names that a statement uses; the course's own decorator is none of them."""
        if isinstance(node, ast.FunctionDef) and node.name in self._exercises:
            return self._names_of_answer(node)
        return free_names([node])

    def _names_of_answer(self, function: ast.FunctionDef) -> set[str]:
        own = self._exercises[function.name][1]
        parts: list[ast.AST] = [function.args, *function.body]
        parts += filter(None, [function.returns])
        parts += [decorator for decorator in function.decorator_list if decorator is not own]
        return free_names(parts)

    @cached_property
    def _called_by_graders(self) -> set[str]:
        """What the graders of this exercise call of the submission."""
        called: set[str] = set()
        for node in _parse_graders(self.graders).body:
            if isinstance(node, ast.FunctionDef) and self._checks_this(node):
                called |= {
                    part.attr
                    for part in ast.walk(node)
                    if isinstance(part, ast.Attribute)
                    and isinstance(part.value, ast.Name)
                    and part.value.id == "submission"
                }
        return called

    def _checks_this(self, check: ast.FunctionDef) -> bool:
        return any(
            isinstance(decorator, ast.Call)
            and ast.unparse(decorator.func) == "pytest.mark.exercise"
            and [ast.unparse(argument) for argument in decorator.args] == [repr(self.exercise)]
            for decorator in check.decorator_list
        )

    # -- putting it together -------------------------------------------------------------------

    def _compose(self, answer: str, names: set[str]) -> str:
        """A module with `answer`, the names that it uses, and all that a student may build upon."""
        kept = self._reach(names | self._offered)
        title = (ast.get_docstring(self._tree) or "").partition("\n")[0]
        imports = [
            self._import(node, kept) for node in self._tree.body if isinstance(node, _Import)
        ]
        parts = ["\n\n".join([f'"""{title}"""', "\n".join(filter(None, imports))]).rstrip("\n")]
        for node in self._tree.body:
            if node is self._function:
                parts.append(answer)
            elif not isinstance(node, _Import) and kept & set(bound_names(node)):
                parts.append(self._source(node))
        return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"

    def _import(self, node: _Import, kept: set[str]) -> str:
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        names = [
            alias
            for alias in node.names
            if (alias.asname or alias.name.partition(".")[0]) in kept
            or (module or alias.name) in _LIBRARIES
        ]
        if not names:
            return ""
        copy = ast.ImportFrom(module, names, 0) if module else ast.Import(names)
        return ast.unparse(copy)

    def _source(self, node: ast.stmt) -> str:
        """A definition's text, without the course's decorator, comments above it included."""
        end = last_line_with_comments(self._lines, node)
        if isinstance(node, ast.FunctionDef) and node.name in self._exercises:
            call = self._exercises[node.name][1]
            others = [one for one in node.decorator_list if one is not call]
            start = min([node.lineno, *(one.lineno for one in others)])
            return "\n".join(self._lines[start - 1 : end])
        start = first_line(node)
        while start > 1 and self._lines[start - 2].startswith("#"):
            start -= 1
        return "\n".join(self._lines[start - 1 : end])


@functools.lru_cache(maxsize=2)  # a week's exercises are asked for one after the other
def _parse(text: str, label: str) -> ast.Module:
    return parse_solution(text, label)


@functools.lru_cache(maxsize=2)
def _parse_graders(text: str) -> ast.Module:
    return ast.parse(text)


def free_names(parts: Iterable[ast.AST]) -> set[str]:
    """The names that code uses and does not bind itself."""
    used: set[str] = set()
    bound: set[str] = set()
    for node in (node for part in parts for node in ast.walk(part)):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias():
                bound.add(node.asname or node.name.partition(".")[0])
    return used - bound


def signature_of(function: ast.FunctionDef) -> tuple[str, ...]:
    """The names of the arguments and the text of their defaults, without annotations."""
    names = [node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)]
    defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
    return (*names, *map(ast.unparse, defaults))
