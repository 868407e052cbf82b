"""The loop with twins all around: what runs, in which order, and what becomes of it."""

from __future__ import annotations

import math
import signal

import pytest

from core import events
from core.domain.quality.reflection import CycleReport
from core.domain.runs.outcome import Ending
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Retry, Status
from core.errors import LockHeld, StorageError
from core.testing.logs import InMemoryLogStore
from core.testing.processes import HANG, Script, ScriptedLauncher
from tests.unit.world import World, task


def test_a_backlog_is_worked_off_in_order_and_the_file_says_so():
    world = World([task("c", "b"), task("b", "a"), task("a")])
    last = world.run()

    assert world.commands == ["run a", "run b", "run c"]
    assert world.statuses == {"c": "done", "b": "done", "a": "done"}
    assert (last.exit_code, last.done, last.reason) == (0, ("a", "b", "c"), "nothing actionable is left")
    assert world.journal.unwritten() == ()
    assert world.journal.dead_runs() == ()


def test_a_second_run_finds_nothing_to_do():
    world = World([task("a")])
    world.run()
    last = world.run()

    assert world.commands == ["run a"]
    assert (last.exit_code, last.done) == (0, ())


def test_a_failure_blocks_what_needs_it_and_nothing_else():
    world = World([task("a"), task("b", "a"), task("c")], {"run a": Script(exit_code=2)})
    last = world.run()

    assert world.commands == ["run a", "run c"]
    assert world.statuses == {"a": "failed", "b": "pending", "c": "done"}
    assert last.exit_code == 1
    assert last.blocked == {"b": "it depends on a, which failed"}


def test_an_earlier_failure_keeps_the_exit_code_until_it_is_retried():
    world = World([task("a")], {"run a": [Script(exit_code=1), Script()]})
    assert [world.run().exit_code for _ in range(2)] == [1, 1]
    assert world.of(events.RunFinished)[1].failed_earlier == ("a",)
    assert world.commands == ["run a"]

    assert world.run(retry_failed=True).exit_code == 0
    assert world.commands == ["run a", "run a"]


def test_fail_fast_starts_nothing_more():
    world = World([task("a"), task("b")], {"run a": Script(exit_code=1)})
    last = world.run(fail_fast=True)

    assert world.commands == ["run a"]
    assert last.reason == "a failed and --fail-fast was given"
    assert last.left == {"b": "a failed and --fail-fast was given"}


def test_as_many_tasks_run_at_once_as_there_are_jobs():
    world = World([task(name) for name in "abcd"], {f"run {name}": Script(duration=1.0) for name in "abcd"})
    last = world.run(jobs=2)

    assert world.launcher.most_at_once == 2
    assert 2.0 <= last.duration < 2.1


def test_a_critical_path_starts_before_what_is_written_first():
    short = [task(f"s{n}", command="short") for n in range(8)]
    chain = [task("c1", command="long"), *(task(f"c{n}", f"c{n - 1}", command="long") for n in (2, 3, 4))]
    world = World([*short, *chain], {"short": Script(duration=0.5), "long": Script(duration=1.0)})

    assert world.run(jobs=2).duration == pytest.approx(4.0, abs=0.05)


def test_retries_wait_one_two_four_seconds():
    world = World([task("a", retries=Retry(limit=3))], {"run a": Script(exit_code=1)})
    last = world.run()

    assert [event.pause for event in world.of(events.TaskRetried)] == [1.0, 2.0, 4.0]
    assert world.statuses == {"a": "failed"}
    assert 7.0 <= last.duration < 8.0
    assert [attempt.number for attempt in world.journal.attempts("a")] == [4, 3, 2, 1]


def test_others_run_while_one_pauses():
    world = World([task("a", retries=Retry(limit=1)), task("b"), task("c")], {"run a": [Script(exit_code=1), Script()]})
    last = world.run()

    assert world.commands == ["run a", "run b", "run c", "run a"]
    assert last.exit_code == 0


