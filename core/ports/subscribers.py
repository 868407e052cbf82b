"""Whoever receives the events of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from core.events import Event


class EventSink(Protocol):
    """Receives every event of a run, in order. Must not raise for reasons of its own."""

    def __call__(self, event: Event) -> None: ...


class Listeners(EventSink, Protocol):
    """Plugins that receive events. They start with the first event; sending them one never waits."""

    def problems(self) -> tuple[str, ...]:
        """Return what went wrong since this was last asked, a sentence each."""

    def close(self, cancelled: Callable[[], bool] = ...) -> None:
        """Give them some seconds to take what was sent, few once ``cancelled``; then end their processes."""
