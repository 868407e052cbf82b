"""What commands note in a live run's state, and what the run makes of it."""

from __future__ import annotations

from core.commanded import commanded, note_command, take_commanded
from core.domain.tasks.task import Status
from core.testing.journal import InMemoryJournal


def test_a_status_that_a_command_set_is_found_once_and_only_where_the_file_shows_it():
    state = InMemoryJournal()
    note_command(state, "a", Status.DONE)
    note_command(state, "b", Status.CANCELLED)

    assert take_commanded(state, {"a": Status.DONE, "b": Status.PENDING}) == {"a": Status.DONE}
    assert take_commanded(state, {"a": Status.DONE}) == {}


def test_a_word_of_another_version_that_is_no_status_here_is_left_out():
    state = InMemoryJournal()
    state.save_state("memory.meant", {"a": "parked", "b": "done"})

    assert commanded(state) == {"b": Status.DONE}
