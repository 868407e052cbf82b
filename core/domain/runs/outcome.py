"""How an attempt ended, what it used, and what its end makes of its task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from core.domain.runs.reasons import Code, Reason
from core.domain.tasks.task import Status, Work


class Ending(StrEnum):
    """The five ways an attempt can end."""

    #: The command exited 0 and every check passed.
    SUCCEEDED = "succeeded"
    #: The command exited with another code, died of a signal, or could not be started; or its handler refused.
    FAILED = "failed"
    #: It ran longer than its ``timeout`` and its processes were killed.
    TIMED_OUT = "timed_out"
    #: The run stopped or died before the attempt ended; not the task's fault.
    INTERRUPTED = "interrupted"
    #: The command exited 0 and a check did not.
    FAILED_VERIFY = "failed_verify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an attempt actually used."""

    #: Wall-clock seconds from start to end, checks included.
    seconds: float = 0.0
    #: CPU seconds of its processes, of descendants that were waited for too.
    cpu: float = 0.0
    #: Peak resident memory in bytes of the largest process; 0 when unknown.
    peak_memory: int = 0
    #: Units of the run's budget.
    units: float = 0.0
    #: Tokens of language models, read and written.
    tokens: int = 0
    #: US dollars.
    money: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is known of an attempt after its end."""

    ending: Ending
    reason: Reason
    #: Exit code of the process that decided; None when it died of a signal or never started.
    exit_code: int | None = None
    usage: Usage = Usage()
    #: Log file relative to the repository; empty when none was written.
    log: str = ""
    #: SHA-256 of the log file as closed.
    log_digest: str = ""
    #: Whether at least one check ran and all of them passed.
    verified: bool = False
    #: The gating checks that passed in the attempt, by id, each with the digest of what it was about. Not journalled.
    checks: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def succeeded(self) -> bool:
        return self.ending is Ending.SUCCEEDED


class Settlement(Enum):
    """The seven things that can follow an attempt."""

    #: Somebody changed or removed the entry meanwhile: what they wrote is kept.
    SUPERSEDED = auto()
    DONE = auto()
    FAILED = auto()
    #: The run stops; the task is pending again.
    PUT_BACK = auto()
    #: Its entry says something else than the attempt carried out: the task starts anew.
    ANEW = auto()
    #: A goal's check did not pass: a person or an agent has to act.
    UNMET = auto()
    RETRY = auto()


def settle(
    work: Work,
    outcome: Outcome,
    present: Status | None,
    *,
    retries: int,
    tries: int,
    may_retry: bool,
    edited: bool = False,
    may_restart: bool = True,
) -> Settlement:
    """Decide. ``present`` is the status in the file now, None when the entry is gone; ``tries`` counts this run's attempts.

    ``may_retry`` is False when the run stops or has no budget for another attempt: what failed has failed then. ``edited``: the attempt
    carried out something else than its entry says now; ``may_restart`` is False when that, or a reset of what ran, has happened too often.
    """
    changed = present is not (Status.IN_PROGRESS if work is Work.COMMAND else Status.PENDING)
    if changed or edited:
        return _overtaken(present, changed=changed, may_restart=may_restart)
    if outcome.succeeded:
        return Settlement.DONE
    if outcome.ending is Ending.INTERRUPTED:
        return Settlement.PUT_BACK
    if work is Work.GOAL:
        return Settlement.UNMET
    return Settlement.RETRY if tries <= retries and may_retry else Settlement.FAILED


def _overtaken(present: Status | None, *, changed: bool, may_restart: bool) -> Settlement:
    """Return what follows an attempt whose entry was edited, or whose status was ``changed`` to ``present``, while it was under way."""
    if changed:
        return Settlement.SUPERSEDED if may_restart or present is not Status.PENDING else Settlement.FAILED
    return Settlement.ANEW if may_restart else Settlement.FAILED


def recorded(
    work: Work, settlement: Settlement, reason: Reason, pause: float, *, edited: Sequence[str] = (), refusal: str = ""
) -> tuple[Status | None, Reason]:
    """Return the status that the journal gets after an attempt, and why; None leaves it as it is: a check has results, and no status.

    ``pause`` are the seconds before a retry, ``edited`` the fields by which the attempt was one of something else than its entry says,
    ``refusal`` why no retry follows although the entry allows one.
    """
    reason = _why(settlement, reason, edited, refusal)
    if work is Work.CHECK:
        return None, reason
    match settlement:
        case Settlement.SUPERSEDED:
            return None, Code.SUPERSEDED.of()
        case Settlement.DONE:
            return Status.DONE, reason
        case Settlement.FAILED:
            return Status.FAILED, reason
        case Settlement.PUT_BACK | Settlement.ANEW | Settlement.UNMET:
            return Status.PENDING, reason
        case Settlement.RETRY:
            return Status.PENDING, reason.followed_by(Code.NEXT_ATTEMPT.of(pause))


def _why(settlement: Settlement, reason: Reason, edited: Sequence[str], refusal: str) -> Reason:
    if edited and settlement in (Settlement.ANEW, Settlement.FAILED):
        return Code.ENTRY_EDITED.of(" and ".join(edited))
    if refusal and settlement is Settlement.FAILED:
        return reason.followed_by(Code.NO_FURTHER_ATTEMPT.of(refusal))
    return reason
