"""Forms that make a block complex: deep nesting, long conditions, many handlers, chains on one value, repeated statements."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import groupby

from core.adapters.radon.advice.statements import Suggestion, all_bodies, bodies, chain, nodes, place, quoted
from core.adapters.radon.fast.tree_counts import decisions

_DEEP = 4
_LONG = 4
_MANY_HANDLERS = 4
_FEWEST_ARMS = 4
_FEWEST_REPEATS = 3


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


def value_chains(body: Sequence[ast.stmt]) -> Iterator[Suggestion]:
    """Suggest a table for each chain whose branches ask for values of one expression."""
    for arms in _chains(body):
        for subject, same in _runs(arms):
            if len(same) < _FEWEST_ARMS:
                continue
            first, last = same[0], same[-1].body[-1]
            by_type = isinstance(first.test, ast.Call)
            way = "a method of each class, or functools.singledispatch" if by_type else "a dict from value to what is done"
            asked = f"{len(same)} branches on {quoted(subject) or 'one value'}"
            sentence = f"The {asked} ({place(first, last)}) could be {way}."
            yield Suggestion(gain=len(same) - 1, sentence=sentence, line=first.lineno, end_line=last.end_lineno or last.lineno)


def repeated_forms(body: Sequence[ast.stmt]) -> Iterator[Suggestion]:
    """Suggest a loop for statements in a row that differ in names and values only."""
    for some, _ in all_bodies(body):
        for form, run in groupby(some, key=_form):
            same = list(run)
            saved = decisions(same[1:]) if form and len(same) >= _FEWEST_REPEATS else 0
            if saved > 1:
                first, last = same[0], same[-1]
                sentence = f"{place(first, last).capitalize()} do the same {len(same)} times: loop over a table of what differs."
                yield Suggestion(gain=saved - 1, sentence=sentence, line=first.lineno, end_line=last.end_lineno or last.lineno)


def _chains(body: Sequence[ast.stmt]) -> Iterator[list[ast.If]]:
    for some, _ in all_bodies(body):
        yield from (chain(statement) for statement in some if isinstance(statement, ast.If))


def _runs(arms: Sequence[ast.If]) -> Iterator[tuple[ast.expr, Sequence[ast.If]]]:
    """Yield each expression that conditions in a row ask for values of, with the branches under these conditions."""
    asking = [(_subject(arm.test), arm) for arm in arms]
    for _, run in groupby(asking, key=lambda item: item[0] and ast.dump(item[0])):
        (subject, *_), same = zip(*run, strict=True)
        if subject is not None:
            yield subject, same


def _subject(test: ast.expr) -> ast.expr | None:
    """Return what a condition compares with fixed values or asks the type of; None for other conditions."""
    match test:
        case ast.BoolOp(op=ast.Or(), values=values):
            subjects = [_subject(value) for value in values]
            return subjects[0] if len({subject and ast.dump(subject) for subject in subjects}) == 1 else None
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is() | ast.In()], comparators=[value]) if _is_fixed(value):
            return left
        case ast.Call(func=ast.Name(id="isinstance"), args=[asked, *_]):
            return asked
    return None


def _is_fixed(value: ast.expr) -> bool:
    if isinstance(value, (ast.Tuple, ast.List, ast.Set)):
        return all(map(_is_fixed, value.elts))
    if isinstance(value, ast.Attribute):
        return _is_fixed(value.value)
    return isinstance(value, (ast.Constant, ast.Name))


def _form(statement: ast.stmt) -> str:
    """Return what a branching statement looks like without names and values; empty for any other."""
    if not isinstance(statement, (ast.If, ast.For, ast.While, ast.Try, ast.With)):
        return ""
    return " ".join(type(node).__name__ for node in ast.walk(statement))
