"""Verify commands outside of a run: which, how many at once, and what their end means."""

from __future__ import annotations

import pytest

from core.domain.runs.outcome import Ending
from core.domain.tasks.task import Status, Task
from core.errors import UsageError
from core.executor import Executor, ExecutorSettings
from core.handlers import Handlers, VerifyHandler
from core.testing.clock import VirtualClock
from core.testing.logs import InMemoryLogStore
from core.testing.processes import Script, ScriptedLauncher, ScriptedSignals
from core.verifier import Verifier, to_verify


def task(name, status=Status.DONE, **fields):
    return Task(id=name, description=f"Do {name}", status=status, **{"command": "work", "verify": (f"check {name}",), **fields})


class World:
    """A Verifier with twins around it."""

    def __init__(self, scripts=None, jobs=2):
        clock = VirtualClock()
        self.signals = ScriptedSignals()
        self.launcher = ScriptedLauncher(clock, scripts or {})
        executor = Executor(
            launcher=self.launcher,
            logs=InMemoryLogStore(),
            clock=clock,
            settings=ExecutorSettings(tasks_file="/repo/tasks.yml"),
            handlers=Handlers(VerifyHandler("/repo")),
        )
        self.verifier = Verifier(runner=executor, signals=self.signals, run_id="v", jobs=jobs, attempts={"a": 3})

    def stop(self):
        self.signals.send()
        self.launcher.wake()


def test_only_verify_commands_run_and_each_result_is_reported():
    world, reported = World({"check b": Script(exit_code=2)}), []
    results = world.verifier.verify([task("a"), task("b"), task("c", Status.PENDING)], reported.append)

    assert world.launcher.commands == ["check a", "check b", "check c"]
    assert [(each.task.id, each.holds, each.no_longer_holds) for each in results] == [
        ("a", True, False),
        ("b", False, True),
        ("c", True, False),
    ]
    assert {each.task.id for each in reported} == {"a", "b", "c"}


def test_no_more_run_at_once_than_jobs():
    world = World({f"check {name}": Script(duration=1.0) for name in "abcd"}, jobs=2)
    world.verifier.verify([task(name) for name in "abcd"])
    assert world.launcher.most_at_once == 2


def test_a_stop_signal_ends_it_and_says_nothing_of_what_it_cut_off():
    world = World({"check a": Script(duration=100.0)}, jobs=1)
    world.launcher.at(1.0, world.stop)
    (result,) = world.verifier.verify([task("a"), task("b")])
    assert (result.outcome.ending, result.interrupted, result.no_longer_holds) == (Ending.INTERRUPTED, True, False)


BACKLOG = (
    task("done", tags=("t",)),
    task("open", Status.PENDING),
    task("failed", Status.FAILED),
    task("cancelled", Status.CANCELLED, tags=("t",)),
    task("check", check=True, tags=("t",)),
    task("bare", verify=()),
)


@pytest.mark.parametrize(
    ("ids", "tags", "chosen"),
    [
        ((), (), ["done", "open", "failed"]),
        ((), ("t",), ["done"]),
        (("open",), ("t",), ["done", "open"]),
        (("cancelled",), (), ["cancelled"]),
    ],
)
def test_what_is_verified(ids, tags, chosen):
    assert [each.id for each in to_verify(BACKLOG, ids, tags)] == chosen


@pytest.mark.parametrize("name", ["check", "bare", "nobody"])
def test_what_cannot_be_verified_is_refused(name):
    with pytest.raises(UsageError):
        to_verify(BACKLOG, [name], ())
