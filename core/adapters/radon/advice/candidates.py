"""What could be changed in a function, and what its numbers would be then. Whether it may be is for the proof to say."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from core.adapters.radon.advice.forms import repeats
from core.adapters.radon.advice.scopes import own_nodes
from core.adapters.radon.advice.statements import all_bodies, chain
from core.adapters.radon.advice.suggestion import Kind
from core.adapters.radon.advice.tables import table_rows
from core.adapters.radon.fast.tree_counts import decisions
from core.adapters.radon.nodes import Function

#: In lists of more statements only single ones are looked at, not runs of them.
_RUNS_UP_TO = 40
#: Tests that a condition joins, at least, to be worth a name.
_TESTS = 4
#: What a part must be rid of at least.
_SMALLEST = 2

#: The number of a part: what a function is rid of when the part moves out.
Weigh = Callable[[ast.stmt], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A change of statements in a row, ``body[first:last + 1]``."""

    kind: Kind
    body: list[ast.stmt]
    first: int
    last: int
    #: What the function is rid of.
    gain: int
    #: An ``elif``, with all that follows it: what stands for it needs an ``else``.
    chained: bool = False
    condition: ast.expr | None = None
    rows: Sequence[Sequence[ast.Constant]] = ()

    @property
    def statements(self) -> list[ast.stmt]:
        return self.body[self.first : self.last + 1]


def parts(function: Function, weigh: Weigh) -> Iterator[Candidate]:
    """Yield every run of statements with something to weigh at both ends, or a return at its end, on every level."""
    for some in all_bodies(function.body):
        counts = [weigh(statement) for statement in some]
        sums = [0, *accumulate(counts)]
        for first, last in _runs(some, counts):
            if (gain := sums[last + 1] - sums[first]) >= _SMALLEST:
                yield Candidate(kind=Kind.EXTRACT, body=some, first=first, last=last, gain=gain)
        for statement in some:
            yield from _rests_of_chain(statement, weigh)


def _runs(some: Sequence[ast.stmt], counts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last position of each run that is looked at."""
    weighty = [number for number, count in enumerate(counts) if count]
    ends = sorted({*weighty, len(some) - 1}) if isinstance(some[-1], ast.Return) else weighty
    longest = len(some) if len(some) <= _RUNS_UP_TO else 1
    return ((first, last) for first in weighty for last in ends if first <= last < first + longest)


def _rests_of_chain(statement: ast.stmt, weigh: Weigh) -> Iterator[Candidate]:
    """Yield what follows each branch of an ``if``."""
    for arm in chain(statement) if isinstance(statement, ast.If) else ():
        gain = weigh(arm.orelse[0]) if len(arm.orelse) == 1 and isinstance(arm.orelse[0], ast.If) else 0
        if gain >= _SMALLEST:
            chained = arm.orelse[0].col_offset == arm.col_offset
            yield Candidate(kind=Kind.EXTRACT, body=arm.orelse, first=0, last=0, gain=gain, chained=chained)


def tables(function: Function, weigh: Weigh) -> Iterator[Candidate]:
    """Yield the statements that a loop over a table can stand for; the loop is one decision."""
    for some, first, same in repeats(function.body):
        gain = sum(map(weigh, same[1:])) - 1
        rows = table_rows(same) if gain >= _SMALLEST else None
        if rows:
            yield Candidate(kind=Kind.TABLE, body=some, first=first, last=first + len(same) - 1, gain=gain, rows=rows)


def conditions(function: Function) -> Iterator[Candidate]:
    """Yield the long conditions that the function itself evaluates."""
    for some in all_bodies(function.body):
        for position, statement in enumerate(some):
            for condition in _conditions(statement):
                gain = decisions([ast.Expr(condition)])
                if gain >= _TESTS - 1:
                    yield Candidate(kind=Kind.CONDITION, body=some, first=position, last=position, gain=gain, condition=condition)


def _conditions(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the outermost conditions of a statement's own expressions; an assertion's own one keeps what it says when it fails."""
    own = [node for node in ast.iter_child_nodes(statement) if isinstance(node, (ast.expr, ast.withitem, ast.keyword))]
    within: set[ast.AST] = set()
    for node in () if isinstance(statement, ast.Assert) else own_nodes(own):
        if isinstance(node, ast.BoolOp):
            if node not in within:
                yield node
            within.update(ast.walk(node))
        elif isinstance(node, ast.JoinedStr):
            within.update(ast.walk(node))  # in a format string a place is not exact
