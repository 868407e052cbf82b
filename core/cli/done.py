"""``orchestrator done``."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import Annotated

import typer

from core.assembly.container import Container, Session
from core.cli.options import TaskIds
from core.cli.set_status import set_status
from core.domain.runs.reasons import Code, words
from core.domain.runs.verified import Verified
from core.domain.tasks.lookup import find_task
from core.domain.tasks.task import Status, Task
from core.errors import NotVerified
from core.reports.text.columns import one_line
from core.terminal.console import Console
from core.terminal.options import Directory, DryRun, Json, TasksFile


def done(
    session: Session,
    task_ids: TaskIds,
    force: Annotated[bool, typer.Option("--force", help="Do not run their verify commands.")] = False,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Mark tasks as done.

    Their verify commands run first. What does not pass is marked only with --force, or when a person at the terminal says so.
    """
    container = session.open(directory, tasks_file=tasks_file)
    checked = () if dry_run else _with_verify(container, task_ids)
    overridden = {task.id for task in checked} if force else _overridden(_failing(container, checked), session.console)
    passed = {task.id for task in checked} - overridden
    reasons = {**dict.fromkeys(overridden, Code.OVERRIDDEN.of()), **dict.fromkeys(passed, Code.MARKED_VERIFIED.of())}
    code = set_status(container, lambda _: task_ids, Status.DONE, Code.MARKED_DONE.of(), reasons, dry_run=dry_run, json=json)
    if checked:
        _note(container, passed, overridden)
    return code


def _with_verify(container: Container, ids: Sequence[str]) -> tuple[Task, ...]:
    """Return those of the tasks that have verify commands and are not done yet. Raises UsageError for an unknown id."""
    from core.assembly.backlog import open_backlog

    with open_backlog(container) as backlog:
        named = [find_task(backlog.memory.tasks, task_id) for task_id in dict.fromkeys(ids)]
    return tuple(task for task in named if task.verify and not task.check and task.status is not Status.DONE)


def _failing(container: Container, tasks: Sequence[Task]) -> list[Verified]:
    """Run the verify commands of ``tasks`` and return what does not pass. Raises NotVerified when a signal ends them."""
    if not tasks:
        return []
    from core.assembly.verification import open_verification

    # Without the run lock: a person may say that something is done beside a run, too.
    with open_verification(container, locked=False) as verification:
        found = verification.verifier.verify(tasks)
    if (received := verification.signals.received()) is not None:
        raise NotVerified("the verify commands were stopped, and nothing was marked", exit_code=128 + received)
    return [each for each in found if not each.holds]


def _overridden(failing: Sequence[Verified], console: Console) -> set[str]:
    """Return the ids of tasks that a person marks as done although they do not pass. Raises NotVerified where nobody says so."""
    if not failing:
        return set()
    told = "\n".join(one_line(f"{each.task.id} is not done: {words(each.outcome.reason)}") for each in failing)
    logs = " ".join(each.outcome.log for each in failing if each.outcome.log)
    refusal = NotVerified(told, hint=f"orchestrator done --force overrides it; what it printed: {logs}" if logs else "--force overrides it")
    if not _at_a_terminal():
        raise refusal
    console.note(f"{told}\n")
    if not typer.confirm("mark as done all the same?", err=True):
        raise NotVerified("nothing was marked", hint=refusal.hint)
    return {each.task.id for each in failing}


def _at_a_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _note(container: Container, passed: Collection[str], overridden: Collection[str]) -> None:
    from core.hand_verified import note_hand_verified

    note_hand_verified(container.journal, passed, overridden)
    container.close()
