"""What happened before: ``orchestrator history``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.domain.runs.attempt import Attempt, RunRecord, Transition
from core.domain.runs.exit_code import ExitCode
from core.domain.runs.outcome import Ending, Outcome
from core.domain.runs.reasons import words
from core.reports.text.columns import Cell, Column, Paint, one_line, table
from core.reports.text.style import Style
from core.reports.text.wording import amount, moment, seconds

_RUNS = (
    Column(title="started"),
    Column(title="took", right=True),
    Column(title="exit", right=True),
    Column(title="run"),
    Column(title="", elastic=True),
)
_ATTEMPTS = (
    Column(title="started"),
    Column(title="took", right=True),
    Column(title="task", most=32),
    Column(title="attempt", right=True),
    Column(title="ended"),
    Column(title="cost", right=True),
    Column(title="log", elastic=True),
)
_CHANGES = (Column(title="at"), Column(title="from"), Column(title="to"), Column(title="why", elastic=True))

_WORDS: Mapping[int, str] = {
    ExitCode.OK: "nothing failed",
    ExitCode.FAILED: "a task failed",
    ExitCode.BUDGET: "the budget ended",
    ExitCode.HANGUP: "its terminal was closed",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "terminated",
}

BROKE_OFF_WORDS = "killed or broken off"


def runs_text(runs: Sequence[RunRecord], live_run: str, style: Style) -> str:
    """Return one line a run, in the order given; ``live_run`` is the id of the one that is alive, if one is."""
    if not runs:
        return "no runs yet\n"
    return table(_RUNS, [_run(run, live_run, style) for run in runs], width=style.width, title=style.dim)


def attempts_text(attempts: Sequence[Attempt], live_run: str, style: Style) -> str:
    """Return one line an attempt, in the order given."""
    if not attempts:
        return "no attempts yet\n"
    return table(_ATTEMPTS, [_attempt(attempt, live_run, style) for attempt in attempts], width=style.width, title=style.dim)


def transitions_text(transitions: Sequence[Transition], style: Style) -> str:
    """Return one line a change of status, in the order given; nothing where there is none."""
    rows = [
        [
            Cell(text=moment(change.at), paint=style.dim),
            Cell(text=change.before.value.replace("_", " ")),
            Cell(text=change.after.value.replace("_", " ")),
            Cell(text=one_line(words(change.reason)), paint=style.dim),
        ]
        for change in transitions
    ]
    return table(_CHANGES, rows, width=style.width, title=style.dim) if rows else ""


def run_json(run: RunRecord, live_run: str) -> dict[str, Any]:
    """Return a run as JSON values; times are Unix seconds. One that is not live and has no end was killed or broke off."""
    ended, exit_code = (None, None) if run.broke_off else (run.ended, run.exit_code)
    return {"id": run.id, "pid": run.pid, "started": run.started, "ended": ended, "exit_code": exit_code, "live": run.id == live_run}


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt as JSON values; times in seconds, memory in bytes."""
    outcome = attempt.outcome
    return {
        "run": attempt.run_id,
        "task": attempt.task_id,
        "attempt": attempt.number,
        "started": attempt.started,
        "log": attempt.log,
        "ending": outcome.ending.value if outcome is not None else None,
        "reason": words(outcome.reason) if outcome is not None else None,
        "exit_code": outcome.exit_code if outcome is not None else None,
        "duration": outcome.usage.seconds if outcome is not None else None,
        "cpu": outcome.usage.cpu if outcome is not None else None,
        "peak_memory": outcome.usage.peak_memory if outcome is not None else None,
        "cost": outcome.usage.units if outcome is not None else None,
        "verified": outcome.verified if outcome is not None else None,
        "log_digest": outcome.log_digest if outcome is not None else None,
    }


def transition_json(change: Transition) -> dict[str, Any]:
    """Return a change of status as JSON values."""
    return {
        "seq": change.seq,
        "run": change.run_id,
        "at": change.at,
        "before": change.before.value,
        "after": change.after.value,
        "reason": words(change.reason),
    }


def _run(run: RunRecord, live_run: str, style: Style) -> list[Cell]:
    took, code, words = "", "", BROKE_OFF_WORDS
    paint: Paint = style.warn
    if run.id == live_run:
        words = "running"
        paint = style.busy
    elif run.ended is not None and run.exit_code is not None and not run.broke_off:
        took, code, words = seconds(run.ended - run.started), str(run.exit_code), _WORDS.get(run.exit_code, "")
        paint = style.good if run.exit_code == ExitCode.OK else style.bad if run.exit_code == ExitCode.FAILED else style.warn
    return [
        Cell(text=moment(run.started)),
        Cell(text=took),
        Cell(text=code, paint=paint),
        Cell(text=run.id, paint=style.dim),
        Cell(text=words, paint=paint),
    ]


def _attempt(attempt: Attempt, live_run: str, style: Style) -> list[Cell]:
    outcome = attempt.outcome
    words, paint = _how_far(attempt, live_run, style) if outcome is None else (ended(outcome), _paint(outcome.ending, style))
    return [
        Cell(text=moment(attempt.started)),
        Cell(text=seconds(outcome.usage.seconds) if outcome is not None else ""),
        Cell(text=one_line(attempt.task_id), paint=style.bold),
        Cell(text=str(attempt.number)),
        Cell(text=words, paint=paint),
        Cell(text=amount(outcome.usage.units) if outcome is not None else ""),
        Cell(text=attempt.log, paint=style.dim),
    ]


def _how_far(attempt: Attempt, live_run: str, style: Style) -> tuple[str, Paint]:
    return ("running", style.busy) if attempt.run_id == live_run else ("interrupted: its run died", style.warn)


def ended(outcome: Outcome) -> str:
    """Return how an attempt ended, and why where it did not succeed."""
    if outcome.succeeded:
        return "succeeded" if outcome.verified else "succeeded (unverified)"
    word = outcome.ending.value.replace("_", " ")
    reason = one_line(words(outcome.reason))
    return reason if reason.startswith(word) else f"{word}: {reason}"


def _paint(ending: Ending, style: Style) -> Paint:
    if ending is Ending.SUCCEEDED:
        return style.good
    return style.warn if ending is Ending.INTERRUPTED else style.bad


def took(outcome: Outcome) -> str:
    """Return `` after 2.0s``, to stand behind a reason; nothing where the reason says how long it was."""
    return "" if outcome.ending is Ending.TIMED_OUT else f" after {seconds(outcome.usage.seconds)}"
