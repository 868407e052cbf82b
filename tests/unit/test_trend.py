"""Series, directions and pictures of history."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.quality.history import History, Revision
from core.domain.quality.metric import Block, BlockKind, FileMeasure, Metric
from core.domain.quality.trend import Direction, Point, direction, file_trends, sparkline, thinned, values

finite = st.floats(min_value=-1e9, max_value=1e9)
series = st.lists(finite, max_size=40)
complexities = st.lists(st.integers(1, 200).map(float), max_size=40)


def block(name, complexity, line=1):
    return Block(kind=BlockKind.FUNCTION, name=name, line=line, end_line=line, column=0, complexity=complexity)


def measure(index, **blocks):
    return FileMeasure(maintainability=index, blocks=tuple(block(name, complexity) for name, complexity in blocks.items()))


def history(*steps, before=None):
    """Each step: changed measures by path, and optionally removed paths and renames."""
    revisions = []
    for number, step in enumerate(steps, start=1):
        changed, removed, renamed = (*step, (), None)[:3] if isinstance(step, tuple) else (step, (), None)
        revisions.append(Revision(id=f"r{number}", at=float(number), changed=changed, removed=removed, renamed=renamed))
    return History(revisions=tuple(revisions), before=before or {})


def test_a_file_has_a_point_before_the_window_and_one_for_each_touch():
    trends = file_trends(history({"a.py": measure(70.0, f=3)}, {}, {"a.py": measure(60.0, f=5)}, before={"a.py": measure(80.0, f=2)}))
    assert trends["a.py"].churn == 2
    assert trends["a.py"].maintainability == (
        Point(revision="", at=1.0, value=80.0),
        Point(revision="r1", at=1.0, value=70.0),
        Point(revision="r3", at=3.0, value=60.0),
    )
    assert values(trends["a.py"].blocks[Metric.COMPLEXITY]["f"]) == (2.0, 3.0, 5.0)


def test_untouched_and_removed_files_have_no_trend():
    assert file_trends(history({}, ({}, ("a.py",)), before={"a.py": measure(80.0)})) == {}
    assert file_trends(History()) == {}


def test_a_renamed_file_keeps_its_series_and_churn():
    steps = ({"a.py": measure(70.0, f=1)}, ({"b.py": measure(70.0, f=1)}, (), {"b.py": "a.py"}), {"b.py": measure(50.0, f=9)})
    trends = file_trends(history(*steps))
    assert list(trends) == ["b.py"]
    assert trends["b.py"].churn == 3
    assert values(trends["b.py"].blocks[Metric.COMPLEXITY]["f"]) == (1.0, 1.0, 9.0)


def test_a_rename_that_is_not_committed_moves_series_and_churn():
    past = history({"a.py": measure(70.0, f=1), "b.py": measure(60.0)}, {"a.py": measure(50.0, f=9)})
    trends = file_trends(replace(past, moved={"c.py": "a.py", "a.py": "b.py", "d.py": "untouched.py"}))
    assert {path: (trend.churn, values(trend.maintainability)) for path, trend in trends.items()} == {
        "c.py": (2, (70.0, 50.0)),
        "a.py": (1, (60.0,)),
    }


def test_two_files_that_swap_names_swap_series():
    before = {"a.py": measure(10.0), "b.py": measure(90.0)}
    swap = ({"a.py": measure(90.0), "b.py": measure(10.0)}, (), {"a.py": "b.py", "b.py": "a.py"})
    trends = file_trends(history(swap, before=before))
    assert values(trends["a.py"].maintainability) == (90.0, 90.0)
    assert values(trends["b.py"].maintainability) == (10.0, 10.0)


def test_a_file_that_was_deleted_and_added_again_starts_anew():
    trends = file_trends(history({"a.py": measure(10.0)}, ({}, ("a.py",)), {"a.py": measure(90.0)}))
    assert (trends["a.py"].churn, values(trends["a.py"].maintainability)) == (1, (90.0,))


def test_a_version_with_a_problem_is_churn_without_a_point():
    trends = file_trends(history({"a.py": measure(10.0, f=2)}, {"a.py": FileMeasure(problem="no syntax")}))
    assert (trends["a.py"].churn, values(trends["a.py"].maintainability)) == (2, (10.0,))
    assert values(trends["a.py"].blocks[Metric.COMPLEXITY]["f"]) == (2.0,)


def test_blocks_that_are_gone_have_no_series_and_ones_that_return_have_a_hole():
    trends = file_trends(history({"a.py": measure(10.0, f=2, g=3)}, {"a.py": measure(10.0, g=4)}, {"a.py": measure(10.0, f=7)}))
    assert {name: values(points) for name, points in trends["a.py"].blocks[Metric.COMPLEXITY].items()} == {"f": (2.0, 7.0)}


def test_of_namesakes_the_worst_counts():
    twins = FileMeasure(blocks=(block("C.x", 2), block("C.x", 9, line=5), block("C.x", 4, line=9)))
    assert values(file_trends(history({"a.py": twins}))["a.py"].blocks[Metric.COMPLEXITY]["C.x"]) == (9.0,)


def test_the_present_value_is_added_when_it_is_a_new_one():
    points = (Point(revision="r1", at=1.0, value=2.0),)
    assert values(points, 2.0) == (2.0,)
    assert values(points, 3.0) == (2.0, 3.0)
    assert values((), 3.0) == (3.0,)


@pytest.mark.parametrize(
    ("metric", "numbers", "expected"),
    [
        (Metric.COMPLEXITY, [5, 6], Direction.WORSENING),
        (Metric.COMPLEXITY, [6, 5], Direction.IMPROVING),
        (Metric.COMPLEXITY, [5, 20, 5], Direction.FLAT),  # back where it was
        (Metric.COMPLEXITY, [5, 20, 8], Direction.WORSENING),  # better than at its worst, worse than at the start
        (Metric.COMPLEXITY, [5], Direction.FLAT),  # new
        (Metric.COMPLEXITY, [], Direction.FLAT),
        (Metric.MAINTAINABILITY, [70.0, 69.5], Direction.FLAT),  # a comment
        (Metric.MAINTAINABILITY, [70.0, 68.0], Direction.WORSENING),
        (Metric.MAINTAINABILITY, [70.0, 72.0], Direction.IMPROVING),
    ],
)
def test_direction_compares_the_last_value_with_the_first(metric, numbers, expected):
    assert direction(metric, numbers) is expected


OPPOSITE = {Direction.WORSENING: Direction.IMPROVING, Direction.IMPROVING: Direction.WORSENING, Direction.FLAT: Direction.FLAT}


@given(complexities)
def test_backwards_is_the_opposite_direction(numbers):
    for metric in (Metric.COMPLEXITY, Metric.MAINTAINABILITY):
        assert direction(metric, numbers[::-1]) is OPPOSITE[direction(metric, numbers)]


@given(complexities, st.integers(-50, 50))
def test_the_level_does_not_matter_to_the_direction(numbers, level):
    for metric in (Metric.COMPLEXITY, Metric.MAINTAINABILITY):
        assert direction(metric, [number + level for number in numbers]) is direction(metric, numbers)


@given(series, st.integers(2, 40))
def test_thinning_keeps_the_ends_the_order_and_the_width(numbers, width):
    kept = thinned(numbers, width)
    assert len(kept) == min(len(numbers), width)
    assert kept[:1] == tuple(numbers[:1])
    assert kept[-1:] == tuple(numbers[-1:])
    rest = iter(numbers)
    assert all(any(number == other for other in rest) for number in kept)


@given(series, st.integers(2, 40))
def test_a_sparkline_is_as_long_as_its_series_and_orders_as_it_does(numbers, width):
    shown, picture = thinned(numbers, width), sparkline(numbers, width)
    assert len(picture) == len(shown)
    assert set(picture) <= set("▁▂▃▄▅▆▇█")
    pairs = sorted(zip(shown, picture, strict=True))
    bars = [bar for _, bar in pairs]
    assert bars == sorted(bars)


@given(st.lists(finite, min_size=2, max_size=12, unique=True))
def test_a_sparkline_uses_its_whole_height(numbers):
    picture = sparkline(numbers)
    assert picture[numbers.index(min(numbers))] == "▁"
    assert picture[numbers.index(max(numbers))] == "█"


def test_a_flat_sparkline_is_a_line_in_the_middle():
    assert sparkline([3.0, 3.0, 3.0]) == "▄▄▄"
    assert sparkline([1.0, 2.0, 4.0, 8.0]) == "▁▂▄█"
    assert sparkline([]) == ""


@st.composite
def lives(draw):
    """A random life of a few files: what each revision did, told the way a History tells it, and the plain truth."""
    live, truth, steps, fresh = set(), {}, [], iter(range(1000))
    for _ in range(draw(st.integers(1, 15))):
        changed, removed, renamed = {}, [], {}
        for path in sorted(live):
            action = draw(st.sampled_from(["keep", "keep", "edit", "move", "remove"]))
            if action in {"edit", "move"}:
                number = float(draw(st.integers(0, 100)))
                target = path if action == "edit" else f"f{next(fresh)}.py"
                changed[target] = measure(number)
                live.discard(path)
                live.add(target)
                truth[target] = [*truth.pop(path), number]
                renamed.update({target: path} if target != path else {})
            elif action == "remove":
                live.discard(path)
                removed.append(path)
                truth.pop(path)
        if draw(st.booleans()):
            path, number = f"f{next(fresh)}.py", float(draw(st.integers(0, 100)))
            live.add(path)
            changed[path], truth[path] = measure(number), [number]
        steps.append((changed, tuple(removed), renamed or None))
    return history(*steps), truth


@given(lives())
def test_every_file_alive_at_the_end_has_exactly_its_own_values(life):
    told, truth = life
    assert {path: list(values(trend.maintainability)) for path, trend in file_trends(told).items()} == truth
    assert {path: trend.churn for path, trend in file_trends(told).items()} == {path: len(numbers) for path, numbers in truth.items()}


def test_churn_from_before_the_window_counts_and_gives_no_point():
    told = replace(history({"a.py": measure(70.0)}, ({}, ("b.py",))), earlier_churn={"a.py": 3, "b.py": 2, "c.py": 1})
    trends = file_trends(told)
    assert {path: trend.churn for path, trend in trends.items()} == {"a.py": 4, "c.py": 1}
    assert trends["c.py"].maintainability == ()
    assert trends["c.py"].of(Metric.COMPLEXITY, "f") == ()
