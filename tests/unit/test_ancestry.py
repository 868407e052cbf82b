"""What two commits have in common, in a whole history and in one of which a part is missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.domain.quality.ancestry import CommitGraph, common_history


@st.composite
def histories(draw):
    """Return parents by commit: each commit has up to three earlier ones."""
    count = draw(st.integers(2, 12))
    names = [f"{number:02}" for number in range(count)]
    return {
        name: tuple(draw(st.lists(st.sampled_from(names[:at]), max_size=3, unique=True)) if at else ()) for at, name in enumerate(names)
    }


def with_ancestors(parents, commit):
    return {commit}.union(*(with_ancestors(parents, parent) for parent in parents[commit]))


def best(parents, first, second):
    common = with_ancestors(parents, first) & with_ancestors(parents, second)
    return tuple(sorted(one for one in common if not any(one != other and one in with_ancestors(parents, other) for other in common)))


def seen(parents, tips, hidden):
    """Return the part of a history that a clone has, which ends at the ``hidden`` commits unless a parent is here all the same."""
    here, ahead = set(), list(tips)
    while ahead:
        commit = ahead.pop()
        here.add(commit)
        ahead += [] if commit in hidden else [parent for parent in parents[commit] if parent not in here]
    shown = {commit: tuple(parent for parent in parents[commit] if parent in here) for commit in here}
    return CommitGraph(parents=shown, cut=frozenset(commit for commit in here if shown[commit] != parents[commit]))


@given(histories(), st.data())
def test_in_a_whole_history_they_are_the_best_common_ancestors(parents, data):
    first, second = data.draw(st.sampled_from(sorted(parents))), data.draw(st.sampled_from(sorted(parents)))
    found = common_history(CommitGraph(parents=parents), first, second)
    assert (found.bases, found.is_certain) == (best(parents, first, second), True)


@given(histories(), st.data())
def test_what_is_certain_in_a_part_of_a_history_is_so_in_the_whole(parents, data):
    names = st.sampled_from(sorted(parents))
    first, second = data.draw(names), data.draw(names)
    graph = seen(parents, (first, second), data.draw(st.sets(names)))
    found = common_history(graph, first, second)
    if found.is_certain:
        assert found.bases == best(parents, first, second)
    assert set(found.first_cut + found.second_cut) <= graph.cut


@given(histories(), st.data())
def test_it_is_uncertain_only_where_more_history_could_give_another_answer(parents, data):
    names = st.sampled_from(sorted(parents))
    first, second = data.draw(names), data.draw(names)
    graph = seen(parents, (first, second), data.draw(st.sets(names)))
    found = common_history(graph, first, second)
    # A cut commit may have any further parent: the other one of the two is as good as any.
    for cut, other in [(found.first_cut, second), (found.second_cut, first)]:
        for commit in cut:
            longer = {**graph.parents, commit: (*graph.parents[commit], other)}
            if commit not in with_ancestors(graph.parents, other):
                assert best(longer, first, second) != found.bases


def test_a_commit_and_its_ancestor_have_the_ancestor_in_common_whatever_is_missing():
    graph = CommitGraph(parents={"merge": ("main",), "main": ()}, cut=frozenset({"merge", "main"}))
    found = common_history(graph, "main", "merge")
    assert (found.bases, found.is_certain) == (("main",), True)


def test_two_tips_whose_histories_are_cut_have_nothing_certain_in_common():
    found = common_history(CommitGraph(parents={"a": (), "b": ()}, cut=frozenset({"a"})), "a", "b")
    assert (found.bases, found.first_cut, found.second_cut) == ((), ("a",), ())
