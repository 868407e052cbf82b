"""Simulates a run: the same Planner, expected durations instead of processes."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from core.domain.runs.budget import Budget
from core.domain.runs.reopening import reopened
from core.domain.runs.run_state import RunOptions
from core.domain.tasks.lookup import check_selection, select
from core.domain.tasks.plan import Decision, Explanation, Plan, PlannedStart, Verdict
from core.domain.tasks.task import Readiness, Status, Task, Work
from core.planner import UNKNOWN_DURATION, Planner

#: Why a goal waits as long as nobody has looked whether its checks pass.
GOAL_WAITS = "a person or an agent does what it says; each run looks whether its checks pass"


def hold_goals(planner: Planner, tasks: Iterable[Task], handlers: Mapping[str, str]) -> None:
    """Have ``planner`` say of pending goals what ``forecast`` does: a run starts nothing for them but their checks."""
    for task in tasks:
        if task.status is Status.PENDING and task.work(handlers) is Work.GOAL:
            planner.wait_for_person(task.id, GOAL_WAITS)


def forecast(tasks: Sequence[Task], options: RunOptions, durations: Mapping[str, float], up_to_date: Collection[str] = ()) -> Plan:
    """Return the order in which a run would start ``tasks`` if everything succeeded and took as long as expected.

    Goals are left: nobody knows beforehand whether their checks pass. ``up_to_date`` are checks that need not run as things are;
    behind work that may change something they are planned. Raises UsageError for an unknown id or tag.
    """
    check_selection(tasks, options.chosen, options.tags)
    again = reopened(tasks, options)
    # A dead run's task goes back to pending.
    tasks = [replace(task, status=Status.PENDING) if task.id in again or task.status is Status.IN_PROGRESS else task for task in tasks]
    selection = select(tasks, options.chosen, options.tags)
    planner = Planner(tasks, handlers=options.handlers, durations=durations, selection=selection, judged=options.handlers)
    simulation = _Simulation(planner, options, frozenset(name for name in up_to_date if not options.runs_again(name)))
    while simulation.start_all():
        simulation.end_first()
    passed = set(planner.passed_over())
    left = (_over_budget(explanation) if explanation.task_id in passed else explanation for explanation in planner.explain_open())
    return Plan(
        starts=tuple(simulation.starts),
        left=tuple(left),
        up_to_date=tuple(simulation.skipped),
        makespan=simulation.now,
        cost=simulation.budget.spent,
    )


def over_budget(
    tasks: Sequence[Task], options: RunOptions, durations: Mapping[str, float], up_to_date: Collection[str] = ()
) -> Mapping[str, Explanation]:
    """Return, by id, the tasks that a run would leave because of its budget; nothing where it has none."""
    if options.budget is None and options.time_budget is None:
        return {}
    left = forecast(tasks, options, durations, up_to_date).left
    return {explanation.task_id: explanation for explanation in left if explanation.verdict is Verdict.OVER_BUDGET}


class _Simulation:
    """A simulated run: what has been started, and what time it is."""

    def __init__(self, planner: Planner, options: RunOptions, up_to_date: Collection[str]) -> None:
        self._planner, self._options = planner, options
        #: Checks that need not run, until work begins that may change something.
        self._up_to_date = up_to_date
        #: Those that were reached before.
        self.skipped: list[str] = []
        self._running: list[tuple[float, int, str]] = []
        self.budget = Budget(limit=options.budget)
        self.starts: list[PlannedStart] = []
        #: Seconds since the start of the run.
        self.now = 0.0

    def start_all(self) -> bool:
        """Start what can start now; return whether anything runs."""
        while len(self._running) < self._options.jobs and (decision := self._next()) is not None:
            if decision.work is Work.GOAL:
                self._planner.wait_for_person(decision.task.id, GOAL_WAITS)
                continue
            if decision.task.id in self._up_to_date:
                self.skipped.append(decision.task.id)
                self._planner.mark(decision.task.id, Status.DONE)
                continue
            if decision.work is Work.COMMAND:
                self._up_to_date = ()
            start = _start(decision, self.now)
            self.starts.append(start)
            self.budget = self.budget.settle(0.0, decision.cost)
            self._planner.mark(decision.task.id, Status.IN_PROGRESS)
            heapq.heappush(self._running, (self.now + start.duration, len(self.starts), decision.task.id))
        return bool(self._running)

    def end_first(self) -> None:
        """Let time pass until the first running task is done."""
        self.now, _, task_id = heapq.heappop(self._running)
        self._planner.mark(task_id, Status.DONE)

    def _next(self) -> Decision | None:
        limit = self._options.time_budget
        time_left = None if limit is None else limit - self.now
        return self._planner.next(self.budget, time_left=time_left, stop_on_exceed=self._options.stop_on_exceed)


def _start(decision: Decision, now: float) -> PlannedStart:
    milestone = decision.work is Work.MILESTONE
    expected = 0.0 if milestone else decision.expected
    explanation = Explanation(
        task_id=decision.task.id,
        verdict=Verdict.START,
        readiness=Readiness.READY,
        rank=decision.rank,
        reasons=(decision.reason,),
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
