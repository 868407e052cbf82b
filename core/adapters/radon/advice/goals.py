"""What can be brought down in a function, metric by metric: its number, what moves it, and what would be left."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from core.adapters.radon.advice.candidates import Candidate, Weigh, conditions, parts, tables
from core.adapters.radon.advice.improve import Goal
from core.adapters.radon.advice.proof import Handover
from core.adapters.radon.advice.rewriting import CALLED, call_statement, function_of
from core.adapters.radon.advice.scopes import own_nodes
from core.adapters.radon.advice.suggestion import Kind, Suggestion
from core.adapters.radon.cognitive import Uncounted, cognitive_complexities
from core.adapters.radon.fast.tree_counts import decisions
from core.adapters.radon.function_counts import COMPOUND, code_lines, first_line, length, nesting
from core.adapters.radon.nodes import Function
from core.domain.quality.metric import Metric

#: Counting cognitive complexity means reading the changed function again: no more candidates than this are counted.
_MOST_COUNTED = 30


def goal_of(metric: Metric, threshold: float, text: str, *, asserts: bool = True) -> Goal | None:
    """Return the goal for a metric of functions, None where nothing that brings it down can be proven. ``asserts``: they are decisions."""
    match metric:
        case Metric.COMPLEXITY:
            return _complexity(threshold, _decisions if asserts else _decisions_without_asserts)
        case Metric.LENGTH:
            return _length(threshold, text)
        case Metric.NESTING:
            return _nesting(threshold)
        case Metric.COGNITIVE:
            return _cognitive(threshold)
    return None


def _decisions(statement: ast.stmt) -> int:
    return decisions([statement])


def _decisions_without_asserts(statement: ast.stmt) -> int:
    return decisions([statement]) - sum(isinstance(node, ast.Assert) for node in own_nodes([statement]))


def _complexity(threshold: float, weigh: Weigh) -> Goal:
    def score(function: Function) -> int:
        return 1 + sum(map(weigh, function.body))

    def candidates(function: Function) -> Iterator[Candidate]:
        yield from tables(function, weigh)
        yield from parts(function, weigh)
        yield from conditions(function)

    def outlook(_: Function, score: int, candidate: Candidate, __: bool) -> tuple[int, int | None]:
        return score - candidate.gain, None if candidate.kind is Kind.TABLE else 1 + candidate.gain

    def share(candidate: Candidate, score: int) -> str:
        return f"{candidate.gain} of its {score - 1} decisions"

    return Goal(threshold=threshold, score=score, candidates=candidates, outlook=outlook, share=share)


def _length(threshold: float, text: str) -> Goal:
    code = code_lines(text)

    def weigh(statement: ast.stmt) -> int:
        return code[statement.end_lineno or statement.lineno] - code[first_line(statement) - 1]

    def outlook(_: Function, score: int, candidate: Candidate, gives: bool) -> tuple[int, int | None]:
        # A line for the call, one for ``def``, and one for a ``return``.
        return score - candidate.gain + 1, candidate.gain + 1 + gives

    def share(candidate: Candidate, score: int) -> str:
        return f"{candidate.gain} of its {score} lines of code"

    return Goal(
        threshold=threshold,
        score=lambda function: length(function, code),
        candidates=lambda function: parts(function, weigh),
        outlook=outlook,
        share=share,
    )


def _nesting(threshold: float) -> Goal:
    def outlook(function: Function, _: int, candidate: Candidate, __: bool) -> tuple[int, int | None]:
        moved = candidate.statements
        candidate.body[candidate.first : candidate.last + 1] = [ast.Pass()]
        try:
            return nesting(function), nesting(_holding(moved))
        finally:
            candidate.body[candidate.first : candidate.first + 1] = moved

    def share(candidate: Candidate, score: int) -> str:
        return f"{nesting(_holding(candidate.statements))} of its {score} levels"

    def candidates(function: Function) -> Iterator[Candidate]:
        return parts(function, lambda statement: 2 * isinstance(statement, COMPOUND))

    return Goal(threshold=threshold, score=nesting, candidates=candidates, outlook=outlook, share=share)


def _holding(statements: Sequence[ast.stmt]) -> Function:
    takes = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.FunctionDef(name="_", args=takes, body=list(statements), decorator_list=[], lineno=1, col_offset=0)


def _cognitive(threshold: float) -> Goal:
    def candidates(function: Function) -> Iterator[Candidate]:
        total = decisions(function.body)
        ranked = sorted(parts(function, _decisions), key=lambda part: -min(part.gain, total - part.gain))
        yield from ranked[:_MOST_COUNTED]

    def outlook(function: Function, _: int, candidate: Candidate, __: bool) -> tuple[int, int | None]:
        stand_in = Suggestion(kind=candidate.kind, statements=candidate.statements, handover=Handover(takes=()), here=0)
        moved = candidate.statements
        candidate.body[candidate.first : candidate.last + 1] = [call_statement(stand_in, CALLED)]
        try:
            return _read_again(function), _read_again(function_of(stand_in, CALLED))
        finally:
            candidate.body[candidate.first : candidate.first + 1] = moved

    def share(candidate: Candidate, _: int) -> str:
        return f"{candidate.gain} of its decisions"

    return Goal(threshold=threshold, score=_read_again, candidates=candidates, outlook=outlook, share=share)


def _read_again(function: ast.stmt) -> int:
    """Return the cognitive complexity of a function's tree; as long as its text cannot be counted, none."""
    try:
        return max(cognitive_complexities(ast.unparse(ast.fix_missing_locations(function))).values(), default=0)
    except Uncounted:
        return 0
