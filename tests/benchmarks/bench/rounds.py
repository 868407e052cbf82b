"""Contestants on the same work, in turns, so that all of them meet the same load."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.benchmarks.bench.environments import describe
from tests.benchmarks.bench.meter import TIMED_OUT, Meter, Usage

#: Seconds; what takes longer than this in its first round runs no second one.
_PATIENCE = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One way of doing the work. ``prepare`` makes the directory that ``command`` then runs in."""

    name: str
    prepare: Callable[[Path], None]
    command: list[str]
    #: Exit codes that mean that the work was done.
    fine: tuple[int, ...] = (0,)
    #: Keep the directory from one round to the next; ``prepare`` then comes before the first only.
    keep: bool = False
    #: Seconds that it may take; 0: as long as all.
    expected: float = 0.0
    before: Callable[[Path], None] | None = None


@dataclass(slots=True)
class Record:
    """What was measured of one contestant, or why nothing was."""

    samples: list[Usage] = field(default_factory=list)
    reason: str = ""

    @property
    def wall(self) -> float:
        return median(one.wall for one in self.samples)

    def as_json(self) -> dict:
        return {"samples": [[one.wall, one.cpu, one.peak] for one in self.samples], "reason": self.reason}


def compete(title: str, contestants: Sequence[Contestant], meter: Meter, scratch: Path, *, rounds: int, limit: float) -> dict:
    """Run every contestant once a round; return what was measured, as JSON holds it."""
    records = {one.name: Record() for one in contestants}
    load = os.getloadavg()[0]
    for number in range(rounds):
        turn = contestants[number % len(contestants) :] + contestants[: number % len(contestants)]
        for one in turn:
            record = records[one.name]
            if record.reason or (record.samples and record.samples[0].wall > _PATIENCE):
                continue
            if one.expected > limit:
                record.reason = f"not started: about {one.expected:.0f} s to be expected"
                continue
            _progress(f"{title}: round {number + 1} of {rounds}: {one.name} ", end="")
            _once(one, record, meter, scratch / "work" / one.name.replace("/", "_"), limit)
    _keep(scratch / "work")
    _progress(f"{title}: done", end="\n")
    return {
        "load": round(load, 1),
        "rounds": rounds,
        "limit": limit,
        "records": {name: record.as_json() for name, record in records.items()},
    }


def _once(one: Contestant, record: Record, meter: Meter, root: Path, limit: float) -> None:
    if not root.exists():
        root.mkdir(parents=True)
        one.prepare(root)
    if one.before:
        one.before(root)
    usage = meter(one.command, root, limit)
    if usage.code in one.fine and usage.code != TIMED_OUT:
        record.samples.append(usage)
    else:
        record.reason = describe(usage, limit, meter.said())
    if not one.keep:
        _keep(root)


def _keep(place: Path) -> None:
    """Put a directory out of the way. ext4 makes files slowly for minutes where many were removed: that is left for the very end."""
    if place.exists():
        place.rename(place.with_name(f"kept-{time.monotonic_ns()}"))


def _progress(text: str, *, end: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end=end, file=sys.stderr, flush=True)
    elif end:
        print(text, file=sys.stderr)
