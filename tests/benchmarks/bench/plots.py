"""Plots as SVG text: bars and lines on logarithmic axes, readable on a light and on a dark page, without scripts or fonts of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH = 760
_STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .soft { fill: #59636e; font-size: 12px }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .bar { fill: #6e7781 } .bar.less { fill: #b6bec7 } .bar.ours { fill: #0969da }
  .line { fill: none; stroke: #8c959f; stroke-width: 1.5 } .line.ours { fill: none; stroke: #0969da; stroke-width: 3 }
  .line.less { stroke-dasharray: 4 3 } .line.ours.less { stroke-dasharray: 6 4 }
  .dot { fill: #8c959f } .dot.ours { fill: #0969da }
  .name.less { fill: #59636e } .name.ours { font-weight: 600; fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .soft { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .bar { fill: #8b949e } .bar.less { fill: #4d555e } .bar.ours { fill: #4493f8 }
    .line { stroke: #7d8590 } .line.ours { stroke: #4493f8 }
    .dot { fill: #7d8590 } .dot.ours { fill: #4493f8 }
    .name.less { fill: #9198a1 } .name.ours { fill: #4493f8 }
  }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row; ``kind`` is "ours", "less" for a tool that does less, or ""."""

    name: str
    value: float
    said: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Points of one contestant, from left to right."""

    name: str
    points: Sequence[tuple[float, float]]
    kind: str = ""


def bars(title: str, subtitle: str, rows: Sequence[Bar], *, legend: str = "") -> str:
    """Horizontal bars from 1 to the left (less) and to the right (more), on a logarithmic axis."""
    left, right, top, step = 250, _WIDTH - 130, 62, 24
    low, high = min(0.7, *(row.value for row in rows)) / 1.1, max(1.5, *(row.value for row in rows)) * 1.1
    bottom = top + step * len(rows)
    place = _axis(low, high, left, right)
    parts = []
    for tick in _ticks(low, high):
        parts += [_line(place(tick), top - 4, place(tick), bottom), _text(place(tick), bottom + 16, f"{tick:g}", "soft", "middle")]
    for number, row in enumerate(rows):
        y = top + step * number
        begin, end = sorted((place(1), place(row.value)))
        parts += [
            _text(left - 10, y + 15, row.name, f"name {row.kind}", "end"),
            _bar(row.kind, begin - (row.kind == "ours") * 2, y + 3, max(4.0, end - begin), step - 7),
            _text(_WIDTH - 10, y + 15, row.said, "soft", "end"),
        ]
    if legend:
        parts.append(_text(left, bottom + 38, legend, "soft"))
    return _picture(title, subtitle, bottom + (50 if legend else 28), parts)


def lines(title: str, subtitle: str, series: Sequence[Line], *, x_label: str) -> str:
    """Lines on two logarithmic axes, their names at their right ends."""
    left, right, top, bottom = 60, _WIDTH - 230, 62, 400
    xs = [x for line in series for x, _ in line.points]
    ys = [y for line in series for _, y in line.points]
    across, up = _axis(min(xs), max(xs), left, right), _axis(min(ys) * 0.8, max(ys) * 1.2, bottom, top)
    parts = [
        _line(left, up(tick), right, up(tick)) + _text(left - 8, up(tick) + 4, f"{tick:g}", "soft", "end")
        for tick in _ticks(min(ys) * 0.8, max(ys) * 1.2)
    ]
    parts += [_text(across(x), bottom + 18, f"{x:,.0f}", "soft", "middle") for x in _apart(sorted(set(xs)), across)]
    parts.append(_text((left + right) / 2, bottom + 38, x_label, "soft", "middle"))
    for line in sorted(series, key=lambda line: "ours" in line.kind):
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line.points)
        parts.append(f'<polyline class="line {line.kind}" points="{path}"/>')
        parts += [f'<circle class="dot {line.kind}" cx="{across(x):.1f}" cy="{up(y):.1f}" r="3"/>' for x, y in line.points]
    ends = {line.name: up(line.points[-1][1]) + 4 for line in series}
    for line in series:
        x, y = line.points[-1]
        label = _spread(ends, top + 8, bottom + 4)[line.name]
        parts.append(_line(across(x) + 5, up(y), right + 8, label - 4))
        parts.append(_text(right + 12, label, line.name, f"name {line.kind}"))
    return _picture(title, subtitle, bottom + 52, parts)


def _axis(low: float, high: float, begin: float, end: float):
    span = math.log(high / low) or 1.0
    return lambda value: begin + (end - begin) * math.log(value / low) / span


def _ticks(low: float, high: float) -> list[float]:
    """1, 2, 5 where the axis is short, powers of ten where it is long."""
    steps = (1, 2, 5) if high / low < 100 else (1,) if high / low > 5_000 else (1, 3)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return [step * 10.0**power for power in range(first, last + 1) for step in steps if low <= step * 10.0**power <= high]


def _apart(values: Sequence[float], place) -> list[float]:
    """Leave out labels that would touch."""
    kept: list[float] = []
    for value in values:
        if not kept or place(value) - place(kept[-1]) > 50:
            kept.append(value)
    return kept


def _spread(ends: dict[str, float], top: float, bottom: float, gap: float = 16) -> dict[str, float]:
    """Move labels apart, in order, within the plot."""
    names = sorted(ends, key=ends.__getitem__)
    found: list[float] = []
    for name in names:
        found.append(max(ends[name], found[-1] + gap if found else top))
    for number in reversed(range(len(found))):
        found[number] = min(found[number], bottom if number == len(found) - 1 else found[number + 1] - gap)
    return dict(zip(names, found, strict=True))


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _bar(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="bar {kind}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}" rx="2"/>'


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind.strip()}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _picture(title: str, subtitle: str, height: float, parts: Sequence[str]) -> str:
    head = [_text(10, 22, title, "title"), _text(10, 41, subtitle, "soft")]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" width="{_WIDTH}" height="{height:.0f}" '
        f'role="img" aria-label="{escape(title)}">\n<title>{escape(title)}</title>\n<desc>{escape(subtitle)}</desc>\n'
        + "\n".join([f"<style>{_STYLE}</style>", *head, *parts])
        + "\n</svg>\n"
    )
