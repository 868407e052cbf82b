"""How a number moved over history: series, direction, churn, and the little picture of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from core.domain.quality.history import History
from core.domain.quality.metric import FileMeasure, Metric
from core.domain.quality.metric_spec import BLOCK_METRICS, SPECS, block_score

_BARS = "▁▂▃▄▅▆▇█"


class Direction(StrEnum):
    """Where a series went between its first and its last value."""

    WORSENING = "worsening"
    IMPROVING = "improving"
    FLAT = "flat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value at one revision."""

    #: Commit id; empty for the value before the first revision looked at.
    revision: str
    #: Unix time of the commit in seconds; for the value before the first revision, the time of that revision.
    at: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTrend:
    """What happened to one file in the window, under whatever names it had."""

    #: Its path in the work tree.
    path: str
    #: Commits that touched it, of those looked at: further back than the points go.
    churn: int
    #: Its maintainability index before the window and after each revision that touched it.
    maintainability: tuple[Point, ...]
    #: The numbers of each block it has at the end, by metric and full name; see ``FileMeasure.block``.
    blocks: Mapping[Metric, Mapping[str, tuple[Point, ...]]]

    def of(self, metric: Metric, block: str) -> tuple[Point, ...]:
        """Return the series of a finding's place; empty where the metric has none."""
        if metric is Metric.MAINTAINABILITY:
            return self.maintainability
        return self.blocks[metric].get(block, ()) if metric in self.blocks else ()


class _Version(NamedTuple):
    """A file after a revision."""

    revision: str
    at: float
    measure: FileMeasure


class _BlockSeries(Mapping[str, tuple[Point, ...]]):
    """The series of each block, put together when it is asked for: of most blocks none ever is."""

    def __init__(self, versions: Sequence[_Version], metric: Metric, *, without_asserts: bool) -> None:
        self._versions = versions
        self._metric = metric
        self._without_asserts = without_asserts and metric is Metric.COMPLEXITY

    def __getitem__(self, name: str) -> tuple[Point, ...]:
        points = []
        for revision, at, measure in self._versions:
            block = measure.block(name)
            if block:
                score = block_score(block, self._metric) - (block.asserts if self._without_asserts else 0)
                points.append(Point(revision=revision, at=at, value=float(score)))
        # What it does not have at the end is no block of it any more.
        if not points or not block:
            raise KeyError(name)
        return tuple(points)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(block.full_name for version in self._versions[-1:] for block in version.measure.blocks))

    def __len__(self) -> int:
        return len(list(iter(self)))


@dataclass(slots=True)
class _Track:
    churn: int = 0
    #: Oldest first; those that could be measured.
    versions: list[_Version] = field(default_factory=list)

    def add(self, revision: str, at: float, measure: FileMeasure) -> None:
        if not measure.problem:
            self.versions.append(_Version(revision, at, measure))

    def trend(self, path: str, *, without_asserts: bool) -> FileTrend:
        indices = tuple(Point(revision=revision, at=at, value=measure.maintainability) for revision, at, measure in self.versions)
        blocks = {metric: _BlockSeries(self.versions, metric, without_asserts=without_asserts) for metric in BLOCK_METRICS}
        return FileTrend(path=path, churn=self.churn, maintainability=indices, blocks=blocks)


def file_trends(history: History, ignores_asserts: Callable[[str], bool] = lambda _: False) -> dict[str, FileTrend]:
    """Return the trend of every file that a commit touched and that is there at the end, by its path in the work tree.

    A renamed file keeps its series, before its rename is committed, too; a file that was deleted and added again starts
    a new one. A version that could not be measured counts as churn and gives no point. ``ignores_asserts`` says of a path
    in the work tree whether ``assert`` adds nothing to complexities there.
    """
    live = _before(history)
    for revision in history.revisions:
        moved = _taken(live, revision.renamed or {})
        for path in revision.removed:
            live.pop(path, None)
        live.update(moved)
        for path, measure in revision.changed.items():
            track = live.setdefault(path, _Track())
            track.churn += 1
            track.add(revision.id, revision.at, measure)
    live.update(_taken(live, history.moved))
    return {path: track.trend(path, without_asserts=ignores_asserts(path)) for path, track in sorted(live.items()) if track.churn}


def _before(history: History) -> dict[str, _Track]:
    """Return what is known of files from before the first revision."""
    tracks = {path: _Track(churn) for path, churn in history.earlier_churn.items()}
    for path, measure in history.before.items():
        tracks.setdefault(path, _Track()).add("", history.revisions[0].at, measure)
    return tracks


def _taken(live: dict[str, _Track], renamed: Mapping[str, str]) -> dict[str, _Track]:
    """Take renamed files out of ``live``; return them by their new paths. ``renamed``: new path → old path."""
    return {new: live.pop(old) for new, old in renamed.items() if old in live}


def values(points: Sequence[Point], present: float | None = None) -> tuple[float, ...]:
    """Return the points' values, oldest first, and ``present`` after them unless it is the last one again."""
    past = tuple(point.value for point in points)
    return past if present is None or past[-1:] == (present,) else (*past, present)


def direction(metric: Metric, series: Sequence[float]) -> Direction:
    """Compare the last value with the first: better, worse, or neither by more than the metric's tolerance.

    A complexity moves by any whole number, a maintainability index by more than one point.
    """
    if not series:
        return Direction.FLAT
    spec = SPECS[metric]
    worse = spec.worse_by(series[0], series[-1])
    if abs(worse) <= spec.tolerance:
        return Direction.FLAT
    return Direction.WORSENING if worse > 0 else Direction.IMPROVING


def sparkline(series: Sequence[float], width: int = 12) -> str:
    """Return one bar a value, lowest ▁ to highest █; a flat series is all ▄, an empty one empty.

    More than ``width`` values are thinned evenly; the first and the last stay. ``width`` is at least 2.
    """
    shown = thinned(series, width)
    if not shown:
        return ""
    low, span = min(shown), max(shown) - min(shown)
    if span <= 0:
        return _BARS[3] * len(shown)
    return "".join(_BARS[min(7, int((value - low) / span * 8))] for value in shown)


def thinned(series: Sequence[float], width: int) -> tuple[float, ...]:
    """Return at most ``width`` (2 or more) values at even distances, the first and the last among them."""
    if len(series) <= width:
        return tuple(series)
    step = (len(series) - 1) / (width - 1)
    return tuple(series[round(index * step)] for index in range(width))
