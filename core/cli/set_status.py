"""``orchestrator reset | cancel``, and what every command prints that gives tasks a status."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated

import typer

from core.assembly.backlog import open_backlog_to_edit
from core.assembly.container import Container, Session
from core.cli.options import TaskIds, complete_tags, complete_task_ids
from core.domain.runs.reasons import Code, Reason
from core.domain.tasks.task import Status, Task
from core.errors import UsageError
from core.terminal.options import Directory, DryRun, Json, TasksFile

#: Returns which tasks get the status, of all that there are.
Choose = Callable[[Sequence[Task]], Sequence[str]]

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of tasks.", autocompletion=complete_task_ids, show_default=False)
]
Tag = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Tasks with this tag.", autocompletion=complete_tags)]


def reset(
    session: Session,
    task_ids: Ids = None,
    every: Annotated[bool, typer.Option("--all", help="Every task that is not pending.")] = False,
    tag: Tag = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only failed ones, of those that are named or of all.")] = False,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Put tasks back to pending.

    A check has results and no status to reset; one that is switched off is switched on again when it is named.
    """
    from core.manual_edits import to_reset

    named, tags = frozenset(task_ids or ()), frozenset(tag or ())
    _check_choice(every, limited=bool(named or tags or failed))
    container = session.open(directory, tasks_file=tasks_file)

    def choose(tasks: Sequence[Task]) -> Sequence[str]:
        return to_reset(tasks, named, tags, failed=failed)

    return set_status(container, choose, Status.PENDING, Code.RESET.of(), dry_run=dry_run, json=json)


def _check_choice(every: bool, *, limited: bool) -> None:
    if every and limited:
        raise UsageError("--all stands alone", hint="leave out the rest, or --all")
    if not every and not limited:
        raise UsageError("which tasks?", hint="orchestrator reset ID…, or one of --all, --tag TAG, --failed")


def cancel(
    session: Session,
    task_ids: TaskIds,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Take tasks off the list.

    A check is switched off.
    """
    container = session.open(directory, tasks_file=tasks_file)
    return set_status(container, lambda _: task_ids, Status.CANCELLED, Code.CANCELLED.of(), dry_run=dry_run, json=json)


def set_status(
    container: Container,
    choose: Choose,
    status: Status,
    reason: Reason,
    reasons: Mapping[str, Reason] = MappingProxyType({}),
    *,
    dry_run: bool,
    json: bool,
) -> int:
    """Give tasks a status and print what changed; ``reasons`` has those that are not ``reason``, by id.

    Raises UsageError for an unknown id; then nothing has changed.
    """
    from core.manual_edits import set_statuses

    console = container.console
    if dry_run:
        from core.assembly.in_memory import open_trial

        with open_trial(container) as (memory, diff):
            set_statuses(memory, list(dict.fromkeys(choose(memory.tasks))), status, reason)
            return console.say_json({"diff": diff()}) if json else console.say(diff())
    with open_backlog_to_edit(container) as memory:
        changes = set_statuses(memory, list(dict.fromkeys(choose(memory.tasks))), status, reason, reasons)
    if json:
        return console.say_json([{"id": change.task_id, "before": change.before.value, "after": change.after.value} for change in changes])
    lines = (
        f"{change.task_id}: {change.before} → {change.after}"
        if change.before is not change.after
        else f"{change.task_id}: {change.after} already"
        for change in changes
    )
    return console.say("".join(f"{line}\n" for line in lines) or "nothing to reset\n")
