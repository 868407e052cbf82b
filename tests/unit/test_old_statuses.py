"""Which statuses of a text that nobody has read before are old, and which were typed."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from core.domain.tasks.old_statuses import Change, Write, old_statuses, work_mark
from core.domain.tasks.task import Status, Task

P, RUNNING, D, F, C = Status.PENDING, Status.IN_PROGRESS, Status.DONE, Status.FAILED, Status.CANCELLED
IDS = "abcdef"


def writes(*texts, rest=True):
    """Return what was written from each text to the next; ``rest``: each was there between runs."""
    steps = itertools.pairwise(texts)
    changes = ({name: Change(before=one[name], after=two[name]) for name in one if one[name] is not two[name]} for one, two in steps)
    return [Write(changes=its, after_rest=rest) for its in changes]


def old(saved, *texts, rest=True):
    return old_statuses(saved, writes(*texts, rest=rest), lambda _: "")


def words(**of):
    return of


def test_the_statuses_of_a_changed_buffer_of_before_a_run_are_old():
    before, after = words(a=None, b=None), words(a=D, b=D)

    assert old({"a": None, "b": None, "c": None}, before, after) == {"a": D, "b": D}


def test_a_status_that_was_set_in_an_old_buffer_counts_beside_old_ones():
    assert old(words(a=None, b=None, c=C), words(a=None, b=None, c=None), words(a=D, b=D, c=D)) == {"a": D, "b": D}


def test_a_pending_that_is_written_where_no_status_was_is_an_edit():
    assert old(words(a=P, b=P), words(a=None, b=None), words(a=D, b=D)) == {}


def test_one_status_that_is_set_back_to_its_earlier_word_is_an_edit():
    assert old(words(a=P), words(a=P), words(a=D)) == {}
    assert old(words(a=P, b=D), words(a=P, b=P), words(a=RUNNING, b=P), words(a=D, b=P), words(a=D, b=D)) == {}


def test_one_status_line_that_is_deleted_is_an_edit_where_another_that_was_written_with_it_stays():
    assert old(words(a=None, b=D), words(a=None, b=None), words(a=D, b=D)) == {}


def test_the_only_status_line_that_was_written_is_old_where_it_is_gone():
    assert old(words(a=None, b=D), words(a=None, b=D), words(a=D, b=D)) == {"a": D}


def test_several_words_that_are_set_back_beside_a_later_one_are_edits():
    first, last = words(a=P, b=P, c=P, d=P), words(a=D, b=D, c=D, d=D)

    assert old(words(a=D, b=P, c=P, d=P), first, words(a=RUNNING, b=P, c=P, d=P), words(a=D, b=RUNNING, c=P, d=P), last) == {}


def test_several_words_of_a_text_that_was_there_for_a_moment_of_a_run_are_edits():
    texts = [words(a=P, b=P, c=P), words(a=D, b=P, c=P), words(a=D, b=D, c=D)]

    assert old(texts[1], *texts, rest=False) == {}
    assert old(texts[1], *texts, rest=True) == {"b": D, "c": D}


def test_a_task_in_progress_in_a_buffer_that_was_read_during_a_run_is_old():
    first, amid, last = words(a=P, b=P), words(a=D, b=RUNNING), words(a=D, b=D)

    assert old(words(a=D, b=RUNNING), first, amid, last, rest=False) == {"b": D}
    first, amid, last = words(a=P, b=P, c=P), words(a=RUNNING, b=P, c=P), words(a=D, b=D, c=D)
    assert old(amid, first, amid, last, rest=False) == {"a": D, "b": D, "c": D}


def test_a_buffer_of_before_a_reset_does_not_undo_it():
    assert old(words(a=D, b=None, c=None), words(a=D, b=None, c=None), words(a=P, b=D, c=D)) == {"a": P, "b": D, "c": D}


def test_other_work_than_was_done_under_an_id_is_not_done():
    write = Write(changes={"a": Change(before=None, after=D, work="1"), "b": Change(before=None, after=D, work="1")})

    assert old_statuses(words(a=None, b=None), [write], {"a": "1", "b": "2"}.__getitem__) == {"a": D}


def test_the_mark_of_work_is_of_what_is_done_and_not_of_words_about_it():
    task = Task(id="a", description="one", command="make")

    assert work_mark(task) == work_mark(Task(id="a", description="two", command="make", priority=3, tags=("x",)))
    assert work_mark(task) != work_mark(Task(id="a", description="one", command="make all"))
    assert work_mark(Task(id="a", description="one", manual=True)) != work_mark(Task(id="a", description="two", manual=True))


word = st.sampled_from([None, *Status])
histories = st.lists(st.fixed_dictionaries(dict.fromkeys(IDS, word)), min_size=1, max_size=8)


def means(of):
    return P if of is None else of


@given(histories)
def test_the_newest_text_and_one_with_a_single_other_status_have_nothing_old(texts):
    assert old(texts[-1], *texts) == {}


@given(histories, st.integers(0, 7), st.sampled_from(IDS))
def test_an_older_text_is_old_in_all_that_was_written_since_unless_a_person_may_have_typed_it(texts, which, added):
    text = texts[which % len(texts)]
    found = old({**text, "new": P, f"{added}-too": None}, *texts)
    changed = {name: means(texts[-1][name]) for name in IDS if means(text[name]) is not means(texts[-1][name])}

    if len(changed) != 1 or any(text[name] in (None, RUNNING) for name in changed):
        assert found == changed
    else:
        assert found == {}


@given(histories, st.fixed_dictionaries(dict.fromkeys(IDS, word)))
def test_what_is_old_is_a_word_of_an_earlier_text_and_gives_way_to_the_newest(texts, saved):
    for name, status in old(saved, *texts).items():
        assert status is means(texts[-1][name]) is not means(saved[name])
        assert any(saved[name] is text[name] for text in texts[:-1])


@given(st.lists(word, min_size=1, max_size=1), histories)
def test_a_word_that_an_entry_never_had_counts(never, texts):
    (typed,) = never
    history = [{**text, "x": D if typed is not D else F} for text in texts]

    assert "x" not in old({**history[0], "x": typed}, *history)
