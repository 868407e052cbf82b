"""A run on paper starts what a run would start, in the same order."""

from __future__ import annotations

import pytest

from core.domain.runs.run_state import RunOptions
from core.domain.tasks.task import Status, Task
from core.errors import UsageError
from core.forecast import GOAL_WAITS, forecast, over_budget


def task(name, *deps, **fields):
    fields.setdefault("command", "c")
    return Task(id=name, description="d", dependencies=deps, **fields)


def starts(plan):
    return [(start.explanation.task_id, start.starts_at) for start in plan.starts]


def test_starts_are_spread_over_the_jobs_by_expected_durations():
    plan = forecast([task("a"), task("b"), task("c", "a")], RunOptions(jobs=2), {"a": 2.0, "b": 5.0})

    assert starts(plan) == [("b", 0.0), ("a", 0.0), ("c", 2.0)]
    assert (plan.makespan, plan.cost) == (5.0, 3.0)
    assert [start.duration_known for start in plan.starts] == [True, True, False]


def test_what_does_not_fit_the_budget_is_left_and_says_so():
    plan = forecast([task("a", cost=4.0, priority=1), task("b", cost=4.0), task("c", "b")], RunOptions(budget=5.0), {})

    assert starts(plan) == [("a", 0.0)]
    assert [(left.task_id, left.reasons[0]) for left in plan.left] == [
        ("b", "it does not fit what is left of the budget"),
        ("c", "it depends on b, which is pending"),
    ]


def test_only_a_budget_leaves_what_it_does_not_pay_for():
    tasks = [task("a", cost=4.0, priority=1), task("b", cost=4.0), task("c", "b")]

    assert list(over_budget(tasks, RunOptions(budget=5.0), {})) == ["b"]
    assert list(over_budget(tasks, RunOptions(), {})) == []


def test_a_goal_is_left_and_so_is_what_waits_for_it():
    plan = forecast([task("goal", command=None, verify=("check",)), task("a", "goal")], RunOptions(), {})

    assert starts(plan) == []
    assert plan.left[0].reasons == (GOAL_WAITS,)


def test_a_milestone_takes_no_time_and_costs_nothing():
    plan = forecast([task("a"), task("m", "a", command=None)], RunOptions(), {})

    assert (starts(plan), plan.makespan, plan.cost) == ([("a", 0.0), ("m", 1.0)], 1.0, 1.0)


def test_failed_tasks_are_planned_only_when_asked_for():
    tasks = [task("a", status=Status.FAILED)]

    assert starts(forecast(tasks, RunOptions(), {})) == []
    assert starts(forecast(tasks, RunOptions(retry_failed=True), {})) == [("a", 0.0)]


@pytest.mark.parametrize(
    ("options", "words"),
    [(RunOptions(only=frozenset({"uint"})), "no task uint"), (RunOptions(tags=frozenset({"lnt"})), "no task has the tag lnt")],
)
def test_an_unknown_id_or_tag_is_an_error_with_the_nearest_name(options, words):
    with pytest.raises(UsageError, match=words) as refusal:
        forecast([task("unit", tags=("lint",))], options, {})
    assert refusal.value.hint in ("did you mean unit?", "did you mean lint?")
