"""An audit as one page that needs nothing else: no network, no other file. It can be read without its script, too.

Rows of tables carry their values for sorting and filtering; trends are plotted as inline SVG.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files

from core.domain.quality.audit import Totals, packages, totals
from core.domain.quality.finding import Finding
from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import SPECS
from core.domain.quality.trend import Direction, thinned
from core.domain.quality.verdict import Delta, GateReport, Judged
from core.domain.untrusted.printable import inert_json
from core.reports.audit.fields import file_fields
from core.reports.audit.words import RANKS, accepted_amount, amount_over, judged_words, place_words, verdict_words
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
        ("mean complexity", f"{total.complexity:.2f}" if total.blocks else "–", ""),
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
    items = "".join(f"<li>{html_text(place_words(known))} ({accepted_amount(known)})</li>" for known in gate.judgement.gone)
    return f'<section aria-labelledby="gone-title"><h2 id="gone-title">Gone</h2><ul class="gone">{items}</ul></section>'


def _short(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"


_WORDS = {Delta.NEW: "new", Delta.WORSE: "worse", Delta.BETTER: "better", Delta.SAME: "accepted", Delta.ACCEPTED: "accepted by a comment"}
_WIDTH, _HEIGHT = 300, 96
_SPARK = (96, 26)
#: More values than that cannot be told apart.
_POINTS = 60


def findings_table(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return filters and table."""
    if not shown:
        return '<div class="table"><p class="empty">Nothing is over a threshold.</p></div>'
    failing = {judged.finding.fingerprint for judged in gate.failing}
    rows = "".join(
        _row(judged, order, compared=bool(gate.against), failing=judged.finding.fingerprint in failing)
        for order, judged in enumerate(shown)
    )
    heads = (
        ("rank", "Rank", "descending", ""),
        ("path", "Where", "ascending", ""),
        ("metric", "Metric", "ascending", ""),
        ("score", "Score", "descending", "num"),
        ("change", "Trend", "descending", ""),
        ("churn", "Churn", "descending", "num"),
        *((("stand", "Gate", "ascending", ""),) if gate.against else ()),
    )
    return (
        f'{_filters(gate)}<div class="table findings"><table><thead><tr>{"".join(_head(*head) for head in heads)}</tr></thead>'
        f'<tbody>{rows}</tbody></table><p class="empty" id="none" hidden>Nothing matches.</p></div>'
    )


def packages_table(every: Sequence[Totals]) -> str:
    """Return the table of packages."""
    heads = (
        ("name", "Package", "ascending", ""),
        ("files", "Files", "descending", "num"),
        ("lines", "Lines", "descending", "num"),
        ("complexity", "Complexity", "descending", "num"),
        ("index", "Maintainability", "ascending", "num"),
        ("findings", "Findings", "descending", "num"),
    )
    rows = "".join(_package(each) for each in every)
    titles = "".join(_head(*head) for head in heads)
    return f'<div class="table packages"><table><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table></div>'


def _filters(gate: GateReport) -> str:
    ranks = "".join(f'<option value="{rank}">{rank} and worse</option>' for rank in RANKS[1:])
    stands = "".join(f'<option value="{delta.value}">{word}</option>' for delta, word in _WORDS.items())
    delta = ""
    if gate.against:
        delta = f'<select id="standing" aria-label="Filter by the gate"><option value="">All standings</option>{stands}</select>'
    sorts = "".join(
        f'<option value="{value}">{label}</option>'
        for value, label in (
            ("order ascending", "Most urgent"),
            ("score descending", "Score"),
            ("churn descending", "Churn"),
            ("path ascending", "Place"),
        )
    )
    return (
        '<div class="filters"><input id="search" type="search" placeholder="Filter by path, block or metric" aria-label="Filter findings">'
        f'<select id="rank" aria-label="Filter by rank"><option value="">All ranks</option>{ranks}</select>{delta}'
        f'<label class="sortby"><select id="sort" aria-label="Sort by">{sorts}</select></label></div>'
    )


def _head(key: str, title: str, first: str, kind: str) -> str:
    return f'<th scope="col" class="{kind}" data-key="{key}" data-first="{first}"><button type="button">{title}</button></th>'


