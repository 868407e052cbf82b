"""What would make a block or a file simpler, in a sentence or two with line numbers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from core.adapters.radon.advice.extraction import extraction
from core.adapters.radon.advice.forms import deep_nesting, long_conditions, many_handlers, repeated_forms, value_chains
from core.adapters.radon.advice.suggestion import Suggestion
from core.adapters.radon.advice.whole import advise_class, advise_file
from core.adapters.radon.fast.tree_counts import Function, decisions
from core.domain.quality.metric import Block, FileMeasure

#: A second suggestion must bring at least this much to be said.
_WORTH_SAYING = 2


def advise(text: str, measure: FileMeasure, block: Block | None = None) -> str:
    """Return advice on a block, or on the file. Empty when there is none, or no such block."""
    try:
        tree = ast.parse(text)
        if block is None:
            return advise_file(measure)
        node = _find(tree, block)
        if isinstance(node, ast.ClassDef):
            return advise_class(measure, block)
        return _advise_function(node) if node else ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def _advise_function(function: Function) -> str:
    body = function.body
    suggestions = [
        *value_chains(body),
        *repeated_forms(body),
        *extraction(function),
        *long_conditions(body),
        *many_handlers(body),
        *deep_nesting(body),
    ]
    if not suggestions:
        count = decisions(body)
        return f"Its {count} decisions stand side by side: split it where one step ends." if count > 1 else ""
    ranked = sorted(suggestions, key=lambda suggestion: (-suggestion.gain, suggestion.line))
    return " ".join(suggestion.sentence for suggestion in _first_two(ranked))


def _first_two(ranked: list[Suggestion]) -> Iterator[Suggestion]:
    """Yield the best suggestion, and the next that is worth saying and not about the same lines."""
    best = ranked[0]
    yield best
    for other in ranked[1:]:
        apart = other.line > best.end_line or other.end_line < best.line
        inside = (other.line, other.end_line) != (best.line, best.end_line) and other.gain < best.gain
        if other.gain >= _WORTH_SAYING and (apart or inside):
            yield other
            return


def _find(tree: ast.Module, block: Block) -> Function | ast.ClassDef | None:
    """Return the definition of a block's name that is nearest to its line."""
    found = [node for name, node in _definitions(tree) if name == block.name]
    return min(found, key=lambda node: abs(node.lineno - block.line), default=None)


def _definitions(tree: ast.Module) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        prefix, node = waiting.pop()
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                name = f"{prefix}.{child.name}" if prefix else child.name
                yield name, child
            if not isinstance(child, ast.expr):
                waiting.append((name, child))
