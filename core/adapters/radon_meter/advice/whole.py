"""Advice on a class or a file: where its weight lies."""

from __future__ import annotations

from collections.abc import Sequence

from core.adapters.radon_meter.advice.suggestion import listed
from core.domain.metric import Block, BlockKind, FileMeasure

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
    sentences = []
    lines = measure.raw.loc
    classes = [block for block in measure.blocks if block.kind is BlockKind.CLASS and "." not in block.name]
    functions = [block for block in measure.blocks if block.kind is not BlockKind.CLASS]
    largest = max(classes, key=_size, default=None)
    if largest and _size(largest) > _MOST * lines:
        sentences.append(
            f"`{largest.name}` (lines {largest.line}–{largest.end_line}) is most of it: divide the class by what changes together."
        )
    elif len(functions) > 1 and lines > _SHORT:
        sentences.append(f"Divide its {lines} lines, with {len(functions)} functions, into modules with one job each.")
    if functions and max(block.complexity for block in functions) > 1:
        sentences.append(f"Begin with {_worst(functions)}.")
    if not functions:
        sentences.append(f"Its {measure.raw.lloc} logical lines are in no function: name the steps, or move tables of data to a data file.")
    return " ".join(sentences)


def _size(block: Block) -> int:
    return block.end_line - block.line + 1


def _worst(blocks: Sequence[Block]) -> str:
    """Return the most complex blocks with line and complexity."""
    worst = sorted(blocks, key=lambda block: (-block.complexity, block.line))[:_NAMED]
    words = [f"`{block.name}` (line {block.line}, complexity {block.complexity})" for block in worst if block.complexity > 1] or [
        listed([block.name for block in worst])
    ]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
