"""Branches that repeat: chains on one value, and statements of one form in a row."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import groupby

from core.adapters.radon.advice.statements import all_bodies, chain
from core.adapters.radon.advice.suggestion import Suggestion, place, quoted
from core.adapters.radon.fast.tree_counts import decisions

_FEWEST_ARMS = 4
_FEWEST_REPEATS = 3


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
