"""Whether a task still holds: what its verify commands came to, outside of a run."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.runs.outcome import Ending, Outcome
from core.domain.tasks.task import Status, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What the verify commands of one task came to; ``task`` has the status that it had before."""

    task: Task
    outcome: Outcome

    @property
    def holds(self) -> bool:
        return self.outcome.succeeded

    @property
    def interrupted(self) -> bool:
        """Whether a signal ended the commands before they could say anything."""
        return self.outcome.ending is Ending.INTERRUPTED

    @property
    def no_longer_holds(self) -> bool:
        """Whether the task is done, and its verify commands do not pass now."""
        return self.task.status is Status.DONE and not self.holds and not self.interrupted
