"""Branches that repeat: chains on one value, and statements of one form in a row."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import groupby

from core.adapters.radon_meter.advice.statements import all_bodies, chain
from core.adapters.radon_meter.advice.suggestion import Suggestion, place, quoted
from core.adapters.radon_meter.tree_counts import decisions

_FEWEST_ARMS = 4
_FEWEST_REPEATS = 3
_COMPARED_BY = (ast.Eq, ast.Is, ast.In)


def value_chains(body: Sequence[ast.stmt]) -> Iterator[Suggestion]:
    """Suggest a table for each chain whose branches ask for values of one expression."""
    for arms in _chains(body):
        subjects = [_subject(arm.test) for arm in arms]
        for text, run in groupby(enumerate(subjects), key=lambda item: item[1] and ast.dump(item[1])):
            places = [number for number, _ in run]
            subject = subjects[places[0]]
            if not text or subject is None or len(places) < _FEWEST_ARMS:
                continue
            first, last = arms[places[0]], arms[places[-1]].body[-1]
            by_type = isinstance(arms[places[0]].test, ast.Call)
            way = "a method of each class, or functools.singledispatch" if by_type else "a dict from value to what is done"
            asked = f"{len(places)} branches on {quoted(subject) or 'one value'}"
            sentence = f"The {asked} ({place(first, last)}) could be {way}."
            yield Suggestion(gain=len(places) - 1, sentence=sentence, line=first.lineno, end_line=last.end_lineno or last.lineno)


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


def _subject(test: ast.expr) -> ast.expr | None:
    """Return what a condition compares with fixed values or asks the type of; None for other conditions."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        subjects = [_subject(value) for value in test.values]
        return subjects[0] if len({subject and ast.dump(subject) for subject in subjects}) == 1 else None
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], _COMPARED_BY) and _is_fixed(test.comparators[0]):
        return test.left
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance" and test.args:
        return test.args[0]
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
