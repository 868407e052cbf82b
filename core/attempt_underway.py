"""What the Executor knows of an attempt under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.domain.runs.attempt import Attempt, Phase
from core.domain.runs.outcome import Ending
from core.domain.runs.reasons import Code, Reason
from core.domain.tasks.task import Task
from core.ports.handlers import Collected, TaskHandler, Workspace
from core.ports.processes import Log


@dataclass(slots=True, kw_only=True)
class AttemptUnderway:
    """An attempt under way."""

    attempt: Attempt
    task: Task
    handler: TaskHandler
    log: Log
    #: Monotonic seconds.
    begun: float
    #: From when its time limit counts, on the scale of ``deadline``: the time for which the tool is suspended does not pass on it.
    limited_from: float
    #: What its processes find, beyond what the run and the workspace give them.
    variables: Mapping[str, str]
    #: When the present phase is over its own limit, which only gating checks have, and how the attempt then ends.
    gate_deadline: float | None = None
    gate_overdue: tuple[Ending, Reason] | None = None
    #: Seconds; None: no limit.
    timeout: float | None = None
    deadline: float | None = None
    workspace: Workspace | None = None
    #: Processes of the present step, and the index of the present one.
    phases: tuple[Phase, ...] = ()
    phase: int = 0
    has_work: bool = False
    #: What the work came to; None until all of it exited with 0. From then on the phases are checks.
    collected: Collected | None = None
    #: Its checks were edited while they ran.
    judge_again: bool = False
    handle: int | None = None
    #: How it is to end since somebody stopped it.
    stopped: tuple[Ending, Reason] | None = None
    left_behind: int = 0
    cpu: float = 0.0
    peak_memory: int = 0

    def limit(self, timeout: float | None) -> None:
        """Set the time limit, which counts from the start of the attempt."""
        self.timeout, self.deadline = timeout, None if timeout is None else self.limited_from + timeout

    def edit(self, task: Task) -> None:
        """Let the checks of an edited entry count."""
        self.judge_again |= self.collected is not None and self.task.verify != task.verify
        self.task = replace(self.task, verify=task.verify, timeout=task.timeout)

    def limit_gate(self, gate: Task, now: float) -> None:
        """Begin the time limit of a gating check, if it has one. ``now`` is on the scale of ``deadline``, here and below."""
        if gate.timeout is not None:
            self.gate_deadline = now + gate.timeout
            self.gate_overdue = Ending.FAILED_VERIFY, Code.GATE_FAILED.of(gate.id).followed_by(Code.TIMED_OUT.of(gate.timeout))

    def end_phase(self) -> None:
        """Note that the present process has ended."""
        self.handle = self.gate_deadline = None

    def deadlines(self) -> tuple[float, ...]:
        """Return the moments at which the present process is over a limit."""
        return tuple(deadline for deadline in (self.deadline, self.gate_deadline) if deadline is not None)

    def overdue(self, now: float) -> tuple[Ending, Reason] | None:
        """Return how the attempt is to end where it is over a limit, and why."""
        if self.deadline is not None and self.timeout is not None and now >= self.deadline:
            return Ending.TIMED_OUT, Code.TIMED_OUT.of(self.timeout)
        return self.gate_overdue if self.gate_deadline is not None and now >= self.gate_deadline else None
