"""The helpers around the Planner, and that they agree with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import planner_utils
from core.domain.runs.budget import Budget
from core.domain.tasks.task import Status, Task
from core.planner import Planner


def task(name, *deps, **fields):
    return Task(id=name, description=f"do {name}", command="true", dependencies=deps, **fields)


@st.composite
def backlogs(draw):
    """Tasks whose dependencies lie before them, in a shuffled order."""
    count = draw(st.integers(min_value=0, max_value=8))
    tasks = [
        task(
            str(number),
            *(str(other) for other in draw(st.sets(st.integers(0, max(0, number - 1)), max_size=3)) if other < number),
            status=draw(st.sampled_from(Status)),
            priority=draw(st.integers(-2, 2)),
        )
        for number in range(count)
    ]
    return draw(st.permutations(tasks))


@given(backlogs())
def test_topological_order_puts_dependencies_first(tasks):
    order = [each.id for each in planner_utils.topological_order(tasks)]

    assert sorted(order) == sorted(each.id for each in tasks)
    assert all(order.index(name) < order.index(each.id) for each in tasks for name in each.dependencies)


@given(backlogs())
def test_ready_tasks_are_those_that_the_planner_offers(tasks):
    ready = planner_utils.filter_ready_tasks(planner_utils.get_pending_tasks(tasks), tasks)

    assert {each.id for each in ready} == set(Planner(tasks).upcoming(len(tasks)))


def test_topological_order_refuses_what_has_no_order():
    with pytest.raises(ValueError, match="in a circle: a → b → a"):
        planner_utils.topological_order([task("a", "b"), task("b", "a")])
    with pytest.raises(ValueError, match="there is no task c"):
        planner_utils.topological_order([task("a", "c")])


def test_each_cycle_is_found_once_from_its_first_task():
    tasks = [task("a", "c"), task("b", "a"), task("c", "b"), task("d", "d"), task("e", "a")]

    assert planner_utils.find_cycles(tasks) == (("a", "c", "b", "a"), ("d", "d"))
    assert planner_utils.find_cycles([task("a"), task("b", "a")]) == ()


def test_two_tasks_with_one_id_are_refused():
    planner_utils.validate_unique_ids([task("a"), task("b")])
    with pytest.raises(ValueError, match="two tasks have the id a"):
        planner_utils.validate_unique_ids([task("a"), task("a")])


def test_a_dependency_that_is_not_there_is_not_met():
    assert planner_utils.dependencies_met(task("b", "a"), [task("a", status=Status.DONE)])
    assert not planner_utils.dependencies_met(task("b", "a"), [task("a")])
    assert not planner_utils.dependencies_met(task("b", "a"), [])


def test_the_highest_priority_wins_and_equals_keep_their_order():
    tasks = [task("a"), task("b", priority=5), task("c", priority=5)]

    assert planner_utils.select_highest_priority(tasks).id == "b"
    assert [each.id for each in planner_utils.sort_by_priority(tasks)] == ["b", "c", "a"]
    assert tasks[0].id == "a", "the list that was given is not sorted"


@pytest.mark.parametrize(("budget", "used", "exhausted"), [(None, 9, False), (0, 0, True), (3, 2, False), (3, 3, True), (3, 4, True)])
def test_a_budget_is_exhausted_when_nothing_is_left_of_it(budget, used, exhausted):
    assert planner_utils.is_budget_exhausted(budget, used) is exhausted


def test_tasks_that_the_rest_of_the_budget_pays_for():
    tasks = [task("a", cost=2), task("b", cost=1), task("c", cost=0)]

    assert [each.id for each in planner_utils.filter_affordable_tasks(tasks, 3, 2)] == ["b", "c"]
    assert planner_utils.filter_affordable_tasks(tasks, None) == tasks


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0.5, 100))
def test_the_budget_helpers_agree_with_the_account_of_a_run(used, cost, limit):
    account = Budget(limit=limit, spent=used)

    assert planner_utils.will_exceed_budget(limit, used, cost) is not account.affords(cost)
    assert planner_utils.is_budget_exhausted(limit, used) is account.exhausted


def test_a_warning_is_due_once():
    used, warned = planner_utils.increment_cost_and_warn(0, 3, 0.66, False)
    assert (used, warned) == (1, False)
    used, warned = planner_utils.increment_cost_and_warn(used, 3, 0.66, warned)
    assert (used, warned) == (2, True)
    assert not planner_utils.should_warn_about_budget(3, used, 0.66, warned)
