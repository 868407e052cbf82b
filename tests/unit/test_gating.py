"""Judged tasks start alone, and only on what every gating check has found in order."""

from __future__ import annotations

from core.domain.runs.budget import Budget
from core.domain.tasks.plan import Verdict
from core.domain.tasks.task import Readiness, Status, Task
from core.planner import Planner

FREE = Budget()


def task(name, **fields):
    return Task(id=name, description=name, **fields)


def planner(*tasks, **options):
    return Planner(tasks, handlers={"refactor": "fix"}, judged={"refactor"}, **options)


def started(plan):
    """Return the ids of everything that starts now, and mark it as running."""
    ids = []
    while (decision := plan.next(FREE)) is not None:
        plan.mark(decision.task.id, Status.IN_PROGRESS)
        ids.append(decision.task.id)
    return ids


def why(plan, name):
    explanation = plan.explain(name)
    return explanation.readiness, explanation.reasons[0]


REFACTOR, CHECK, WORK = task("r", kind="refactor", priority=9), task("test", check=True, command="t"), task("w", command="w")


def test_a_judged_task_starts_after_every_gating_check_has_passed():
    plan = planner(REFACTOR, CHECK, task("report", check=True, command="t", gate=False, sources=("*",)), WORK)

    assert why(plan, "r") == (Readiness.QUEUED, "the gating check test must pass first")
    assert started(plan) == ["w", "report"]
    plan.mark("w", Status.DONE)
    assert started(plan) == ["test"]
    plan.mark("test", Status.DONE)
    assert why(plan, "r") == (Readiness.QUEUED, "it works in the work tree alone, and report is running")
    assert started(plan) == []
    plan.mark("report", Status.FAILED)
    assert started(plan) == ["r"]


def test_nothing_starts_beside_a_judged_task_and_nothing_is_forgotten():
    plan = planner(REFACTOR, task("s", kind="refactor"), WORK, task("v", command="v"))

    assert started(plan) == ["r"]
    assert why(plan, "w") == (Readiness.QUEUED, "r works in the work tree alone")
    plan.delay("v")
    plan.resume("v")
    plan.mark("r", Status.DONE)
    assert started(plan) == ["s"]
    plan.mark("s", Status.DONE)
    assert started(plan) == ["w", "v"]
    plan.mark("w", Status.DONE)
    plan.mark("v", Status.DONE)
    assert started(plan) == []


def test_a_failed_gating_check_blocks_judged_tasks_until_it_passes():
    plan = planner(REFACTOR, CHECK)
    plan.mark("test", Status.FAILED)

    assert started(plan) == []
    assert why(plan, "r") == (Readiness.BLOCKED, "the gating check test failed")
    plan.reopen("test")
    assert started(plan) == ["test"]
    plan.mark("test", Status.DONE)
    assert started(plan) == ["r"]


def test_a_check_that_is_put_in_question_holds_judged_tasks_again():
    plan = planner(REFACTOR, CHECK)
    plan.mark("test", Status.DONE)
    plan.reopen("test")

    assert started(plan) == ["test"]


def test_a_gating_check_that_cannot_run_says_why():
    plan = planner(REFACTOR, task("test", check=True, command="t", dependencies=("w",)), WORK)
    plan.mark("w", Status.FAILED)

    assert why(plan, "r") == (Readiness.BLOCKED, "the gating check test must pass first: it depends on w, which failed")


def test_a_check_that_comes_after_the_task_or_is_no_part_of_the_run_holds_nothing():
    assert started(planner(REFACTOR, task("test", check=True, command="t", dependencies=("r",)))) == ["r"]
    assert started(planner(REFACTOR, CHECK, selection={"r"})) == ["r"]
    assert started(planner(REFACTOR, task("test", check=True, status=Status.CANCELLED))) == ["r"]


def test_without_kinds_nothing_is_judged():
    plan = Planner([REFACTOR, CHECK, WORK], handlers={"refactor": "fix"})

    assert started(plan)[:2] == ["r", "w"]
    assert plan.explain("test").verdict is not Verdict.ENDED
