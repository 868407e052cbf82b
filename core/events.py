"""Facts about a run, frozen and in the past tense. ``logs/run-<id>.jsonl`` and ``run --json`` hold them, one a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.runs.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. ``at`` is Unix time in seconds."""

    at: float
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """The lock is held, the backlog is loaded, nothing has been launched."""

    tasks: int
    #: Tasks that this run may bring to an end.
    open: int
    jobs: int
    budget: float | None
    time_budget: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecovered(Event):
    """A dead run's attempts were marked ``interrupted`` and what it left running was killed."""

    dead_run: str
    interrupted: tuple[str, ...]
    #: Processes of the dead run that were still alive.
    killed: int
    #: Transitions that the dead run had recorded and ``tasks.yml`` did not show yet.
    replayed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStarted(Event):
    """An attempt was launched."""

    task_id: str
    description: str
    attempt: int
    command: str
    log: str
    cost: float
    #: Why this one now.
    reason: str
    #: Expected seconds from this repository's history; None where it has none.
    expected: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRetried(Event):
    """An attempt ended badly and another one will follow."""

    task_id: str
    attempt: int
    outcome: Outcome
    #: Seconds until the next attempt.
    pause: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFinished(Event):
    """A task came to its end; ``status`` is what its file will say, or of a check: passed, failed, up to date."""

    task_id: str
    description: str
    attempt: int
    status: str
    #: None for milestones and for what a person did by hand.
    outcome: Outcome | None
    reason: str
    done: int
    total: int
    #: Whether it is a check.
    check: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWaiting(Event):
    """A goal's check did not pass, or a task needs a person or an agent."""

    task_id: str
    description: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAppended(Event):
    """The Reflector added a task."""

    task_id: str
    description: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClosed(Event):
    """The Reflector closed a task of its own: its finding is gone, or its file is."""

    task_id: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMeasured(Event):
    """A reflection cycle measured the code."""

    files: int
    findings: int
    seconds: float
    #: Findings that have no task because ``reflect.max_open_tasks`` are open.
    withheld: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksReloaded(Event):
    """Somebody saved ``tasks.yml`` during the run and it was taken over."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Event):
    """Something a person should know: an invalid save, 80 % of the budget used, a log that was cut."""

    message: str
    task_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetExhausted(Event):
    """Ready tasks were left because they did not fit."""

    left: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsDropped(Event):
    """Only in ``run --json``: its reader was too far behind, and these events are missing here; ``logs/run-<id>.jsonl`` has them."""

    #: How many events are missing.
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """Nothing runs any more, the journal and ``tasks.yml`` agree."""

    exit_code: int
    duration: float
    done: tuple[str, ...]
    failed: tuple[str, ...]
    #: Ids with what holds each up, one sentence.
    blocked: Mapping[str, str]
    waiting: Mapping[str, str]
    left: Mapping[str, str]
    spent: float
    reason: str
    #: Tasks that failed in an earlier run and were not tried again.
    failed_earlier: tuple[str, ...] = ()
    #: How many tasks of this run were done before it and were not executed; milestones do not count.
    done_earlier: int = 0
    #: Checks that were run and passed, and those that did not have to be run.
    passed: tuple[str, ...] = ()
    up_to_date: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinished(Event):
    """A gate has judged the code; ``run_id`` is the audit's own. Only listeners are told: it belongs to no run."""

    findings: int
    new: int
    worse: int
    gone: int
    exit_code: int
    #: What the gate says, and why.
    reason: str
