"""What the verify commands of tasks came to: a line for each, the failures with the ends of their logs, the counts; and as JSON."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from core.domain.runs.reasons import words
from core.domain.runs.verified import Verified
from core.domain.tasks.task import Task
from core.reports.run.event_line import task_head, task_line
from core.reports.run.run_summary import Tail
from core.reports.text.columns import Cell, Column, one_line, table
from core.reports.text.style import Style
from core.reports.text.wording import count, seconds


def verified_line(verified: Verified, style: Style) -> str:
    """Return one line for a task whose verify commands have ended."""
    notes = "" if verified.holds else f": {one_line(words(verified.outcome.reason))}"
    sign = style.good("✓") if verified.holds else style.bad("✗") if verified.no_longer_holds else style.warn("○")
    time = seconds(verified.outcome.usage.seconds)
    painted = style.bad(notes) if verified.no_longer_holds else style.warn(notes)
    return task_line(sign, time, verified.task.id, verified.task.description, notes, style) + painted + "\n"


def verify_text(results: Sequence[Verified], failing: Collection[str], reopened: Collection[str], style: Style, tail: Tail) -> str:
    """Return the summary; ``failing`` are the ids of those that make the command fail, in full with the ends of their logs."""
    if not results:
        return "no task has a verify command\n"
    parts = [_failure(verified, style, tail) for verified in results if verified.task.id in failing]
    return "\n".join([*([""] if parts else []), *parts, _counts(results, style) + _next_step(results, reopened, style)])


def _failure(verified: Verified, style: Style, tail: Tail) -> str:
    task, outcome = verified.task, verified.outcome
    lines = [task_head(task.id, task.description, style)]
    lines.append(f"  {style.bad(f'{_word(verified)}: {one_line(words(outcome.reason))}')}\n")
    if outcome.log:
        lines += [f"  {style.dim('│')} {line}\n" for line in tail(outcome.log)]
        lines.append(f"  {style.dim(outcome.log)}\n")
    return "".join(lines)


def _word(verified: Verified) -> str:
    if verified.interrupted:
        return "interrupted"
    return "holds" if verified.holds else "no longer holds" if verified.no_longer_holds else "does not hold yet"


_PLURALS = {"holds": "hold", "no longer holds": "no longer hold", "does not hold yet": "do not hold yet", "interrupted": "interrupted"}


def _counts(results: Sequence[Verified], style: Style) -> str:
    found = [_word(verified) for verified in results]
    paints = {"holds": style.good, "no longer holds": style.bad}
    counted = [
        paints.get(word, style.warn)(f"{found.count(word):,} {word if found.count(word) == 1 else plural}")
        for word, plural in _PLURALS.items()
        if word in found
    ]
    return f"{', '.join(counted)}\n"


def _next_step(results: Sequence[Verified], reopened: Collection[str], style: Style) -> str:
    if reopened:
        return f"{count(len(reopened), 'task')} pending again: {', '.join(map(one_line, reopened))}\n"
    if any(verified.no_longer_holds for verified in results):
        return f"  orchestrator verify --reopen  {style.dim('make pending again what no longer holds')}\n"
    return ""


def verify_json(results: Sequence[Verified], reopened: Collection[str], exit_code: int) -> dict[str, Any]:
    """Return the same for a program; times are seconds, ``status`` is what a task had before."""
    return {
        "results": [_result_json(verified) for verified in results],
        "no_longer_holds": [verified.task.id for verified in results if verified.no_longer_holds],
        "reopened": list(reopened),
        "exit_code": exit_code,
    }


def _result_json(verified: Verified) -> dict[str, Any]:
    outcome = verified.outcome
    return {
        "id": verified.task.id,
        "description": verified.task.description,
        "status": verified.task.status.value,
        "holds": None if verified.interrupted else verified.holds,
        "reason": words(outcome.reason),
        "exit_code": outcome.exit_code,
        "duration": outcome.usage.seconds,
        "log": outcome.log,
    }


def verify_list(tasks: Sequence[Task], style: Style) -> str:
    """Return the commands that would run, one a line."""
    rows = [
        [Cell(text=one_line(task.id), paint=style.bold), Cell(text=task.status.value.replace("_", " ")), Cell(text=one_line(command))]
        for task in tasks
        for command in task.verify
    ]
    columns = [Column(title=""), Column(title=""), Column(title="", elastic=True)]
    return table(columns, rows, width=style.width, title=None) if rows else "no task has a verify command\n"


def verify_list_json(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """Return the tasks whose verify commands would run."""
    return [{"id": task.id, "status": task.status.value, "verify": list(task.verify), "cwd": task.cwd} for task in tasks]
