"""Which tasks are judged, and by which checks."""

from __future__ import annotations

import pytest

from core.domain.quality.judged_task import gating_checks, is_judged
from core.domain.tasks.task import Status, Task

OWN = {"by": "reflector", "fingerprint": "f"}


def task(name="t", **fields):
    return Task(id=name, description=name, **fields)


@pytest.mark.parametrize(
    ("entry", "judged"),
    [
        (task(kind="refactor"), True),
        (task(kind="refactor", origin=OWN), True),
        (task(kind="other"), False),
        (task(kind="refactor", manual=True), False),
        (task(kind="refactor", command="fix"), False),
        (task(kind="refactor", command="fix", origin=OWN), True),
        (task(plugin="fix", origin=OWN), True),
        (task(kind="refactor", check=True), False),
        (task(origin=OWN, verify=("check",)), False),
    ],
)
def test_what_a_handler_does_is_judged_and_a_persons_own_command_is_not(entry, judged):
    assert is_judged(entry, {"refactor"}) is judged


def test_checks_gate_unless_they_are_switched_off_or_come_after_the_task():
    tasks = (
        task("test", check=True),
        task("report", check=True, gate=False),
        task("off", check=True, status=Status.CANCELLED),
        task("t", kind="refactor"),
        task("then", dependencies=("t",)),
        task("after", check=True, dependencies=("then",)),
        task("lint", check=True, dependencies=("test",)),
    )

    assert [check.id for check in gating_checks(tasks, "t")] == ["test", "lint"]
    assert gating_checks(tasks[3:5], "t") == ()
