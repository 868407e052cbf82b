"""The port StateStore, and the transaction that spans it and the other ports of the journal."""

from __future__ import annotations

import pytest

from core.domain.runs.attempt import Attempt
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Status

ATTEMPT = Attempt(run_id="r1", task_id="a", number=1, started=101.0, log="logs/a-1.log")


def test_state_comes_back_as_saved(journal):
    assert journal.load_state("reflect") is None
    journal.save_state("reflect", {"cancelled": ["a"], "ü": 1.5})
    journal.save_state("other", [])

    assert journal.load_state("reflect") == {"cancelled": ["a"], "ü": 1.5}
    assert journal.load_state("other") == []


def test_a_transaction_records_all_or_nothing(journal):
    with pytest.raises(RuntimeError), journal.transaction():
        journal.begin_attempt(ATTEMPT)
        journal.record("r1", "a", Status.PENDING, Status.IN_PROGRESS, 1.0, Code.ATTEMPT_STARTED.of(1))
        journal.save_state("kept", 1)
        raise RuntimeError

    assert journal.open_attempts() == ()
    assert journal.unwritten() == ()
    assert journal.load_state("kept") is None

    with journal.transaction():
        journal.begin_attempt(ATTEMPT)
        journal.record("r1", "a", Status.PENDING, Status.IN_PROGRESS, 1.0, Code.ATTEMPT_STARTED.of(1))
        journal.save_state("kept", 1)
    assert journal.load_state("kept") == 1
    assert len(journal.open_attempts()) == len(journal.unwritten()) == 1
