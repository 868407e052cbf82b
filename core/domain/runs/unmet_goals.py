"""Goals whose check did not pass, until something was done that may have met them."""

from __future__ import annotations

import math
from collections.abc import Mapping


class UnmetGoals:
    """What is known of each: why it waits, and how many tasks had been done when it was looked at."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, float]] = {}

    def note(self, task_id: str, reason: str, done: float = math.inf) -> None:
        """Note one; without ``done`` it is not to be checked again: who measured it measures again."""
        self._known[task_id] = (reason, done)

    def forget(self, task_id: str) -> None:
        self._known.pop(task_id, None)

    def pop_stale(self, done: int) -> list[str]:
        """Take out and return those that were looked at before the last task was done."""
        stale = [task_id for task_id, (_, before) in self._known.items() if before < done]
        for task_id in stale:
            del self._known[task_id]
        return stale

    def reasons(self) -> Mapping[str, str]:
        return {task_id: reason for task_id, (reason, _) in self._known.items()}
