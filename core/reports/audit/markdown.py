"""An audit as Markdown, for a job's summary or a comment: first what changed, then the rest folded away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.domain.quality.audit import Totals, packages, totals
from core.domain.quality.trend import sparkline
from core.domain.quality.verdict import Delta, GateReport, Judged
from core.reports.audit.words import ARROWS, accepted_amount, amount_over, found_words, judged_words, place_words, verdict_words, where
from core.reports.text.markup import markdown_cell
from core.reports.text.wording import count

#: Rows of a table: a job's summary has a limit of 1 MiB.
_ROWS = 100
_PACKAGES = 20
_SIGNS = {Delta.NEW: "🆕", Delta.WORSE: "🔺", Delta.SAME: "▫️", Delta.BETTER: "✅", Delta.ACCEPTED: "▫️"}


def audit_markdown(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return the page's text."""
    sign = "❌" if gate.failing else "✅"
    parts = [f"### {sign} Audit {markdown_cell(verdict_words(gate))}\n\n{markdown_cell(found_words(gate))}\n"]
    parts += [f"> ⚠️ {markdown_cell(change.sentence)}\n" for change in gate.changed]
    parts += _compared(gate, shown) if gate.against else [_findings(shown, compared=False)]
    if len(gate.report.files) > 1:
        parts.append(_folded("Packages", _packages(gate)))
    parts += [f"> {markdown_cell(note)}\n" for note in (*gate.notes, gate.report.gap) if note]
    return "\n".join(part for part in parts if part) + "\n"


def _compared(gate: GateReport, shown: Sequence[Judged]) -> list[str]:
    """Return what is new or worse, and folded away what is better, gone and as it was."""
    moving = [judged for judged in shown if judged.delta in (Delta.NEW, Delta.WORSE)]
    better = [judged for judged in shown if judged.delta is Delta.BETTER]
    accepted = [judged for judged in shown if judged.delta in (Delta.SAME, Delta.ACCEPTED)]
    parts = [_findings(moving)]
    if better or gate.judgement.gone:
        parts.append(_folded(f"Better: {len(better)}, gone: {len(gate.judgement.gone)}", _findings(better) + _gone(gate)))
    if accepted:
        parts.append(_folded(f"Accepted: {len(accepted)}", _findings(accepted)))
    return parts


def _findings(findings: Sequence[Judged], *, compared: bool = True) -> str:
    if not findings:
        return ""
    head = "| | Rank | Metric | Score | Where | Trend | Churn | |\n|---|:-:|---|---:|---|---|---:|---|\n"
    return head + "".join(_row(judged, compared=compared) for judged in findings[:_ROWS]) + _more(len(findings), _ROWS)


def _row(judged: Judged, *, compared: bool) -> str:
    finding = judged.finding
    trend = f"{sparkline(finding.trend)} {ARROWS[finding.direction]}".rstrip() if len(finding.trend) > 1 else ""
    cells = (
        _SIGNS[judged.delta] if compared else "",
        finding.rank,
        finding.metric.value,
        markdown_cell(amount_over(finding)),
        markdown_cell(where(finding) + (f" {finding.problem}" if finding.problem else "")),
        trend,
        str(finding.churn or ""),
        markdown_cell(judged_words(judged)) if compared or judged.delta is Delta.ACCEPTED else "",
    )
    return f"| {' | '.join(cells)} |\n"


def _gone(gate: GateReport) -> str:
    gone = gate.judgement.gone
    lines = [f"- {markdown_cell(f'{place_words(known)} ({accepted_amount(known)})')}\n" for known in gone[:_ROWS]]
    return ("\n" + "".join(lines) + _more(len(gone), _ROWS)) if gone else ""


def _packages(gate: GateReport) -> str:
    every = packages(gate.report)
    head = "| Package | Files | Lines | Complexity | Maintainability | Findings |\n|---|---:|---:|---:|---:|---:|\n"
    rows: Iterable[str] = (_totals(each, markdown_cell(each.package or ".")) for each in every[:_PACKAGES])
    return head + "".join(rows) + _totals(totals(gate.report), f"**all {count(len(every), 'package')}**") + _more(len(every), _PACKAGES)


def _totals(total: Totals, name: str) -> str:
    index = "" if total.maintainability is None else f"{total.maintainability:.1f}"
    complexity = f"{total.complexity:.2f}" if total.blocks else ""
    return f"| {name} | {total.files:,} | {total.lines:,} | {complexity} | {index} | {total.findings:,} |\n"


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n</details>\n"


def _more(rows: int, most: int) -> str:
    return f"\n{rows - most:,} more.\n" if rows > most else ""
