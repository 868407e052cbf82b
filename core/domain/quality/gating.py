"""When judged tasks may start: alone in the work tree, and only on what every gating check has found in order. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from core.domain.quality.judged_task import behind, is_gating, is_judged
from core.domain.quality.refactor_task import is_own
from core.domain.tasks.explaining import Hold
from core.domain.tasks.graph import TaskGraph
from core.domain.tasks.task import Readiness, Status, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Gating:
    """The judged tasks and gating checks of one backlog, by position."""

    judged: frozenset[int] = frozenset()
    #: Goals of the Reflector's own: a person works on them, and what is checked is whether their finding is gone.
    goals: frozenset[int] = frozenset()
    gates: frozenset[int] = frozenset()
    graph: TaskGraph
    #: The gates of each judged task that something depends on, once asked for: not those that come after it.
    _own: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def hold(self, position: int, status: Sequence[Status], running: Collection[int]) -> Hold | None:
        """Return why a judged task or a goal that is ready does not start: a gating check has not passed, or something runs."""
        if not self.is_held(position):
            return None
        for gate in self._gates_of(position):
            name = self.graph.tasks[gate].id
            if status[gate] is Status.FAILED:
                return Hold(reason=f"the gating check {name} failed", because_of=(name,), readiness=Readiness.BLOCKED)
            if status[gate] is not Status.DONE:
                return Hold(reason=f"the gating check {name} must pass first", because_of=(name,), cause=gate)
        others = sorted(running)
        if others and position in self.judged:
            name = self.graph.tasks[others[0]].id
            return Hold(reason=f"it works in the work tree alone, and {name} is running", because_of=(name,))
        return None

    def is_held(self, position: int) -> bool:
        """Return whether a task may have to wait for gating checks."""
        return position in self.judged or position in self.goals

    def alone(self, running: Collection[int]) -> Hold | None:
        """Return why nothing at all starts just now: a judged task runs."""
        for position in self.judged.intersection(running):
            name = self.graph.tasks[position].id
            return Hold(reason=f"{name} works in the work tree alone", because_of=(name,))
        return None

    def _gates_of(self, position: int) -> Collection[int]:
        if not self.gates or not self.graph.dependents[position]:
            return self.gates
        if position not in self._own:
            after = behind(self.graph, position)
            self._own[position] = tuple(sorted(self.gates - after))
        return self._own[position]


def gating(graph: TaskGraph, works: Sequence[Work], kinds: Collection[str] | None, selected: Iterable[int]) -> Gating:
    """Return the judged tasks of a backlog, none where ``kinds`` is None, and the gating checks among the ``selected`` positions."""
    if kinds is None:
        return Gating(graph=graph)
    by_work = list(enumerate(zip(graph.tasks, works, strict=True)))
    judged = frozenset(position for position, (task, work) in by_work if work is Work.COMMAND and is_judged(task, kinds))
    goals = frozenset(position for position, (task, work) in by_work if work is Work.GOAL and is_own(task))
    gates = _gates(graph, selected) if judged or goals else frozenset[int]()
    return Gating(graph=graph, judged=judged, goals=goals, gates=gates)


def _gates(graph: TaskGraph, selected: Iterable[int]) -> frozenset[int]:
    return frozenset(position for position in selected if is_gating(graph.tasks[position]))
