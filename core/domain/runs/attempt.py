"""One launch of a task's command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.domain.runs.outcome import Outcome
from core.domain.tasks.status import Status

#: Exit code in the journal of a run that left none.
BROKE_OFF = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One process of an attempt."""

    command: str | tuple[str, ...]
    is_check: bool


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
    reason: str


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
