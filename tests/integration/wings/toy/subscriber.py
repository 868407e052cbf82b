"""Records each finished task as greeted."""

from __future__ import annotations

from core.event_bus import EventBus
from core.events import Event, TaskFinished
from core.ports.wing import Services
from toy.settings import ToySettings
from toy.tables import add_greeting


def subscribe(bus: EventBus, services: Services) -> None:
    word = services.section(ToySettings).word

    def on_event(event: Event) -> None:
        if isinstance(event, TaskFinished):
            add_greeting(services.tables, event.task_id, word)

    bus.subscribe(on_event)
