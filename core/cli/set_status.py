"""``orchestrator done | reset | cancel``: give tasks a status."""

from __future__ import annotations

from collections.abc import Sequence

from core.assembly.backlog import open_backlog_to_edit
from core.assembly.container import Session
from core.cli.options import TaskIds
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Status
from core.terminal.options import Directory, DryRun, Json, TasksFile


def done(
    session: Session,
    task_ids: TaskIds,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Mark tasks as done."""
    return _set_status(session, task_ids, Status.DONE, Code.MARKED_DONE, directory, tasks_file, dry_run=dry_run, json=json)


def reset(
    session: Session,
    task_ids: TaskIds,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Put tasks back to pending."""
    return _set_status(session, task_ids, Status.PENDING, Code.RESET, directory, tasks_file, dry_run=dry_run, json=json)


def cancel(
    session: Session,
    task_ids: TaskIds,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Take tasks off the list."""
    return _set_status(session, task_ids, Status.CANCELLED, Code.CANCELLED, directory, tasks_file, dry_run=dry_run, json=json)


def _set_status(
    session: Session,
    ids: Sequence[str],
    status: Status,
    code: Code,
    directory: str,
    tasks_file: str | None,
    *,
    dry_run: bool,
    json: bool,
) -> int:
    """Give tasks a status and print what changed. Raises UsageError for an unknown id; then nothing has changed."""
    from core.manual_edits import set_statuses

    container, wanted = session.open(directory, tasks_file=tasks_file), list(dict.fromkeys(ids))
    if dry_run:
        from core.assembly.in_memory import open_trial

        with open_trial(container) as (memory, diff):
            set_statuses(memory, wanted, status, code.of())
            return session.console.say_json({"diff": diff()}) if json else session.console.say(diff())
    with open_backlog_to_edit(container) as memory:
        changes = set_statuses(memory, wanted, status, code.of())
    if json:
        return session.console.say_json(
            [{"id": change.task_id, "before": change.before.value, "after": change.after.value} for change in changes]
        )
    lines = (
        f"{change.task_id}: {change.before} → {change.after}"
        if change.before is not change.after
        else f"{change.task_id}: {change.after} already"
        for change in changes
    )
    return session.console.say("".join(f"{line}\n" for line in lines))
