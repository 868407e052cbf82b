"""One launch of a task's command: its record, what it runs, what its log says, and what of it a dead run leaves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code, Reason
from core.domain.tasks.task import Status, Task

#: Exit code in the journal of a run that left none.
BROKE_OFF = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One process of an attempt."""

    command: str | tuple[str, ...]
    is_check: bool
    #: The gating check that it belongs to, whose environment and time limit it has; None: it is the task's own.
    gate: Task | None = None
    #: Of what that check is about, as it begins; empty where nobody can tell.
    gate_digest: str = ""
    #: Absolute directory that it starts in; empty: that of the workspace.
    directory: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt, known from the moment it is decided on."""

    run_id: str
    task_id: str
    #: 1-based, over all runs of this repository.
    number: int
    #: Unix time in seconds.
    started: float
    log: str = ""
    #: None while it runs, and for ever if its run died: recovery then records ``interrupted``.
    outcome: Outcome | None = None

    def with_outcome(self, outcome: Outcome) -> Attempt:
        """Return the attempt as it ended."""
        return Attempt(run_id=self.run_id, task_id=self.task_id, number=self.number, started=self.started, log=self.log, outcome=outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One change of a task's status, in the order of the journal."""

    seq: int
    run_id: str
    task_id: str
    before: Status
    after: Status
    #: Unix time in seconds.
    at: float
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run, as the journal remembers it."""

    id: str
    pid: int
    started: float
    #: Unix time in seconds; None while it lives, and for ever if it was killed.
    ended: float | None = None
    #: BROKE_OFF where the next run found it without an end; ``ended`` is then when it was found.
    exit_code: int | None = None

    @property
    def broke_off(self) -> bool:
        """Whether it is known that the run did not come to its end: it was killed, or something did not let it go on."""
        return self.exit_code == BROKE_OFF


def unwritten_statuses(
    transitions: Iterable[Transition], shown: Mapping[str, Status], commanded: Mapping[str, Status]
) -> dict[str, Status]:
    """Return the statuses of transitions that the file lacks, except where somebody has set another one in the file since.

    ``transitions`` are in their order, ``shown`` are the file's statuses, ``commanded`` those that commands have set during a run.
    """
    newest: dict[str, Status] = {}
    earlier: dict[str, set[Status]] = {}
    for transition in transitions:
        earlier.setdefault(transition.task_id, set()).add(transition.before)
        newest[transition.task_id] = transition.after
    stale = (task_id for task_id in newest if shown.get(task_id) in earlier[task_id])
    return {task_id: newest[task_id] for task_id in stale if commanded.get(task_id) is not shown[task_id]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """One dead run."""

    run: RunRecord
    interrupted: tuple[Attempt, ...]
    replayed: int


def interrupt(attempt: Attempt, entry: Task | None) -> Attempt:
    """Return a dead run's attempt with its outcome: interrupted, by nobody's fault.

    Of what it used only its cost is known: that of its ``entry``, None where there is none any more. Checks alone cost nothing.
    """
    has_work = entry is not None and not entry.check and (entry.command is not None or entry.plugin is not None or entry.kind != "task")
    usage = Usage(units=entry.cost if entry is not None and has_work else 0.0)
    return replace(attempt, outcome=Outcome(ending=Ending.INTERRUPTED, reason=Code.RUN_DIED.of(), log=attempt.log, usage=usage))


def interrupt_all(attempts: Iterable[Attempt], live_run: str, tasks: Iterable[Task]) -> list[Attempt]:
    """Return the open ``attempts`` of dead runs, which are all but those of ``live_run``, with their outcome."""
    entries = {task.id: task for task in tasks}
    return [interrupt(attempt, entries.get(attempt.task_id)) for attempt in attempts if attempt.run_id != live_run]


def recovery_of(run: RunRecord, interrupted: Iterable[Attempt], replayed: int) -> Recovery:
    """Return what ``run`` left, of all attempts that were interrupted."""
    return Recovery(run=run, interrupted=tuple(attempt for attempt in interrupted if attempt.run_id == run.id), replayed=replayed)


def shown(command: str | tuple[str, ...]) -> str:
    """Return a command as one line for a person."""
    return (
        command
        if isinstance(command, str)
        else " ".join(repr(word) if not word or set(word) & set(" \t\n\"'\\") else word for word in command)
    )


def header(attempt: Attempt, work: tuple[Phase, ...], cwd: str) -> str:
    """Return the first lines of a log; ``work`` are the processes that do the work, none for a goal."""
    started = datetime.fromtimestamp(attempt.started, UTC).isoformat(timespec="milliseconds")
    line = f"\ncommand: {shown(work[0].command)}" if work else ""
    return f"task {attempt.task_id}, attempt {attempt.number}, run {attempt.run_id}{line}\ncwd: {cwd}\nstarted: {started}"


def footer(ending: Ending, reason: Reason, usage: Usage, left_out: int) -> str:
    """Return the last lines of a log; ``left_out`` are the bytes of output that the log's limit cost."""
    cut = f"\nleft out: {left_out} bytes of output beyond log.limit" if left_out else ""
    peak = f", peak memory: {usage.peak_memory / 2**20:.1f} MiB" if usage.peak_memory else ""
    return f"{ending}: {reason}\nduration: {usage.seconds:.3f} s, cpu: {usage.cpu:.3f} s{peak}{cut}"


def failure_of(phase: Phase, reason: Reason) -> tuple[Ending, Reason]:
    """Return how an attempt ends whose ``phase`` failed, and why, given how that phase ended."""
    if phase.gate is not None:
        return Ending.FAILED_VERIFY, Code.GATE_FAILED.of(phase.gate.id).followed_by(reason)
    if phase.is_check:
        return Ending.FAILED_VERIFY, Code.CHECK_FAILED.of(shown(phase.command)).followed_by(reason)
    return Ending.FAILED, reason


def work_of(task: Task, commands: Mapping[str, str], plugin_command: tuple[str, ...] = ()) -> tuple[Phase, ...]:
    """Return the process that does the work of ``task``: its command, its plugin, or its kind's command; none for a goal."""
    if task.manual:
        return ()
    command: str | tuple[str, ...] | None = task.command if task.command is not None else commands.get(task.kind)
    if task.plugin is not None:
        configured = (f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in task.with_.items())
        command = (*plugin_command, task.plugin, *(word for pair in configured for word in ("--with", pair)))
    return () if command is None else (Phase(command=command, is_check=False),)


def checks_of(task: Task) -> tuple[Phase, ...]:
    """Return the checks of ``task``, in order."""
    return tuple(Phase(command=check, is_check=True) for check in task.verify) if task.verify else ()


def gates_of(phases: tuple[Phase, ...]) -> dict[str, str]:
    """Return the gating checks that ``phases`` belong to, in order: id → digest of what it was about."""
    return {phase.gate.id: phase.gate_digest for phase in phases if phase.gate is not None}


def described(task: Task, commands: Mapping[str, str]) -> str:
    """Return the first thing an attempt runs, as one line for a person."""
    if task.plugin is not None:
        return f"plugin {task.plugin}"
    return shown((work_of(task, commands) or checks_of(task))[0].command)
