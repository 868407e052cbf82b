"""Mistakes in how tasks that are each valid go together: duplicate ids, unknown dependencies, cycles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.domain.tasks.graph import topological_order
from core.domain.tasks.task import Task
from core.errors import InvalidTasks, Problem
from core.schema.wording import did_you_mean

#: Finding the nearest id compares all of them, which is slow: after this many comparisons hints are left out.
_MAX_COMPARISONS = 50_000
_MADE_TWICE = "two branches made this task, and a merge kept both entries: remove one"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphError:
    """One mistake, with the task and field to blame."""

    #: Position of the task, 0-based.
    task: int
    #: ``id`` or ``dependencies``; of the latter, ``item`` is the one to blame.
    field: str
    item: str = ""
    message: str
    hint: str = ""
    #: True if an entry that could not be read might be the missing one.
    needs_whole: bool = False
    #: Ids of a cycle, from its first task in the file back to the same one; empty for other mistakes.
    cycle: tuple[str, ...] = ()


def find_graph_errors(tasks: Sequence[Task]) -> tuple[GraphError, ...]:
    """Return every mistake: each duplicate id, each unknown dependency with the nearest known id, each group of cycles once."""
    index: dict[str, int] = {}
    errors: list[GraphError] = []
    for position, task in enumerate(tasks):
        first = index.setdefault(task.id, position)
        if first != position:
            line = tasks[first].place.line
            message = f"the id {task.id} is here twice" + (f", first in line {line}" if line else "")
            made_twice = task.origin.get("fingerprint") == tasks[first].origin.get("fingerprint", "") != ""
            hint = _MADE_TWICE if made_twice else "give each task an id of its own"
            errors.append(GraphError(task=position, field="id", message=message, hint=hint))
    errors += _unknown_dependencies(tasks, index)
    errors += _cycles(tasks, index)
    return tuple(errors)


def check_graph(tasks: Sequence[Task]) -> None:
    """Raise InvalidTasks with every mistake that ``find_graph_errors`` finds; each names the task to blame."""
    if errors := find_graph_errors(tasks):
        raise InvalidTasks([Problem(file=f"task {tasks[each.task].id}", message=each.message, hint=each.hint) for each in errors])


def _unknown_dependencies(tasks: Sequence[Task], index: Mapping[str, int]) -> Iterator[GraphError]:
    comparisons = _MAX_COMPARISONS
    for position, task in enumerate(tasks):
        for name in dict.fromkeys(task.dependencies):
            if name in index:
                continue
            near = did_you_mean(name, index) if comparisons > 0 else ""
            comparisons -= len(index)
            hint = near or "add that task, or remove the dependency"
            message = f"there is no task {name} to depend on"
            yield GraphError(task=position, field="dependencies", item=name, message=message, hint=hint, needs_whole=True)


def _cycles(tasks: Sequence[Task], index: Mapping[str, int]) -> Iterator[GraphError]:
    """Yield one error for each group of tasks that depend on each other, with a shortest cycle through its first task."""
    edges = [tuple({index[name]: None for name in task.dependencies if name in index}) for task in tasks]
    for group in _cyclic_components(edges):
        path = _shortest_cycle(group, edges)
        cycle = tuple(tasks[position].id for position in path)
        names = " → ".join(cycle)
        message = f"the task depends on itself: {names}" if len(path) == 2 else f"tasks depend on each other in a circle: {names}"
        hint = "remove one of these dependencies"
        yield GraphError(task=path[0], field="dependencies", item=cycle[1], message=message, hint=hint, cycle=cycle)


def _cyclic_components(edges: Sequence[Sequence[int]]) -> list[set[int]]:
    """Return the strongly connected components that contain a cycle, by their first position (Kosaraju's algorithm)."""
    order = topological_order(edges, list(_reversed(dict(enumerate(edges))).values()))
    remaining = set(range(len(edges))).difference(order)
    forward = {position: [other for other in edges[position] if other in remaining] for position in sorted(remaining)}
    backward = _reversed(forward)
    components: list[set[int]] = []
    seen: set[int] = set()
    for root in reversed(_finish_order(forward)):
        if root not in seen:
            component = _reachable(root, backward, seen)
            seen |= component
            if len(component) > 1 or root in forward[root]:
                components.append(component)
    return sorted(components, key=min)


def _reversed(edges: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    backward: dict[int, list[int]] = {position: [] for position in edges}
    for position, others in edges.items():
        for other in others:
            backward[other].append(position)
    return backward


def _finish_order(edges: Mapping[int, Sequence[int]]) -> list[int]:
    """Return all positions in the order in which a depth-first search leaves them."""
    order: list[int] = []
    seen: set[int] = set()
    for root in edges:
        stack = [(root, iter(edges[root]))] if root not in seen else []
        seen.add(root)
        while stack:
            following = next((other for other in stack[-1][1] if other not in seen), None)
            if following is None:
                order.append(stack.pop()[0])
            else:
                seen.add(following)
                stack.append((following, iter(edges[following])))
    return order


def _reachable(root: int, edges: Mapping[int, Sequence[int]], excluded: set[int]) -> set[int]:
    """Return the positions that can be reached from ``root``, itself included, on paths around ``excluded``."""
    reached, stack = {root}, [root]
    while stack:
        for other in edges[stack.pop()]:
            if other not in excluded and other not in reached:
                reached.add(other)
                stack.append(other)
    return reached


def _shortest_cycle(component: set[int], edges: Sequence[Sequence[int]]) -> list[int]:
    """Return a shortest path from the component's first position back to it, both ends included (breadth-first search)."""
    start = min(component)
    came_from: dict[int, int] = {}
    frontier = [start]
    for position in frontier:
        for other in edges[position]:
            if other == start:
                path = [start]
                while position != start:
                    path.append(position)
                    position = came_from[position]  # noqa: PLW2901 – walks back along the path
                return [start, *reversed(path)]
            if other in component and other not in came_from:
                came_from[other] = position
                frontier.append(other)
    raise AssertionError("a strongly connected component has no cycle")
