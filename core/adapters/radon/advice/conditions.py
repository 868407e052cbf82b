"""Deep nesting, long conditions, many handlers."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from core.adapters.radon.advice.statements import bodies, nodes
from core.adapters.radon.advice.suggestion import Suggestion

_DEEP = 4
_LONG = 4
_MANY_HANDLERS = 4


def long_conditions(body: Sequence[ast.stmt]) -> Iterator[Suggestion]:
    """Suggest a name for each condition of many parts."""
    inner: set[ast.AST] = set()
    for node in nodes(body):
        if not isinstance(node, ast.BoolOp) or node in inner:
            continue
        operations = [part for part in ast.walk(node) if isinstance(part, ast.BoolOp)]
        inner.update(operations)
        tests = 1 + sum(len(operation.values) - 1 for operation in operations)
        if tests >= _LONG:
            sentence = f"The condition at line {node.lineno} joins {tests} tests: make it a function with a name."
            yield Suggestion(gain=tests - 1, sentence=sentence, line=node.lineno, end_line=node.end_lineno or node.lineno)


def many_handlers(body: Sequence[ast.stmt]) -> Iterator[Suggestion]:
    """Suggest to handle errors apart where one ``try`` has many handlers."""
    for node in nodes(body):
        if isinstance(node, ast.Try) and len(node.handlers) >= _MANY_HANDLERS:
            count = len(node.handlers)
            first, last = node.handlers[0], node.handlers[-1]
            end = last.end_lineno or last.lineno
            sentence = f"The try at line {node.lineno} has {count} handlers: let a function of its own turn those errors into one."
            yield Suggestion(gain=count - 1, sentence=sentence, line=first.lineno, end_line=end)


def deep_nesting(body: Sequence[ast.stmt]) -> Iterator[Suggestion]:
    """Suggest to leave early above the deepest statement."""
    deepest = max(_paths(body), key=len, default=())
    if len(deepest) < _DEEP:
        return
    inside = deepest[-1]
    guards = [statement for statement in deepest if isinstance(statement, ast.If) and not statement.orelse]
    way = f"turn the condition at line {guards[0].lineno} round and leave early" if guards else "move the inner part out"
    sentence = f"Line {inside.body[0].lineno} is nested {len(deepest)} deep: {way}."
    yield Suggestion(gain=1, sentence=sentence, line=inside.lineno, end_line=inside.end_lineno or inside.lineno)


def _paths(body: Sequence[ast.stmt]) -> Iterator[tuple[_Compound, ...]]:
    """Yield the compound statements around each compound statement, itself last; an ``elif`` is on its ``if``'s level."""
    waiting: list[tuple[tuple[_Compound, ...], Sequence[ast.stmt]]] = [((), body)]
    while waiting:
        above, some = waiting.pop()
        for statement in some:
            if not isinstance(statement, _COMPOUND):
                continue
            here = (*above, statement)
            yield here
            waiting.extend((here, inner) for inner in bodies(statement) if inner)


_Compound = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try
_COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try)
