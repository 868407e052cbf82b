"""State databases of every released schema, as SQL text, and what an orchestrator reads out of them.

    python tests/faults/state_versions.py [make]

``make`` writes the fixture of today's schema; run it once, with the release that brings a new one. A fixture never changes.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from core.adapters.state_db import open_journal
from core.adapters.state_db.migrations import FORMAT, JOURNAL, total
from core.domain.runs.attempt import Attempt, RunRecord, Transition
from core.domain.runs.check_result import CheckResult
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code, words
from core.domain.tasks.task import Status

FIXTURES = Path(__file__).with_name("state")
#: Version of today's schema.
VERSION = total({JOURNAL.component: JOURNAL.version})


def build(version: int, path: Path) -> None:
    """Make the database of a fixture at ``path``."""
    connection = sqlite3.connect(path)
    connection.executescript((FIXTURES / f"version_{version}.sql").read_text(encoding="utf-8"))
    connection.close()


def export(path: Path) -> str:
    """Return everything that the journal at ``path`` answers, as JSON in one order."""
    journal = open_journal(path)
    tasks = sorted(journal.attempt_counts())
    said = {
        "runs": [asdict(run) for run in journal.runs()],
        "dead runs": [run.id for run in journal.dead_runs()],
        "attempts": [_said(attempt) for attempt in journal.attempts()],
        "open attempts": [_said(attempt) for attempt in journal.open_attempts()],
        "transitions": {task: [_changed(each) for each in journal.transitions(task)] for task in tasks},
        "unwritten": [_changed(each) for each in journal.unwritten()],
        "counts": dict(journal.attempt_counts()),
        "durations": dict(journal.durations()),
        "verified": sorted(journal.verified()),
        "state": journal.load_state("kept"),
        "repaired": journal.repaired,
        **({"checks": {task: list(map(asdict, each)) for task, each in results.items()}} if (results := journal.check_results()) else {}),
    }
    journal.close()
    return json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _changed(transition: Transition) -> dict[str, object]:
    return {**asdict(transition), "reason": words(transition.reason)}


def _said(attempt: Attempt) -> dict[str, object]:
    """Return an attempt with the names that the fixtures have for what it used."""
    said = asdict(attempt)
    if attempt.outcome is not None:
        usage = said["outcome"].pop("usage")
        del said["outcome"]["checks"]  # of the run alone: not journalled
        known = {"duration": usage["seconds"], "cpu": usage["cpu"], "peak_memory": usage["peak_memory"], "cost": usage["units"]}
        spent = {"tokens": usage["tokens"], "money": usage["money"]} if usage["tokens"] or usage["money"] else {}
        said["outcome"].update(known, reason=words(attempt.outcome.reason), **spent)
    return said


def make() -> None:
    """Write the fixture of today's schema."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "state.db")
        _fill(path)
        connection = sqlite3.connect(path)
        text = "".join(f"{line}\n" for line in connection.iterdump()) + f"PRAGMA user_version = {FORMAT};\n"
        connection.close()
        (FIXTURES / f"version_{VERSION}.sql").write_text(text, encoding="utf-8")
        (FIXTURES / f"version_{VERSION}.json").write_text(export(path), encoding="utf-8")


def _fill(path: Path) -> None:
    """Record one run that ended and one that died, with every ending, every status, and text of every kind."""
    journal = open_journal(path)
    journal.begin_run(RunRecord(id="run-1", pid=11, started=1000.5))
    journal.begin_run(RunRecord(id="run-2", pid=12, started=2000.25))
    for number, ending in enumerate(Ending):
        task = f"täsk/{number} 'quoted'"
        attempt = Attempt(run_id="run-1", task_id=task, number=1, started=1001.0 + number, log=f"logs/task-{number}.log")
        journal.begin_attempt(attempt)
        seq = journal.record("run-1", task, Status.PENDING, Status.IN_PROGRESS, 1001.0 + number, Code.ATTEMPT_STARTED.of(1))
        outcome = Outcome(
            ending=ending,
            reason=Code.CHECK_FAILED.of(f"because\nof {number}").followed_by(Code.KILLED.of(number)),
            exit_code=None if number % 2 else number,
            usage=Usage(seconds=0.125 * (number + 1), cpu=0.0625, peak_memory=2**40 + number, units=1.5, tokens=1200 + number, money=0.25),
            log=attempt.log,
            log_digest="ab" * 32,
            verified=ending is Ending.SUCCEEDED,
        )
        journal.end_attempt(Attempt(**{**_fields(attempt), "outcome": outcome}))
        journal.record("run-1", task, Status.IN_PROGRESS, list(Status)[number % len(Status)], 1002.0 + number, Code.TIMED_OUT.of(2.5))
    for passed in (True, False):
        digest = "cd" * 32 * passed
        journal.record_check(CheckResult(task_id="tests: ü", run_id="run-1", attempt=2, at=1400.5, passed=passed, digest=digest))
    journal.mark_written(seq)
    journal.save_state("kept", {"list": [1, 2.5, None, True, "ä"], "empty": {}})
    journal.end_run("run-1", 1500.0, 1)
    journal.begin_attempt(Attempt(run_id="run-2", task_id="open", number=3, started=2001.0, log=""))
    journal.close()


def _fields(attempt: Attempt) -> dict[str, object]:
    return {"run_id": attempt.run_id, "task_id": attempt.task_id, "number": attempt.number, "started": attempt.started, "log": attempt.log}


if __name__ == "__main__":
    if sys.argv[1:] == ["make"]:
        make()
    else:
        print(*sorted(fixture.name for fixture in FIXTURES.iterdir()), sep="\n")
