"""What would make a block or a file simpler, in a sentence or two with line numbers."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from core.adapters.radon.advice.extraction import extraction
from core.adapters.radon.advice.forms import deep_nesting, long_conditions, many_handlers, repeated_forms, value_chains
from core.adapters.radon.advice.statements import Suggestion, listed
from core.adapters.radon.fast.tree_counts import Function, decisions
from core.domain.quality.metric import Block, BlockKind, FileMeasure

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
    """Yield the best suggestion, and the next that is worth saying and about other lines."""
    best = ranked[0]
    yield best
    for other in ranked[1:]:
        apart = other.line > best.end_line or other.end_line < best.line
        if other.gain >= _WORTH_SAYING and apart:
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


_NAMED = 3
#: A share of a file's lines above which one class is most of it.
_MOST = 0.5
_SHORT = 60


def advise_class(measure: FileMeasure, block: Block) -> str:
    """Name the methods that make a class complex."""
    inside = [other for other in measure.blocks if other.kind is BlockKind.METHOD and other.name.rpartition(".")[0] == block.name]
    return f"Most of it lies in {_worst(inside)}." if inside else ""


def advise_file(measure: FileMeasure) -> str:
    """Say how to divide a file, and which of its blocks to begin with."""
    if not measure.raw or not measure.raw.sloc:
        return ""
    functions = [block for block in measure.blocks if block.kind is not BlockKind.CLASS]
    sentences = (_division(measure.blocks, len(functions), measure.raw.loc), _first_step(functions, measure.raw.lloc))
    return " ".join(sentence for sentence in sentences if sentence)


def _division(blocks: Sequence[Block], functions: int, lines: int) -> str:
    classes = [block for block in blocks if block.kind is BlockKind.CLASS and "." not in block.name]
    largest = max(classes, key=_size, default=None)
    if largest and _size(largest) > _MOST * lines:
        return f"`{largest.name}` (lines {largest.line}–{largest.end_line}) is most of it: divide the class by what changes together."
    if functions > 1 and lines > _SHORT:
        return f"Divide its {lines} lines, with {functions} functions, into modules with one job each."
    return ""


def _first_step(functions: Sequence[Block], logical_lines: int) -> str:
    if not functions:
        return f"Its {logical_lines} logical lines are in no function: name the steps, or move tables of data to a data file."
    return f"Begin with {_worst(functions)}." if any(block.complexity > 1 for block in functions) else ""


def _size(block: Block) -> int:
    return block.end_line - block.line + 1


def _worst(blocks: Sequence[Block]) -> str:
    """Return the most complex blocks with line and complexity."""
    worst = sorted(blocks, key=lambda block: (-block.complexity, block.line))[:_NAMED]
    words = [f"`{block.name}` (line {block.line}, complexity {block.complexity})" for block in worst if block.complexity > 1] or [
        listed([block.name for block in worst])
    ]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
