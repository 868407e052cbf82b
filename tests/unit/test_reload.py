"""What a person's save means while a run writes too: what differs from the version it was based on was meant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.domain.tasks.reload import FileVersions
from core.domain.tasks.task import Status

P, RUNNING, D, F, C = Status.PENDING, Status.IN_PROGRESS, Status.DONE, Status.FAILED, Status.CANCELLED


def versions(*written):
    known = FileVersions(written[0])
    for changed in written[1:]:
        known.add_own(changed)
    return known


def test_a_save_of_the_newest_version_changes_nothing():
    known = versions({"a": P, "b": P}, {"a": D})

    assert known.manual_changes({"a": D, "b": P}) == {}


def test_a_save_of_an_old_buffer_is_not_taken_for_a_reset():
    known = versions({"a": P, "b": P}, {"a": RUNNING}, {"a": D, "b": RUNNING})

    assert known.manual_changes({"a": P, "b": P}) == {}


def test_a_status_the_file_never_had_was_set_on_purpose():
    known = versions({"a": P, "b": P}, {"a": D})

    assert known.manual_changes({"a": D, "b": C}) == {"b": C}


def test_a_reset_of_a_failed_task_in_the_newest_text_was_meant():
    known = versions({"a": P, "b": P}, {"a": RUNNING}, {"a": F, "b": RUNNING})

    assert known.manual_changes({"a": P, "b": RUNNING}) == {"a": P}


def test_a_cancel_in_an_old_buffer_is_found_beside_old_statuses():
    known = versions({"a": P, "b": P, "c": P}, {"a": RUNNING}, {"a": D, "b": RUNNING}, {"b": D})

    assert known.manual_changes({"a": P, "b": P, "c": C}) == {"c": C}


def test_entries_the_file_never_had_are_no_status_changes():
    assert versions({"a": P}).manual_changes({"a": P, "new": D}) == {}


def test_after_a_persons_save_their_text_is_the_newest_version():
    known = versions({"a": P, "b": P}, {"a": D})
    known.add({"a": D, "c": P})

    assert known.manual_changes({"a": D, "c": C}) == {"c": C}
    assert known.manual_changes({"a": D, "b": C, "c": P}) == {}


statuses = st.sampled_from(list(Status))


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), statuses), max_size=8), st.integers(0, 8), st.data())
def test_saving_any_version_of_ours_unchanged_is_never_a_hand_edit(writes, which, data):
    start = dict.fromkeys("abcd", P)
    known = FileVersions(start)
    texts = [dict(start)]
    for changed in writes:
        known.add_own(changed)
        texts.append({**texts[-1], **changed})

    assert known.manual_changes(texts[which % len(texts)]) == {}
