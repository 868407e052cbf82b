"""What a dead run left to put right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.domain.runs.attempt import Attempt, RunRecord
from core.domain.runs.outcome import Ending, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """One dead run."""

    run: RunRecord
    interrupted: tuple[Attempt, ...]
    replayed: int


def interrupt(attempt: Attempt) -> Attempt:
    """Return a dead run's attempt with its outcome: interrupted, by nobody's fault."""
    outcome = Outcome(ending=Ending.INTERRUPTED, reason="its run died", log=attempt.log)
    return replace(attempt, outcome=outcome)


def recovery_of(run: RunRecord, interrupted: Iterable[Attempt], replayed: int) -> Recovery:
    """Return what ``run`` left, of all attempts that were interrupted."""
    return Recovery(run=run, interrupted=tuple(attempt for attempt in interrupted if attempt.run_id == run.id), replayed=replayed)
