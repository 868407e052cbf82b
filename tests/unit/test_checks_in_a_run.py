"""Checks beside work, edits and budgets: ways in which a run could call in order what is not, or fail though all is."""

from __future__ import annotations

import pytest

from core.domain.tasks.task import Retry, Status, Task
from tests.unit.check_world import BROKEN, Behaviour, Change, CheckWorld, Removal


def check(name, *needs, **fields):
    return Task(id=name, description="d", command=f"check {name}", check=True, dependencies=needs, **fields)


def work(name, *needs, **fields):
    return Task(id=name, description="d", command=f"work {name}", dependencies=needs, **fields)


def world_of(*tasks, **behaviours):
    known = {task.id: behaviours.get(task.id, Behaviour()) for task in tasks}
    return CheckWorld(tasks, {task.command: known[task.id] for task in tasks})


def starts(world):
    return [each.task_id for each in world.of_run()]


def test_a_check_whose_sources_changed_while_it_ran_runs_again_though_they_were_put_back_afterwards():
    world = world_of(
        check("c", sources=("a.py",), priority=10),
        work("change"),
        work("restore", "change"),
        c=Behaviour(duration=2.0),
        change=Behaviour(changes=((0.5, "a.py", "1"),), duration=1.0),
        restore=Behaviour(changes=((1.5, "a.py", "0"),), duration=2.0),
    )
    assert world.run(jobs=2).exit_code == 0
    assert starts(world).count("c") == 2


def test_a_check_for_which_no_time_is_left_after_work_fails_the_run():
    last = world_of(check("c"), work("w")).run(time_budget=0.5)
    assert (last.exit_code, last.done) == (1, ("w",))


def test_a_check_that_is_up_to_date_needs_no_time():
    world = world_of(check("c", sources=("a.py",)), c=Behaviour(duration=5.0))
    world.run()
    last = world.run(time_budget=2.0)
    assert (last.exit_code, last.up_to_date, last.left) == (0, ("c",), {})


def test_a_budget_that_stops_the_work_does_not_stop_what_checks_it():
    world = world_of(work("w"), work("more", cost=5.0, priority=-1), check("c", priority=-2))
    last = world.run(budget=2.0, stop_on_exceed=True)
    assert (starts(world), last.exit_code) == (["w", "c"], 0)


@pytest.mark.parametrize("edit", [Removal(task_id="c"), Change(task_id="c", fields={"status": Status.CANCELLED})])
@pytest.mark.parametrize("at", [1.5, 3.5])
def test_a_check_that_is_gone_or_switched_off_after_it_passed_fails_nothing(edit, at):
    """At 1.5 s its result holds and work runs that puts it in question; at 3.5 s it runs once more."""
    world = world_of(check("c", priority=10), work("w"), c=Behaviour(duration=1.0), w=Behaviour(duration=2.0))
    assert world.run(edits=[(at, edit)]).exit_code == 0


def test_a_check_that_was_removed_and_comes_back_has_no_result_yet():
    entry = check("c", priority=10)
    world = world_of(entry, work("w"), w=Behaviour(duration=4.0))
    back = [(1.5, Removal(task_id="c")), (2.5, lambda tasks: [*tasks, check("c", sources=("b.py",))])]
    assert world.run(edits=back).exit_code == 0
    assert starts(world) == ["c", "w", "c"]


def test_an_edit_while_work_runs_does_not_hold_checks_back_for_ever():
    world = world_of(work("w"), check("c"), w=Behaviour(duration=2.0))
    last = world.run(edits=[(1.0, Change(task_id="w", fields={"description": "another"}))])
    assert (starts(world), last.exit_code, last.passed) == (["w", "c"], 0, ("c",))


def test_an_edit_while_work_runs_does_not_let_a_check_run_beside_it():
    world = world_of(work("w"), check("c"), w=Behaviour(duration=3.0))
    world.run(jobs=2, edits=[(1.0, Change(task_id="w", fields={"description": "another"}))])
    assert starts(world) == ["w", "c"]


def test_a_check_that_runs_again_after_a_change_may_be_retried_again():
    world = world_of(
        check("c", priority=10, retries=Retry(limit=1), sources=("a.py",)),
        work("w"),
        c=Behaviour(looks_at=("a.py",)),
        w=Behaviour(changes=((0.0, "a.py", BROKEN),)),
    )
    assert world.run().exit_code == 1
    assert starts(world) == ["c", "w", "c", "c"]
