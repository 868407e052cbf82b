"""What the journal keeps of the texts that the tasks file had."""

from __future__ import annotations

import pytest

import core.known_texts
from core.domain.tasks.entry import Snapshot
from core.domain.tasks.task import Status, Task
from core.known_texts import KnownTexts
from core.testing.journal import InMemoryJournal

P, RUNNING, D, F = Status.PENDING, Status.IN_PROGRESS, Status.DONE, Status.FAILED


def text(version, command="make", **statuses):
    """Return a text; an id with None has no status line."""
    tasks = tuple(Task(id=name, description="", command=command, status=its or P) for name, its in statuses.items())
    return Snapshot(tasks=tasks, version=version, without_status=lambda: [name for name, its in statuses.items() if its is None])


def written(known, snapshot, **statuses):
    entries = {task.id: task for task in snapshot.tasks}
    known.wrote(snapshot, statuses, entries.__getitem__)


@pytest.fixture
def journal():
    return InMemoryJournal()


def run(journal, before, *writes):
    """Do what a run does: read a text, take it as the newest, write statuses, each time as another version."""
    known = KnownTexts(journal)
    found = known.read(before)
    known.keep()
    shown = {task.id: task.status for task in before.tasks}
    for number, statuses in enumerate(writes):
        shown |= statuses
        written(known, text(f"{before.version}-{number}", **shown), **statuses)
    return found


def test_nothing_is_old_in_the_newest_text_nor_where_nothing_was_ever_written(journal):
    assert run(journal, text("1", a=None), {"a": RUNNING}, {"a": D}) == {}
    assert KnownTexts(journal).read(text("1-1", a=D)) == {}


def test_a_changed_buffer_is_known_by_what_other_processes_have_written(journal):
    run(journal, text("1", a=None, b=None), {"a": D}, {"b": F})
    run(journal, text("2", a=D, b=F, c=None), {"c": D})

    assert KnownTexts(journal).read(text("3", a=None, b=None, d=None)) == {"a": D, "b": F}


def test_looking_keeps_nothing(journal):
    run(journal, text("1", a=None, b=None), {"a": D, "b": D})
    for _ in range(2):
        assert KnownTexts(journal).read(text("2", a=None, b=None, c=None)) == {"a": D, "b": D}


def test_a_text_that_counts_from_now_on_is_not_old_any_more(journal):
    run(journal, text("1", a=None), {"a": D})
    old = text("2", a=None)
    known = KnownTexts(journal)
    assert known.read(old) == {"a": D}
    known.keep()

    assert KnownTexts(journal).read(old) == {}


def test_a_save_of_somebody_else_is_a_text_that_may_come_back(journal):
    run(journal, text("1", a=None, b=None), {"a": D, "b": D})
    run(journal, text("2", a=P, b=P), {"a": D, "b": D})

    assert KnownTexts(journal).read(text("3", a=P, b=P, c=None)) == {"a": D, "b": D}


def test_an_entry_that_was_appended_with_a_status_is_known_by_it(journal):
    known = KnownTexts(journal)
    known.read(text("1", a=None))
    known.keep()
    written(known, text("2", a=None, b=P, c=P))
    written(known, text("3", a=None, b=RUNNING, c=P), b=RUNNING)
    written(known, text("4", a=None, b=D, c=D), b=D, c=D)

    assert KnownTexts(journal).read(text("5", a=None, b=None, c=None)) == {}
    assert KnownTexts(journal).read(text("5", a=None, b=RUNNING, c=P, d=None)) == {"b": D, "c": D}


def test_other_work_under_a_known_id_is_not_done(journal):
    run(journal, text("1", a=None, b=None), {"a": D, "b": D})

    assert KnownTexts(journal).read(text("2", "other", a=None, b=None)) == {}


def test_a_word_of_another_version_is_left_out(journal):
    run(journal, text("1", a=None, b=None), {"a": D, "b": D})
    journal.save_state("memory.writes.0", [[True, {"a": [None, "parked"], "b": [None, "done"]}]])

    assert KnownTexts(journal).read(text("2", a=None, b=None, c=None)) == {"b": D}


def test_only_so_many_changes_are_kept_and_the_last_text_is_always_known(journal, monkeypatch):
    monkeypatch.setattr(core.known_texts, "_CHANGES_KEPT", 6)
    monkeypatch.setattr(core.known_texts, "_ROWS", 4)
    monkeypatch.setattr(core.known_texts, "_ROW_LENGTH", 2)
    for number in range(20):
        run(journal, text(f"{number}", a=None, b=P, c=None), {"a": RUNNING}, {"a": D, "b": D}, {"c": D})

        assert KnownTexts(journal).read(text("x", a=None, b=P, c=None, d=None)) == {"a": D, "b": D, "c": D}
        kept = [journal.load_state(f"memory.writes.{row}") for row in range(9)]
        assert sum(row is not None for row in kept) <= 4
        assert sum(len(changes) for row in kept if row for _, changes in row) <= 8


def test_what_a_transaction_took_back_is_not_counted(journal):
    known = KnownTexts(journal)
    before = text("1", a=None, b=None)
    known.read(before)
    known.keep()
    with pytest.raises(RuntimeError), journal.transaction():
        written(known, text("2", a=D, b=None), a=D)
        raise RuntimeError
    written(known, text("3", a=D, b=D), b=D)

    assert KnownTexts(journal).read(text("4", a=D, b=None, c=None)) == {"b": D}
