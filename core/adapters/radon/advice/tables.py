"""Statements in a row that differ in constants only: a loop over a table of these does the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from core.adapters.radon.advice.scopes import DEFINITIONS, own_nodes
from core.adapters.radon.advice.statements import LOOPS

#: Where a constant cannot become a name.
_FIXED_PLACES = (ast.JoinedStr, ast.pattern)
_LATE = (*DEFINITIONS, ast.Lambda, ast.GeneratorExp)


def table_rows(statements: Sequence[ast.stmt]) -> list[list[ast.Constant]] | None:
    """Return the constants of each statement that differ, None where a loop over them is not proven to do the same."""
    if len({_masked(statement) for statement in statements}) > 1 or any(map(_is_bound_to_place, statements)):
        return None
    columns = [column for column in zip(*map(_constants, statements), strict=True) if _differ(column)]
    rows = [list(row) for row in zip(*columns, strict=True)]
    fixed = _fixed(statements)
    return None if any(id(constant) in fixed for row in rows for constant in row) else rows


def _differ(column: Sequence[ast.Constant]) -> bool:
    return len({repr(constant.value) for constant in column}) > 1


def _constants(statement: ast.stmt) -> Iterator[ast.Constant]:
    return (node for node in ast.walk(statement) if isinstance(node, ast.Constant))


def _masked(statement: ast.stmt) -> str:
    """Return a statement as text without the values of its constants."""
    constants = list(_constants(statement))
    values = [constant.value for constant in constants]
    try:
        for constant in constants:
            constant.value = 0
        return ast.dump(statement)
    finally:
        for constant, value in zip(constants, values, strict=True):
            constant.value = value


def _fixed(statements: Sequence[ast.stmt]) -> set[int]:
    outer = (node for statement in statements for node in ast.walk(statement) if isinstance(node, _FIXED_PLACES))
    return {id(node) for place in outer for node in ast.walk(place) if isinstance(node, ast.Constant)}


def _is_bound_to_place(statement: ast.stmt) -> bool:
    """Return whether a statement jumps out of itself, or makes something that would look at the loop's variables later."""
    inside = list(own_nodes([statement]))
    own = {inner for loop in inside if isinstance(loop, LOOPS) for inner in own_nodes(loop.body)}
    jumps = (node for node in inside if isinstance(node, (ast.Break, ast.Continue)) and node not in own)
    return any(jumps) or any(isinstance(node, (*_LATE, ast.Global, ast.Nonlocal)) for node in ast.walk(statement))
