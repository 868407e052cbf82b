"""What auditor plugins report, as findings beside our own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.domain.quality.finding import Finding, fingerprint, plugin_excess
from core.domain.quality.metric import Metric

_RANKS = "CDEF"
_LARGEST = 1e15


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginFindings:
    """What plugins found in one audit."""

    findings: tuple[Finding, ...] = ()
    #: Plugins that answered.
    answered: frozenset[str] = frozenset()
    #: Why others did not, a sentence each.
    notes: tuple[str, ...] = ()


def plugin_of(block: str) -> str:
    """Return the plugin that a finding's block begins with."""
    return block.partition("/")[0]


def plugin_findings(plugin: str, reported: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Turn findings as the contract of auditors has them into ours; those of one name are numbered in their order."""
    findings: list[Finding] = []
    seen: dict[tuple[str, str], int] = {}
    for item in reported:
        path, block = _line(item["path"]), f"{plugin}/{item['metric']} {_line(item.get('block', ''))}".rstrip()
        seen[path, block] = number = seen.get((path, block), 0) + 1
        findings.append(_finding(item, path, block if number == 1 else f"{block} #{number}"))
    return tuple(findings)


def _finding(item: Mapping[str, Any], path: str, block: str) -> Finding:
    score, threshold, line = _bounded(item.get("score", 1)), _bounded(item.get("threshold", 0)), item.get("line", 1)
    return Finding(
        fingerprint=fingerprint(Metric.PLUGIN, path, block),
        metric=Metric.PLUGIN,
        path=path,
        block=block,
        line=line,
        end_line=max(line, item.get("end_line", line)),
        score=score,
        threshold=threshold,
        rank=_RANKS[min(3, int(plugin_excess(score, threshold)))],
        problem=_line(item["message"]),
        suggestion=_line(item.get("suggestion", "")),
    )


def _bounded(value: float) -> float:
    """Return a number that a tasks file can hold."""
    return float(max(-_LARGEST, min(_LARGEST, value)))


def _line(text: str) -> str:
    """Return text as one line that cannot move a terminal's cursor."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
