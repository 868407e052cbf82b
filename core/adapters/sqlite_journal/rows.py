"""Rows of ``state.db`` to nouns and back; the column lists live beside the functions that read them."""

from __future__ import annotations

from typing import Any

from core.domain.attempt import Attempt, RunRecord, Transition
from core.domain.outcome import Ending, Outcome
from core.domain.status import Status

RUN = "id, pid, started, ended, exit_code"
TRANSITION = "seq, run_id, task_id, before, after, at, reason"
#: Columns of ``attempts LEFT JOIN outcomes ON attempt = seq``.
ATTEMPT = (
    "run_id, task_id, number, started, attempts.log, ending, reason, exit_code, duration, cpu, peak_memory, cost, outcomes.log,"
    " log_digest, verified"
)
OUTCOME = "ending, reason, exit_code, duration, cpu, peak_memory, cost, log, log_digest, verified"


def run(row: tuple[Any, ...]) -> RunRecord:
    return RunRecord(id=row[0], pid=row[1], started=row[2], ended=row[3], exit_code=row[4])


def transition(row: tuple[Any, ...]) -> Transition:
    seq, run_id, task_id, before, after, at, reason = row
    return Transition(seq=seq, run_id=run_id, task_id=task_id, before=Status(before), after=Status(after), at=at, reason=reason)


def attempt(row: tuple[Any, ...]) -> Attempt:
    run_id, task_id, number, started, log, ending, *rest = row
    outcome = None if ending is None else _outcome(ending, rest)
    return Attempt(run_id=run_id, task_id=task_id, number=number, started=started, log=log, outcome=outcome)


def _outcome(ending: str, rest: list[Any]) -> Outcome:
    reason, exit_code, duration, cpu, peak_memory, cost, log, log_digest, verified = rest
    return Outcome(
        ending=Ending(ending),
        reason=reason,
        exit_code=exit_code,
        duration=duration,
        cpu=cpu,
        peak_memory=peak_memory,
        cost=cost,
        log=log,
        log_digest=log_digest,
        verified=bool(verified),
    )


def outcome_values(outcome: Outcome) -> tuple[Any, ...]:
    """Return the values for the columns OUTCOME."""
    return (
        outcome.ending.value,
        outcome.reason,
        outcome.exit_code,
        float(outcome.duration),
        float(outcome.cpu),
        outcome.peak_memory,
        float(outcome.cost),
        outcome.log,
        outcome.log_digest,
        int(outcome.verified),
    )
