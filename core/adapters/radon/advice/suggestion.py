"""One thing that would make a block simpler."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

#: An expression longer than this is not quoted.
_QUOTED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A sentence, and the decisions that the block would be rid of."""

    gain: int
    sentence: str
    #: First and last line of what it is about.
    line: int
    end_line: int


def place(first: ast.stmt | ast.expr, last: ast.stmt | ast.expr | None = None) -> str:
    """Return how a sentence names lines."""
    end = (last or first).end_lineno or first.lineno
    return f"line {first.lineno}" if end == first.lineno else f"lines {first.lineno}–{end}"


def quoted(node: ast.expr) -> str:
    """Return an expression as code; empty when it is too long to be read in a sentence."""
    if sum(1 for _ in ast.walk(node)) > _QUOTED:
        return ""
    text = ast.unparse(node)
    return f"`{text}`" if len(text) <= _QUOTED and "\n" not in text else ""


def listed(names: Sequence[str]) -> str:
    """Return ``a``, ``b`` and ``c``."""
    marked = [f"`{name}`" for name in names]
    return " and ".join([", ".join(marked[:-1]), marked[-1]] if len(marked) > 1 else marked)