def test_never_more_than_the_budget_is_reserved():
    reserved = []
    world = World([task(f"t{n}", cost=4.0) for n in range(5)], {f"run t{n}": Script(duration=1.0) for n in range(5)})
    world.launcher._during = lambda launch: reserved.append(sum(tree.leader for tree in world.launcher._trees.values()) * 4)
    last = world.run(jobs=3, budget=10.0)

    assert max(reserved) == 8
    assert (last.exit_code, last.spent, len(last.done)) == (0, 8.0, 2)
    assert last.left == dict.fromkeys(("t2", "t3", "t4"), "it does not fit the budget: 2 of 10 left")
    assert world.of(events.BudgetExhausted)[0].left == ("t2", "t3", "t4")
    assert "80% of the budget is used: 8 of 10" in [event.message for event in world.of(events.Warned)]


def test_a_budget_that_ends_with_work_left_is_five_only_when_strict():
    tasks = [task("a", cost=4.0), task("b", cost=4.0)]

    assert World(tasks).run(budget=5.0).exit_code == 0
    assert World(tasks).run(budget=5.0, strict=True).exit_code == 5


def test_a_failure_without_budget_for_another_attempt_has_failed():
    world = World([task("a", retries=Retry(limit=3))], {"run a": Script(exit_code=1)})
    last = world.run(budget=2.0)

    assert world.commands == ["run a", "run a"]
    assert (last.exit_code, last.failed, last.left) == (1, ("a",), {})


def test_time_that_is_up_starts_nothing_more():
    world = World([task("a"), task("b")], {"run a": Script(duration=10.0)})
    last = world.run(time_budget=5.0)

    assert world.commands == ["run a"]
    assert last.left == {"b": "it does not fit the time that is left"}


def test_a_milestone_is_done_when_its_dependencies_are():
    world = World([task("a"), task("release", "a", command=None), task("after", "release")])
    world.run()

    assert world.commands == ["run a", "run after"]
    assert world.statuses["release"] == "done"


def test_a_task_without_command_check_and_dependencies_waits_for_a_person():
    """Neither command, check nor dependencies; a kind whose handler is spelt otherwise comes to the same."""
    world = World([task("fix", command=None), task("agent", command=None, kind="refactr")])
    last = world.run(handlers={"refactor": "agent"})

    assert world.statuses == {"fix": "pending", "agent": "pending"}
    assert last.waiting["fix"] == "a person finishes it: it has no command, no check and no dependencies"
    assert world.commands == []


def test_a_goal_whose_check_passes_is_done_and_one_whose_check_fails_waits():
    goals = [task("met", command=None, verify=("yes",)), task("unmet", command=None, verify=("no",)), task("next", "unmet")]
    world = World(goals, {"no": Script(exit_code=1)})
    last = world.run()

    assert world.statuses == {"met": "done", "unmet": "pending", "next": "pending"}
    assert last.exit_code == 0
    assert last.waiting["unmet"] == "its goal is not met: check failed: no: exit 1"
    assert last.waiting["next"].startswith("it depends on unmet, which waits: its goal is not met")


def test_a_goal_is_checked_again_after_other_work_was_done():
    goal = task("goal", command=None, verify=("check",), priority=10)
    world = World([goal, task("work")], {"check": [Script(exit_code=1), Script()]})
    world.run()

    assert world.commands == ["check", "run work", "check"]
    assert world.statuses == {"goal": "done", "work": "done"}


def test_a_goal_that_stays_unmet_is_not_checked_for_ever():
    world = World([task("goal", command=None, verify=("check",)), task("work")], {"check": Script(exit_code=1)})
    world.run()

    assert world.commands.count("check") == 2


def test_a_manual_task_waits_for_a_person():
    last = World([task("review", manual=True), task("ship", "review")]).run()

    assert last.waiting["review"] == "a person finishes it (manual: true)"
    assert last.exit_code == 0


