"""What every StopSignals does, held against the twin and against real signals to this process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from core.adapters.stop_signals import SystemStopSignals
from core.ports.processes import StopSignals
from core.testing.processes import ScriptedSignals


@dataclass
class Rig:
    signals: StopSignals
    send: Callable[[int], object]


@pytest.fixture(params=["twin", "real"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    if request.param == "twin":
        twin = ScriptedSignals()
        yield Rig(twin, twin.send)
        return
    with SystemStopSignals() as signals:
        yield Rig(signals, lambda number: os.kill(os.getpid(), number))


def test_nothing_is_received_at_first(rig):
    assert (rig.signals.received(), rig.signals.count()) == (None, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_stop_signal_is_received(rig, number):
    rig.send(number)
    assert (rig.signals.received(), rig.signals.count()) == (number, 1)


def test_the_first_signal_stays_the_one_that_was_received(rig):
    rig.send(signal.SIGTERM)
    rig.send(signal.SIGINT)
    assert (rig.signals.received(), rig.signals.count()) == (signal.SIGTERM, 2)