def _row(judged: Judged, order: int, *, compared: bool, failing: bool) -> str:
    finding = judged.finding
    name = finding.block or finding.path.rpartition("/")[2]
    lines = f"{finding.path}:{finding.line}" + (f"–{finding.end_line}" if finding.end_line > finding.line and finding.block else "")
    change = finding.trend[-1] - finding.trend[0] if len(finding.trend) > 1 else 0.0
    if not SPECS[finding.metric].higher_is_worse:
        change = -change
    score = "" if finding.metric is Metric.UNREADABLE else f"{finding.score:g}"
    text = html_text(f"{finding.path} {finding.block} {finding.metric}".lower())
    attributes = (
        f'data-order="{order}" data-rank="{finding.rank}" data-path="{html_text(lines)}" data-metric="{finding.metric}" '
        f'data-score="{score}" data-change="{change:g}" data-churn="{finding.churn}" data-standing="{judged.delta}" '
        f'data-stand="{list(Delta).index(judged.delta)}" data-text="{text}"'
    )
    problem = _said(judged, compared=compared)
    kind = "failing" if failing else judged.delta.value
    stand = f'<td class="stand {kind}">{html_text(judged_words(judged))}</td>' if compared else ""
    return (
        f'<tr {attributes}><td class="rankcell"><span class="rank rank-{finding.rank}">{finding.rank}</span></td>'
        f'<td class="where"><b>{html_text(name)}</b><span>{html_text(lines)}</span>{problem}</td><td class="metric">{finding.metric}</td>'
        f'<td class="num score">{_score(judged)}</td><td class="trend">{spark(finding)}</td>'
        f'<td class="num churn">{finding.churn or ""}</td>{stand}</tr>'
    )


def _said(judged: Judged, *, compared: bool) -> str:
    """Return why a finding is one where that is no number, or why it is accepted where no column says so."""
    said = judged_words(judged) if judged.reason and not compared else judged.finding.problem
    return f'<span class="problem">{html_text(said)}</span>' if said else ""


def _score(judged: Judged) -> str:
    finding = judged.finding
    score, sign, threshold = amount_over(finding).partition(" > " if SPECS[finding.metric].higher_is_worse else " < ")
    return f'<b>{score}</b> <span class="over">{html_text(sign.strip())} {threshold}</span>' if sign else ""


def _package(total: Totals) -> str:
    index = "" if total.maintainability is None else f"{total.maintainability:.1f}"
    complexity = f"{total.complexity:.2f}" if total.blocks else ""
    attributes = (
        f'data-name="{html_text(total.package)}" data-files="{total.files}" data-lines="{total.lines}" '
        f'data-complexity="{total.complexity:.3f}" data-index="{index}" data-findings="{total.findings}"'
    )
    return (
        f'<tr {attributes}><td class="where">{html_text(total.package or ".")}</td><td class="num">{total.files:,}</td>'
        f'<td class="num">{total.lines:,}</td><td class="num">{complexity}</td><td class="num">{index}</td>'
        f'<td class="num">{total.findings or "–"}</td></tr>'
    )


def spark(finding: Finding) -> str:
    """Return a small line without axes; nothing without a trend."""
    if len(finding.trend) < 2:
        return ""
    width, height = _SPARK
    points = _points(thinned(finding.trend, _POINTS), width, height, *_bounds(finding.trend))
    last = points[-1].split(",")
    label = html_text(f"trend: {finding.trend[0]:g} to {finding.trend[-1]:g}, {finding.direction}")
    return (
        f'<svg class="spark {finding.direction}" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        f'<polyline class="line" points="{" ".join(points)}"/><circle cx="{last[0]}" cy="{last[1]}" r="2.5" fill="currentColor"/></svg>'
    )


def plot(finding: Finding) -> str:
    """Return a line over its area with the threshold dashed; the values are the finding's trend, oldest first."""
    values = thinned(finding.trend, _POINTS)
    low, high = _bounds((*values, finding.threshold))
    points = _points(values, _WIDTH, _HEIGHT, low, high)
    (limit,) = _points((finding.threshold,), _WIDTH, _HEIGHT, low, high)
    level = limit.split(",")[1]
    label = html_text(f"{finding.metric}: {finding.trend[0]:g} to {finding.trend[-1]:g}; threshold {finding.threshold:g}")
    return (
        f'<svg class="{finding.direction}" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'<line class="limit" x1="0" x2="{_WIDTH}" y1="{level}" y2="{level}"/>'
        f'<polygon class="area" points="0,{_HEIGHT} {" ".join(points)} {_WIDTH},{_HEIGHT}"/>'
        f'<polyline class="line" points="{" ".join(points)}"/></svg>'
    )


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = (high - low) * 0.1 or 1.0
    return low - margin, high + margin


def _points(values: Sequence[float], width: int, height: int, low: float, high: float) -> list[str]:
    step = width / max(1, len(values) - 1)
    return [f"{index * step:.1f},{height - (value - low) / (high - low) * height:.1f}" for index, value in enumerate(values)]
