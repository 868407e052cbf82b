"""Which part of a function to extract: the one that splits its decisions best and hangs on it by few names."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from core.adapters.radon.advice.statements import LOOPS, Suggestion, all_bodies, listed, nodes, place, quoted
from core.adapters.radon.fast.tree_counts import Function, decisions

#: In lists of more statements only single ones are looked at, not runs of them.
_RUNS_UP_TO = 40
#: Names that may go in and out together before a part counts as grown together with the rest.
_EASY_NAMES = 4
_LONGEST_LIST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Statements in a row that could be a function."""

    statements: Sequence[ast.stmt]
    decisions: int
    in_loop: bool


def extraction(function: Function) -> Iterator[Suggestion]:
    """Suggest the best part to extract, where there is one."""
    total = decisions(function.body)
    names = _Names(function)
    best, worth = None, 1.0
    for part in _parts(function.body):
        balance = min(part.decisions, total - part.decisions)
        if balance <= worth or _is_tied(part.statements):
            continue
        passed = sum(map(len, names.around(part.statements, in_loop=part.in_loop)))
        value = balance - max(0, passed - _EASY_NAMES) - _returns(part.statements) - len(part.statements) / 100
        if value > worth:
            best, worth = part, value
    if best:
        takes, gives = names.around(best.statements, in_loop=best.in_loop)
        first, last = best.statements[0], best.statements[-1]
        lines = place(first, last)
        what = f"{_what(first)} ({lines}, {best.decisions}" if len(best.statements) == 1 else f"{lines} ({best.decisions}"
        sentence = f"Extract {what} of its {total} decisions) into a {_signature(takes, gives)}."
        yield Suggestion(gain=best.decisions, sentence=sentence, line=first.lineno, end_line=last.end_lineno or last.lineno)


def _parts(body: Sequence[ast.stmt]) -> Iterator[_Part]:
    """Yield every run of statements with decisions at both ends, on every level."""
    for some, in_loop in all_bodies(body):
        counts = [decisions([statement]) for statement in some]
        sums = [0, *accumulate(counts)]
        ends = [number for number, count in enumerate(counts) if count]
        longest = len(some) if len(some) <= _RUNS_UP_TO else 1
        for first in ends:
            for last in ends:
                if first <= last < first + longest:
                    yield _Part(statements=some[first : last + 1], decisions=sums[last + 1] - sums[first], in_loop=in_loop)


def _is_tied(statements: Sequence[ast.stmt]) -> bool:
    """Return whether the part steers what is around it: yields, or ends or repeats a loop that is not in it."""
    inside = list(nodes(statements))
    own = {node for loop in inside if isinstance(loop, LOOPS) for node in nodes(loop.body)}
    return any(
        isinstance(node, (ast.Yield, ast.YieldFrom, ast.Nonlocal, ast.Global))
        or (isinstance(node, (ast.Break, ast.Continue)) and node not in own)
        for node in inside
    )


def _returns(statements: Sequence[ast.stmt]) -> bool:
    return any(isinstance(node, ast.Return) for node in nodes(statements))


def _what(statement: ast.stmt) -> str:
    """Return how a sentence calls a compound statement."""
    match statement:
        case ast.For() | ast.AsyncFor():
            return f"the loop over {quoted(statement.iter)}".removesuffix(" over ")
        case ast.If():
            return f"the branch on {quoted(statement.test)}".removesuffix(" on ")
        case ast.While() | ast.With() | ast.AsyncWith() | ast.Try() | ast.Match():
            return f"the `{type(statement).__name__.removeprefix('Async').lower()}` block"
        case _:
            return "the statement"


def _signature(takes: Sequence[str], gives: Sequence[str]) -> str:
    """Return what the function would be given and give back, as far as a sentence can hold it."""
    kind = "method" if takes and {"self", "cls"} & set(takes) else "function"
    takes = [name for name in takes if name not in {"self", "cls"}]
    words = []
    if takes:
        words.append(f"takes {listed(takes)}" if len(takes) <= _LONGEST_LIST else f"takes {len(takes)} values")
    if gives:
        words.append(f"returns {listed(gives)}" if len(gives) <= _LONGEST_LIST else f"returns {len(gives)} values")
    return f"{kind} that {' and '.join(words)}" if words else kind


class _Names:
    """Reads and writes of the local names of one function, by line."""

    def __init__(self, function: Function) -> None:
        self._parameters = {argument.arg for argument in _arguments(function.args)}
        self._reads, self._writes = _uses(function.body)

    def around(self, statements: Sequence[ast.stmt], *, in_loop: bool) -> tuple[list[str], list[str]]:
        """Return the local names that a part reads and does not make itself, and those it makes and others read.

        Others are behind it, or anywhere where a loop is around it.
        """
        first, last = statements[0].lineno, statements[-1].end_lineno or statements[-1].lineno
        reads, writes = _uses(statements)
        takes = [name for name, lines in reads.items() if self._comes_from_outside(name, lines, writes.get(name, []), first, last)]
        gives = [name for name in writes if any(line > last or (in_loop and line < first) for line in self._reads.get(name, []))]
        return sorted(takes), sorted(gives)

    def _comes_from_outside(self, name: str, reads: list[int], writes: list[int], first: int, last: int) -> bool:
        if name not in self._parameters and not any(not first <= line <= last for line in self._writes.get(name, [])):
            return False
        return not writes or min(reads) <= min(writes)


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (argument for argument in (arguments.vararg, arguments.kwarg) if argument)


def _uses(statements: Sequence[ast.stmt]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Return the lines on which names are read and written; a nested function reads what is named in it.

    An exception's name does not count: it ends with its handler.
    """
    reads: dict[str, list[int]] = {}
    writes: dict[str, list[int]] = {}
    own = _names_of_inner_scopes(statements)
    for node in nodes(statements):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            writes.setdefault(node.name, []).append(node.lineno)
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name):
                    reads.setdefault(inner.id, []).append(node.lineno)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            reads.setdefault(node.target.id, []).append(node.lineno)
        elif isinstance(node, ast.Name) and node not in own:
            (reads if isinstance(node.ctx, ast.Load) else writes).setdefault(node.id, []).append(node.lineno)
    return reads, writes


def _names_of_inner_scopes(statements: Sequence[ast.stmt]) -> set[ast.AST]:
    """Return the uses of names that comprehensions and lambdas bind for themselves."""
    return {
        node
        for scope in nodes(statements)
        if (bound := _bound_by(scope))
        for node in ast.walk(scope)
        if isinstance(node, ast.Name) and node.id in bound
    }


def _bound_by(scope: ast.AST) -> set[str]:
    if isinstance(scope, ast.Lambda):
        return {argument.arg for argument in _arguments(scope.args)}
    targets = (node for generator in getattr(scope, "generators", ()) for node in ast.walk(generator.target))
    return {node.id for node in targets if isinstance(node, ast.Name)}
