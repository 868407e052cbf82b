"""A run as Markdown, for the page that GitHub shows above a job's log."""

from __future__ import annotations

from collections.abc import Iterable

from core.events import RunFinished, TaskFinished
from core.reports.run.progress import Progress
from core.reports.text.markdown_cell import markdown_cell
from core.reports.text.wording import amount, count, seconds

#: Rows of the table; the page has a limit of 1 MiB, and nobody reads on.
_ROWS = 200

_SIGNS = {"done": "✅", "failed": "❌", "cancelled": "➖"}


def step_summary(progress: Progress) -> str:
    """Return the page's text for a finished run; of one that has not finished, nothing."""
    run = progress.finished
    if run is None:
        return ""
    rows = [*_ended_rows(progress, run.failed), *_held_rows(progress)]
    shown = {*run.failed, *run.blocked, *run.waiting, *run.left}
    rows += _ended_rows(progress, (task_id for task_id in progress.ended if task_id not in shown))
    text = _heading(run, progress.started.budget if progress.started else None)
    if rows:
        text += "| | Task | Duration | Cost | |\n|---|---|---:|---:|---|\n" + "".join(rows[:_ROWS]) + "\n"
    if len(rows) > _ROWS:
        text += f"{count(len(rows) - _ROWS, 'task')} more.\n\n"
    return text


def _heading(run: RunFinished, budget: float | None) -> str:
    counts = ((run.done, "done"), (run.failed, "failed"), (run.blocked, "blocked"), (run.waiting, "waiting"), (run.left, "left"))
    told = ", ".join(f"{len(ids):,} {word}" for ids, word in counts if ids) or "nothing to do"
    cost = "" if budget is None else f", {amount(run.spent)} of {amount(budget)} spent"
    return f"### Orchestrator: {told} in {seconds(run.duration)}{cost}\n\n"


def _ended_rows(progress: Progress, ids: Iterable[str]) -> list[str]:
    return [_ended_row(progress.ended[task_id], progress.tries.get(task_id, 1)) for task_id in ids if task_id in progress.ended]


def _ended_row(event: TaskFinished, tries: int) -> str:
    outcome = event.outcome
    notes = [] if event.status == "done" else [event.reason]
    if tries > 1:
        notes.append(count(tries, "attempt"))
    if event.status == "done" and outcome is not None and not outcome.verified:
        notes.append("unverified")
    time, cost = (seconds(outcome.duration), amount(outcome.cost)) if outcome is not None else ("", "")
    return _row(_SIGNS.get(event.status, "⏸️"), event.task_id, event.description, time, cost, ", ".join(notes))


def _held_rows(progress: Progress) -> list[str]:
    run = progress.finished
    assert run is not None
    held = [(word, ids) for word, ids in (("blocked", run.blocked), ("waiting", run.waiting), ("left", run.left))]
    return [
        _row("⛔" if word == "blocked" else "⏸️", task_id, progress.descriptions.get(task_id, ""), "", "", f"{word}: {reason}")
        for word, ids in held
        for task_id, reason in ids.items()
    ]


def _row(sign: str, task_id: str, description: str, time: str, cost: str, notes: str) -> str:
    return f"| {sign} | **{markdown_cell(task_id)}** {markdown_cell(description)} | {time} | {cost} | {markdown_cell(notes)} |\n"
