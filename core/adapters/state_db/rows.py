"""Rows of ``state.db`` to nouns and back; the column lists live beside the functions that read them.

Each row ends with a checksum of its values as they were written, NULL in rows of older versions. A function here raises
NotAsWritten, and nothing else, for a row that is not what was written.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zlib import crc32

from core.domain.runs.attempt import Attempt, RunRecord, Transition
from core.domain.runs.check_result import CheckResult
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import decode, encode
from core.domain.tasks.task import Status

RUN = "id, pid, started, ended, exit_code, checked"
TRANSITION = "seq, run_id, task_id, before, after, at, reason, code, checked"
STATE = "key, value, checked"
CHECK = "task_id, run_id, number, at, passed, digest, checked"
ATTEMPTS = "attempts LEFT JOIN outcomes ON attempt = seq"
OUTCOME = "ending, reason, exit_code, duration, cpu, peak_memory, cost, log, log_digest, verified, code, tokens, money"
#: Columns of ATTEMPTS.
ATTEMPT = (
    "seq, run_id, task_id, number, started, attempts.log, attempts.checked, outcomes.checked, ending, reason, exit_code, duration, cpu,"
    " peak_memory, cost, outcomes.log, log_digest, verified, code, tokens, money"
)


#: Columns of OUTCOME that rows of older versions, and their checksums, lack: the last ones.
_ADDED = 3

#: No number of a journal is as large: the Unix time of the year 10000, in seconds.
_END = 253_402_300_800.0


_STORED_AS_IS = frozenset({str, int, float, type(None)})


class NotAsWritten(Exception):
    """A row is not what was written; does not leave this package."""


def sum_of(*values: Any) -> int:
    """Return the checksum of a row's values; numbers of REAL columns are floats."""
    stored = list(values) if _STORED_AS_IS.issuperset(map(type, values)) else list(map(_stored, values))
    return crc32(repr(stored).encode("utf-8", "backslashreplace"))


def _stored(value: Any) -> Any:
    """Return a value as SQLite gives it back: members of enumerations are numbers and words there."""
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    return value


def _check(checked: Any, table: str, *values: Any) -> None:
    if checked is not None and checked != sum_of(*values):
        raise NotAsWritten(f"a row of {table} is not what was written")


def _typed(table: str, values: tuple[Any, ...], *types: type | tuple[type, ...]) -> None:
    if not all(map(isinstance, values, types)) or any(isinstance(value, float) and not abs(value) < _END for value in values):
        raise NotAsWritten(f"a row of {table} holds what nobody writes there")


_MAYBE_STR, _MAYBE_INT, _MAYBE_FLOAT = (str, type(None)), (int, type(None)), (float, type(None))


def run(row: tuple[Any, ...]) -> RunRecord:
    *values, checked = row
    _check(checked, "runs", *values)
    _typed("runs", tuple(values), str, int, float, _MAYBE_FLOAT, _MAYBE_INT)
    return RunRecord(id=values[0], pid=values[1], started=values[2], ended=values[3], exit_code=values[4])


def transition(row: tuple[Any, ...]) -> Transition:
    seq, *values, code, checked = row
    _check(checked, "transitions", *values, *(() if code is None else (code,)))
    _typed("transitions", (*values, code), str, str, str, str, float, str, _MAYBE_STR)
    run_id, task_id, before, after, at, text = values
    try:
        reason = decode(code, text)
        return Transition(seq=seq, run_id=run_id, task_id=task_id, before=Status(before), after=Status(after), at=at, reason=reason)
    except (ValueError, TypeError, RecursionError) as error:
        raise NotAsWritten(f"a row of transitions: {error}") from error


def attempt(row: tuple[Any, ...]) -> Attempt:
    seq, run_id, task_id, number, started, log, checked, outcome_checked, *outcome_values = row
    _check(checked, "attempts", run_id, task_id, number, started, log)
    _typed("attempts", (run_id, task_id, number, started, log), str, str, int, float, str)
    outcome = None
    if outcome_values[0] is not None:
        written = outcome_values if any(value is not None for value in outcome_values[-_ADDED:]) else outcome_values[:-_ADDED]
        _check(outcome_checked, "outcomes", seq, run_id, task_id, number, *written)
        outcome = _outcome(tuple(outcome_values))
    return Attempt(run_id=run_id, task_id=task_id, number=number, started=started, log=log, outcome=outcome)


def _outcome(values: tuple[Any, ...]) -> Outcome:
    _typed("outcomes", values, str, str, _MAYBE_INT, float, float, int, float, str, str, int, _MAYBE_STR, _MAYBE_INT, _MAYBE_FLOAT)
    ending, text, exit_code, duration, cpu, peak_memory, cost, log, log_digest, verified, code, tokens, money = values
    try:
        known, reason = Ending(ending), decode(code, text)
    except (ValueError, TypeError, RecursionError) as error:
        raise NotAsWritten(f"a row of outcomes: {error}") from error
    return Outcome(
        ending=known,
        reason=reason,
        exit_code=exit_code,
        usage=Usage(seconds=duration, cpu=cpu, peak_memory=peak_memory, units=cost, tokens=tokens or 0, money=money or 0.0),
        log=log,
        log_digest=log_digest,
        verified=bool(verified),
    )


def check_result(row: tuple[Any, ...]) -> CheckResult:
    *values, checked = row
    _check(checked, "checks", *values)
    _typed("checks", tuple(values), str, str, int, float, int, str)
    task_id, run_id, number, at, passed, digest = values
    return CheckResult(task_id=task_id, run_id=run_id, attempt=number, at=at, passed=bool(passed), digest=digest)


def outcome_values(outcome: Outcome) -> tuple[Any, ...]:
    """Return the values for the columns OUTCOME."""
    code, text = encode(outcome.reason)
    return (
        outcome.ending.value,
        text,
        outcome.exit_code,
        float(outcome.usage.seconds),
        float(outcome.usage.cpu),
        outcome.usage.peak_memory,
        float(outcome.usage.units),
        outcome.log,
        outcome.log_digest,
        int(outcome.verified),
        code,
        outcome.usage.tokens,
        float(outcome.usage.money),
    )


def state(row: tuple[Any, ...]) -> Any:
    """Return the JSON value of a row of ``state``."""
    key, value, checked = row
    _check(checked, "state", key, value)
    try:
        return json.loads(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise NotAsWritten(f"the value of {key!r} is no JSON") from error


def seq(row: tuple[Any, ...]) -> int:
    """Return the number of an attempt that must be there."""
    _typed("attempts", row, int)
    return int(row[0])


def count(row: tuple[Any, ...]) -> tuple[str, int]:
    _typed("attempts", row, str, int)
    return row[0], row[1]


def duration(row: tuple[Any, ...]) -> tuple[str, float]:
    _typed("outcomes", row, str, float)
    return row[0], row[1]


def name(row: tuple[Any, ...]) -> str:
    _typed("attempts", row, str)
    return str(row[0])


#: How to read every row there is.
EVERYTHING: tuple[tuple[Callable[[tuple[Any, ...]], Any], str, str], ...] = (
    (run, RUN, "runs"),
    (attempt, ATTEMPT, ATTEMPTS),
    (transition, TRANSITION, "transitions"),
    (check_result, CHECK, "checks"),
    (state, STATE, "state"),
)
