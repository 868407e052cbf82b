"""The open database and its files: what cannot be looked at is no removal."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from core.adapters.state_db import held_files, open_journal
from core.domain.runs.attempt import Attempt
from core.errors import StorageError


def test_a_disk_that_does_not_answer_costs_nothing_of_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state" / "state.db"
    journal = open_journal(path)
    attempt = Attempt(run_id="r", task_id="a", number=1, started=1.0)
    journal.begin_attempt(attempt)
    plain = os.lstat

    def refusing(place: Path) -> os.stat_result:
        if Path(place) == path:
            raise OSError(errno.EIO, os.strerror(errno.EIO), place)
        return plain(place)

    with monkeypatch.context() as patched:
        patched.setattr(held_files.os, "lstat", refusing)
        with pytest.raises(StorageError, match="Input/output error"):
            journal.check(now=True)
    # Killed there: what was written is in the log beside the database.
    again = open_journal(path)
    assert again.open_attempts() == (attempt,)
    again.close()
    journal.close()


def test_a_database_that_is_there_again_keeps_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state" / "state.db"
    journal = open_journal(path)
    attempt = Attempt(run_id="r", task_id="a", number=1, started=1.0)
    journal.begin_attempt(attempt)
    with monkeypatch.context() as patched:
        patched.setattr(held_files, "_look_at", lambda place: None if place == path else os.lstat(place))
        with pytest.raises(StorageError, match="replaced during the run"):
            journal.check(now=True)

    again = open_journal(path)
    assert again.open_attempts() == (attempt,)
    again.close()
    journal.close()
