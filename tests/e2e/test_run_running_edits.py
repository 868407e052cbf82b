"""An entry is edited while its task runs or pauses: the installed command does what docs/tasks.md says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import ORCHESTRATOR, Rig, events_of, until

#: Runs until the test lets it go on.
_HELD = "touch up; until [ -e go ]; do sleep 0.02; done"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def _edit(rig: Rig, old: str, new: str) -> None:
    text = rig.tasks_file.read_text()
    assert old in text
    beside = rig.root / "tasks.yml.new"
    beside.write_text(text.replace(old, new))
    beside.rename(rig.tasks_file)


def test_a_check_that_was_added_while_the_command_ran_must_pass(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": _HELD})
    process = rig.start("run", "--no-reflect", "--json")
    until((rig.root / "up").exists, what="it runs")
    _edit(rig, "- id: a\n", '- id: a\n  verify: "test -e proof"\n')
    (rig.root / "go").touch()
    output, _ = process.communicate()

    assert process.returncode == 1, output
    assert rig.statuses() == {"a": "failed"}


def test_a_command_that_was_edited_while_it_ran_is_stopped_and_the_new_one_runs(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": _HELD})
    process = rig.start("run", "--no-reflect", "--json")
    until((rig.root / "up").exists, what="it runs")
    _edit(rig, _HELD, "touch mended")
    output, _ = process.communicate()

    assert process.returncode == 0, output
    assert (rig.root / "mended").exists()
    assert [attempt["ending"] for attempt in rig.attempts("a")] == ["interrupted", "succeeded"]
    assert [event["message"] for event in events_of(output, "warned")] == [
        "its command was edited while it ran: the attempt is stopped, and the task starts anew"
    ]


def test_a_timeout_that_was_edited_while_the_command_ran_ends_it(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": _HELD})
    process = rig.start("run", "--no-reflect", "--json")
    until((rig.root / "up").exists, what="it runs")
    _edit(rig, "- id: a\n", "- id: a\n  timeout: 0.1\n")
    output, _ = process.communicate()

    assert process.returncode == 1, output
    assert [attempt["ending"] for attempt in rig.attempts("a")] == ["timed_out"]


def test_a_task_that_is_cancelled_in_its_pause_ends_the_run(rig: Rig) -> None:
    rig.write_tasks({"id": "flaky", "command": "false", "retries": {"limit": 1, "delay": 3600}})
    process = rig.start("run", "--no-reflect", "--json")
    until(lambda: "failed" in {ending for _, ending in rig.journalled_attempts().get("flaky", [])}, what="it pauses")
    assert rig.run("cancel", "flaky").returncode == 0
    output, _ = process.communicate()

    assert (process.returncode, rig.statuses()) == (0, {"flaky": "cancelled"}), output


def test_a_failed_task_whose_next_attempt_lies_beyond_the_time_budget_has_failed(rig: Rig) -> None:
    rig.write_tasks({"id": "flaky", "command": "false", "retries": {"limit": 1, "delay": 3600}})
    ended = rig.run("run", "--no-reflect", "--time-budget", "60s", "--json")

    assert (ended.returncode, rig.statuses()) == (1, {"flaky": "failed"}), ended.stderr
    (finished,) = events_of(ended.stdout, "task_finished")
    assert finished["reason"] == "exit 1; no further attempt: it does not fit the time that is left"


def test_a_failed_task_whose_budget_was_spent_by_another_has_failed(rig: Rig) -> None:
    rig.write_tasks({"id": "flaky", "command": "false", "retries": {"limit": 1, "delay": 3600}}, {"id": "other", "command": "true"})
    ended = rig.run("run", "--no-reflect", "--budget", "2", "--json")

    assert (ended.returncode, rig.statuses()) == (1, {"flaky": "failed", "other": "done"}), ended.stderr


def test_a_command_that_resets_its_own_task_comes_to_an_end_as_failed(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": f"echo run >> runs.log; {ORCHESTRATOR} reset a; sleep 60"})

    ended = rig.run("run")

    assert ended.returncode == 1, ended.stderr
    assert rig.lines("runs.log") == ["run"] * 6
    assert "status: failed" in rig.tasks_file.read_text()
