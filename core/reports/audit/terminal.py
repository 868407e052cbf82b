"""An audit for a person at a terminal, or in a log."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from core.domain.quality.audit import Totals, packages, totals
from core.domain.quality.reflection import CycleReport
from core.domain.quality.trend import Direction, sparkline
from core.domain.quality.verdict import Delta, GateReport, Judged
from core.domain.runs.reasons import words
from core.domain.tasks.task import Status
from core.reports.audit.words import ARROWS, accepted_amount, amount_over, found_words, judged_words, took, verdict_words, where
from core.reports.text.columns import Cell, Column, Paint, one_line, table
from core.reports.text.style import PLAIN, Style
from core.reports.text.wording import count

#: Packages shown before the rest is summed up.
_PACKAGES = 10

_FINDINGS = (
    Column(title="", right=True),
    Column(title="Score", right=True),
    Column(title="Metric"),
    Column(title="Trend", optional=True),
    Column(title="Churn", right=True, optional=True),
    Column(title="Where", elastic=True),
    Column(title="Gate", elastic=True),
)
_TOTALS = (
    Column(title="Package", elastic=True),
    Column(title="Files", right=True),
    Column(title="Lines", right=True, optional=True),
    Column(title="Complexity", right=True, optional=True),
    Column(title="Maintainability", right=True),
    Column(title="Findings", right=True),
)


def audit_text(gate: GateReport, style: Style, *, shown: Sequence[Judged]) -> str:
    """Return the table of the findings ``shown``, the packages, and a line on what was found and what the gate says."""
    parts = []
    if shown:
        failing = {judged.finding.fingerprint for judged in gate.failing}
        rows = [_row(judged, style, compared=bool(gate.against), failing=judged.finding.fingerprint in failing) for judged in shown]
        parts.append(table(_FINDINGS, rows, width=style.width, title=style.dim))
        left_out = len(gate.judgement.judged) - len(shown)
        if left_out:
            parts[-1] += style.dim(f"… {left_out:,} more") + "\n"
    if gate.judgement.gone and gate.against:
        parts.append(_gone(gate, style))
    if len(gate.report.files) > 1:
        parts.append(_packages(gate, style))
    parts.append(summary_lines(gate, style))
    return "\n".join(parts)


def failure_text(gate: GateReport, style: Style) -> str:
    """Return only what does not pass, and the verdict; nothing when all does."""
    if not gate.failing:
        return ""
    rows = [_row(judged, style, compared=bool(gate.against), failing=True) for judged in gate.failing]
    return f"{table(_FINDINGS, rows, width=style.width, title=style.dim)}\n{summary_lines(gate, style)}"


def summary_lines(gate: GateReport, style: Style) -> str:
    """Return what was found, what of the settings changed, and the gate's verdict."""
    paint = style.bad if gate.failing else style.good
    verdict = verdict_words(gate)
    word, _, why = verdict.partition(":")
    verdict = paint(word) + (f":{why}" if why else "")
    changed = "".join(f"{style.warn(one_line(change.sentence))}\n" for change in gate.changed)
    return f"{found_words(gate)} ({took(gate)})\n{changed}gate {verdict}\n"


def rank_paint(rank: str, style: Style) -> Paint:
    """Return the colour of radon's letter."""
    if rank in "AB":
        return style.good
    return style.warn if rank == "C" else style.bad


def _row(judged: Judged, style: Style, *, compared: bool, failing: bool) -> tuple[Cell, ...]:
    finding = judged.finding
    paint = rank_paint(finding.rank, style)
    picture = f"{sparkline(finding.trend)} {ARROWS[finding.direction]}".rstrip() if len(finding.trend) > 1 else ""
    delta = judged_words(judged) if compared or judged.delta is Delta.ACCEPTED else ""
    return (
        Cell(text=finding.rank, paint=_bold(paint, style)),
        Cell(text=amount_over(finding), paint=paint),
        Cell(text=finding.metric.value, paint=style.dim),
        Cell(text=picture, paint=_trend_paint(finding.direction, style)),
        Cell(text=str(finding.churn) if finding.churn else "", paint=style.dim),
        Cell(text=one_line(where(finding) + (f": {finding.problem}" if finding.problem else "")), keep_end=not finding.problem),
        Cell(text=one_line(delta), paint=style.bad if failing else _standing_paint(judged.delta, style)),
    )


def _bold(paint: Paint, style: Style) -> Paint:
    return lambda text: style.bold(paint(text))


def _trend_paint(direction: Direction, style: Style) -> Paint:
    return {Direction.WORSENING: style.bad, Direction.IMPROVING: style.good, Direction.FLAT: style.dim}[direction]


def _standing_paint(delta: Delta, style: Style) -> Paint:
    return {Delta.BETTER: style.good, Delta.SAME: style.dim, Delta.ACCEPTED: style.dim}.get(delta, style.warn)


def _gone(gate: GateReport, style: Style) -> str:
    gone = [one_line(f"{known.path} {known.block}".rstrip() + f" ({accepted_amount(known)})") for known in gate.judgement.gone]
    more = [style.dim(f"… {len(gone) - _PACKAGES:,} more")] if len(gone) > _PACKAGES else []
    return "\n".join([f"{style.good('gone')}  {line}" for line in gone[:_PACKAGES]] + more) + "\n"


def _packages(gate: GateReport, style: Style) -> str:
    every = packages(gate.report)
    rows = [_totals_row(each, style, style.dim) for each in every[:_PACKAGES]]
    if len(every) > 1:
        total = totals(gate.report)
        label = f"all {count(len(every), 'package')}"
        rows.append(_totals_row(total, style, style.bold, label))
    return table(_TOTALS, rows, width=style.width, title=style.dim)


def _totals_row(total: Totals, style: Style, paint: Paint, label: str = "") -> tuple[Cell, ...]:
    index = "" if total.maintainability is None else f"{total.maintainability:.1f}"
    cell = partial(Cell, paint=str if label else paint)
    return (
        Cell(text=one_line(label or total.package or "."), paint=paint if label else str),
        cell(text=f"{total.files:,}"),
        cell(text=f"{total.lines:,}"),
        cell(text=f"{total.complexity:.2f}" if total.blocks else ""),
        cell(text=index),
        Cell(text=f"{total.findings:,}" if total.findings else "–", paint=style.warn if total.findings else style.dim),
    )


def cycle_text(cycle: CycleReport, file: str, style: Style = PLAIN) -> str:
    """Return a line for every task that was appended or closed, and one on what was left."""
    lines = [f"{style.warn('appended')}  {task.id}  {one_line(task.description)}" for task in cycle.appended]
    for closed in cycle.closed:
        word = style.good("done") if closed.status is Status.DONE else style.dim(closed.status.value)
        lines.append(f"{word}  {closed.task_id}  {one_line(words(closed.reason))}")
    lines += (f"{style.dim('open')}  {task_id}  {why}" for task_id, why in cycle.unproven.items())
    if cycle.updated:
        lines.append(f"brought up to date: {', '.join(cycle.updated)}")
    if cycle.withheld:
        lines.append(f"{cycle.withheld:,} more without a task: reflect.max_open_tasks are open")
    lines += cycle.without_task
    if not lines:
        lines.append(f"nothing to append to {file}")
    return "".join(f"{line}\n" for line in lines)
