"""A dead run is reported at least once, even when the run that finds it is killed."""

from __future__ import annotations

import pytest

from core.domain.runs.attempt import Attempt, Recovery, RunRecord
from core.domain.tasks.task import Task
from core.memory import Memory
from core.testing.clock import VirtualClock
from core.testing.journal import InMemoryJournal
from core.testing.task_file import InMemoryTaskFile


class Killed(BaseException):
    """kill -9."""


def _memory(journal: InMemoryJournal, run_id: str) -> Memory:
    memory = Memory(
        file=InMemoryTaskFile([Task(id="a", description="a", command="true")]), journal=journal, clock=VirtualClock(), run_id=run_id
    )
    memory.load_tasks()
    journal.begin_run(RunRecord(id=run_id, pid=1, started=0.0))
    return memory


def test_a_run_killed_while_it_reports_a_recovery_leaves_the_report_to_the_next() -> None:
    journal = InMemoryJournal()
    _memory(journal, "dead").begin_attempt(Attempt(run_id="dead", task_id="a", number=1, started=0.0), in_progress=True)

    def dies(recovery: Recovery) -> None:
        raise Killed(recovery)

    with pytest.raises(Killed):
        _memory(journal, "killed").recover(dies)
    reported: list[Recovery] = []
    _memory(journal, "third").recover(reported.append)

    assert {recovery.run.id: [attempt.task_id for attempt in recovery.interrupted] for recovery in reported} == {
        "dead": ["a"],
        "killed": [],
    }
    assert [run.id for run in journal.dead_runs()] == ["third"]


def test_a_recovery_that_was_recorded_is_reported_once() -> None:
    journal = InMemoryJournal()
    _memory(journal, "dead")
    reported: list[Recovery] = []
    _memory(journal, "second").recover(reported.append)
    _memory(journal, "third").recover(reported.append)

    assert [recovery.run.id for recovery in reported] == ["dead", "second"]