def test_failed_checks_never_make_a_task_done():
    world = World([task("a", verify=("check",))], {"check": Script(exit_code=1)})

    assert world.run().exit_code == 1
    assert world.statuses == {"a": "failed"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_stops_the_run_and_puts_running_tasks_back(number, code):
    world = World([task("a"), task("b")], {"run a": HANG})

    def stop():
        world.signals.send(number)
        world.launcher.wake()

    world.launcher.at(3.0, stop)
    last = world.run()

    assert last.exit_code == code
    assert world.statuses == {"a": "pending", "b": "pending"}
    assert world.journal.attempts("a")[0].outcome.ending == "interrupted"
    assert last.duration < 3.2
    assert last.left == dict.fromkeys(("a", "b"), f"stopped by {signal.Signals(number).name}")


def test_a_second_signal_kills_at_once():
    world = World([task("a")], {"run a": Script(duration=math.inf, ignores_term=True)})
    world.launcher.at(1.0, lambda: (world.signals.send(), world.launcher.wake()))
    world.launcher.at(2.0, lambda: (world.signals.send(), world.launcher.wake()))

    assert world.run().duration < 2.5


def test_tasks_added_to_the_file_during_the_run_are_run():
    world = World([task("a")], {"run a": Script(duration=2.0)})
    world.launcher.at(1.0, lambda: world.file.save_by_hand([*world.file.tasks, task("new")]))
    world.run()

    assert world.commands == ["run a", "run new"]
    assert world.of(events.TasksReloaded)[0].added == ("new",)
    assert world.statuses == {"a": "done", "new": "done"}


def test_a_task_cancelled_by_hand_while_it_runs_is_stopped_and_stays_cancelled():
    world = World([task("a"), task("b", "a")], {"run a": HANG})

    def cancel():
        world.file.save_by_hand([task("a", status=Status.CANCELLED), task("b", "a")])

    world.launcher.at(1.0, cancel)
    last = world.run()

    assert world.statuses == {"a": "cancelled", "b": "pending"}
    assert last.blocked == {"b": "it depends on a, which is cancelled"}
    assert str(world.journal.attempts("a")[0].outcome.reason) == "set to cancelled by hand"


def test_a_save_that_shows_what_holds_already_stops_nothing():
    # Its buffer was read while a text of ours was in the file that was taken back at once, because somebody else had saved.
    world = World([task("a"), task("b", "a")], {"run a": Script(duration=0.1), "run b": Script(duration=2.0)})
    shown = [task("a", status=Status.DONE), task("b", "a", status=Status.IN_PROGRESS), task("new")]
    world.launcher.at(0.15, lambda: world.file.save_by_hand(shown))
    world.run(jobs=2)

    assert world.commands == ["run a", "run b", "run new"]
    assert [attempt.outcome.ending for attempt in world.journal.attempts("b")] == [Ending.SUCCEEDED]
    assert world.of(events.TasksReloaded)[0].changed == ()


def test_an_entry_removed_while_it_runs_is_stopped():
    world = World([task("a"), task("b")], {"run a": HANG})
    world.launcher.at(1.0, lambda: world.file.save_by_hand([task("b")]))
    last = world.run()

    assert world.statuses == {"b": "done"}
    assert last.exit_code == 0


def test_a_save_from_an_old_buffer_brings_nothing_back():
    world = World([task("a"), task("b"), task("c")], {"run a": Script(duration=1.0), "run b": Script(duration=2.0)})
    world.launcher.at(2.0, lambda: world.file.save_by_hand([task("a"), task("b"), task("c", priority=5)]))
    world.run()

    assert world.commands == ["run a", "run b", "run c"]
    assert world.statuses == {"a": "done", "b": "done", "c": "done"}


def test_a_save_that_slips_into_a_write_counts_before_anything_more_is_started():
    world = World([task("a"), task("b", "a")], {"run a": Script(duration=0.9)})

    def finish_by_hand():
        world.file.save_by_hand([*world.file.tasks[:1], task("b", "a", status=Status.DONE)])

    world.launcher.at(0.8, lambda: world.file.before_next_write(finish_by_hand))
    world.run()

    assert world.commands == ["run a"]
    assert world.statuses == {"a": "done", "b": "done"}


def test_a_task_reset_during_the_run_is_reported_with_its_last_status():
    world = World([task("a"), task("b")], {"run a": [Script(exit_code=1), Script()], "run b": Script(duration=3.0)})
    world.launcher.at(1.0, lambda: world.file.save_by_hand([task("a"), *world.file.tasks[1:]]))
    last = world.run(jobs=2)

    assert (last.exit_code, last.done, last.failed) == (0, ("a", "b"), ())
    assert [(event.task_id, event.done) for event in world.of(events.TaskFinished)] == [("a", 0), ("a", 1), ("b", 2)]


def test_a_task_that_fails_again_after_a_reset_has_failed_once():
    world = World([task("a"), task("b")], {"run a": Script(exit_code=1), "run b": Script(duration=3.0)})
    world.launcher.at(1.0, lambda: world.file.save_by_hand([task("a"), *world.file.tasks[1:]]))
    last = world.run(jobs=2)

    assert (last.exit_code, last.failed, last.failed_earlier) == (1, ("a",), ())


def test_the_copy_of_an_entry_that_runs_is_pending():
    world = World([task("a")], {"run a": Script(duration=2.0)})
    world.launcher.at(1.0, lambda: world.file.save_by_hand([*world.file.tasks, task("copy", status=Status.IN_PROGRESS)]))
    last = world.run()

    assert world.commands == ["run a", "run copy"]
    assert last.done == ("a", "copy")


@pytest.mark.parametrize("status", [Status.DONE, Status.CANCELLED])
def test_an_attempt_ended_by_an_edit_of_the_file_is_reported_as_finished(status):
    world = World([task("a"), task("b")], {"run a": HANG})
    world.launcher.at(1.0, lambda: world.file.save_by_hand([task("a", status=status), *world.file.tasks[1:]]))
    world.run(jobs=2)

    (told,) = [event for event in world.of(events.TaskFinished) if event.task_id == "a"]
    assert (told.status, told.reason, told.attempt) == (status.value, f"set to {status} by hand", 1)


def test_an_attempt_whose_entry_was_removed_is_reported_as_cancelled():
    world = World([task("a"), task("b")], {"run a": HANG})
    world.launcher.at(1.0, lambda: world.file.save_by_hand([task("b")]))
    last = world.run()

    (told,) = [event for event in world.of(events.TaskFinished) if event.task_id == "a"]
    assert (told.status, told.reason) == ("cancelled", "its entry was removed by hand")
    assert last.done == ("b",)


def test_only_runs_a_task_and_what_it_needs():
    world = World([task("a"), task("b", "a"), task("c")])
    world.run(only=frozenset({"b"}))

    assert world.commands == ["run a", "run b"]


def test_a_second_run_at_the_same_time_is_refused_and_starts_nothing():
    world = World([task("a")])
    other = world.lock.for_process(2)
    other.acquire("other")

    with pytest.raises(LockHeld):
        world.run()
    assert world.commands == []


def test_our_own_failure_leaves_nothing_running_and_the_next_run_recovers():
    world = World([task("a"), task("b")], {"run a": HANG})

    def break_down(launch):
        if launch.command == "run b":
            raise MemoryError

    world.launcher._during = break_down
    with pytest.raises(MemoryError):
        world.run(jobs=2)
    world.launcher._during = None
    world.launcher._scripts.clear()
    last = world.run()

    assert world.statuses == {"a": "done", "b": "done"}
    assert last.exit_code == 0
    assert set(world.of(events.RunRecovered)[0].interrupted) == {"a", "b"}


def test_what_a_dead_run_left_running_is_killed_before_anything_else():
    world = World([task("a")])
    dead = world.journal
    from core.domain.runs.attempt import Attempt, RunRecord

    dead.begin_run(RunRecord(id="dead", pid=99, started=0.0))
    dead.begin_attempt(Attempt(run_id="dead", task_id="a", number=1, started=0.0))
    dead.record("dead", "a", Status.PENDING, Status.IN_PROGRESS, 0.0, Code.ATTEMPT_STARTED.of(1))
    world.launcher.left_by_dead_runs["dead"] = 3
    world.run()

    recovered = world.of(events.RunRecovered)[0]
    assert (recovered.dead_run, recovered.interrupted, recovered.killed) == ("dead", ("a",), 3)
    assert [(attempt.number, attempt.outcome.ending.value) for attempt in world.journal.attempts("a")] == [
        (2, "succeeded"),
        (1, "interrupted"),
    ]


def test_a_goal_that_reflection_has_just_measured_is_not_checked_again():
    world = World([task("refactor-1", command=None, verify=("check",)), task("a")])
    cycle = CycleReport(files=1, findings=1, seconds=0.0, open={"refactor-1": "complexity is 23, at most 10 is wanted"})
    last = world.run(reflect=lambda memory: cycle)

    assert world.commands == ["run a"]
    assert last.waiting == {"refactor-1": "complexity is 23, at most 10 is wanted"}


def test_a_handler_works_on_what_reflection_found():
    world = World([task("refactor-1", command=None, kind="refactor", verify=("check",))])
    cycle = CycleReport(files=1, findings=1, seconds=0.0, open={"refactor-1": "complexity is 23"})
    world.run(reflect=lambda memory: cycle, handlers={"refactor": "agent"})

    assert world.commands == ["agent", "check"]
    assert world.statuses == {"refactor-1": "done"}


def test_code_is_measured_at_the_start_and_after_each_cycle_that_did_something():
    cycles = []
    world = World([task("a")])
    world.run(reflect=lambda memory: cycles.append(1) or CycleReport(files=1, findings=0, seconds=0.0))

    assert len(cycles) == 2


def test_a_command_that_does_not_exist_fails_its_task_even_as_the_only_one():
    world = World([task("a")], {"run a": Script(refused=Code.NO_SUCH_COMMAND.of("run"), exit_code=127)})
    last = world.run()

    assert (last.exit_code, last.failed) == (1, ("a",))
    assert world.statuses == {"a": "failed"}
    assert str(world.journal.attempts("a")[0].outcome.reason) == "no such command: run"


@pytest.mark.parametrize(("tasks", "running", "blamed"), [(["a"], "a", "a"), (["a", "b"], "a, b", "")])
def test_interference_with_the_tool_is_reported_with_the_tasks_that_ran(tasks, running, blamed):
    world = World([task(name) for name in tasks], {"run a": Script(duration=1.0), "run b": Script(duration=1.0)})
    world.launcher.at(0.5, lambda: world.launcher.noticed.append("this process was stopped"))
    world.run(jobs=2)

    assert [(event.message, event.task_id) for event in world.of(events.Warned)] == [
        (f"this process was stopped; running then: {running}", blamed)
    ]


def test_interference_while_nothing_runs_is_not_blamed_on_what_starts_next():
    world = World([task("a")])
    world.launcher.noticed.append("this process was stopped")
    world.run()

    assert [(event.message, event.task_id) for event in world.of(events.Warned)] == [("this process was stopped", "")]


class FullDisk(InMemoryLogStore):
    """Takes the logs of some tasks and has no room for any other."""

    def __init__(self, *taken):
        super().__init__()
        self.taken = taken

    def open(self, attempt):
        if attempt.task_id not in self.taken:
            raise StorageError("logs: No space left on device")
        return super().open(attempt)


def test_what_ended_stays_recorded_when_the_log_of_the_next_attempt_cannot_be_made():
    world = World([task("a"), task("b", "a")])
    world.logs = FullDisk("a")
    with pytest.raises(StorageError, match="No space left on device"):
        world.run()

    assert [attempt.outcome.ending for attempt in world.journal.attempts("a")] == [Ending.SUCCEEDED]
    assert [event.task_id for event in world.of(events.TaskFinished)] == ["a"]
    world.logs = FullDisk("a", "b")
    world.run()
    assert world.commands == ["run a", "run b"]


def test_what_started_beside_an_attempt_whose_log_cannot_be_made_is_ended_and_runs_again():
    world = World([task("a"), task("b")], {"run a": HANG})
    world.logs = FullDisk("a")
    with pytest.raises(StorageError):
        world.run(jobs=2)

    assert world.launcher.most_at_once == 1
    world.logs, world.launcher = InMemoryLogStore(), ScriptedLauncher(world.clock)
    assert world.run().done == ("a", "b")


def test_what_ended_is_reported_even_if_the_next_launch_breaks_off():
    def during(launch):
        if launch.command == "run b":
            raise RuntimeError("no more processes")

    world = World([task("a"), task("b", "a")], during=during)
    with pytest.raises(RuntimeError, match="no more processes"):
        world.run()

    assert [event.task_id for event in world.of(events.TaskFinished)] == ["a"]


def test_subscribers_do_what_is_pending_after_the_last_step_too():
    world = World([task("a")])
    seen = []
    world.tick = lambda: seen.append([event.task_id for event in world.of(events.TaskFinished)])
    world.run()

    assert seen[-1] == ["a"]
