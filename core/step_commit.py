"""One step of the loop in the journal, and what may be done only once the journal has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.event_bus import EventBus
from core.events import Event
from core.memory import Memory
from core.ports.attempts import AttemptRunner


class StepCommit:
    """Collects launches and events while a step is journalled, and carries them out when that is durable."""

    def __init__(self, memory: Memory, runner: AttemptRunner, bus: EventBus) -> None:
        self._memory, self._runner, self._bus = memory, runner, bus
        self._launches: list[str] = []
        self._events: list[Event] = []
        self._failure: Exception | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Journal what happens inside at once, then launch, then emit. Raises what ``fail`` was given, last."""
        with self._memory.transaction():
            yield
        launches, events, failure = self._launches, self._events, self._failure
        self._launches, self._events, self._failure = [], [], None
        try:
            for task_id in launches:
                self._runner.launch(task_id)
        finally:
            # What the journal has is reported, whatever becomes of a launch.
            for event in events:
                self._bus.emit(event)
        if failure is not None:
            raise failure

    def launch(self, task_id: str) -> None:
        """Launch a prepared attempt once it is in the journal."""
        self._launches.append(task_id)

    def emit(self, event: Event) -> None:
        """Emit an event once what it is about is in the journal."""
        self._events.append(event)

    def fail(self, error: Exception) -> None:
        """End the step with an error that must not undo it: attempts that ended in the same step stay recorded."""
        self._failure = self._failure or error
