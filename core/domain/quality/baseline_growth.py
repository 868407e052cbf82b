"""What a baseline accepts more than another version of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.domain.quality.finding import Accepted
from core.domain.quality.identity import match
from core.domain.quality.metric_spec import SPECS
from core.domain.quality.verdict import strictest


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One finding that is accepted, and was not, or at a better score."""

    accepted: Accepted
    #: What was accepted of the same finding; None for a new one.
    before: Accepted | None = None


def baseline_growth(before: Iterable[Accepted], after: Iterable[Accepted]) -> tuple[Growth, ...]:
    """Return what is accepted more, in the order of ``after``.

    Entries are known again as findings are: one that went with its block or file to another place is no more.
    """
    known, now = tuple(strictest(before).values()), tuple(strictest(after).values())
    same = match(now, known)
    pairs = [(each, known[same[position]] if position in same else None) for position, each in enumerate(now)]
    return tuple(Growth(accepted=each, before=former) for each, former in pairs if former is None or _is_worse(former, each))


def _is_worse(before: Accepted, after: Accepted) -> bool:
    return SPECS[after.metric].worse_by(before.score, after.score) > 0
