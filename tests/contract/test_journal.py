"""The port Journal: twin and SQLite adapter keep the same promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.adapters.state_db import open_journal
from core.domain.runs.attempt import Attempt, RunRecord
from core.domain.runs.outcome import Ending, Outcome
from core.domain.tasks.status import Status
from core.testing.journal import InMemoryJournal


@pytest.fixture(params=["twin", "sqlite"])
def journal(request, tmp_path):
    opened = InMemoryJournal() if request.param == "twin" else open_journal(tmp_path / "state" / "state.db")
    yield opened
    opened.close()


def attempt(task_id="a", number=1, run_id="r1", ending=None, duration=1.0, verified=False):
    begun = Attempt(run_id=run_id, task_id=task_id, number=number, started=100.0 + number, log=f"logs/{task_id}-{number}.log")
    if ending is None:
        return begun
    outcome = Outcome(ending=ending, reason="because", exit_code=0, duration=duration, cpu=0.5, peak_memory=1024, cost=2.0, log=begun.log)
    return replace(begun, outcome=replace(outcome, log_digest="ab" * 32, verified=verified))


def play(journal, *attempts):
    for one in attempts:
        journal.begin_attempt(replace(one, outcome=None))
        if one.outcome is not None:
            journal.end_attempt(one)


def test_a_run_without_an_end_is_dead(journal):
    journal.begin_run(RunRecord(id="r1", pid=7, started=1.0))
    journal.begin_run(RunRecord(id="r2", pid=8, started=2.0))
    journal.end_run("r1", 3.0, 0)

    assert journal.dead_runs() == (RunRecord(id="r2", pid=8, started=2.0),)
    assert journal.runs() == (RunRecord(id="r2", pid=8, started=2.0), RunRecord(id="r1", pid=7, started=1.0, ended=3.0, exit_code=0))


def test_an_attempt_is_open_until_its_end_is_recorded(journal):
    begun, ended = attempt(), attempt(ending=Ending.FAILED)
    journal.begin_attempt(begun)
    assert journal.open_attempts() == (begun,)

    journal.end_attempt(ended)
    assert journal.open_attempts() == ()
    assert journal.attempts("a") == (ended,)


def test_an_attempt_cannot_end_without_an_outcome(journal):
    with pytest.raises(ValueError, match="outcome"):
        journal.end_attempt(attempt())


def test_attempts_come_newest_first_and_by_task(journal):
    play(journal, attempt("a", 1, ending=Ending.FAILED), attempt("b", 1), attempt("a", 2))

    assert [(one.task_id, one.number) for one in journal.attempts()] == [("a", 2), ("b", 1), ("a", 1)]
    assert [one.number for one in journal.attempts("a", limit=1)] == [2]
    assert dict(journal.attempt_counts()) == {"a": 2, "b": 1}


def test_the_expected_duration_is_the_mean_of_the_last_five_successes(journal):
    play(journal, *(attempt("a", n, ending=Ending.SUCCEEDED, duration=float(n)) for n in range(1, 8)))
    play(journal, attempt("a", 8, ending=Ending.FAILED, duration=99.0), attempt("b", 1, ending=Ending.TIMED_OUT))

    assert dict(journal.durations()) == {"a": 5.0}


def test_verified_is_what_the_last_attempt_was(journal):
    play(journal, attempt("a", 1, ending=Ending.SUCCEEDED, verified=True), attempt("b", 1, ending=Ending.SUCCEEDED, verified=True))
    play(journal, attempt("b", 2, ending=Ending.FAILED), attempt("c", 1, ending=Ending.SUCCEEDED))

    assert journal.verified() == {"a"}


def test_transitions_stay_unwritten_until_the_file_shows_them(journal):
    first = journal.record("r1", "a", Status.PENDING, Status.IN_PROGRESS, 1.0, "started")
    second = journal.record("r1", "a", Status.IN_PROGRESS, Status.DONE, 2.0, "exit 0")
    assert second > first
    assert [transition.after for transition in journal.unwritten()] == [Status.IN_PROGRESS, Status.DONE]

    journal.mark_written(first)
    assert [transition.seq for transition in journal.unwritten()] == [second]

    journal.mark_written(second)
    journal.mark_written(first)
    assert journal.unwritten() == ()
    assert [transition.reason for transition in journal.transitions("a")] == ["exit 0", "started"]


def test_a_transaction_records_all_or_nothing(journal):
    with pytest.raises(RuntimeError), journal.transaction():
        journal.begin_attempt(attempt())
        journal.record("r1", "a", Status.PENDING, Status.IN_PROGRESS, 1.0, "started")
        raise RuntimeError

    assert journal.open_attempts() == ()
    assert journal.unwritten() == ()

    with journal.transaction():
        journal.begin_attempt(attempt())
        journal.record("r1", "a", Status.PENDING, Status.IN_PROGRESS, 1.0, "started")
    assert len(journal.open_attempts()) == len(journal.unwritten()) == 1


def test_state_comes_back_as_saved(journal):
    assert journal.load_state("reflect") is None
    journal.save_state("reflect", {"cancelled": ["a"], "ü": 1.5})
    journal.save_state("other", [])

    assert journal.load_state("reflect") == {"cancelled": ["a"], "ü": 1.5}
    assert journal.load_state("other") == []
