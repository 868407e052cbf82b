"""Tasks and what has happened to them → the next task to start, and why. Pure: no clock, no file, no process.

Order: highest effective priority, then what is no check or has dependents, then longest remaining path, then longest whole chain, then
file order; O(log n) a pick.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from core.domain.quality.gating import gating
from core.domain.quality.refactor_task import file_conflicts
from core.domain.runs.budget import Budget, fits_time
from core.domain.tasks.explaining import Explainer, Hold
from core.domain.tasks.graph import Key, TaskGraph, rank_all
from core.domain.tasks.graph_errors import check_graph
from core.domain.tasks.plan import Decision, Explanation, in_order
from core.domain.tasks.task import OPEN, Status, Task, Work, manual_reason
from core.ports.standard import standard, tasks_of

#: Seconds that a task is taken to last where this repository has never seen it succeed.
UNKNOWN_DURATION = 1.0


class Planner:
    """The ready queue of one backlog. Told what happens, it says what comes next.

    ``selection`` limits a run to some ids; None is all of them. ``durations`` are expected seconds by id. ``judged`` are the kinds
    whose tasks are judged by what they change; None: no task is.
    ``budget`` is what ``plan`` may spend, in units of cost, held to the rules of the setting ``budget.cost``; None is unlimited.
    The graph must have unique ids and be free of cycles and unknown dependencies, as a validated file is.
    """

    def __init__(
        self,
        tasks: Sequence[Task] = (),
        *,
        budget: float | None = None,
        handlers: Mapping[str, str] | None = None,
        durations: Mapping[str, float] | None = None,
        selection: Collection[str] | None = None,
        judged: Collection[str] | None = None,
    ) -> None:
        #: What ``plan`` has spent. What a run has to say about a budget is read from settings, which is not loaded without one.
        self.budget = Budget(limit=None if budget is None else standard().read_budget(budget))
        #: Whether it was given nothing but, perhaps, a budget.
        self.without_ports = not any((tasks, handlers, durations, selection is not None))
        self._graph = TaskGraph(tasks)
        self._durations = durations or {}
        self._selection = None if selection is None else frozenset(selection)
        self._works = [task.work(handlers or {}) for task in tasks]
        self._status = [task.status for task in tasks]
        self._conflicts = file_conflicts(tasks, self._works)
        #: Positions that need a person or an agent, with the reason.
        self._waits = {position: manual_reason(tasks[position]) for position, work in enumerate(self._works) if work is Work.MANUAL}
        self._gating = gating(self._graph, self._works, judged, filter(self._is_selected, range(len(tasks))))
        #: What runs, as far as this planner was told: a status in the file alone does not say so.
        self._running: set[int] = set()
        self._unmet = self._graph.unmet(self._status)
        self._ranks = rank_all(self._graph, self._works, self._counts, self._seconds)
        #: Checks that are ready and held back while work runs, and judged tasks.
        self._held: set[int] = set()
        self._ready: list[tuple[Key, int]] = []
        #: Ready but unaffordable when last looked at, cheapest first.
        self._passed: list[tuple[float, int]] = []
        self._delayed: set[int] = set()
        self._offer(*range(len(tasks)))

    def mark(self, task_id: str, status: Status) -> None:
        """Note a task's new status; what depended on it may become ready."""
        position = self._graph.index[task_id]
        before = self._set(position, status)
        if status is Status.DONE and before is not Status.DONE:
            for dependent in self._graph.dependents[position]:
                self._unmet[dependent] -= 1
                self._offer(dependent)

    def restore(self, *, running: Iterable[str], pausing: Iterable[str], waiting: Mapping[str, str], checks: Mapping[str, Status]) -> None:
        """Take over what a run knew before the backlog was read anew, of ``checks`` their results; ids that are gone are passed over."""
        for task_id in filter(self._graph.index.__contains__, running):
            self.mark(task_id, Status.IN_PROGRESS)
        for task_id in filter(self._is_pending, pausing):
            self.delay(task_id)
        for task_id in filter(self._is_pending, waiting):
            self.wait_for_person(task_id, waiting[task_id])
        for task_id in filter(self._is_pending, checks):
            self.mark(task_id, checks[task_id])

    def reopen(self, task_id: str) -> None:
        """Offer a task once more that came to an end; what depends on it is no longer ready."""
        position = self._graph.index[task_id]
        if self._set(position, Status.PENDING) is Status.DONE:
            for dependent in self._graph.dependents[position]:
                self._unmet[dependent] += 1
        self._offer(position)

    @property
    def _work_runs(self) -> bool:
        return any(self._works[position] is Work.COMMAND for position in self._running)

    def _is_pending(self, task_id: str) -> bool:
        return task_id in self._graph.index and self.status(task_id) is Status.PENDING

    def delay(self, task_id: str) -> None:
        """Hold a pending task back (a pause before a retry) until ``resume``."""
        position = self._graph.index[task_id]
        self._set(position, Status.PENDING)
        self._delayed.add(position)

    def resume(self, task_id: str) -> None:
        """Offer a pending task (again): its pause is over, or a goal is to be checked once more."""
        position = self._graph.index[task_id]
        self._delayed.discard(position)
        self._set(position, Status.PENDING)
        self._waits.pop(position, None)
        self._offer(position)

    def wait_for_person(self, task_id: str, reason: str) -> None:
        """Note that a task needs a person or an agent; it is not offered again until ``resume``."""
        position = self._graph.index[task_id]
        self._set(position, Status.PENDING)
        self._waits[position] = reason

    def next(self, budget: Budget, *, time_left: float | None = None, stop_on_exceed: bool = False) -> Decision | None:
        """Take the next task to start off the queue, or return None when nothing actionable is left.

        What does not fit ``budget`` or ``time_left`` (seconds) is passed over for what fits; with
        ``stop_on_exceed`` no more work is started: only checks, which cost nothing.
        """
        while self._passed and budget.affords(self._passed[0][0]):
            # Less was spent than had been reserved.
            self._offer(heapq.heappop(self._passed)[1])
        while self._ready and self._gating.alone(self._running) is None:
            _, position = self._ready[0]
            if not self._is_offered(position):
                heapq.heappop(self._ready)
                self._offer(position)
                continue
            decision = self._decide(position)
            if self._fits(decision, budget, time_left):
                heapq.heappop(self._ready)
                return decision
            if stop_on_exceed:
                return self._next_check(time_left)
            heapq.heappop(self._ready)
            heapq.heappush(self._passed, (decision.cost, position))
        return None

    def _next_check(self, time_left: float | None) -> Decision | None:
        """Return the first ready check that fits the time, without taking it off the queue: what was worked is to be checked."""
        ready = (self._decide(position) for _, position in in_order(self._ready) if self._is_offered(position))
        return next((each for each in ready if each.work is Work.CHECK and self._fits(each, Budget(), time_left)), None)

    def peek(self, budget: Budget, *, time_left: float | None = None, stop_on_exceed: bool = False) -> Decision | None:
        """Return what ``next`` would take, and leave it in the queue."""
        decision = self.next(budget, time_left=time_left, stop_on_exceed=stop_on_exceed)
        if decision is not None:
            self._offer(self._graph.index[decision.task.id])
        return decision

    def upcoming(self, count: int, *, after: Iterable[str] = ()) -> tuple[str, ...]:
        """Return the ids of the next ready tasks, in order, without taking them; then of what only waits for those in ``after``."""
        ready = (position for _, position in in_order(self._ready) if self._is_offered(position))
        positions = dict.fromkeys(islice(ready, count))
        before = {self._graph.index[task_id] for task_id in after if task_id in self._graph.index}
        behind = {dependent for position in before for dependent in self._graph.dependents[position]}
        positions |= dict.fromkeys(sorted((each for each in behind if self._is_offered(each, before)), key=self._ranks.key))
        return tuple(self._graph.tasks[position].id for position in positions)[:count]

    def passed_over(self) -> tuple[str, ...]:
        """Return ready tasks that did not fit the budget, in the order in which they would have run."""
        left = {position for _, position in self._passed} | {position for _, position in self._ready}
        return tuple(self._graph.tasks[position].id for position in sorted(left, key=self._ranks.key) if self._is_offered(position))

    def plan(self, tasks: Iterable[Task | Mapping[str, Any]]) -> Task | None:
        """Return which of ``tasks`` to carry out next and spend its cost; None when none is ready or what is ready does not fit the budget.

        For whoever carries tasks out: their statuses are read anew by every call, and a task needs no command, only not to be
        ``manual``. Raises InvalidTasks with every duplicate id, unknown dependency and cycle, InvalidFile for a map that is no entry
        of tasks.yml.
        """
        entries = tasks_of(tasks)
        check_graph(entries)
        anew = Planner(entries, handlers=dict.fromkeys((task.kind for task in entries), ""), durations=self._durations)
        decision = anew.next(self.budget)
        if decision is None:
            return None
        self.budget = self.budget.settle(0.0, decision.cost)
        return decision.task

    def is_judged(self, task_id: str) -> bool:
        return self._graph.index.get(task_id) in self._gating.judged

    @property
    def tasks(self) -> Sequence[Task]:
        return self._graph.tasks

    def decision(self, task_id: str) -> Decision:
        """Return what starting a task would be decided on, whether or not it can start."""
        return self._decide(self._graph.index[task_id])

    def only_pauses(self, task_id: str) -> bool:
        """Tell whether nothing but a pause before a retry keeps a task from being ready."""
        position = self._graph.index.get(task_id, -1)
        return position in self._delayed and self._could_start(position)

    def goes_before(self, task_id: str, other: str) -> bool:
        """Tell whether a task would be started before another one if both were ready."""
        return self._ranks.key(self._graph.index[task_id]) < self._ranks.key(self._graph.index[other])

    def status(self, task_id: str) -> Status:
        return self._status[self._graph.index[task_id]]

    def selected(self) -> tuple[tuple[Task, Status], ...]:
        """Return the tasks of this run with their present status, in file order."""
        pairs = enumerate(zip(self._graph.tasks, self._status, strict=True))
        return tuple(pair for position, pair in pairs if self._is_selected(position))

    def explain_open(self) -> tuple[Explanation, ...]:
        """Explain every task of this run that is not done, failed or cancelled, in file order."""
        return self._explainer().all_open()

    def explain(self, task_id: str) -> Explanation:
        """Say how a task stands and what holds it up."""
        return self._explainer().one(self._graph.index[task_id])

    def _explainer(self) -> Explainer:
        def hold(position: int) -> Hold | None:
            return self._hold(position) or self._gating.alone(self._running)

        return Explainer(
            graph=self._graph, ranks=self._ranks, status=self._status, waits=self._waits, is_selected=self._is_selected, hold=hold
        )

    def _set(self, position: int, status: Status) -> Status:
        """Give a task a status and return the one it had; what had to wait for its end may be ready."""
        before, self._status[position] = self._status[position], status
        (self._running.add if status is Status.IN_PROGRESS else self._running.discard)(position)
        if before is Status.IN_PROGRESS:
            self._offer(*self._conflicts.get(position, ()))
        if (before is Status.IN_PROGRESS and not self._work_runs) or position in self._gating.gates:
            held, self._held = self._held, set()
            self._offer(*held)
        return before

    def _hold(self, position: int) -> Hold | None:
        """Return why a task that is ready is held back for now."""
        if position in self._delayed:
            return Hold(reason="it pauses before its next attempt")
        for conflicting in self._conflicts.get(position, ()):
            if self._status[conflicting] is Status.IN_PROGRESS:
                name = self._graph.tasks[conflicting].id
                return Hold(reason=f"{name} works on the same file", because_of=(name,))
        if self._work_runs and self._ranks.last[position] and not self._graph.tasks[position].sources:
            return Hold(reason="it is a check and runs after the work: what runs now may change what it is about")
        return self._gating.hold(position, self._status, self._running)

    def _offer(self, *positions: int) -> None:
        for position in positions:
            if self._is_offered(position):
                heapq.heappush(self._ready, (self._ranks.key(position), position))
            elif self._ranks.last[position] or self._gating.is_held(position):
                self._held.add(position)

    def _is_offered(self, position: int, besides: Collection[int] = ()) -> bool:
        """Tell whether a task may start, were those at the positions ``besides`` done as well."""
        return self._could_start(position, besides) and self._hold(position) is None

    def _could_start(self, position: int, besides: Collection[int] = ()) -> bool:
        return (
            self._unmet[position] == (sum(each in besides for each in self._graph.dependencies[position]) if besides else 0)
            and self._status[position] is Status.PENDING
            and position not in self._waits
            and self._is_selected(position)
        )

    def _fits(self, decision: Decision, budget: Budget, time_left: float | None) -> bool:
        return budget.affords(decision.cost) and (decision.work is Work.MILESTONE or fits_time(decision.expected, time_left))

    def _decide(self, position: int) -> Decision:
        task, work = self._graph.tasks[position], self._works[position]
        cost = task.cost if work is Work.COMMAND else 0.0
        return Decision(task=task, work=work, rank=self._ranks.of(position), cost=cost, expected=self._durations.get(task.id))

    def _seconds(self, position: int) -> float:
        return self._durations.get(self._graph.tasks[position].id, UNKNOWN_DURATION)

    def _counts(self, position: int) -> bool:
        return self._status[position] in OPEN and self._is_selected(position)

    def _is_selected(self, position: int) -> bool:
        return self._selection is None or self._graph.tasks[position].id in self._selection
