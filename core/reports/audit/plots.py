"""Trends as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.quality.finding import Finding
from core.domain.quality.trend import thinned
from core.reports.text.markup import html_text

_WIDTH, _HEIGHT = 300, 96
_SPARK = (96, 26)
#: More values than that cannot be told apart.
_POINTS = 60


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
