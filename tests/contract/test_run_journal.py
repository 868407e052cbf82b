"""The port RunJournal: runs and transitions."""

from __future__ import annotations

from core.domain.runs.attempt import RunRecord
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Status


def test_a_run_without_an_end_is_dead(journal):
    journal.begin_run(RunRecord(id="r1", pid=7, started=1.0))
    journal.begin_run(RunRecord(id="r2", pid=8, started=2.0))
    journal.end_run("r1", 3.0, 0)

    assert journal.dead_runs() == (RunRecord(id="r2", pid=8, started=2.0),)
    assert journal.runs() == (RunRecord(id="r2", pid=8, started=2.0), RunRecord(id="r1", pid=7, started=1.0, ended=3.0, exit_code=0))


def test_transitions_stay_unwritten_until_the_file_shows_them(journal):
    first = journal.record("r1", "a", Status.PENDING, Status.IN_PROGRESS, 1.0, Code.ATTEMPT_STARTED.of(1))
    second = journal.record("r1", "a", Status.IN_PROGRESS, Status.DONE, 2.0, Code.EXIT.of(0))
    assert second > first
    assert [transition.after for transition in journal.unwritten()] == [Status.IN_PROGRESS, Status.DONE]

    journal.mark_written(first)
    assert [transition.seq for transition in journal.unwritten()] == [second]

    journal.mark_written(second)
    journal.mark_written(first)
    assert journal.unwritten() == ()
    assert [str(transition.reason) for transition in journal.transitions("a")] == ["exit 0", "attempt 1 started"]


def test_a_reason_comes_back_with_its_code_and_values(journal):
    reason = Code.CHECK_FAILED.of('make "tëst"\n\udc80').followed_by(Code.EXIT.of(2)).followed_by(Code.NEXT_ATTEMPT.of(0.5))
    journal.record("r1", "a", Status.IN_PROGRESS, Status.PENDING, 1.0, reason)

    assert [transition.reason for transition in journal.transitions("a")] == [reason]
