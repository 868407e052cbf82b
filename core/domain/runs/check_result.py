"""What is known of a check: its results, and whether one of them still holds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One run of a check that came to its end."""

    task_id: str
    run_id: str
    #: Number of the attempt, 1-based over all runs.
    attempt: int
    #: Unix time in seconds at which it ended.
    at: float
    passed: bool
    #: SHA-256 of sources, command and environment; empty where the check names no sources, or they changed while it ran.
    digest: str = ""


class CheckState(StrEnum):
    """How a check stands, as people and programs read it."""

    PASSED = "passed"
    FAILED = "failed"
    #: Not run again: its sources, command and environment are what they were when it passed.
    UP_TO_DATE = "up to date"
    NOT_RUN = "not run yet"


def still_valid(results: Sequence[CheckResult], digest: str) -> CheckResult | None:
    """Return the success that says how the check stands for what ``digest`` is of, None where it has to be run.

    ``results`` are those of one check, newest first. The newest for this digest decides: a check that has failed since then is run.
    """
    if not digest:
        return None
    newest = next((result for result in results if result.digest == digest), None)
    return newest if newest is not None and newest.passed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStatus:
    """How a check stands outside of a run."""

    state: CheckState
    #: Unix time in seconds of the result that says so; None where there is none.
    at: float | None = None


def status_of(results: Sequence[CheckResult], digest: str) -> CheckStatus:
    """Return how a check stands whose results, newest first, are ``results``; ``digest`` is of what it is about now."""
    if (valid := still_valid(results, digest)) is not None:
        return CheckStatus(state=CheckState.UP_TO_DATE, at=valid.at)
    if not results:
        return CheckStatus(state=CheckState.NOT_RUN)
    return CheckStatus(state=CheckState.PASSED if results[0].passed else CheckState.FAILED, at=results[0].at)
