"""The dependency graph of a backlog: ranks along it, and what blocks a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.tasks.plan import Rank
from core.domain.tasks.task import OPEN, Readiness, Status, Task, Work


class TaskGraph:
    """Tasks by position in the file. Ids must be unique, dependencies known and free of cycles, as in a validated file."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tasks
        self.index = {task.id: position for position, task in enumerate(tasks)}
        #: By position: the positions that depend on it.
        self.dependents: list[list[int]] = [[] for _ in tasks]
        #: By position: the positions that it depends on, each once.
        self.dependencies: list[tuple[int, ...]] = []
        for position, task in enumerate(tasks):
            needed = tuple({self.index[name]: None for name in task.dependencies})
            self.dependencies.append(needed)
            for dependency in needed:
                self.dependents[dependency].append(position)

    def unmet(self, status: Sequence[Status]) -> list[int]:
        """Return, by position, how many dependencies are not done."""
        return [sum(status[each] is not Status.DONE for each in needed) for needed in self.dependencies]

    def dependents_first(self) -> list[int]:
        """Return positions so that each comes after everything that depends on it."""
        return topological_order(self.dependents, self.dependencies)


def topological_order(before: Sequence[Sequence[int]], after: Sequence[Sequence[int]]) -> list[int]:
    """Return positions so that each comes after those in its ``before``; ``after`` is the reverse (Kahn's algorithm).

    Positions in a cycle, and those after one, are left out. ``graphlib`` takes ten times as long on 100,000 positions.
    """
    remaining = list(map(len, before))
    order = [position for position, count in enumerate(remaining) if count == 0]
    for position in order:
        for other in after[position]:
            remaining[other] -= 1
            if remaining[other] == 0:
                order.append(other)
    return order


#: What ready tasks are ordered by, the smallest first: priority, whether it comes last, path, chain, position.
Key = tuple[int, bool, float, float, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """By position: effective priority, where it comes from, and seconds along the longest chain of dependents."""

    tasks: Sequence[Task]
    #: The highest priority among the task and everything that depends on it.
    priority: Sequence[int]
    #: Position of the task that lends this priority: its own, where none is higher.
    lender: Sequence[int]
    #: Seconds from the start of the task to the end of the chain.
    path: Sequence[float]
    #: Seconds of the whole chain, with what comes before the task.
    chain: Sequence[float]
    #: Whether it has time until the work is done: a check that nothing waits for would have to be run again.
    last: Sequence[bool]

    def key(self, position: int) -> Key:
        return (-self.priority[position], self.last[position], -self.path[position], -self.chain[position], position)

    def of(self, position: int) -> Rank:
        """Return the numbers that order one task."""
        return Rank(
            effective_priority=self.priority[position],
            priority_from=self.tasks[self.lender[position]].id,
            remaining_path=self.path[position],
            order=position,
            chain=self.chain[position],
        )


def rank_all(graph: TaskGraph, works: Sequence[Work], counts: Callable[[int], bool], seconds: Callable[[int], float]) -> Ranks:
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
    return Ranks(tasks=graph.tasks, priority=priority, lender=lender, path=path, chain=chain, last=_come_last(graph, works, counts))


def _come_last(graph: TaskGraph, works: Sequence[Work], counts: Callable[[int], bool]) -> list[bool]:
    """Return, by position, whether it is a check that nothing waits for."""
    return [work is Work.CHECK and not any(map(counts, graph.dependents[position])) for position, work in enumerate(works)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """What keeps a task from starting."""

    readiness: Readiness
    reason: str
    #: Ids from the nearest dependency to the cause; of a long chain only the first few and the cause.
    chain: tuple[str, ...]


#: How many ids of a chain are named before its cause.
_MAX_NAMED = 3


class Blockers:
    """Finds what blocks tasks, given their present statuses. Each dependency is followed once, however many tasks are asked about.

    ``waits`` has the positions that need a person, with the reason.
    """

    def __init__(self, graph: TaskGraph, status: Sequence[Status], waits: Mapping[int, str], is_selected: Callable[[int], bool]) -> None:
        self._graph = graph
        self._status = status
        self._waits = waits
        self._is_selected = is_selected
        self._causes: dict[int, int] = {}

    def of(self, position: int) -> Blocker | None:
        """Return what blocks the task at ``position``, None when nothing does."""
        cause = self._cause(position)
        if cause == position:
            return None
        links = self._links(position, cause)
        ids = tuple(self._graph.tasks[link].id for link in links)
        readiness, what = self._describe(cause)
        named = " → ".join(ids[:-1]) + (" → …" if len(links) > _MAX_NAMED else "")
        through = f" (through {named})" if len(ids) > 1 else ""
        return Blocker(readiness=readiness, reason=f"it depends on {ids[-1]}, which {what}{through}", chain=ids)

    def _describe(self, cause: int) -> tuple[Readiness, str]:
        status = self._status[cause]
        if status not in OPEN:
            return Readiness.BLOCKED, "failed" if status is Status.FAILED else f"is {status}"
        if not self._is_selected(cause):
            return Readiness.QUEUED, "is not part of this run"
        if cause in self._waits:
            return Readiness.WAITING, f"waits: {self._waits[cause]}"
        if self._graph.tasks[cause].check and status is Status.PENDING:
            return Readiness.QUEUED, "has not passed yet"
        return Readiness.QUEUED, "is running" if status is Status.IN_PROGRESS else f"is {status}"

    def _cause(self, position: int) -> int:
        """Follow deciding dependencies to the last one, and keep it for every position on the path."""
        path: list[int] = []
        here = position
        while here not in self._causes:
            following = _deciding_dependency(self._graph, here, self._status, self._waits)
            if following is None:
                self._causes[here] = here
                break
            path.append(here)
            here = following
        cause = self._causes[here]
        self._causes.update(dict.fromkeys(path, cause))
        return cause

    def _links(self, position: int, cause: int) -> list[int]:
        links: list[int] = []
        here = position
        while here != cause and len(links) < _MAX_NAMED:
            following = _deciding_dependency(self._graph, here, self._status, self._waits)
            here = cause if following is None else following
            links.append(here)
        return links if here == cause else [*links, cause]


def _deciding_dependency(graph: TaskGraph, position: int, status: Sequence[Status], waits: Mapping[int, str]) -> int | None:
    """Return the unmet dependency that matters most: one that ended badly, else one that waits, else the first."""
    if status[position] not in OPEN:
        return None
    unmet = [dependency for dependency in graph.dependencies[position] if status[dependency] is not Status.DONE]
    ended = (dependency for dependency in unmet if status[dependency] not in OPEN)
    waiting = (dependency for dependency in unmet if dependency in waits)
    return next(ended, next(waiting, unmet[0] if unmet else None))
