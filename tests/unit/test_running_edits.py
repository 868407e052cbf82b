"""What an edit of an entry means while an attempt at it is under way: one meaning for every field."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from core import events
from core.domain.runs.outcome import Ending
from core.domain.tasks.running_edit import MEANINGS, MOST_RESTARTS, Meaning, running_edit
from core.domain.tasks.task import Retry, Status, Task
from core.testing.processes import HANG, Script
from tests.unit.world import World, task

#: Another value for each field.
OTHER = {
    "description": "other words",
    "command": "run other",
    "plugin": "linter",
    "with_": {"path": "src"},
    "verify": ("look",),
    "dependencies": ("b",),
    "priority": 7,
    "cost": 3.0,
    "timeout": 50.0,
    "retries": Retry(limit=2),
    "env": {"LEVEL": "2"},
    "cwd": "src",
    "kind": "chore",
    "tags": ("nightly",),
    "component": "core",
    "epic": "tidy",
    "manual": True,
    "check": True,
    "sources": ("*.py",),
    "gate": False,
    "origin": {"by": "reflector"},
    "extra": {"x-note": 1},
}


def _edited_while_running(script=None, *, at=2.0, after=None, scripts=None, **edit):
    """A run in which the entry of ``a`` is edited while its command, which takes 5 s, is running."""
    world = World([task("a"), task("b")], {"run a": script or Script(duration=5.0), **(scripts or {})})
    world.launcher.at(at, lambda: world.file.save_by_hand([replace(world.file.tasks[0], **edit), *world.file.tasks[1:]]))
    for seconds, action in after or ():
        world.launcher.at(seconds, lambda action=action: action(world))
    return world, world.run()


def _warnings(world):
    return [(event.task_id, event.message) for event in world.of(events.Warned)]


def test_every_field_of_a_task_has_one_meaning():
    names = {field.name for field in fields(Task)} - {"id", "status", "place"}

    assert (MEANINGS.keys(), OTHER.keys()) == (names, names)


@pytest.mark.parametrize("name", [name for name in OTHER if name != "kind"])
def test_an_edit_means_what_the_table_says(name):
    before = task("a")
    edit = running_edit(before, replace(before, **{name: OTHER[name]}))

    assert edit.restart == ((name.rstrip("_"),) if MEANINGS[name] is Meaning.RESTART else ())
    assert (edit.checks, edit.deadline) == (MEANINGS[name] is Meaning.CHECKS, MEANINGS[name] is Meaning.DEADLINE)
    assert not running_edit(before, before).restart


def test_another_kind_restarts_only_what_its_handler_carries_out():
    own, handled = task("a"), task("a", command=None)

    assert running_edit(own, replace(own, kind="chore")).restart == ()
    assert running_edit(handled, replace(handled, kind="chore")).restart == ("kind",)


@pytest.mark.parametrize("name", [name for name, meaning in MEANINGS.items() if meaning in (Meaning.LATER, Meaning.AT_END)])
def test_an_attempt_goes_on_whose_entry_was_edited_in_what_counts_later(name):
    world, last = _edited_while_running(**{name: OTHER[name]})

    assert world.commands.count("run a") == 1
    assert (last.exit_code, world.statuses["a"]) == (0, "done")
    assert _warnings(world) == []


@pytest.mark.parametrize("edit", [{"command": "run other"}, {"env": {"LEVEL": "2"}}, {"cwd": "src"}])
def test_an_attempt_at_something_else_is_stopped_and_the_task_starts_anew(edit):
    world, last = _edited_while_running([HANG, Script()], **edit)

    assert (last.exit_code, world.statuses) == (0, {"a": "done", "b": "done"})
    assert world.launcher.started[1].cwd == ("/repo/src" if "cwd" in edit else "/repo")
    assert world.commands[:2] == ["run a", edit.get("command", "run a")]
    assert [attempt.outcome.ending for attempt in world.journal.attempts("a")] == [Ending.SUCCEEDED, Ending.INTERRUPTED]
    (name,) = edit
    assert _warnings(world) == [("a", f"its {name} was edited while it ran: the attempt is stopped, and the task starts anew")]
    assert next(event.reason for event in world.of(events.TaskFinished) if event.task_id == "a") == f"its {name} was edited while it ran"


def test_what_a_stopped_attempt_cost_is_spent_and_it_is_no_failed_try():
    world, last = _edited_while_running(HANG, command="run other", scripts={"run other": Script(exit_code=1)}, retries=Retry(limit=1))

    assert world.commands == ["run a", "run other", "run b", "run other"]
    assert (last.exit_code, last.spent) == (1, 4.0)


def test_a_task_that_only_a_person_finishes_now_is_stopped_and_waits():
    world, last = _edited_while_running(HANG, manual=True)

    assert (last.exit_code, world.statuses["a"], set(last.waiting)) == (0, "pending", {"a"})


def test_a_check_that_is_added_while_the_command_runs_must_pass():
    world, last = _edited_while_running(verify=("look",), scripts={"look": Script(exit_code=1)})

    assert (last.exit_code, world.statuses["a"]) == (1, "failed")
    assert _warnings(world) == [("a", "its checks were edited while it ran: those that the file has now decide")]


def test_a_check_that_is_saved_right_before_the_command_ends_must_pass():
    world, last = _edited_while_running(at=4.999, verify=("look",), scripts={"look": Script(exit_code=1)})

    assert (last.exit_code, world.statuses["a"]) == (1, "failed")
    assert "look" in world.commands


def test_a_check_that_is_removed_while_the_command_runs_is_not_run():
    world = World([task("a", verify=("look",))], {"run a": Script(duration=5.0), "look": Script(exit_code=1)})
    world.launcher.at(2.0, lambda: world.file.save_by_hand([task("a")]))

    assert (world.run().exit_code, world.commands) == (0, ["run a"])


def test_checks_that_are_edited_while_they_run_are_run_again():
    world = World([task("a", verify=("slow", "old"))], {"slow": Script(duration=5.0), "old": Script(exit_code=1)})
    world.launcher.at(2.0, lambda: world.file.save_by_hand([task("a", verify=("slow", "new"))]))

    assert (world.run().exit_code, world.commands) == (0, ["run a", "slow", "slow", "new"])


def test_checks_of_a_goal_that_are_edited_while_they_run_are_run_again():
    world = World([task("a", command=None, verify=("old",))], {"old": Script(duration=5.0, exit_code=1)})
    world.launcher.at(2.0, lambda: world.file.save_by_hand([task("a", command=None, verify=("new",))]))

    assert (world.run().exit_code, world.commands, world.statuses) == (0, ["old", "new"], {"a": "done"})


def test_a_shorter_timeout_ends_the_attempt_counted_from_its_start():
    world, last = _edited_while_running(HANG, timeout=10.0)

    assert (last.exit_code, str(world.journal.attempts("a")[0].outcome.reason)) == (1, "timed out after 10 s")
    assert _warnings(world) == [("a", "its timeout was edited while it ran: the new one counts from the start of the attempt")]


def test_a_timeout_that_has_passed_already_ends_the_attempt_at_once():
    _, last = _edited_while_running(HANG, timeout=1.0)

    assert (last.exit_code, last.duration < 4) == (1, True)


def test_a_longer_timeout_lets_the_attempt_go_on():
    world = World([task("a", timeout=4.0)], {"run a": Script(duration=5.0)})
    world.launcher.at(2.0, lambda: world.file.save_by_hand([task("a", timeout=9.0)]))

    assert (world.run().exit_code, world.statuses) == (0, {"a": "done"})


@pytest.mark.parametrize(("before", "after", "attempts"), [(0, 2, 3), (2, 0, 1), (2, 1, 2)])
def test_the_retries_that_the_file_has_when_the_attempt_fails_count(before, after, attempts):
    world = World([task("a", retries=Retry(limit=before, delay=0.1))], {"run a": Script(duration=5.0, exit_code=1)})
    world.launcher.at(2.0, lambda: world.file.save_by_hand([task("a", retries=Retry(limit=after, delay=0.1))]))

    assert (world.run().exit_code, len(world.commands)) == (1, attempts)


def test_an_attempt_costs_what_was_reserved_for_it_and_the_next_one_what_the_file_says():
    world = World([task("a", cost=2.0, retries=Retry(limit=1, delay=0.1))], {"run a": Script(duration=5.0, exit_code=1)})
    world.launcher.at(2.0, lambda: world.file.save_by_hand([replace(world.file.tasks[0], cost=3.0)]))
    last = world.run(budget=5.0)

    assert (last.spent, len(world.commands)) == (5.0, 2)


def test_a_reset_starts_the_task_anew_with_all_of_its_tries():
    world = World(
        [task("a", retries=Retry(limit=1, delay=0.1)), task("b")], {"run a": [Script(exit_code=1), HANG, Script(exit_code=1), Script()]}
    )
    world.launcher.at(3.0, lambda: world.file.save_by_hand([replace(world.file.tasks[0], status=Status.PENDING), task("b")]))
    world.launcher.at(3.0, lambda: world.journal.save_state("memory.meant", {"a": "pending"}))
    last = world.run()

    assert (last.exit_code, world.commands.count("run a"), world.statuses["a"]) == (0, 4, "done")


def test_a_command_that_edits_its_own_entry_comes_to_an_end():
    world = World([task("a", env={"N": "0"})])

    def edit(launch):
        number = int(world.file.tasks[0].env["N"]) + 1
        world.file.save_by_hand([replace(world.file.tasks[0], env={"N": str(number)})])

    world.launcher._during = edit
    last = world.run()

    assert len(world.commands) == MOST_RESTARTS + 1
    assert (last.exit_code, world.statuses) == (1, {"a": "failed"})
    assert world.of(events.TaskFinished)[-1].reason == "its env was edited while it ran"


def test_an_edit_that_is_taken_back_before_the_attempt_ends_changes_nothing():
    world = World([task("a"), task("b")], {"run a": Script(duration=9.0), "look": Script(exit_code=1)})
    world.launcher.at(2.0, lambda: world.file.save_by_hand([replace(world.file.tasks[0], verify=("look",)), task("b")]))
    world.launcher.at(4.0, lambda: world.file.save_by_hand([replace(world.file.tasks[0], verify=()), task("b")]))
    last = world.run()

    assert (last.exit_code, world.commands) == (0, ["run a", "run b"])


@pytest.mark.parametrize("at", [0.6, 1.1])
def test_a_save_of_a_text_that_was_written_and_taken_back_stops_and_repeats_nothing(at):
    """A save may come into a write: what was written stands in the file for a moment, is read by an editor, and is taken back."""
    world = World(
        [task("a"), task("b"), task("c")], {"run a": Script(duration=0.5), "run b": Script(duration=0.5), "run c": Script(duration=3.0)}
    )
    taken_back = [task("a", status=Status.DONE), task("b", status=Status.IN_PROGRESS), task("c", status=Status.IN_PROGRESS), task("d")]
    world.launcher.at(at, lambda: world.file.save_by_hand(taken_back))
    world.run(jobs=2)

    assert sorted(world.commands) == ["run a", "run b", "run c", "run d"]
    assert set(world.statuses.values()) == {"done"}
    assert not [event for event in world.of(events.TaskFinished) if event.status == "pending"]
