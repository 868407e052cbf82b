"""What ``done``, ``reset`` and ``cancel`` have in common."""

from __future__ import annotations

from collections.abc import Sequence

from core.assembly.backlog import open_backlog_to_edit
from core.assembly.project import open_project
from core.cli.backlog_view import say, say_json
from core.domain.tasks.status import Status


def change_status(ids: Sequence[str], status: Status, reason: str, directory: str, tasks_file: str | None, *, json: bool) -> int:
    """Give tasks a status and print what changed. Raises UsageError for an unknown id; then nothing has changed."""
    from core.manual_edits import set_statuses

    with open_backlog_to_edit(open_project(directory, tasks_file=tasks_file)) as memory:
        changes = set_statuses(memory, list(dict.fromkeys(ids)), status, reason)
    if json:
        return say_json([{"id": change.task_id, "before": change.before.value, "after": change.after.value} for change in changes])
    lines = (
        f"{change.task_id}: {change.before} → {change.after}"
        if change.before is not change.after
        else f"{change.task_id}: {change.after} already"
        for change in changes
    )
    return say("".join(f"{line}\n" for line in lines))
