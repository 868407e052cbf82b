"""The events of a run, from the loop to whoever subscribed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack

from core.event_values import masked
from core.events import Event
from core.ports.subscribers import EventSink


class EventBus:
    """Delivers each event to every subscriber, at once and in the order of their subscriptions. For one thread.

    Nothing comes back: no decision of a run depends on who subscribed. ``mask`` takes secrets out of every text of an event first.
    """

    def __init__(self, *, mask: Callable[[str], str] | None = None) -> None:
        self._mask = mask
        self._sinks: list[EventSink] = []
        self._ticks: list[Callable[[], None]] = []
        self._closers: list[Callable[[], Iterable[str]]] = []

    def subscribe(
        self,
        sink: EventSink,
        *,
        tick: Callable[[], None] | None = None,
        close: Callable[[], Iterable[str]] | None = None,
    ) -> None:
        """Add a subscriber.

        ``tick`` is called many times a second while the run waits. ``close`` is called once at the end and returns what a person
        should still know, a sentence each.
        """
        self._sinks.append(sink)
        if tick is not None:
            self._ticks.append(tick)
        if close is not None:
            self._closers.append(close)

    def emit(self, event: Event) -> None:
        """Deliver an event."""
        if self._mask is not None:
            event = masked(event, self._mask)
        for sink in self._sinks:
            sink(event)

    def tick(self) -> None:
        """Let subscribers do what is pending."""
        for tick in self._ticks:
            tick()

    def close(self) -> tuple[str, ...]:
        """Close every subscriber once, the last one first; return what a person should still know.

        Where one raises, the others are closed all the same; the error is raised then.
        """
        closers, self._closers = self._closers, []
        problems: list[tuple[str, ...]] = []
        with ExitStack() as stack:
            for close in closers:
                stack.callback(_collect, close, problems)
        return tuple(problem for several in reversed(problems) for problem in several)


def _collect(close: Callable[[], Iterable[str]], problems: list[tuple[str, ...]]) -> None:
    problems.append(tuple(close()))
