"""Which names a part of a function needs from it and leaves to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from core.adapters.radon.advice.statements import nodes
from core.adapters.radon.fast.tree_counts import Function


class Names:
    """Reads and writes of the local names of one function, by line."""

    def __init__(self, function: Function) -> None:
        self._parameters = {argument.arg for argument in _arguments(function.args)}
        self._reads, self._writes = _uses(function.body)

    def around(self, statements: Sequence[ast.stmt], *, in_loop: bool) -> tuple[list[str], list[str]]:
        """Return the local names that a part reads and does not make itself, and those it makes and others read.

        Others are behind it, or anywhere where a loop is around it.
        """
        first, last = statements[0].lineno, statements[-1].end_lineno or statements[-1].lineno
        reads, writes = _uses(statements)
        takes = [name for name, lines in reads.items() if self._comes_from_outside(name, lines, writes.get(name, []), first, last)]
        gives = [name for name in writes if any(line > last or (in_loop and line < first) for line in self._reads.get(name, []))]
        return sorted(takes), sorted(gives)

    def _comes_from_outside(self, name: str, reads: list[int], writes: list[int], first: int, last: int) -> bool:
        if name not in self._parameters and not any(not first <= line <= last for line in self._writes.get(name, [])):
            return False
        return not writes or min(reads) <= min(writes)


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (argument for argument in (arguments.vararg, arguments.kwarg) if argument)


def _uses(statements: Sequence[ast.stmt]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Return the lines on which names are read and written; a nested function reads what is named in it.

    An exception's name does not count: it ends with its handler.
    """
    reads: dict[str, list[int]] = {}
    writes: dict[str, list[int]] = {}
    for node in nodes(statements):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            writes.setdefault(node.name, []).append(node.lineno)
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name):
                    reads.setdefault(inner.id, []).append(node.lineno)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            reads.setdefault(node.target.id, []).append(node.lineno)
        elif isinstance(node, ast.Name):
            (reads if isinstance(node.ctx, ast.Load) else writes).setdefault(node.id, []).append(node.lineno)
    return reads, writes
