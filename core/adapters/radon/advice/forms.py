"""Forms that make a function complex: statements that repeat one form, chains on one value, long conditions, many handlers."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from core.adapters.radon.advice.scopes import own_nodes
from core.adapters.radon.advice.statements import all_bodies, chain, place, quoted
from core.adapters.radon.fast.tree_counts import decisions

_MANY_HANDLERS = 4
_FEWEST_ARMS = 4
_FEWEST_REPEATS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is true of some lines, where nothing to do is proven; ``weight``: the decisions that it is about."""

    weight: int
    sentence: str
    line: int
    end_line: int


def repeats(body: list[ast.stmt]) -> Iterator[tuple[list[ast.stmt], int, list[ast.stmt]]]:
    """Yield statements in a row that branch and have one form: the list that they are in, where they begin there, and themselves."""
    for some in all_bodies(body):
        position = 0
        for form, run in groupby(some, key=_form):
            same = list(run)
            if form and len(same) >= _FEWEST_REPEATS:
                yield some, position, same
            position += len(same)


def facts(body: list[ast.stmt]) -> Iterator[Fact]:
    """Yield what stands out in a function's body."""
    for _, _, same in repeats(body):
        if (saved := decisions(same[1:])) > 1:
            yield _fact(saved, f"are {len(same)} statements of one form", same[0], same[-1])
    for arms in _chains(body):
        for subject, run in _runs(arms):
            if len(run) >= _FEWEST_ARMS:
                yield _fact(len(run) - 1, f"are {len(run)} branches on {quoted(subject) or 'one value'}", run[0], run[-1].body[-1])
    for node in own_nodes(body):
        if isinstance(node, ast.Try) and len(node.handlers) >= _MANY_HANDLERS:
            yield _fact(len(node.handlers) - 1, f"are {len(node.handlers)} handlers of one `try`", node.handlers[0], node.handlers[-1])


def _fact(weight: int, what: str, first: ast.stmt | ast.excepthandler, last: ast.stmt | ast.excepthandler) -> Fact:
    sentence = f"{place(first, last).capitalize()} {what}."
    return Fact(weight=weight, sentence=sentence, line=first.lineno, end_line=last.end_lineno or last.lineno)


def _chains(body: list[ast.stmt]) -> Iterator[list[ast.If]]:
    for some in all_bodies(body):
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
