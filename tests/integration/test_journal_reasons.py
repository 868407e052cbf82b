"""Reasons, tokens and money in ``state.db``: rows of before there were codes, and codes of a newer version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.adapters.state_db import migrations, open_journal, open_journal_to_read, rows
from core.domain.runs.attempt import Attempt
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Status
from core.errors import StorageError

WORDS = "check failed: make tëst: exit 2"
OUTCOME = ("failed_verify", WORDS, 2, 1.5, 0.5, 1024, 2.0, "logs/a.log", "ab" * 32, 0)
TRANSITION = ("r1", "a", "in_progress", "failed", 3.0, WORDS)


@contextmanager
def previous_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Inside, the journal is the one of before there were codes."""
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "JOURNAL", replace(migrations.JOURNAL, steps=migrations.JOURNAL.steps[:2]))
        yield


def write(path: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement, values)


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with an attempt and a transition as the previous version wrote them."""
    path = tmp_path / "state.db"
    with previous_version(monkeypatch):
        journal = open_journal(path)
        journal.begin_attempt(Attempt(run_id="r1", task_id="a", number=1, started=1.0, log="logs/a.log"))
        journal.close()
    places = ", ".join("?" * (len(OUTCOME) + 2))
    write(path, f"INSERT INTO outcomes VALUES ({places})", values=(1, *OUTCOME, rows.sum_of(1, "r1", "a", 1, *OUTCOME)))
    write(path, "INSERT INTO transitions VALUES (1, ?, ?, ?, ?, ?, ?, ?)", values=(*TRANSITION, rows.sum_of(*TRANSITION)))
    return path


def test_an_older_database_keeps_its_words_and_takes_codes_from_then_on(old):
    journal = open_journal(old)
    journal.record("r2", "a", Status.FAILED, Status.PENDING, 4.0, Code.RETRY_FAILED.of())

    assert journal.repaired == ""
    assert [str(change.reason) for change in journal.transitions("a")] == ["--retry-failed", WORDS]
    (attempt,) = journal.attempts("a")
    assert str(attempt.outcome.reason) == WORDS
    assert attempt.outcome.usage == Usage(seconds=1.5, cpu=0.5, peak_memory=1024, units=2.0)
    journal.close()
    assert (old.parent / "state.db.v3.bak").exists()


@pytest.mark.parametrize(
    ("forgery", "read"),
    [
        ("UPDATE transitions SET reason = 'exit 0' WHERE seq = 1", "unwritten"),
        ("UPDATE transitions SET code = 'text', reason = '[]' WHERE seq = 1", "unwritten"),
        ("UPDATE transitions SET code = NULL WHERE seq = 2", "unwritten"),
        ("UPDATE transitions SET code = 'killed' WHERE seq = 2", "unwritten"),
        ("UPDATE transitions SET reason = '[0]' WHERE seq = 2", "unwritten"),
        ("UPDATE outcomes SET reason = 'exit 0' WHERE attempt = 1", "attempts"),
        ("UPDATE outcomes SET tokens = 0 WHERE attempt = 1", "attempts"),
        ("UPDATE outcomes SET code = NULL, tokens = NULL, money = NULL WHERE attempt = 2", "attempts"),
        ("UPDATE outcomes SET code = NULL WHERE attempt = 2", "attempts"),
        ("UPDATE outcomes SET tokens = tokens + 1 WHERE attempt = 2", "attempts"),
        ("UPDATE outcomes SET money = 0.0 WHERE attempt = 2", "attempts"),
        ("UPDATE transitions SET checked = NULL, reason = 'no JSON' WHERE seq = 2", "unwritten"),
        ("UPDATE transitions SET checked = NULL, reason = '[[[]]]' WHERE seq = 2", "unwritten"),
        ("UPDATE outcomes SET checked = NULL, reason = '{' WHERE attempt = 2", "attempts"),
    ],
)
def test_a_reason_or_usage_that_changed_is_noticed_in_rows_of_both_versions(old, forgery, read):
    journal = open_journal(old)
    journal.record("r2", "a", Status.FAILED, Status.PENDING, 4.0, Code.EXIT.of(2))
    outcome = Outcome(ending=Ending.FAILED, reason=Code.EXIT.of(2), usage=Usage(tokens=7, money=0.5))
    second = Attempt(run_id="r2", task_id="a", number=2, started=5.0)
    journal.begin_attempt(second)
    journal.end_attempt(second.with_outcome(outcome))
    assert (len(journal.unwritten()), len(journal.attempts())) == (2, 2)
    journal.close()
    write(old, forgery)

    journal = open_journal(old)
    with pytest.raises(StorageError, match=r"state\.db is damaged: a row of"):
        getattr(journal, read)()
    journal.close()


def test_the_previous_version_refuses_a_database_with_codes_and_leaves_it_alone(old, monkeypatch):
    open_journal(old).close()
    before = old.read_bytes()
    with previous_version(monkeypatch):
        for opener in (open_journal, open_journal_to_read):
            with pytest.raises(StorageError, match=r"newer orchestrator \(journal version \d, this one knows 2\)"):
                opener(old)

    assert old.read_bytes() == before


def test_a_code_that_a_newer_version_wrote_is_shown_with_its_values(tmp_path):
    path = tmp_path / "state.db"
    open_journal(path).close()
    values = ("r1", "a", "pending", "done", 1.0, '["full", 3]', "moon_phase")
    write(
        path,
        "INSERT INTO transitions (run_id, task_id, before, after, at, reason, code, checked) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        values=(*values, rows.sum_of(*values)),
    )

    journal = open_journal(path)
    assert [str(change.reason) for change in journal.transitions("a")] == ["moon phase: full, 3"]
    journal.close()
