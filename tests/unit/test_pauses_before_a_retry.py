"""A pause before a retry holds nothing up that could end, and work that failed is never left pending."""

from __future__ import annotations

import math

import pytest

from core import events
from core.domain.runs.budget import Budget
from core.domain.tasks.task import Retry, Status
from core.testing.processes import HANG, Script
from tests.unit.world import World, task

FAILS = Script(exit_code=1)
LONG = Retry(limit=1, delay=60.0)


def _world(*others, scripts=None, **fields):
    """A task that fails after a second and may be tried again 60 s later, and others."""
    flaky = task("flaky", **{"retries": LONG, **fields})
    return World([flaky, *others], {"run flaky": Script(exit_code=1, duration=1.0), **(scripts or {})})


def _edit(world, **fields):
    world.file.save_by_hand([task("flaky", **{"retries": LONG, **fields}), *world.file.tasks[1:]])


def _last(world, task_id="flaky"):
    return [event for event in world.of(events.TaskFinished) if event.task_id == task_id][-1]


def test_a_pause_that_outlasts_the_time_budget_is_not_waited_for():
    world = _world()
    last = world.run(time_budget=30.0)

    assert world.statuses == {"flaky": "failed"}
    assert (last.exit_code, last.failed, last.duration < 5) == (1, ("flaky",), True)
    assert _last(world).reason == "exit 1; no further attempt: it does not fit the time that is left"


def test_a_retry_that_would_overrun_the_time_is_not_waited_for():
    world = _world(scripts={"run flaky": [Script(duration=10.0), Script(exit_code=1, duration=1.0)]}, retries=Retry(limit=1, delay=5.0))
    world.run()
    world.file.save_by_hand([task("flaky", retries=Retry(limit=1, delay=5.0), status=Status.PENDING)])
    last = world.run(time_budget=12.0)

    assert (last.exit_code, last.duration < 5, world.statuses) == (1, True, {"flaky": "failed"})


def test_time_that_is_up_while_a_retry_waits_for_its_slot_makes_it_fail():
    world = _world(task("slow"), scripts={"run slow": Script(duration=100.0)}, retries=Retry(limit=1, delay=0.5))
    last = world.run(time_budget=50.0)

    assert world.commands == ["run flaky", "run slow"]
    assert (last.exit_code, world.statuses) == (1, {"flaky": "failed", "slow": "done"})


def test_a_budget_that_others_spend_during_the_pause_makes_it_fail_at_once():
    world = _world(task("other"), scripts={"run other": Script(duration=3.0)})
    last = world.run(budget=2.0)

    assert world.statuses == {"flaky": "failed", "other": "done"}
    assert (last.exit_code, last.left, last.duration < 10) == (1, {}, True)
    assert _last(world).reason == "exit 1; no further attempt: it does not fit the budget: 0 of 2 left"


def test_what_another_task_has_reserved_and_does_not_use_may_still_pay_for_the_retry():
    from core.domain.runs.reasons import Code

    refused = Script(refused=Code.NO_SUCH_COMMAND.of("other"))
    world = _world(task("other"), scripts={"run flaky": [FAILS, Script()], "run other": refused}, retries=Retry(limit=1, delay=1.0))
    world.run(budget=3.0)

    assert world.statuses == {"flaky": "done", "other": "failed"}


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.DONE])
def test_a_task_that_is_set_during_its_pause_ends_the_run_at_once(status):
    world = _world()
    world.launcher.at(5.0, lambda: _edit(world, status=status))
    last = world.run()

    assert (last.exit_code, world.statuses, last.duration < 10) == (0, {"flaky": status.value}, True)
    assert (_last(world).status, _last(world).reason) == (status.value, f"set to {status} by hand")


def test_a_task_that_is_removed_during_its_pause_ends_the_run_at_once():
    world = _world(task("other"))
    world.launcher.at(5.0, lambda: world.file.save_by_hand(world.file.tasks[1:]))
    last = world.run()

    assert (last.exit_code, last.duration < 10) == (0, True)
    assert (_last(world).status, _last(world).reason) == ("cancelled", "its entry was removed by hand")


