"""Ids used twice, dependencies on nothing, circles."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.tasks.graph_errors import find_graph_errors
from core.domain.tasks.task import Place, Task


def backlog(**dependencies: str) -> list[Task]:
    """Tasks by id with the ids, parted by blanks, that each depends on."""
    return [
        Task(id=name, description="d", dependencies=tuple(needs.split()), place=Place(line=number, column=1))
        for number, (name, needs) in enumerate(dependencies.items(), start=1)
    ]


def test_a_valid_backlog_has_no_errors():
    assert find_graph_errors(backlog(a="", b="a", c="a b", d="c c")) == ()
    assert find_graph_errors([]) == ()


def test_a_missing_dependency_is_named_once_a_task_with_the_nearest_id():
    (error,) = find_graph_errors(backlog(build="", test="biuld biuld"))
    assert (error.task, error.field, error.item, error.hint) == (1, "dependencies", "biuld", "did you mean 'build'?")
    (error,) = find_graph_errors(backlog(a="something"))
    assert (error.message, error.hint) == ("there is no task something to depend on", "add that task, or remove the dependency")


def test_an_id_used_twice_names_the_first_place():
    first, second = backlog(a="", b="")
    third = Task(id="a", description="again")
    (error,) = find_graph_errors([first, second, third])
    assert (error.task, error.field, error.message) == (2, "id", "the id a is here twice, first in line 1")


def test_each_cycle_is_reported_once_by_its_shortest_path_from_its_first_task():
    errors = find_graph_errors(backlog(a="b", b="c", c="d", d="a b", x="x", y="z", z="y a", free="a"))
    assert [(error.task, error.item, error.message) for error in errors] == [
        (0, "b", "tasks depend on each other in a circle: a → b → c → d → a"),
        (4, "x", "the task depends on itself: x → x"),
        (5, "z", "tasks depend on each other in a circle: y → z → y"),
    ]


def test_a_long_chain_and_a_long_cycle_need_no_deep_stack():
    count = 50_000
    tasks = [Task(id=f"t{n}", description="d", dependencies=(f"t{n + 1}",)) for n in range(count - 1)] + [
        Task(id=f"t{count - 1}", description="d")
    ]
    assert find_graph_errors(tasks) == ()
    tasks[-1] = Task(id=f"t{count - 1}", description="d", dependencies=("t0",))
    (error,) = find_graph_errors(tasks)
    assert error.message.count("→") == count


def test_many_missing_ids_do_not_take_long_to_describe():
    tasks = [Task(id=f"task-{n}", description="d", dependencies=(f"tusk-{n}",)) for n in range(2_000)]
    errors = find_graph_errors(tasks)
    assert len(errors) == 2_000
    assert "did you mean" in errors[0].hint


graphs = st.integers(1, 7).flatmap(lambda count: st.lists(st.lists(st.integers(0, count - 1), max_size=3), min_size=count, max_size=count))


@given(graphs)
@settings(max_examples=150, deadline=None)
def test_a_cycle_is_found_exactly_where_a_path_leads_back(graph: list[list[int]]):
    tasks = [Task(id=str(n), description="d", dependencies=tuple(map(str, needs))) for n, needs in enumerate(graph)]
    reach = [set(needs) for needs in graph]
    for _, position in itertools.product(range(len(graph)), repeat=2):
        reach[position] |= set().union(*(reach[other] for other in reach[position]))
    in_circles = {position for position in range(len(graph)) if position in reach[position]}
    groups = {frozenset(other for other in in_circles if other in reach[position] and position in reach[other]) for position in in_circles}
    errors = find_graph_errors(tasks)
    assert [error.task for error in errors] == sorted(min(group) for group in groups)
    for error in errors:
        path = [int(name) for name in error.message.split(": ")[1].split(" → ")]
        assert path[0] == path[-1] == error.task
        assert all(after in graph[before] for before, after in itertools.pairwise(path))
        assert str(path[1]) == error.item
