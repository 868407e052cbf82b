"""Tasks that pause before their next attempt."""

from __future__ import annotations

import heapq
from collections.abc import Iterator


class Pauses:
    """Who pauses until when, in monotonic seconds."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, str]] = []

    def __bool__(self) -> bool:
        return bool(self._heap)

    def add(self, until: float, task_id: str) -> None:
        heapq.heappush(self._heap, (until, task_id))

    def ids(self) -> tuple[str, ...]:
        return tuple(task_id for _, task_id in self._heap)

    def next_moment(self) -> float | None:
        """Return when the next pause ends, None when nobody pauses."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> Iterator[str]:
        """Take out and return those whose pause is over."""
        while self._heap and self._heap[0][0] <= now:
            yield heapq.heappop(self._heap)[1]
