"""Listeners: told every event they name, once and in order; never waited for while a run goes on; gone afterwards."""

from __future__ import annotations

import pytest

from core.domain.plugins.configuration import PluginConfiguration
from core.events import RunFinished, Warned
from core.plugins.host import listeners
from core.plugins.host.listeners import PluginListeners
from core.plugins.sandbox.resource_use import tasks_in_group
from tests.waiting import TIMEOUT, until

SOURCE = """
import json, os, time

def run(context):
    event = context.input["event"]
    time.sleep(context.config.get("pause", 0))
    while context.config.get("held") and not os.path.exists(context.path("told", "go")):
        time.sleep(0.01)
    if event.get("message") == "bad":
        raise ValueError("no luck")
    if event.get("message") == "die":
        os._exit(3)
    with open(context.path("told", "events"), "a") as stream:
        stream.write(json.dumps([event["event"], event.get("message"), os.getpid()]) + "\\n")
    return {}
"""
WRITES = {"fs": {"write": ["told/**"]}}
CONFIG = {"type": "object", "properties": {"pause": {"type": "number"}, "held": {"type": "boolean"}}}


def warned(message: str) -> Warned:
    return Warned(at=1.0, run_id="r1", message=message)


def finished() -> RunFinished:
    return RunFinished(
        at=2.0, run_id="r1", exit_code=0, duration=1.0, done=(), failed=(), blocked={}, waiting={}, left={}, spent=0, reason="all done"
    )


@pytest.fixture
def ready(world, monkeypatch):
    """Return a function that grants a listener with what it provides and is configured, and the sink that tells it."""

    monkeypatch.setattr(listeners, "CLOSE_SECONDS", TIMEOUT)

    def make(config=None, *, events=(), source=SOURCE, **options):
        provides = [{"kind": "listener", "contract": 1, **({"events": list(events)} if events else {})}]
        host = world.ready(source, permissions=WRITES, provides=provides, config=CONFIG)
        return PluginListeners(lambda: host, lambda _: PluginConfiguration(values=config or {}), **options)

    return make


def told(world):
    import json

    path = world.repository / "told" / "events"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_every_event_is_told_once_in_order_by_one_process(world, ready):
    sink = ready()
    for number in range(50):
        sink(warned(str(number)))
    sink(finished())
    sink.close()
    assert [line[:2] for line in told(world)] == [*(["warned", str(number)] for number in range(50)), ["run_finished", None]]
    assert len({line[2] for line in told(world)}) == 1
    assert sink.problems() == ()
    sink.close()


def test_only_the_events_it_names_are_told(world, ready):
    sink = ready(events=["run_finished"])
    sink(warned("a"))
    sink(finished())
    sink.close()
    assert [line[0] for line in told(world)] == ["run_finished"]


def test_nothing_runs_before_the_first_event_nor_after_the_last(world, ready):
    sink = ready()
    assert sink.problems() == ()
    sink.close()
    assert sink._listeners is None
    sink = ready()
    sink(warned("a"))
    process = sink._listeners[0]._session.process
    assert tasks_in_group(process.pid) > 0
    sink.close()
    # The kernel may still be clearing away what it has killed.
    until(lambda: tasks_in_group(process.pid) == 0, what="nothing of it is left")
    assert process.returncode is not None


def test_a_slow_listener_is_not_waited_for_and_is_cut_off_in_the_end(world, ready, monkeypatch):
    monkeypatch.setattr(listeners, "CLOSE_SECONDS", 0.6)
    sink = ready({"held": True})
    for number in range(201):
        sink(warned(str(number)))
    sink.close()
    assert told(world) == [], "it never came to the end of its first event"
    problems = sink.problems()
    assert problems[0] == "plugin sample: it was ended before it had taken every event"
    assert problems[1] == "plugin sample: 201 events were not told"
    assert sink.problems() == ()


def test_in_a_hurry_the_wait_is_short(ready):
    sink = ready({"pause": 20})
    sink(warned("a"))
    sink.close(lambda: True)
    assert sink.problems()[-1] == "plugin sample: 1 event was not told"


def test_events_that_do_not_fit_the_queue_are_counted(world, ready):
    sink = ready({"held": True}, room=2)
    for number in range(20):
        sink(warned(str(number)))
    (world.repository / "told").mkdir(exist_ok=True)
    (world.repository / "told" / "go").touch()
    sink.close()
    missing = 20 - len(told(world))
    assert missing in (17, 18), "two wait, and the first one is told or waits"
    assert sink.problems() == (f"plugin sample: {missing} events were not told",)


def test_a_failing_call_is_said_once_and_the_next_events_are_told(world, ready):
    sink = ready()
    for message in ("a", "bad", "b", "bad", "c"):
        sink(warned(message))
    sink.close()
    assert [line[1] for line in told(world)] == ["a", "b", "c"]
    assert sink.problems() == ("plugin sample: ValueError: no luck", "plugin sample: 2 events were not told")


def test_one_that_dies_stays_dead_and_the_rest_is_counted(world, ready):
    sink = ready()
    for message in ("a", "die", "b"):
        sink(warned(message))
    sink.close()
    first, second = sink.problems()
    assert first == "plugin sample: it ended without an answer (exit 3)"
    assert second == "plugin sample: 2 events were not told"


def test_a_refused_listener_is_named_with_the_reason_and_costs_the_run_nothing(world, ready):
    sink = ready()
    (world.folder / "sample.py").write_text("print('changed')\n")
    sink(warned("a"))
    problems = sink.problems()
    assert problems[0].startswith("plugin sample: sample.py: content differs from what was signed")
    sink(finished())
    sink.close()
    assert told(world) == []


def test_a_wrong_configuration_is_named(world, ready):
    sink = ready({"pause": "long"})
    sink(warned("a"))
    sink.close()
    assert sink.problems()[0].startswith("plugin sample: with: pause: ")


def test_one_that_is_granted_but_not_here_or_a_broken_lock_are_said(world, ready):
    import shutil

    sink = ready()
    shutil.rmtree(world.folder)
    sink(warned("a"))
    assert sink.problems() == ("plugin sample: plugins.lock grants it, but it is not here",)
    (world.repository / "plugins.lock").write_text("{")
    again = PluginListeners(world.host, lambda _: PluginConfiguration())
    again(warned("a"))
    assert "plugins.lock:1:" in again.problems()[0]
