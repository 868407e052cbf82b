"""What can be wrong with tasks that are each sound: ids used twice, dependencies on nothing, circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.domain.tasks.task import Task
from core.schema.wording import nearest

#: Comparing ids to find the nearest is slow; beyond this many comparisons a hint is left out.
_COMPARISONS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphError:
    """One mistake in how tasks go together."""

    #: Position of the task, 0-based.
    task: int
    #: ``id`` or ``dependencies``, and which one of these.
    field: str
    item: str = ""
    message: str
    hint: str = ""
    #: Whether tasks that could not be read might put it right.
    needs_whole: bool = False
    #: Ids of a cycle, from its first task in the file back to the same one; empty for other mistakes.
    cycle: tuple[str, ...] = ()


def find_flaws(tasks: Sequence[Task]) -> tuple[GraphError, ...]:
    """Return every flaw: each id that is there twice, each missing dependency with the nearest id, each circle once."""
    index: dict[str, int] = {}
    flaws: list[GraphError] = []
    for position, task in enumerate(tasks):
        first = index.setdefault(task.id, position)
        if first != position:
            place = tasks[first].place
            message = f"the id {task.id} is here twice, first in line {place.line}"
            flaws.append(GraphError(task=position, field="id", message=message, hint="give each task an id of its own"))
    flaws += _missing(tasks, index)
    flaws += _circles(tasks, index)
    return tuple(flaws)


def _missing(tasks: Sequence[Task], index: Mapping[str, int]) -> Iterator[GraphError]:
    comparisons = _COMPARISONS
    for position, task in enumerate(tasks):
        for name in dict.fromkeys(task.dependencies):
            if name in index:
                continue
            near = nearest(name, index) if comparisons > 0 else ""
            comparisons -= len(index)
            hint = f"did you mean '{near}'?" if near else "add that task, or remove the dependency"
            message = f"there is no task {name} to depend on"
            yield GraphError(task=position, field="dependencies", item=name, message=message, hint=hint, needs_whole=True)


def _circles(tasks: Sequence[Task], index: Mapping[str, int]) -> Iterator[GraphError]:
    """Yield one flaw for each group of tasks that wait for each other, with a shortest way round."""
    after = [tuple({index[name]: None for name in task.dependencies if name in index}) for task in tasks]
    for group in _groups(_unordered(after), after):
        path = _shortest_circle(group, after)
        cycle = tuple(tasks[position].id for position in path)
        names = " → ".join(cycle)
        message = f"the task depends on itself: {names}" if len(path) == 2 else f"tasks depend on each other in a circle: {names}"
        hint = "remove one of these dependencies"
        yield GraphError(task=path[0], field="dependencies", item=cycle[1], message=message, hint=hint, cycle=cycle)


def _unordered(after: Sequence[Sequence[int]]) -> set[int]:
    """Return the positions that are in a circle or between circles: what is left when all that is free of them is taken away."""
    forward = dict(enumerate(after))
    backward = _turned_round(forward)
    left = set(forward)
    _take_away_free(left, forward, backward)
    _take_away_free(left, backward, forward)
    return left


def _take_away_free(left: set[int], forward: Mapping[int, Sequence[int]], backward: Mapping[int, Sequence[int]]) -> None:
    """Take positions without a way forward out of ``left``, until each that stays has one."""
    ways = {position: sum(other in left for other in forward[position]) for position in left}
    free = [position for position, count in ways.items() if count == 0]
    for position in free:
        left.discard(position)
        for other in backward[position]:
            if other in left:
                ways[other] -= 1
                if ways[other] == 0:
                    free.append(other)


def _groups(left: set[int], after: Sequence[Sequence[int]]) -> list[set[int]]:
    """Return the strongly connected groups among ``left`` that hold a circle, by their first position (Kosaraju)."""
    inside = {position: [other for other in after[position] if other in left] for position in left}
    backward = _turned_round(inside)
    groups: list[set[int]] = []
    taken: set[int] = set()
    for root in reversed(_finish_order(inside)):
        if root not in taken:
            group = _reach(root, backward, taken)
            taken |= group
            if len(group) > 1 or root in inside[root]:
                groups.append(group)
    return sorted(groups, key=min)


def _turned_round(edges: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    backward: dict[int, list[int]] = {position: [] for position in edges}
    for position, others in edges.items():
        for other in others:
            backward[other].append(position)
    return backward


def _finish_order(inside: Mapping[int, Sequence[int]]) -> list[int]:
    """Return all positions in the order in which a depth-first walk is done with them."""
    order: list[int] = []
    seen: set[int] = set()
    for root in sorted(inside):
        stack = [(root, iter(inside[root]))] if root not in seen else []
        seen.add(root)
        while stack:
            following = next((other for other in stack[-1][1] if other not in seen), None)
            if following is None:
                order.append(stack.pop()[0])
            else:
                seen.add(following)
                stack.append((following, iter(inside[following])))
    return order


def _reach(root: int, edges: Mapping[int, Sequence[int]], without: set[int]) -> set[int]:
    """Return what can be reached from ``root``, itself included, without passing certain positions."""
    reached, stack = {root}, [root]
    while stack:
        for other in edges[stack.pop()]:
            if other not in without and other not in reached:
                reached.add(other)
                stack.append(other)
    return reached


def _shortest_circle(group: set[int], after: Sequence[Sequence[int]]) -> list[int]:
    """Return a shortest way from the group's first position back to it, both ends included."""
    start = min(group)
    came_from: dict[int, int] = {}
    frontier = [start]
    for position in frontier:
        for other in after[position]:
            if other == start:
                path = [start]
                while position != start:
                    path.append(position)
                    position = came_from[position]  # noqa: PLW2901 – walks back along the way it came
                return [start, *reversed(path)]
            if other in group and other not in came_from:
                came_from[other] = position
                frontier.append(other)
    raise AssertionError("a group of tasks that wait for each other has no circle")
