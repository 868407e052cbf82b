"""What of an audit's settings lets more pass than another version of them does, thing by thing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.domain.quality.asserts import AssertRule
from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import CHOICES, SPECS
from core.domain.settings.options import Section, read_settings
from core.schema.document import Document
from core.schema.field_types import ErrorCollector

_AUDIT = "audit."
_THRESHOLDS = "audit.thresholds."
#: Words of settings, the strictest first.
_STRICTEST_FIRST: Mapping[str, tuple[str, ...]] = {
    "audit.asserts": (AssertRule.COUNT, AssertRule.IGNORE_IN_TESTS, AssertRule.IGNORE),
    "audit.silence": ("finding", "note"),
}
#: Thresholds by metric, by glob.
_Limits = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosened:
    """One value that may let more pass."""

    #: Dotted key of the setting.
    key: str
    #: ``audit.thresholds.complexity 10 → 50``; one line.
    what: str
    #: 1-based line in the file that was changed, 0 where it is not set any more.
    line: int


def loosened_values(table: Section, here: Document, base: Document) -> tuple[Loosened, ...]:
    """Return what of the audit's settings may let more pass in ``here`` than in ``base``, in the order of the table.

    A change that certainly lets no more pass is passed over. Mistakes in either file count as not set.
    """
    before, after = (read_settings(table, document.root, ErrorCollector()) for document in (base, here))
    options = [option for option in table.options() if option.decides_verdict and option.key.startswith(_AUDIT)]
    known = {option.key: before.get(option.key, option.default) for option in options}
    found = []
    for option in options:
        old, new = known[option.key], after.get(option.key, option.default)
        line = here.place(option.path, key=True)[0] if option.key in after else 0
        whats = () if _is_same(old, new) else _looser(option.key, old, new, known)
        found += [Loosened(key=option.key, what=what, line=line) for what in whats]
    return tuple(found)


def _is_same(old: Any, new: Any) -> bool:
    """Return whether two values are equal, their order included."""
    return bool(old == new) and (not isinstance(old, Mapping) or list(old) == list(new))


def _looser(key: str, old: Any, new: Any, known: Mapping[str, Any]) -> Iterable[str]:
    """Return in words what is looser; ``known``: every setting as it was."""
    if key.startswith(_THRESHOLDS):
        worse_by = SPECS[Metric(key.removeprefix(_THRESHOLDS))].worse_by(old, new)
        return [f"{key} {old:g} → {new:g}"] if worse_by > 0 else []
    if key in _STRICTEST_FIRST:
        words = _STRICTEST_FIRST[key]
        return [f"{key} {old} → {new}"] if words.index(new) > words.index(old) else []
    if key in _RULES:
        return _RULES[key](old, new, known)
    return [f"{key} {old} → {new}"]


def _exclude(old: Iterable[str], new: Iterable[str], _: Mapping[str, Any]) -> Iterator[str]:
    known = set(old)
    return (f"audit.exclude: {glob}" for glob in new if glob not in known)


def _include(old: Iterable[str], new: Iterable[str], _: Mapping[str, Any]) -> Iterator[str]:
    present = set(new)
    return (f"audit.include without {glob}" for glob in old if glob not in present)


def _metrics(old: Iterable[str], new: Iterable[str], _: Mapping[str, Any]) -> Iterator[str]:
    return (f"audit.metrics without {metric}" for metric in CHOICES if metric in _all(old) and metric not in _all(new))


def _all(metrics: Iterable[str]) -> frozenset[str]:
    named = frozenset(metrics)
    return frozenset(metric.value for metric in CHOICES) if "all" in named else named


def _coverage(old: str | None, new: str | None, _: Mapping[str, Any]) -> Iterator[str]:
    return (f"audit.coverage {report} → {new or 'null'}" for report in (old,) if report)


def _overrides(old: _Limits, new: _Limits, known: Mapping[str, Any]) -> Iterator[str]:
    """Yield values that may be looser than what counted for the same files; the last glob that matches wins, so order counts."""
    yield from filter(None, (_looser_override(*each, old, known) for each in _values(new)))
    yield from filter(None, (_lost_override(*each, new, known) for each in _values(old)))
    if [glob for glob in old if glob in new] != [glob for glob in new if glob in old]:
        yield "audit.overrides in another order"


def _looser_override(glob: str, metric: str, value: float, old: _Limits, known: Mapping[str, Any]) -> str:
    """Return in words what is looser about one value; empty where it certainly is not."""
    former = old.get(glob, {}).get(metric)
    if former is not None:
        return f"audit.overrides {glob}: {metric} {former:g} → {value:g}" if _is_looser(metric, former, value) else ""
    # Whatever else may have counted for these files.
    others = [*_of(metric, old), known[f"{_THRESHOLDS}{metric}"]]
    return f"audit.overrides {glob}: {metric} {value:g}" if any(_is_looser(metric, each, value) for each in others) else ""


def _lost_override(glob: str, metric: str, value: float, new: _Limits, known: Mapping[str, Any]) -> str:
    """Return in words which value is gone that may have been stricter than what counts without it; empty where it is not."""
    if metric in new.get(glob, {}):
        return ""
    others = [*_of(metric, new), known[f"{_THRESHOLDS}{metric}"]]
    return f"audit.overrides {glob}: {metric} {value:g} is gone" if any(_is_looser(metric, value, each) for each in others) else ""


def _values(overrides: _Limits) -> Iterator[tuple[str, str, float]]:
    return ((glob, metric, value) for glob, limits in overrides.items() for metric, value in limits.items())


def _of(metric: str, overrides: _Limits) -> Iterator[float]:
    return (limits[metric] for limits in overrides.values() if metric in limits)


def _is_looser(metric: str, before: float, after: float) -> bool:
    return SPECS[Metric(metric)].worse_by(before, after) > 0


_RULES: Mapping[str, Callable[[Any, Any, Mapping[str, Any]], Iterable[str]]] = {
    "audit.coverage": _coverage,
    "audit.exclude": _exclude,
    "audit.include": _include,
    "audit.metrics": _metrics,
    "audit.overrides": _overrides,
}
