"""An audit as one page that needs nothing else: no network, no other file. It reads without its script, too."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files

from core.domain.quality.audit import packages, totals
from core.domain.quality.metric import Metric
from core.domain.quality.trend import Direction
from core.domain.quality.verdict import Delta, GateReport, Judged
from core.domain.untrusted.printable import inert_json
from core.reports.audit.fields import file_fields
from core.reports.audit.page_parts import findings_table, packages_table, plot
from core.reports.audit.words import place_words, verdict_words
from core.reports.text.markup import html_text
from core.reports.text.wording import count

#: Plots of trends shown; those that moved most.
_PLOTS = 12
_FILE_KEYS = ("path", "lines", "complexity", "worst", "maintainability", "churn", "problem")


def audit_html(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return the page."""
    verdict, _, why = verdict_words(gate).partition(":")
    failed = bool(gate.failing)
    parts = {
        "project": html_text(gate.project or "this repository"),
        "style": _resource("style.css"),
        "script": _resource("script.js"),
        "verdict_class": "failed" if failed else "passed",
        "verdict_word": "Gate failed" if failed else "Gate passed",
        "verdict_why": html_text(why.strip() or verdict.removeprefix("passed ").strip("()")),
        "notes": "".join(f'<p class="note">{html_text(note)}</p>' for note in _notes(gate)),
        "figures": _figures(gate),
        "trends": _trends(shown),
        "findings_count": f"{len(shown):,} over a threshold, the most urgent first",
        "findings": findings_table(gate, shown),
        "packages": packages_table(packages(gate.report)),
        "gone": _gone(gate),
        "data": _data(gate),
    }
    return _filled(_resource("page.html"), parts)


def _notes(gate: GateReport) -> list[str]:
    return [note for note in (*(change.sentence for change in gate.changed), *gate.notes, gate.report.gap) if note]


def _resource(name: str) -> str:
    return files("core.reports.audit").joinpath("page", name).read_text(encoding="utf-8")


def _filled(template: str, parts: Mapping[str, str]) -> str:
    return re.sub(r"@(\w+)@", lambda match: parts[match[1]], template)


def _data(gate: GateReport) -> str:
    """Return the data of the map as JSON that cannot end the script element around it."""
    rows = [{key: fields[key] for key in _FILE_KEYS} for fields in map(file_fields, gate.report.files)]
    threshold = min(
        (judged.finding.threshold for judged in gate.judgement.judged if judged.finding.metric is Metric.COMPLEXITY), default=10
    )
    text = json.dumps({"files": rows, "threshold": threshold}, separators=(",", ":"))
    return inert_json(text).replace("<", "\\u003c").replace("&", "\\u0026")


def _figures(gate: GateReport) -> str:
    total, judgement = totals(gate.report), gate.judgement
    index = "–" if total.maintainability is None else f"{total.maintainability:.1f}"
    figures = [
        ("findings", f"{len(gate.report.findings):,}", ""),
        ("files", f"{total.files:,}", ""),
        ("lines", f"{total.lines:,}", ""),
        ("mean complexity", f"{total.complexity:.2f}", ""),
        ("mean maintainability", index, ""),
    ]
    if gate.against:
        new, worse, better = (judgement.count(delta) for delta in (Delta.NEW, Delta.WORSE, Delta.BETTER))
        figures += [
            ("new", f"{new:,}", "bad" if new else ""),
            ("worse", f"{worse:,}", "bad" if worse else ""),
            ("better or gone", f"{better + len(judgement.gone):,}", "good" if better or judgement.gone else ""),
        ]
    return "".join(f'<div><dt>{label}</dt><dd class="{kind}">{value}</dd></div>' for label, value, kind in figures)


def _trends(shown: Sequence[Judged]) -> str:
    """Return plots of the findings that moved, those that got worse first."""
    moved = [judged.finding for judged in shown if judged.finding.direction is not Direction.FLAT]
    if not moved:
        return ""
    moved.sort(key=lambda finding: (finding.direction is not Direction.WORSENING, -abs(finding.trend[-1] - finding.trend[0])))
    items = []
    for finding in moved[:_PLOTS]:
        first, last = finding.trend[0], finding.trend[-1]
        name = html_text(finding.block or finding.path.rpartition("/")[2])
        axis = f"<span>{count(len(finding.trend), 'value')}, oldest first</span><span>threshold {finding.threshold:g}</span>"
        items.append(
            f'<li><span class="move {finding.direction}">{_short(first)} → {_short(last)}</span><h3>{name}</h3>'
            f"<p>{html_text(finding.path)} · {finding.metric}</p>{plot(finding)}"
            f'<div class="axis">{axis}</div></li>'
        )
    lead = f"{count(len(moved), 'finding')} moved in the revisions looked at; what got worse comes first."
    return (
        '<section aria-labelledby="trends-title"><div class="head"><div><h2 id="trends-title">Trends</h2>'
        f'<p class="lead">{lead}</p></div></div><ul class="plots" tabindex="0" aria-label="Plots">{"".join(items)}</ul></section>'
    )


def _gone(gate: GateReport) -> str:
    if not gate.judgement.gone or not gate.against:
        return ""
    items = "".join(f"<li>{html_text(place_words(known))} ({known.metric} {known.score:g})</li>" for known in gate.judgement.gone)
    return f'<section aria-labelledby="gone-title"><h2 id="gone-title">Gone</h2><ul class="gone">{items}</ul></section>'


def _short(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
