"""One suggestion: what is to be done, as values from which both its words and its application are made."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.adapters.radon.advice.proof import Handover
from core.adapters.radon.advice.statements import listed, place, quoted
from core.adapters.radon.function_counts import first_line
from core.domain.quality.metric_spec import MetricSpec


class Kind(StrEnum):
    """What is to be done."""

    #: Statements become a function of their own.
    EXTRACT = "extract"
    #: A condition becomes a function that returns it.
    CONDITION = "condition"
    #: Statements of one form become a loop over a table of their constants.
    TABLE = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A change that is proven to keep the behaviour. Lines are 1-based and inclusive, columns count bytes."""

    kind: Kind
    #: The statements, or the one that holds the condition.
    statements: Sequence[ast.stmt]
    handover: Handover
    #: The condition, and how many tests it joins.
    condition: ast.expr | None = None
    #: The statement is an ``elif``: the call needs an ``else``.
    chained: bool = False
    #: For a table: the constants of each statement.
    rows: Sequence[Sequence[ast.Constant]] = ()
    #: How much of the function's number moves, and what that is counted in.
    share: str = ""
    #: The function's number when it is done, and that of the new function; None: there is none.
    here: int
    there: int | None = None

    @property
    def line(self) -> int:
        return first_line(self.statements[0]) if self.condition is None else self.condition.lineno

    @property
    def end_line(self) -> int:
        last = self.condition or self.statements[-1]
        return last.end_lineno or last.lineno


def sentence(suggestion: Suggestion, spec: MetricSpec) -> str:
    """Return the suggestion in words."""
    match suggestion.kind:
        case Kind.TABLE:
            lines = place(suggestion.statements[0], suggestion.statements[-1])
            what = f"{lines.capitalize()} are {len(suggestion.rows)} statements that differ in constants only"
            return f"{what}: make them a loop over a table of these; that leaves {spec.shown(suggestion.here)}."
        case Kind.CONDITION:
            assert suggestion.condition is not None
            what = f"Make the condition at {place(suggestion.condition)} ({suggestion.share}) a function that {_takes(suggestion.handover)}"
            return f"{what}; that leaves {_left(suggestion, spec)}."
    return f"Extract {_what(suggestion)} into {_signature(suggestion)}; that leaves {_left(suggestion, spec)}."


def _left(suggestion: Suggestion, spec: MetricSpec) -> str:
    return f"{spec.shown(suggestion.here)} here and {spec.shown(suggestion.there or 0)} in the new function"


def _what(suggestion: Suggestion) -> str:
    lines = f"line {suggestion.line}" if suggestion.line == suggestion.end_line else f"lines {suggestion.line}–{suggestion.end_line}"
    name = _name(suggestion.statements[0]) if len(suggestion.statements) == 1 else ""
    name = "the remaining branches" if suggestion.chained else name
    return f"{name} ({lines}, {suggestion.share})" if name else f"{lines} ({suggestion.share})"


def _name(statement: ast.stmt) -> str:
    """Return how a sentence calls a compound statement; empty for any other."""
    match statement:
        case ast.For() | ast.AsyncFor():
            return f"the loop over {quoted(statement.iter)}".removesuffix(" over ")
        case ast.If():
            return f"the branch on {quoted(statement.test)}".removesuffix(" on ")
        case ast.While() | ast.With() | ast.AsyncWith() | ast.Try() | ast.Match():
            return f"the `{type(statement).__name__.removeprefix('Async').lower()}` block"
    return ""


def _signature(suggestion: Suggestion) -> str:
    """Return what the function is given and gives back."""
    handover = suggestion.handover
    kind = "an async function" if handover.waits else "a function"
    words = [_takes(handover)] if handover.takes else []
    if handover.gives:
        words.append(f"returns {listed(handover.gives)}")
    signature = f"{kind} that {' and '.join(words)}" if words else kind
    signature += ", called in an `else`" if suggestion.chained else ""
    return f"{signature}, and return what it returns" if handover.returns else signature


def _takes(handover: Handover) -> str:
    return f"takes {listed(handover.takes)}" if handover.takes else "takes nothing"
