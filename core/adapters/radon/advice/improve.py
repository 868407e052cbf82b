"""The suggestions that bring a function's number down, one after another: each is proven for the function that those before it leave."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.adapters.radon.advice.candidates import Candidate
from core.adapters.radon.advice.proof import Handover, Prover
from core.adapters.radon.advice.rewriting import rewrite, whole_lines
from core.adapters.radon.advice.scopes import own_nodes
from core.adapters.radon.advice.suggestion import Kind, Suggestion
from core.adapters.radon.advice.ties import Surroundings
from core.adapters.radon.nodes import Function

_MOST_SUGGESTIONS = 4
#: More would be hard to read, and a finding of its own.
_MOST_TAKEN, _MOST_GIVEN = 7, 4
#: Names that may go in and out together before a part counts as grown together with the rest.
_EASY_NAMES = 4
#: Candidates that are looked at for one suggestion.
_MOST_LOOKED_AT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A number of functions and where it should be."""

    threshold: float
    #: The number of a function now.
    score: Callable[[Function], int]
    #: The candidates in it.
    candidates: Callable[[Function], Iterator[Candidate]]
    #: The numbers that a candidate would leave in the function and, None where there is none, in the new one, from the number of the
    #: function now. The last argument: whether the new function gives names back.
    outlook: Callable[[Function, int, Candidate, bool], tuple[int, int | None]]
    #: How much of the function's number moves, in words.
    share: Callable[[Candidate, int], str]


class _Value(NamedTuple):
    """How good a candidate is, the lowest best."""

    #: What the new function would be over the threshold, which nothing that follows brings down; then what is left of the old one.
    new: float
    left: float
    balance: float


def improve(function: Function, surroundings: Surroundings, goal: Goal) -> list[Suggestion]:
    """Return suggestions about different lines, in the order in which to follow them; none where nothing is proven.

    The function's tree is changed as if they were followed.
    """
    found: list[Suggestion] = []
    moved: set[ast.AST] = set()
    score = goal.score(function)
    while score > goal.threshold and len(found) < _MOST_SUGGESTIONS:
        prover = Prover.create(function, surroundings)
        best = _best(prover, function, score, goal, moved, surroundings.lines) if prover else None
        if best is None:
            break
        candidate, suggestion = best
        found.append(suggestion)
        moved.add(rewrite(candidate, suggestion))
        score = suggestion.here
    return found


def _best(
    prover: Prover, function: Function, score: int, goal: Goal, moved: set[ast.AST], lines: Sequence[bytes]
) -> tuple[Candidate, Suggestion] | None:
    """Return the best of the candidates that are proven: those that bring both functions to the threshold first, then the balanced."""
    best: tuple[Candidate, Suggestion] | None = None
    worth: _Value | None = None
    for bound, candidate in _ranked(function, score, goal)[:_MOST_LOOKED_AT]:
        if worth and bound >= worth:
            break
        usable = _is_apart(candidate, moved) and whole_lines(candidate, lines)
        handover = proof_of(prover, candidate) if usable else None
        if handover is None or not _is_easy(handover):
            continue
        names = max(0, len(handover.takes) + len(handover.gives) - _EASY_NAMES)
        value = bound._replace(balance=bound.balance + names + handover.returns + len(candidate.statements) / 100)
        if worth is None or value < worth:
            here, there = goal.outlook(function, score, candidate, bool(handover.gives))
            suggestion = suggestion_of(candidate, handover, share=goal.share(candidate, score), here=here, there=there)
            best, worth = (candidate, suggestion), value
    return best


def _is_easy(handover: Handover) -> bool:
    return len(handover.takes) <= _MOST_TAKEN and len(handover.gives) <= _MOST_GIVEN


def suggestion_of(candidate: Candidate, handover: Handover, *, share: str = "", here: int = 0, there: int | None = None) -> Suggestion:
    """Return the suggestion that a proven candidate is."""
    return Suggestion(
        kind=candidate.kind,
        statements=candidate.statements,
        handover=handover,
        condition=candidate.condition,
        chained=candidate.chained,
        rows=candidate.rows,
        share=share,
        here=here,
        there=there,
    )


def _ranked(function: Function, score: int, goal: Goal) -> list[tuple[_Value, Candidate]]:
    """Return the candidates that bring the sum of what is over the threshold down, best first."""
    ranked = []
    for candidate in goal.candidates(function):
        here, there = goal.outlook(function, score, candidate, False)
        left, new = max(0.0, here - goal.threshold), max(0.0, (there or 0) - goal.threshold)
        if here < score and left + new < score - goal.threshold:
            balance = -float(candidate.gain if there is None else min(score - here, score - there))
            ranked.append((_Value(new, left, balance), candidate))
    return sorted(ranked, key=lambda item: (item[0], _place(item[1])))


def _place(candidate: Candidate) -> tuple[int, int]:
    first, last = candidate.statements[0], candidate.statements[-1]
    return first.lineno, last.end_lineno or last.lineno


def _is_apart(candidate: Candidate, moved: set[ast.AST]) -> bool:
    """Return whether a candidate holds nothing that an earlier suggestion is about."""
    return not moved or moved.isdisjoint(own_nodes(candidate.statements if candidate.condition is None else [candidate.condition]))


def proof_of(prover: Prover, candidate: Candidate) -> Handover | None:
    """Return how what a candidate makes would be called, None where it is not proven to keep the behaviour."""
    match candidate.kind:
        case Kind.TABLE:
            return Handover(takes=())
        case Kind.CONDITION:
            assert candidate.condition is not None
            takes = prover.expression(candidate.statements[0], candidate.condition)
            return None if takes is None else Handover(takes=takes)
    return prover.statements(candidate.statements)
