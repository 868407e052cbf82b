"""What the bus delivers, to whom and in which order."""

from __future__ import annotations

import pytest

from core.event_bus import EventBus
from core.events import TaskWaiting, Warned


def _warned(message="m"):
    return Warned(at=1.0, run_id="r", message=message)


def test_every_subscriber_receives_every_event_in_the_order_of_subscription():
    bus, received = EventBus(), []
    bus.subscribe(lambda event: received.append(("first", event.message)))
    bus.subscribe(lambda event: received.append(("second", event.message)))
    bus.emit(_warned("a"))
    bus.emit(_warned("b"))

    assert received == [("first", "a"), ("second", "a"), ("first", "b"), ("second", "b")]


def test_secrets_are_taken_out_before_anybody_receives_them():
    bus, received = EventBus(mask=lambda text: text.replace("hunter2", "***")), []
    bus.subscribe(received.append)
    bus.emit(TaskWaiting(at=1.0, run_id="r", task_id="t", description="use hunter2", reason="hunter2 is wrong"))

    assert (received[0].description, received[0].reason) == ("use ***", "*** is wrong")


def test_ticks_and_closes_are_for_those_that_asked_for_them():
    bus, calls = EventBus(), []
    bus.subscribe(calls.append, tick=lambda: calls.append("tick"))
    bus.subscribe(calls.append, close=lambda: calls.append("close") or ("a line is missing",))
    bus.tick()

    assert bus.close() == ("a line is missing",)
    assert bus.close() == ()
    assert calls == ["tick", "close"]


def test_a_tick_may_emit():
    bus, received = EventBus(), []
    bus.subscribe(received.append, tick=lambda: bus.emit(_warned()))
    bus.tick()

    assert [event.message for event in received] == ["m"]


def test_subscribers_are_closed_the_last_one_first_and_heard_in_their_order():
    bus, calls = EventBus(), []
    bus.subscribe(calls.append, close=lambda: calls.append("first") or ("one line is missing",))
    bus.subscribe(calls.append, close=lambda: calls.append("second") or ("another is missing",))

    assert bus.close() == ("one line is missing", "another is missing")
    assert calls == ["second", "first"]


def test_a_subscriber_that_cannot_be_closed_does_not_keep_others_open():
    def fail():
        raise OSError("no space left")

    bus, calls = EventBus(), []
    bus.subscribe(calls.append, close=lambda: calls.append("first") or ())
    bus.subscribe(calls.append, close=fail)
    bus.subscribe(calls.append, close=lambda: calls.append("third") or ())

    with pytest.raises(OSError, match="no space left"):
        bus.close()
    assert calls == ["third", "first"]
