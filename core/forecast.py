"""Plays a run through on paper: the same Planner, expected durations instead of processes."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.domain.budget import Budget
from core.domain.plan import Explanation, Plan, PlannedStart, Verdict
from core.domain.run_options import RunOptions
from core.domain.status import Readiness, Status
from core.domain.task import Task, Work
from core.planner import UNKNOWN_DURATION, Decision, Planner, rank_reason, select


def forecast(tasks: Sequence[Task], options: RunOptions, durations: Mapping[str, float]) -> Plan:
    """Return the order in which a run would start ``tasks`` if everything succeeded and took as long as expected.

    Goals are left: nobody knows beforehand whether their checks pass.
    """
    tasks = [replace(task, status=Status.PENDING) if _runs_again(task, options) else task for task in tasks]
    selection = select(tasks, options.only, options.tags)
    planner = Planner(tasks, handlers=options.handlers, durations=durations, selection=selection)
    budget = Budget(limit=options.budget)
    starts: list[PlannedStart] = []
    running: list[tuple[float, int, str]] = []
    now = 0.0
    while True:
        while len(running) < options.jobs:
            left = None if options.time_budget is None else options.time_budget - now
            decision = planner.next(budget, time_left=left, stop_on_exceed=options.stop_on_exceed)
            if decision is None:
                break
            if decision.work is Work.GOAL:
                planner.wait_for_person(decision.task.id, "its check decides")
                continue
            start = _start(decision, now)
            starts.append(start)
            budget = budget.settle(0.0, decision.cost)
            planner.mark(decision.task.id, Status.IN_PROGRESS)
            heapq.heappush(running, (now + start.duration, len(starts), decision.task.id))
        if not running:
            break
        now, _, task_id = heapq.heappop(running)
        planner.mark(task_id, Status.DONE)
    passed = set(planner.passed_over())
    open_tasks = (_over_budget(explanation) if explanation.task_id in passed else explanation for explanation in planner.explain_open())
    return Plan(starts=tuple(starts), left=tuple(open_tasks), makespan=now, cost=budget.spent)


def _runs_again(task: Task, options: RunOptions) -> bool:
    """A dead run's task goes back to pending; a failed one only when it was asked for."""
    return task.status is Status.IN_PROGRESS or (options.retry_failed and task.status is Status.FAILED)


def _start(decision: Decision, now: float) -> PlannedStart:
    milestone = decision.work is Work.MILESTONE
    expected = 0.0 if milestone else decision.expected
    explanation = Explanation(
        task_id=decision.task.id,
        verdict=Verdict.START,
        readiness=Readiness.READY,
        rank=decision.rank,
        reasons=(rank_reason(decision.rank, decision.task.id),),
    )
    return PlannedStart(
        explanation=explanation,
        starts_at=now,
        duration=UNKNOWN_DURATION if expected is None else expected,
        duration_known=decision.expected is not None,
        cost=decision.cost,
    )


def _over_budget(explanation: Explanation) -> Explanation:
    return replace(explanation, verdict=Verdict.OVER_BUDGET, reasons=("it does not fit what is left of the budget", *explanation.reasons))