def test_retries_lowered_during_the_pause_make_it_fail_at_once():
    world = _world()
    world.launcher.at(5.0, lambda: _edit(world, retries=Retry(limit=0)))
    last = world.run()

    assert (last.exit_code, world.statuses, last.duration < 10) == (1, {"flaky": "failed"}, True)
    assert _last(world).reason == "exit 1; no further attempt: its entry allows 0 now"


def test_a_shorter_delay_counts_from_the_failure():
    world = _world(scripts={"run flaky": [FAILS, Script()]})
    world.launcher.at(5.0, lambda: _edit(world, retries=Retry(limit=1, delay=8.0)))
    last = world.run()

    assert (last.exit_code, 8 <= last.duration < 9) == (0, True)


def test_a_cost_that_grows_during_the_pause_beyond_the_budget_makes_it_fail_at_once():
    world = _world()
    world.launcher.at(5.0, lambda: _edit(world, cost=9.0))
    last = world.run(budget=5.0)

    assert (last.exit_code, world.statuses, last.duration < 10) == (1, {"flaky": "failed"}, True)


def test_a_signal_during_a_pause_leaves_the_task_to_the_next_run():
    world = _world()
    world.launcher.at(5.0, lambda: (world.signals.send(), world.launcher.wake()))
    last = world.run()

    assert (last.exit_code, world.statuses, last.duration < 10) == (143, {"flaky": "pending"}, True)
    assert last.left == {"flaky": "it pauses before its next attempt"}


def test_fail_fast_ends_the_pauses_of_others():
    world = _world(task("bad", retries=Retry(limit=0)), scripts={"run bad": Script(exit_code=2, duration=3.0)})
    last = world.run(fail_fast=True)

    assert (last.exit_code, last.failed, last.duration < 10) == (1, ("bad", "flaky"), True)


def test_a_retry_that_fails_for_want_of_budget_stops_a_fail_fast_run_and_the_pauses_of_all_others():
    world = _world(
        task("second", retries=LONG), task("spender", cost=2.0), scripts={"run second": FAILS, "run spender": Script(duration=2.0)}
    )
    last = world.run(fail_fast=True, budget=4.0, jobs=3)

    assert (last.exit_code, set(last.failed), last.duration < 10) == (1, {"flaky", "second"}, True)


def test_on_exceed_stop_does_not_wait_for_a_pause_behind_a_task_that_does_not_fit():
    world = _world(task("large", cost=9.0, priority=5), scripts={})
    last = world.run(budget=5.0, stop_on_exceed=True)
    assert (last.exit_code, world.statuses) == (0, {"flaky": "pending", "large": "pending"}), "nothing was started, so nothing failed"

    world = _world(task("large", cost=9.0), priority=-1)
    world.file.save_by_hand([*world.file.tasks[:1], task("gate"), task("large", "gate", cost=9.0)])
    world.launcher._scripts["run gate"] = (Script(duration=2.0),)
    last = world.run(budget=5.0, stop_on_exceed=True, jobs=2)
    assert (last.exit_code, world.statuses["flaky"], last.duration < 10) == (1, "failed", True)


def test_on_exceed_stop_waits_for_a_retry_that_comes_before_the_task_that_does_not_fit():
    world = _world(task("large", cost=9.0), scripts={"run flaky": [FAILS, Script()]}, priority=5)
    last = world.run(budget=5.0, stop_on_exceed=True)

    assert (last.exit_code, world.statuses) == (0, {"flaky": "done", "large": "pending"})


def test_a_task_that_gets_to_depend_on_a_failed_one_during_its_pause_is_not_waited_for():
    bad = task("bad")
    world = _world(bad, scripts={"run bad": FAILS})
    world.launcher.at(5.0, lambda: world.file.save_by_hand([task("flaky", "bad", retries=LONG), *world.file.tasks[1:]]))
    last = world.run()

    assert (last.exit_code, world.statuses, last.duration < 10) == (1, {"flaky": "failed", "bad": "failed"}, True)
    assert _last(world).reason == "exit 1; no further attempt: it depends on bad, which failed"


def test_a_task_that_gets_to_wait_for_a_person_during_its_pause_is_not_waited_for():
    world = _world()
    world.launcher.at(5.0, lambda: _edit(world, manual=True))
    last = world.run()

    assert (last.exit_code, world.statuses, last.duration < 10) == (0, {"flaky": "pending"}, True)
    assert set(last.waiting) == {"flaky"}


