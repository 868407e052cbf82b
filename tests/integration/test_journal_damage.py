"""A journal whose bytes changed behind our back: what is read is what was written, or it is said that it is not."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing, suppress

import pytest

from core.adapters.state_db import open_journal, open_journal_to_read
from core.domain.runs.attempt import Attempt, RunRecord
from core.domain.runs.exit_code import ExitCode
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Status
from core.errors import StorageError

READS = ("runs", "dead_runs", "attempts", "open_attempts", "unwritten", "attempt_counts", "durations", "verified")


def fill(path, tasks=30):
    journal = open_journal(path)
    journal.begin_run(RunRecord(id="run-1", pid=7, started=1.0))
    for number in range(tasks):
        one = Attempt(run_id="run-1", task_id=f"task-{number}", number=1, started=2.0, log=f"logs/task-{number}.log")
        journal.begin_attempt(one)
        journal.record("run-1", one.task_id, Status.PENDING, Status.IN_PROGRESS, 2.0, Code.ATTEMPT_STARTED.of(1))
        if number % 3:
            outcome = Outcome(
                ending=Ending.SUCCEEDED, reason=Code.EXIT.of(0), exit_code=0, usage=Usage(seconds=1.5), log=one.log, verified=True
            )
            journal.end_attempt(Attempt(**{**{name: getattr(one, name) for name in one.__slots__}, "outcome": outcome}))
            journal.record("run-1", one.task_id, Status.IN_PROGRESS, Status.DONE, 3.0, Code.EXIT.of(0))
    journal.save_state("kept", {"some": ["thing"]})
    journal.begin_run(RunRecord(id="run-2", pid=8, started=4))
    journal.end_run("run-2", 5, ExitCode.FAILED)
    journal.close()


def answers(journal):
    return {**{name: getattr(journal, name)() for name in READS}, "kept": journal.load_state("kept")}


@pytest.mark.parametrize(
    ("forgery", "read"),
    [
        ("UPDATE transitions SET task_id = 'task-4' WHERE task_id = 'task-3'", "unwritten"),
        ("UPDATE transitions SET after = 'done' WHERE after = 'in_progress'", "unwritten"),
        ("UPDATE outcomes SET ending = 'succeeded', verified = 0 WHERE attempt = 2", "attempts"),
        ("UPDATE outcomes SET attempt = 1 WHERE attempt = 2", "attempts"),
        ("UPDATE attempts SET task_id = 'other' WHERE seq = 1", "open_attempts"),
        ("UPDATE runs SET ended = 5.0, exit_code = 0", "runs"),
    ],
)
def test_a_value_that_changed_is_noticed_and_the_next_run_moves_the_file_aside(tmp_path, forgery, read):
    path = tmp_path / "state.db"
    fill(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(forgery)

    journal = open_journal(path)
    with pytest.raises(StorageError, match=r"state\.db is damaged: a row of") as damage:
        getattr(journal, read)()
    assert damage.value.exit_code == 2
    assert "orchestrator run" in damage.value.hint
    journal.close()

    again = open_journal(path)
    assert again.repaired.startswith("state.db was damaged; it was moved to state.db.damaged-1")
    assert again.unwritten() == ()
    again.close()
    once_more = open_journal(path)
    assert once_more.repaired == ""
    once_more.close()


def test_what_was_written_is_read_whatever_kind_of_number_it_was(tmp_path):
    fill(tmp_path / "state.db")
    journal = open_journal(tmp_path / "state.db")
    assert journal.runs()[0] == RunRecord(id="run-2", pid=8, started=4.0, ended=5.0, exit_code=1)
    assert len(answers(journal)["attempts"]) == 30
    journal.close()


def test_a_journal_opened_to_read_leaves_no_damage_mark(tmp_path):
    path = tmp_path / "state.db"
    fill(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE transitions SET after = 'done'")
    journal = open_journal_to_read(path)
    with pytest.raises(StorageError, match="is damaged"):
        journal.unwritten()
    journal.close()
    assert not list(tmp_path.glob("*.suspect"))


def test_a_damage_mark_of_a_sound_file_is_removed(tmp_path):
    path = tmp_path / "state.db"
    fill(path)
    (tmp_path / "state.db.suspect").touch()
    journal = open_journal(path)
    assert (journal.repaired, len(journal.runs())) == ("", 2)
    journal.close()
    assert not (tmp_path / "state.db.suspect").exists()


def test_a_database_that_lost_its_version_is_moved_aside(tmp_path):
    path = tmp_path / "state.db"
    fill(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 0")
    journal = open_journal(path)
    assert "was damaged" in journal.repaired
    journal.close()


def test_rows_of_an_older_version_count_without_a_checksum(tmp_path):
    path = tmp_path / "state.db"
    fill(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in ("runs", "attempts", "outcomes", "transitions", "state"):
            connection.execute(f"UPDATE {table} SET checked = NULL")
    journal = open_journal(path)
    assert len(answers(journal)["attempts"]) == 30
    journal.close()


def test_flipped_bytes_are_never_read_as_other_values(tmp_path):
    """Of what steers a run every answer is the true one, a part of it (rows that are gone), or an error of ours."""
    path = tmp_path / "state.db"
    fill(path)
    whole = path.read_bytes()
    journal = open_journal(path)
    truth = answers(journal)
    journal.close()
    dice = random.Random(4711)
    noticed = 0
    for number in range(150):
        place = tmp_path / f"n{number}"
        place.mkdir()
        flipped = bytearray(whole)
        for _ in range(dice.choice((1, 1, 2, 8))):
            flipped[dice.randrange(len(flipped))] ^= 1 << dice.randrange(8)
        (place / "state.db").write_bytes(flipped)
        try:
            journal = open_journal(place / "state.db")
        except StorageError:
            noticed += 1
            continue
        noticed += bool(journal.repaired)
        with suppress(StorageError):
            done = {each.task_id for each in journal.unwritten() if each.after is Status.DONE}
            assert done <= {each.task_id for each in truth["unwritten"] if each.after is Status.DONE}, f"flip {number}"
        with suppress(StorageError):
            assert {each for each in journal.attempts() if each.outcome is not None} <= set(truth["attempts"]), f"flip {number}"
        for name in READS:
            try:
                getattr(journal, name)()
            except StorageError:
                noticed += 1
        try:
            journal.close()
        except StorageError:
            noticed += 1
    assert noticed > 30
