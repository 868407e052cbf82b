"""Whoever is told what happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from core.events import Event


class EventSink(Protocol):
    """Receives every event of a run, in order. Must not raise for reasons of its own."""

    def __call__(self, event: Event) -> None: ...


class Listeners(EventSink, Protocol):
    """Programs that are told what happens. They start with the first event; telling them never waits for one."""

    def problems(self) -> tuple[str, ...]:
        """Return what went wrong since this was last asked, a sentence each."""

    def close(self, cancelled: Callable[[], bool] = ...) -> None:
        """Give them some seconds to take what they were told, few once ``hurried``; then nothing of them is left."""
