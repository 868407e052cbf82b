"""wily's JSON → our measures. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.domain.metric import Block, BlockKind, FileMeasure

#: Where radon's function tuples, which wily writes as bare lists, hold what.
_NAME, _LINE, _COLUMN, _END, _CLOSURES, _COMPLEXITY = 0, 1, 2, 3, 6, 7


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
    kind = BlockKind.METHOD if values.get("is_method") else BlockKind.CLASS if "real_complexity" in values else BlockKind.FUNCTION
    yield Block(kind=kind, name=name, line=values["lineno"], end_line=values["endline"], column=0, complexity=int(values["complexity"]))
    yield from _closures(name, values.get("closures", ()))


def _closures(outer: str, closures: Sequence[Sequence[Any]]) -> Iterator[Block]:
    for closure in closures:
        name = f"{outer}.{closure[_NAME]}"
        yield Block(
            kind=BlockKind.CLOSURE,
            name=name,
            line=closure[_LINE],
            end_line=closure[_END],
            column=closure[_COLUMN],
            complexity=int(closure[_COMPLEXITY]),
        )
        yield from _closures(name, closure[_CLOSURES])
