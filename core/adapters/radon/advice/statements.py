"""Looking through the statements of one function, without those of the functions and classes inside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
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
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def all_bodies(body: Sequence[ast.stmt]) -> Iterator[tuple[Sequence[ast.stmt], bool]]:
    """Yield a list of statements and every list inside it, each with whether a loop is around it."""
    waiting = [(body, False)]
    while waiting:
        some, in_loop = waiting.pop()
        yield some, in_loop
        for statement in some:
            waiting.extend((inner, in_loop or isinstance(statement, LOOPS)) for inner in bodies(statement) if inner)


def nodes(statements: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Yield every node of statements, functions and classes inside them as one node each."""
    waiting: list[ast.AST] = list(statements)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _DEFINITIONS):
            waiting.extend(ast.iter_child_nodes(node))


def chain(statement: ast.If) -> list[ast.If]:
    """Return an ``if`` and its ``elif``\\ s."""
    arms = [statement]
    while len(arms[-1].orelse) == 1 and isinstance(arms[-1].orelse[0], ast.If):
        arms.append(arms[-1].orelse[0])
    return arms
