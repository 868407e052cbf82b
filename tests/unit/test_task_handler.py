"""The steps of a handler, in their order, whatever becomes of the attempt; and which task goes to which handler."""

from __future__ import annotations

import signal

import pytest

from core.domain.runs.attempt import Phase
from core.domain.runs.outcome import Ending, Usage
from core.domain.runs.reasons import Code
from core.domain.runs.run_state import RunOptions
from core.domain.tasks.task import Task
from core.executor import Executor, ExecutorSettings
from core.handlers import CommandHandler, Handlers
from core.ports.handlers import Collected, HandlerRefused, Workspace
from core.testing.clock import VirtualClock
from core.testing.logs import InMemoryLogStore
from core.testing.processes import HANG, Script, ScriptedLauncher


class ToyHandler:
    """Works in a workspace of its own; ``refuses`` is the step that refuses."""

    def __init__(self, refuses=""):
        self.steps = []
        self._refuses = refuses

    def _step(self, name):
        self.steps.append(name)
        if name == self._refuses:
            raise HandlerRefused(f"{name} is not possible")

    def set_up(self, task, attempt):
        self._step("set_up")
        return Workspace(directory=f"/workspaces/{task.id}-{attempt.number}", env={"WORKSPACE": "yes"})

    def work(self, task, workspace):
        self._step("work")
        return (Phase(command=("toy", task.description), is_check=False),)

    def collect(self, task, workspace):
        self._step("collect")
        return Collected(usage=Usage(cpu=1.0, units=0.5, tokens=1200, money=0.25), report="3 lines changed", changes=("a.py",))

    def judge(self, task, workspace, collected):
        self._step(f"judge {collected.changes}")
        return (Phase(command="check", is_check=True),)

    def land(self, task, workspace, collected):
        self._step("land")

    def discard(self, task, workspace):
        self._step("discard")

    def tear_down(self, task, workspace):
        self._step("tear_down")


_TASK = Task(id="t", description="tidy", kind="toy", cost=2.0, timeout=60.0)
_JUDGED = ["set_up", "work", "collect", "judge ('a.py',)"]


class Rig:
    """An Executor with one handler and twins around it."""

    def __init__(self, handler, scripts=None):
        self.clock, self.logs = VirtualClock(), InMemoryLogStore()
        self.launcher = ScriptedLauncher(self.clock, scripts or {})
        self.executor = Executor(
            launcher=self.launcher,
            logs=self.logs,
            clock=self.clock,
            settings=ExecutorSettings(tasks_file="tasks.yml"),
            handlers=Handlers(CommandHandler("/repo"), {"toy": handler}),
        )

    def outcome(self, task=_TASK):
        self.executor.prepare(task, run_id="r", number=3)
        self.executor.launch(task.id)
        while True:
            for attempt in self.executor.wait(1.0):
                return attempt.outcome

    def notes(self):
        return [line for log in self.logs.logs.values() for line in log.notes]


def test_work_that_passes_its_checks_is_landed():
    handler = ToyHandler()
    rig = Rig(handler, {"toy tidy": Script(duration=4.0, cpu=2.0)})
    outcome = rig.outcome()

    assert handler.steps == [*_JUDGED, "land", "tear_down"]
    assert rig.launcher.commands == ["toy tidy", "check"]
    assert {launch.cwd for launch in rig.launcher.started} == {"/workspaces/t-3"}
    assert rig.launcher.started[0].env["WORKSPACE"] == "yes"
    assert (outcome.ending, outcome.verified) == (Ending.SUCCEEDED, True)


def test_what_only_the_handler_knows_is_added_to_what_was_measured():
    rig = Rig(ToyHandler(), {"toy tidy": Script(duration=4.0, cpu=2.0)})

    assert rig.outcome().usage == Usage(seconds=4.0, cpu=3.0, units=2.5, tokens=1200, money=0.25)
    assert "3 lines changed" in rig.notes()


@pytest.mark.parametrize(
    ("scripts", "ending", "steps"),
    [
        ({"toy tidy": Script(exit_code=1)}, Ending.FAILED, ["set_up", "work"]),
        ({"toy tidy": Script(refused=Code.NO_SUCH_COMMAND.of("toy"), exit_code=127)}, Ending.FAILED, ["set_up", "work"]),
        ({"toy tidy": HANG}, Ending.TIMED_OUT, ["set_up", "work"]),
        ({"check": Script(exit_code=1)}, Ending.FAILED_VERIFY, _JUDGED),
    ],
)
def test_work_that_does_not_succeed_is_discarded(scripts, ending, steps):
    handler = ToyHandler()

    assert Rig(handler, scripts).outcome().ending is ending
    assert handler.steps == [*steps, "discard", "tear_down"]


@pytest.mark.parametrize(
    ("step", "steps"),
    [
        ("set_up", ["set_up"]),
        ("work", ["set_up", "work", "discard", "tear_down"]),
        ("collect", ["set_up", "work", "collect", "discard", "tear_down"]),
        ("judge ('a.py',)", [*_JUDGED, "discard", "tear_down"]),
        ("land", [*_JUDGED, "land", "discard", "tear_down"]),
    ],
)
def test_a_step_that_refuses_fails_the_attempt(step, steps):
    handler = ToyHandler(refuses=step)
    outcome = Rig(handler).outcome()

    assert (outcome.ending, str(outcome.reason)) == (Ending.FAILED, f"{step} is not possible")
    assert not outcome.verified
    assert handler.steps == steps


def test_an_attempt_that_is_stopped_is_discarded():
    handler = ToyHandler()
    rig = Rig(handler, {"toy tidy": HANG})
    rig.launcher.at(1.0, lambda: rig.executor.stop_all(Code.STOPPED.of(signal.SIGTERM)))

    assert rig.outcome().ending is Ending.INTERRUPTED
    assert handler.steps == ["set_up", "work", "discard", "tear_down"]


def test_a_command_of_its_own_comes_before_the_handler_of_its_kind():
    handler = ToyHandler()
    rig = Rig(handler)
    rig.outcome(Task(id="t", description="tidy", kind="toy", command="own"))

    assert (rig.launcher.commands, handler.steps) == (["own"], [])


def test_other_kinds_go_to_the_plain_command():
    registry = Handlers(CommandHandler("/repo"), {"toy": ToyHandler()})

    assert isinstance(registry.of(_TASK), ToyHandler)
    assert isinstance(registry.of(Task(id="a", description="a", kind="task")), CommandHandler)


def test_a_plain_command_works_in_the_work_tree_itself():
    handler = CommandHandler("/repo")
    nowhere = Task(id="a", description="a", command="true")

    assert handler.set_up(nowhere, None).directory == "/repo"
    assert handler.set_up(Task(id="a", description="a", command="true", cwd="sub"), None).directory == "/repo/sub"


def test_a_kind_with_a_handler_is_work_for_the_planner():
    assert _TASK.work(RunOptions(handlers={"toy": "toy"}).handlers) == "command"
