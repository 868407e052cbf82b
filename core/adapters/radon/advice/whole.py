"""Advice on a class or a file: where its weight lies."""

from __future__ import annotations

from collections.abc import Sequence

from core.adapters.radon.advice.suggestion import listed
from core.domain.quality.metric import Block, BlockKind, FileMeasure

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
