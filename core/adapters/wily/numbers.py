"""wily's JSON → our measures. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.domain.quality.metric import Block, BlockKind, FileMeasure

#: Where the function tuples of radon, which wily writes as bare lists, hold what.
_NAME, _LINE, _COLUMN, _END, _CLOSURES, _COMPLEXITY = 0, 1, 2, 3, 6, 7
#: The same of class tuples.
_METHODS, _INNER, _REAL_COMPLEXITY = 4, 5, 6


def file_measure(operators: Mapping[str, Any], path: str) -> FileMeasure:
    """Return the measure of one file in one revision's ``operator_data``."""
    maintainability = operators.get("maintainability", {}).get(path, {}).get("total", {})
    if "error" in maintainability:
        return FileMeasure(problem=str(maintainability["error"]))
    if "mi" not in maintainability:
        return FileMeasure(problem="wily has no number for this version")
    detailed = operators.get("cyclomatic", {}).get(path, {}).get("detailed", {})
    blocks = [block for name, values in detailed.items() for block in _blocks(name, values)]
    return FileMeasure(blocks=tuple(sorted(blocks, key=lambda block: block.line)), maintainability=float(maintainability["mi"]))


def _blocks(name: str, values: Mapping[str, Any]) -> Iterator[Block]:
    """Yield a block that wily lists, and what radon nests in it. Its column is not in wily's record."""
    is_class = "real_complexity" in values
    kind = BlockKind.CLASS if is_class else BlockKind.METHOD if values.get("is_method") else BlockKind.FUNCTION
    yield Block(kind=kind, name=name, line=values["lineno"], end_line=values["endline"], column=0, complexity=int(values["complexity"]))
    for closure in values.get("closures", ()):
        yield from _function(closure, f"{name}.{closure[_NAME]}", BlockKind.CLOSURE)
    for inner in values.get("inner_classes", ()):
        yield from _class(inner, f"{name}.{inner[_NAME]}")


def _function(record: Sequence[Any], name: str, kind: BlockKind) -> Iterator[Block]:
    yield _block(record, name, kind, int(record[_COMPLEXITY]))
    for closure in record[_CLOSURES]:
        yield from _function(closure, f"{name}.{closure[_NAME]}", BlockKind.CLOSURE)


def _class(record: Sequence[Any], name: str) -> Iterator[Block]:
    # Radon's rule: the mean of its methods plus one, except where there is nothing to average.
    real, methods = int(record[_REAL_COMPLEXITY]), len(record[_METHODS])
    yield _block(record, name, BlockKind.CLASS, int(real / methods) + (methods > 1) if methods else real)
    for method in record[_METHODS]:
        yield from _function(method, f"{name}.{method[_NAME]}", BlockKind.METHOD)
    for inner in record[_INNER]:
        yield from _class(inner, f"{name}.{inner[_NAME]}")


def _block(record: Sequence[Any], name: str, kind: BlockKind, complexity: int) -> Block:
    return Block(kind=kind, name=name, line=record[_LINE], end_line=record[_END], column=record[_COLUMN], complexity=complexity)
