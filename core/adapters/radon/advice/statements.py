"""Looking through the statements of one function without those of what is defined inside it, and how a sentence names them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from core.adapters.radon.function_counts import inner_bodies

Placed = ast.stmt | ast.expr | ast.excepthandler
#: An expression longer than this is not quoted.
_QUOTED = 40


def place(first: Placed, last: Placed | None = None) -> str:
    """Return how a sentence names lines."""
    end = (last or first).end_lineno or first.lineno
    return f"line {first.lineno}" if end == first.lineno else f"lines {first.lineno}–{end}"


def quoted(node: ast.expr) -> str:
    """Return an expression as code; empty when it is too long to be read in a sentence."""
    if sum(1 for _ in ast.walk(node)) > _QUOTED:
        return ""
    text = ast.unparse(node)
    return f"`{text}`" if len(text) <= _QUOTED and "\n" not in text else ""


def listed(names: Sequence[str]) -> str:
    """Return ``a``, ``b`` and ``c``."""
    marked = [f"`{name}`" for name in names]
    return " and ".join([", ".join(marked[:-1]), marked[-1]] if len(marked) > 1 else marked)


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
LOOPS = (ast.For, ast.AsyncFor, ast.While)


def bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements directly inside a statement; those of an ``elif`` are as much inside as the first."""
    if isinstance(statement, _DEFINITIONS):
        return
    if isinstance(statement, ast.If):
        arms = chain(statement)
        yield from (arm.body for arm in arms)
        yield arms[-1].orelse
        return
    yield from inner_bodies(statement)


def all_bodies(body: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Yield a list of statements and every list inside it."""
    waiting = [body]
    while waiting:
        some = waiting.pop()
        yield some
        for statement in some:
            waiting.extend(inner for inner in bodies(statement) if inner)


def chain(statement: ast.If) -> list[ast.If]:
    """Return an ``if`` and its ``elif``\\ s."""
    arms = [statement]
    while len(arms[-1].orelse) == 1 and isinstance(arms[-1].orelse[0], ast.If):
        arms.append(arms[-1].orelse[0])
    return arms
