"""Which finding is which known one: moves, renames, swaps, copies, namesakes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.quality.finding import Accepted
from core.domain.quality.identity import match, origins
from core.domain.quality.metric import Metric
from core.domain.quality.shape import sketch


def block(name, shape="", score=14, path="a.py"):
    return Accepted(path=path, block=name, metric=Metric.COMPLEXITY, score=score, shape=shape)


def file(path, shape="", score=0):
    return Accepted(path=path, block="", metric=Metric.MAINTAINABILITY, score=score, shape=shape)


def shape(exact, lines):
    return f"{exact}.{sketch(lines)}"


def lines(*numbers):
    return [f"statement number {number}" for number in numbers]


def paired(now, known):
    return {now[mine].block or now[mine].path: known[theirs].block or known[theirs].path for mine, theirs in match(now, known).items()}


def test_the_name_in_the_file_decides_where_the_code_was_edited():
    assert paired([block("f", "s9"), block("g", "s8")], [block("f", "s1"), block("g", "s2")]) == {"f": "f", "g": "g"}


def test_renamed_and_moved_code_is_known():
    now = [block("h", "s1"), block("g", "s2", path="b.py")]
    assert paired(now, [block("f", "s1"), block("g", "s2")]) == {"h": "f", "g": "g"}


def test_a_copy_is_known_as_none():
    assert paired([block("f", "s1"), block("copy", "s1")], [block("f", "s1")]) == {"f": "f"}


def test_a_copy_is_known_as_none_when_the_original_was_edited_too():
    assert paired([block("f", "s9"), block("copy", "s1")], [block("f", "s1")]) == {"f": "f"}


@pytest.mark.parametrize("names", ["gf", "ghf"])
def test_blocks_that_exchange_their_names_are_known_by_their_code(names):
    old = "".join(sorted(names))
    now, known = [block(name, code) for name, code in zip(names, old, strict=True)], [block(name, name) for name in old]
    assert paired(now, known) == dict(zip(names, old, strict=True))


def test_a_name_that_went_on_to_another_block_follows_the_code():
    # f was renamed to g, and g to h.
    assert paired([block("g", "s1"), block("h", "s2")], [block("f", "s1"), block("g", "s2")]) == {"g": "f", "h": "g"}


def test_code_that_was_copied_over_another_block_blames_nobody():
    # f now has the code of g, and g was edited: each is still itself.
    now, known = [block("f", "s2"), block("g", "s9")], [block("f", "s1", 20), block("g", "s2")]
    assert paired(now, known) == {"f": "f", "g": "g"}


def test_two_deleted_blocks_are_one_new_one_at_most():
    assert len(match([block("h", "s1")], [block("f", "s1"), block("g", "s1")])) == 1


def test_files_are_known_by_their_code_and_never_by_their_score():
    assert paired([file("b.py", "s1")], [file("a.py", "s1")]) == {"b.py": "a.py"}
    assert match([file("b.py", "s2")], [file("a.py", "s1")]) == {}
    assert match([file("b.py")], [file("a.py")]) == {}


def test_a_file_that_moved_with_small_edits_is_known():
    before, after = shape("e1", lines(*range(100))), shape("e2", lines(*range(12, 104)))
    assert paired([file("b.py", after)], [file("a.py", before)]) == {"b.py": "a.py"}
    assert match([file("b.py", shape("e2", lines(*range(200, 300))))], [file("a.py", before)]) == {}


def test_a_block_that_moved_with_edits_is_known_by_its_last_name():
    before, after = shape("e1", lines(*range(20))), shape("e2", lines(*range(4, 22)))
    assert paired([block("C.f", after, path="b.py")], [block("f", before)]) == {"C.f": "f"}


def test_a_block_that_was_renamed_with_small_edits_is_known_and_one_with_large_ones_is_not():
    before = shape("e1", lines(*range(40)))
    assert paired([block("g", shape("e2", lines(*range(1, 40))))], [block("f", before)]) == {"g": "f"}
    assert match([block("g", shape("e2", lines(*range(20, 60))))], [block("f", before)]) == {}


def test_a_few_equal_lines_are_no_likeness():
    assert match([block("g", shape("e2", lines(1, 2, 3)))], [block("f", shape("e1", lines(1, 2, 3)))]) == {}


def test_of_metrics_each_has_its_own_findings():
    long = replace(block("g", "s1"), metric=Metric.LENGTH)
    assert match([long], [block("f", "s1")]) == {}


def test_namesakes_are_told_apart_by_their_code_whatever_their_order():
    known = [block("f", "s1"), block("f #2", "s2", 20)]
    assert paired([block("f", "s2", 20), block("f #2", "s1")], known) == {"f": "f #2", "f #2": "f"}


def test_a_namesake_that_came_in_above_is_new():
    now = [block("f", "s9", 12), block("f #2", "s1"), block("f #3", "s2", 20)]
    assert paired(now, [block("f", "s1"), block("f #2", "s2", 20)]) == {"f #2": "f", "f #3": "f #2"}


def test_a_namesake_that_came_in_above_an_edited_one_is_new():
    assert paired([block("f", "s9", 12), block("f #2", "s8", 14)], [block("f", "s1", 14)]) == {"f #2": "f"}


def test_edited_namesakes_are_told_apart_by_their_order():
    now, known = [block("f", "s9", 16), block("f #2", "s8", 12)], [block("f", "s1", 14), block("f #2", "s2", 16)]
    assert paired(now, known) == {"f": "f", "f #2": "f #2"}
    many = [block(f"f #{number}", score=number) for number in range(2, 13)]
    assert paired([replace(each, shape="s9") for each in many], many) == {each.block: each.block for each in many}


def test_namesakes_with_decorators_are_told_apart_by_them():
    getter, setter = block("C.v", "s1"), block("C.v @v.setter", "s2")
    edited = [replace(setter, shape="s9"), replace(getter, shape="s8")]
    assert paired(edited, [getter, setter]) == {"C.v": "C.v", "C.v @v.setter": "C.v @v.setter"}


def test_a_registration_for_another_type_is_new():
    assert match([block("_ @show.register(list)", "s9")], [block("_ @show.register(int)", "s1")]) == {}


def test_a_name_that_was_the_only_one_is_the_nearest_of_its_namesakes():
    now = [block("_ @show.register(int)", "s9", 15), block("_ @show.register(str)", "s8", 20)]
    assert paired(now, [block("_", "s1", 20)]) == {"_ @show.register(str)": "_"}


def test_origins_are_all_that_it_may_have_been():
    known = [block("f", "s1", path="b.py"), block("f", "s1", path="c.py"), block("g", "s2", path="d.py")]
    assert origins([block("f", "s1")], known) == {0, 1}


_SIDES = st.lists(
    st.builds(
        Accepted,
        path=st.sampled_from(["a.py", "b.py"]),
        block=st.sampled_from(["f", "g", "f #2", "f #3", "f @x.register(int)", "C.f", ""]),
        metric=st.sampled_from([Metric.COMPLEXITY, Metric.LENGTH]),
        score=st.integers(11, 20),
        shape=st.sampled_from(["", "s1", "s2", shape("s3", lines(*range(30))), shape("s4", lines(*range(2, 32)))]),
    ),
    max_size=12,
    unique_by=lambda each: each.key,
)


@given(_SIDES, _SIDES)
def test_each_known_one_is_at_most_one_finding_and_the_order_of_either_side_does_not_matter_to_their_number(now, known):
    pairs = match(now, known)
    assert len(set(pairs.values())) == len(pairs)
    assert all(now[mine].metric is known[theirs].metric for mine, theirs in pairs.items())


@given(_SIDES)
def test_unchanged_code_is_itself(now):
    assert match(now, now) == {position: position for position in range(len(now))}


@given(_SIDES, _SIDES)
def test_a_name_in_a_file_that_both_sides_have_is_matched_by_something(now, known):
    pairs = match(now, known)
    matched, used = {now[mine].key for mine in pairs}, {known[theirs].key for theirs in pairs.values()}
    for each in known:
        mine = [one for one in now if one.key == each.key]
        assert not mine or each.key in used or each.key in matched
