"""What a function adds up to beside its complexity: lines of code, nesting, parameters."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from core.adapters.radon.nodes import Function
from core.domain.quality.metric import BlockKind

COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
_BODIES = ("body", "orelse", "finalbody")


def code_lines(text: str) -> Sequence[int]:
    """Return, for each number of lines from the top, how many of them hold code: they are not blank and not only a comment."""
    lines = map(str.lstrip, text.split("\n"))
    return [0, *accumulate(bool(line) and not line.startswith("#") for line in lines)]


def length(node: Function, code: Sequence[int]) -> int:
    """Return the lines of code from ``def`` to the function's end, its docstring left out."""
    count = _between(code, node.lineno, node.end_lineno or node.lineno)
    if ast.get_docstring(node, clean=False) is not None:
        docstring, *others = node.body
        end = docstring.end_lineno or docstring.lineno
        # Where it shares a line with code, that line counts.
        last = end - 1 if others and others[0].lineno == end else end
        count -= _between(code, max(docstring.lineno, node.lineno + 1), last)
    return count


def nesting(node: Function) -> int:
    """Return how many compound statements lie inside one another at most; an ``elif`` is on the level of its ``if``."""
    deepest = 0
    waiting: list[tuple[int, Sequence[ast.stmt]]] = [(1, node.body)]
    while waiting:
        level, statements = waiting.pop()
        for statement in statements:
            if isinstance(statement, COMPOUND):
                deepest = max(deepest, level)
                waiting.extend((level + (not _is_elif(statement, body)), body) for body in inner_bodies(statement))
    return deepest


def parameters(node: Function, kind: BlockKind) -> int:
    """Return how many parameters a function takes; of a method the first, ``self`` or ``cls``, does not count."""
    takes = node.args
    count = len(takes.posonlyargs) + len(takes.args) + len(takes.kwonlyargs) + bool(takes.vararg) + bool(takes.kwarg)
    bound = kind is BlockKind.METHOD and bool(takes.posonlyargs or takes.args) and not _is_static(node.decorator_list)
    return count - bound


def first_line(statement: ast.stmt) -> int:
    """Return the line on which a statement begins, decorators included."""
    decorators: Sequence[ast.expr] = getattr(statement, "decorator_list", ())
    return decorators[0].lineno if decorators else statement.lineno


def _between(code: Sequence[int], first: int, last: int) -> int:
    return code[last] - code[first - 1] if last >= first else 0


def inner_bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements directly inside a statement, those that are not empty."""
    for name in _BODIES:
        if body := getattr(statement, name, None):
            yield body
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def _is_elif(statement: ast.stmt, body: Sequence[ast.stmt]) -> bool:
    """Return whether a body of a statement is the ``elif`` that follows it."""
    return (
        isinstance(statement, ast.If)
        and body is statement.orelse
        and len(body) == 1
        and isinstance(body[0], ast.If)
        and body[0].col_offset == statement.col_offset
    )


def _is_static(decorators: Iterable[ast.expr]) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in decorators)
