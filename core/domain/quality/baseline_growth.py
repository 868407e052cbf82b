"""What a baseline accepts more than another version of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.domain.quality.finding import Accepted
from core.domain.quality.metric_spec import SPECS
from core.domain.quality.verdict import strictest


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One finding that is accepted, and was not, or at a better score."""

    accepted: Accepted
    #: What was accepted at the same place; None for a new entry.
    before: Accepted | None = None


def baseline_growth(before: Iterable[Accepted], after: Iterable[Accepted]) -> tuple[Growth, ...]:
    """Return what is accepted more, in the order of ``after``. An entry that went with its block or file to another place is no more."""
    known, now = strictest(before), strictest(after)
    gone = [each for key, each in known.items() if key not in now]
    return tuple(_growth(known, now.values(), gone))


def _growth(known: dict[tuple[str, str, str], Accepted], now: Iterable[Accepted], gone: list[Accepted]) -> Iterator[Growth]:
    for each in now:
        former = known.get(each.key)
        if former is None and (origin := next((old for old in gone if _is_moved(old, each)), None)):
            gone.remove(origin)
        elif former is None or SPECS[each.metric].worse_by(former.score, each.score) > 0:
            yield Growth(accepted=each, before=former)


def _is_moved(old: Accepted, new: Accepted) -> bool:
    """Return whether an entry may be another one whose block or file has another place now, at no worse a score."""
    if old.metric is not new.metric or SPECS[new.metric].worse_by(old.score, new.score) > 0:
        return False
    if old.shape or new.shape:
        return old.shape == new.shape
    return not new.block and not old.block and old.path.rpartition("/")[2] == new.path.rpartition("/")[2]
