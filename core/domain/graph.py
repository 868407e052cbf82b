"""Tasks and what depends on what: ranks along the graph, and the nearest thing that holds a task up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.status import OPEN, Readiness, Status
from core.domain.task import Task


class TaskGraph:
    """A backlog by position. Its ids are unique, its dependencies known, its graph free of circles, as a validated file is."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tasks
        self.index = {task.id: position for position, task in enumerate(tasks)}
        #: Positions that depend on each position.
        self.dependents: list[list[int]] = [[] for _ in tasks]
        #: Positions that each position depends on, each once.
        self.dependencies: list[tuple[int, ...]] = []
        for position, task in enumerate(tasks):
            needed = tuple({self.index[name]: None for name in task.dependencies})
            self.dependencies.append(needed)
            for dependency in needed:
                self.dependents[dependency].append(position)

    def dependents_first(self) -> list[int]:
        """Return positions so that each comes after everything that depends on it (Kahn's algorithm)."""
        remaining = [len(behind) for behind in self.dependents]
        order = [position for position, count in enumerate(remaining) if count == 0]
        for position in order:
            for dependency in self.dependencies[position]:
                remaining[dependency] -= 1
                if remaining[dependency] == 0:
                    order.append(dependency)
        return order


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """By position: the priority lent by what waits, who lends it, and seconds along the longest chain."""

    priority: Sequence[int]
    lender: Sequence[int]
    #: From the start of the task to the end of the chain.
    path: Sequence[float]
    #: The whole chain, what lies before the task included.
    chain: Sequence[float]


def rank_all(graph: TaskGraph, counts: Callable[[int], bool], seconds: Callable[[int], float]) -> Ranks:
    """Rank every position; only those that ``counts`` (open and selected) lend priority and lengthen a path."""
    priority = [task.priority for task in graph.tasks]
    lender = list(range(len(graph.tasks)))
    own = [seconds(position) for position in range(len(graph.tasks))]
    path = list(own)
    tail = [0.0] * len(graph.tasks)
    order = graph.dependents_first()
    for position in order:
        path[position] += tail[position]
        if not counts(position):
            continue
        for dependency in graph.dependencies[position]:
            tail[dependency] = max(tail[dependency], path[position])
            if priority[position] > priority[dependency]:
                priority[dependency] = priority[position]
                lender[dependency] = lender[position]
    before = [0.0] * len(graph.tasks)
    for position in reversed(order):
        before[position] = max((before[dependency] + own[dependency] for dependency in graph.dependencies[position]), default=0.0)
    chain = [earlier + later for earlier, later in zip(before, path, strict=True)]
    return Ranks(priority=priority, lender=lender, path=path, chain=chain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdup:
    """What keeps a task from starting."""

    readiness: Readiness
    reason: str
    #: Ids from the nearest dependency to the cause.
    chain: tuple[str, ...]


def find_holdup(
    graph: TaskGraph, position: int, status: Sequence[Status], waits: Mapping[int, str], is_selected: Callable[[int], bool]
) -> Holdup | None:
    """Follow unmet dependencies from ``position`` to the cause; ``waits`` has the positions that need a person, with the reason."""
    chain: list[int] = []
    here = position
    while (unmet := _deciding_dependency(graph, here, status, waits)) is not None:
        here = unmet
        chain.append(here)
    if not chain:
        return None
    ids = tuple(graph.tasks[link].id for link in chain)
    through = f" (through {' → '.join(ids[:-1])})" if len(ids) > 1 else ""
    subject = f"it depends on {ids[-1]}"
    if status[here] not in OPEN:
        return Holdup(readiness=Readiness.BLOCKED, reason=f"{subject}, which is {status[here]}{through}", chain=ids)
    if not is_selected(here):
        return Holdup(readiness=Readiness.QUEUED, reason=f"{subject}, which is not part of this run{through}", chain=ids)
    if here in waits:
        return Holdup(readiness=Readiness.WAITING, reason=f"{subject}, which waits: {waits[here]}{through}", chain=ids)
    return Holdup(readiness=Readiness.QUEUED, reason=f"{subject}, which is {status[here]}{through}", chain=ids)


def _deciding_dependency(graph: TaskGraph, position: int, status: Sequence[Status], waits: Mapping[int, str]) -> int | None:
    """Return the unmet dependency that matters most: one that ended badly, else one that waits, else the first."""
    if status[position] not in OPEN:
        return None
    unmet = [dependency for dependency in graph.dependencies[position] if status[dependency] is not Status.DONE]
    ended = (dependency for dependency in unmet if status[dependency] not in OPEN)
    waiting = (dependency for dependency in unmet if dependency in waits)
    return next(ended, next(waiting, unmet[0] if unmet else None))