def test_goals_are_checked_again_during_a_pause():
    goal = task("goal", command=None, verify=("look",))
    world = World(
        [task("flaky", retries=LONG), goal, task("work")],
        {"run flaky": FAILS, "look": [FAILS, Script()], "run work": Script(duration=2.0)},
    )
    world.run()

    done = next(event for event in world.of(events.TaskFinished) if event.task_id == "goal")
    assert (done.status, done.at - world.of(events.RunStarted)[0].at < 10) == ("done", True)


def test_a_mended_command_runs_at_once_and_may_be_tried_as_often_as_any():
    world = _world(scripts={"run mended": Script(exit_code=1)})
    world.launcher.at(5.0, lambda: _edit(world, command="run mended", retries=Retry(limit=1, delay=2.0)))
    last = world.run()

    assert (world.commands, last.exit_code, last.duration < 10) == (["run flaky", "run mended", "run mended"], 1, True)


def test_a_task_that_was_mended_in_its_pause_and_not_tried_again_is_pending():
    world = _world(task("other"), scripts={"run other": Script(duration=3.0)})
    world.launcher.at(2.0, lambda: world.file.save_by_hand([task("flaky", command="run mended", retries=LONG), *world.file.tasks[1:]]))
    last = world.run(budget=2.0)

    assert (world.statuses, set(last.left)) == ({"flaky": "pending", "other": "done"}, {"flaky"})


def test_a_task_that_failed_for_fewer_retries_is_not_tried_again_by_the_next_run():
    world = _world()
    world.launcher.at(5.0, lambda: _edit(world, retries=Retry(limit=0)))

    assert [world.run().exit_code, world.run().exit_code, len(world.commands)] == [1, 1, 1]


def test_a_pause_ends_early_for_nobody_else():
    world = World([task("a", retries=LONG), task("b", retries=Retry(limit=1, delay=5.0))], {"run a": [FAILS, Script()], "run b": FAILS})
    last = world.run()

    assert (world.statuses, 60 <= last.duration < 62) == ({"a": "done", "b": "failed"}, True)


def test_a_failed_attempt_is_paid_for_once_in_what_a_terminal_shows():
    from core.reports.run.progress import Progress

    world = _world(task("other"), scripts={"run other": Script(duration=3.0)})
    last = world.run(budget=2.0)
    progress = Progress()
    for event in world.events:
        if event is not last:
            progress.take(event)

    assert (progress.spent, progress.pausing, last.spent) == (2.0, {}, 2.0)


def test_a_hanging_task_keeps_the_run_but_not_what_cannot_be_tried_again():
    world = _world(task("hangs"), scripts={"run hangs": HANG})
    world.launcher.at(20.0, lambda: (world.signals.send(), world.launcher.wake()))
    world.run(time_budget=30.0, jobs=2)

    assert math.isclose(_last(world).at - world.of(events.RunStarted)[0].at, 1.0, abs_tol=0.5)


def test_a_budget_may_be_afforded_as_long_as_it_is_only_reserved():
    budget = Budget(limit=2, spent=1, reserved=1)

    assert (budget.affords(1), budget.may_afford(1), budget.may_afford(1.1)) == (False, True, False)


@pytest.mark.parametrize("limits", [{"time_budget": 30.0}, {"budget": 0.0}])
def test_a_check_that_cannot_be_tried_again_has_failed_and_never_costs_a_unit(limits):
    world = World([task("check", check=True, retries=LONG)], {"run check": [FAILS, Script()]})
    last = world.run(**limits)

    assert (last.exit_code, last.duration < 10) == ((1, True) if "time_budget" in limits else (0, False))
    assert [result.passed for result in world.journal.check_results()["check"]] == ["budget" in limits]


def test_an_attempt_of_a_run_that_died_counts_what_it_cost():
    world = World([task("a", cost=3.0)])

    def die(_launch):
        raise KeyboardInterrupt

    world.launcher._during = die
    with pytest.raises(KeyboardInterrupt):
        world.run()
    world.launcher._during = None
    world.run()

    assert [attempt.outcome.usage.units for attempt in world.journal.attempts("a")] == [3.0, 3.0]
