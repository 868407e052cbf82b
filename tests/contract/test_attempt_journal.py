"""The port AttemptJournal: attempts, their outcomes, and what earlier ones say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.domain.runs.attempt import Attempt
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code


def attempt(task_id="a", number=1, run_id="r1", ending=None, duration=1.0, verified=False):
    begun = Attempt(run_id=run_id, task_id=task_id, number=number, started=100.0 + number, log=f"logs/{task_id}-{number}.log")
    if ending is None:
        return begun
    outcome = Outcome(
        ending=ending,
        reason=Code.TEXT.of("because"),
        exit_code=0,
        usage=Usage(seconds=duration, cpu=0.5, peak_memory=1024, units=2.0),
        log=begun.log,
    )
    return replace(begun, outcome=replace(outcome, log_digest="ab" * 32, verified=verified))


def play(journal, *attempts):
    for one in attempts:
        journal.begin_attempt(replace(one, outcome=None))
        if one.outcome is not None:
            journal.end_attempt(one)


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


def test_tokens_money_and_the_reason_are_recorded(journal):
    ended = attempt(ending=Ending.SUCCEEDED)
    spent = replace(ended.outcome.usage, tokens=1200, money=0.25)
    reason = Code.CHECKS_PASSED.of().followed_by(Code.LEFT_BEHIND.of(2))
    ended = replace(ended, outcome=replace(ended.outcome, usage=spent, reason=reason))
    play(journal, ended)

    assert journal.attempts("a") == (ended,)


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
