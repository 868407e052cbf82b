"""The steps around a judged attempt: snapshots, objections, gating checks, and the change undone when it does not hold."""

from __future__ import annotations

import pytest

from core.domain.runs.executor_settings import ExecutorSettings
from core.domain.runs.outcome import Ending
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Task
from core.errors import StorageError
from core.executor import Executor
from core.handlers import CommandHandler, Handlers
from core.judged_handler import JudgedHandler, Judgement
from core.testing.clock import VirtualClock
from core.testing.logs import InMemoryLogStore
from core.testing.processes import HANG, Script, ScriptedLauncher
from core.testing.snapshots import InMemorySnapshots

TASK = Task(id="t", description="tidy", kind="refactor", verify=("gone",), timeout=60.0)
LINT = Task(id="lint", description="lint", check=True, command="lint", cwd="sub", env={"STRICT": "1"}, timeout=5.0)
TEST = Task(id="test", description="test", check=True, command="test", verify=("coverage",))


class Rig:
    """An Executor whose only handler is judged; ``script`` is what its work does to the files."""

    def __init__(self, scripts=None, *, objections=(), snapshots=None, checks=(LINT, TEST)):
        self.clock, self.logs, self.snapshots = VirtualClock(), InMemoryLogStore(), snapshots or InMemorySnapshots({"a.py": b"old\n"})
        self.launcher = ScriptedLauncher(self.clock, scripts or {})
        self.remembered, self.asked = [], []
        command = CommandHandler("/repo", {"refactor": "tidy"})

        def object_to(task, before, after):
            self.asked.append(self.snapshots.changed(before, after))
            if isinstance(objections, Exception):
                raise objections
            return objections

        judgement = Judgement(
            checks=lambda task: checks,
            phases=lambda checks: tuple(phase for check in checks for phase in command.gate_phases(check, f"digest of {check.id}")),
            objections=object_to,
            remember=lambda task, before: self.remembered.append((task.id, bool(before))),
        )
        handler = JudgedHandler(command, self.snapshots, judgement)
        self.executor = Executor(
            launcher=self.launcher,
            logs=self.logs,
            clock=self.clock,
            settings=ExecutorSettings(tasks_file="tasks.yml"),
            handlers=Handlers(command, judged=lambda: handler, is_judged=lambda task: task.kind == "refactor"),
        )

    def outcome(self, change=b"new\n"):
        self.executor.prepare(TASK, run_id="r", number=3)
        self.executor.launch(TASK.id)
        if change is not None:
            self.snapshots.files["a.py"] = change
        while True:
            for attempt in self.executor.wait(1.0):
                return attempt.outcome


def test_work_that_holds_is_kept_and_says_which_checks_passed():
    rig = Rig()
    outcome = rig.outcome()

    assert (outcome.ending, outcome.verified, outcome.checks) == (
        Ending.SUCCEEDED,
        True,
        {"lint": "digest of lint", "test": "digest of test"},
    )
    assert rig.launcher.commands == ["tidy", "gone", "lint", "test", "coverage"]
    assert (rig.asked, rig.snapshots.files) == ([("a.py",)], {"a.py": b"new\n"})
    assert rig.remembered == [("t", True), ("t", False)]


def test_a_gating_check_runs_in_its_own_place_with_its_own_variables():
    rig = Rig()
    rig.outcome()
    lint = rig.launcher.started[2]

    assert (lint.cwd, lint.env["STRICT"], lint.env["ORCHESTRATOR_TASK_ID"]) == ("/repo/sub", "1", "lint")
    assert rig.launcher.started[3].cwd == "/repo"


@pytest.mark.parametrize(
    ("scripts", "ending", "why"),
    [
        ({"tidy": Script(exit_code=1)}, Ending.FAILED, "exit 1"),
        ({"tidy": HANG}, Ending.TIMED_OUT, "timed out after 60 s"),
        ({"gone": Script(exit_code=1)}, Ending.FAILED_VERIFY, "check failed: gone: exit 1"),
        ({"test": Script(exit_code=2)}, Ending.FAILED_VERIFY, "check test failed: exit 2"),
        ({"coverage": Script(exit_code=2)}, Ending.FAILED_VERIFY, "check test failed: exit 2"),
        ({"lint": HANG}, Ending.FAILED_VERIFY, "check lint failed: timed out after 5 s"),
    ],
)
def test_work_that_does_not_hold_is_undone(scripts, ending, why):
    rig = Rig(scripts)
    outcome = rig.outcome()

    assert (outcome.ending, outcome.checks) == (ending, {})
    assert str(outcome.reason) == f"{why}; the change was rolled back (1 file; git show 000000000000 shows it)"
    assert rig.snapshots.files == {"a.py": b"old\n"}
    assert rig.remembered[-1] == ("t", False)


def test_an_interrupted_attempt_is_undone():
    rig = Rig({"tidy": HANG})
    rig.executor.prepare(TASK, run_id="r", number=1)
    rig.executor.launch(TASK.id)
    rig.snapshots.files["a.py"] = b"half"
    rig.executor.stop_all(Code.STOPPED.of(15))
    (attempt,) = rig.executor.wait(1.0) or rig.executor.wait(1.0)

    assert attempt.outcome.ending is Ending.INTERRUPTED
    assert rig.snapshots.files == {"a.py": b"old\n"}


def test_what_speaks_against_the_change_is_the_reason_and_no_check_runs():
    rig = Rig(objections=("a.py:1: # noqa", "b", "c", "d"))
    outcome = rig.outcome()

    assert str(outcome.reason).startswith("the change is not accepted: a.py:1: # noqa; b; c; and 1 more; the change was rolled back")
    assert rig.launcher.commands == ["tidy"]
    assert rig.snapshots.files == {"a.py": b"old\n"}


def test_what_cannot_be_judged_is_not_accepted():
    outcome = Rig(objections=StorageError("config.yaml: cannot be read")).outcome()

    assert str(outcome.reason).startswith("the change is not accepted: config.yaml: cannot be read; the change was rolled back")


def test_work_that_changed_nothing_leaves_nothing_to_say():
    assert str(Rig({"gone": Script(exit_code=1)}).outcome(change=None).reason) == "check failed: gone: exit 1"


class _Full(InMemorySnapshots):
    def __init__(self, room):
        super().__init__({"a.py": b"old\n"})
        self._room = room

    def take(self, subject, before=""):
        if len(self.subjects) == self._room:
            raise StorageError("no space left")
        return super().take(subject, before)


def test_without_a_snapshot_of_before_nothing_is_begun():
    rig = Rig(snapshots=_Full(0))
    outcome = rig.outcome(change=None)

    assert (outcome.ending, str(outcome.reason)) == (Ending.FAILED, "no space left")
    assert (rig.launcher.commands, rig.remembered) == ([], [])


def test_without_a_snapshot_of_after_it_is_said_that_nothing_was_undone():
    outcome = Rig(snapshots=_Full(1)).outcome()

    assert str(outcome.reason) == "no space left; the change was not rolled back: no space left (git diff 000000000000 shows it)"
