"""``orchestrator log``."""

from __future__ import annotations

import os
import stat
import sys
from typing import Annotated

import typer

from core.assembly.backlog import Backlog, follow_log, raw_log, read_log
from core.assembly.container import Container, Session
from core.cli.backlog_view import BacklogView, viewed
from core.cli.options import TaskId
from core.domain.runs.attempt import Attempt
from core.errors import UsageError
from core.terminal.options import Directory, Json

Follow = Annotated[bool, typer.Option("-f", "--follow", help="Print what is added until the attempt ends.")]
#: Without the short form that other commands have: here people expect ``-f`` to follow.
TasksFile = Annotated[str | None, typer.Option("--file", metavar="FILE", help="Use this file instead of tasks.yml.")]
Raw = Annotated[bool, typer.Option("--raw", help="Write the log's bytes as they are, into a file or a pipe.")]
Number = Annotated[int | None, typer.Option("--attempt", metavar="N", min=1, help="Attempt number N.", show_default="the last one")]


def log(
    session: Session,
    task_id: TaskId,
    follow: Follow = False,
    attempt: Number = None,
    raw: Raw = False,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    json: Json = False,
) -> int:
    """Print the log of a task.

    Control characters are written as escapes and known secrets as ***; --raw writes the bytes that the task wrote.
    """
    if raw and (json or follow):
        raise UsageError("--raw goes with neither --json nor --follow", hint=f"orchestrator log {task_id} --raw > FILE")
    container = session.open(directory, tasks_file=tasks_file)
    with viewed(container) as view:
        chosen = _chosen(view, task_id, attempt)
        if raw:
            return _write_raw(container, chosen)
        if json:
            return session.console.say_json(
                {"task_id": task_id, "attempt": chosen.number, "log": chosen.log, "lines": list(read_log(container, chosen.log))}
            )
        if not follow:
            return session.console.say("".join(f"{line}\n" for line in read_log(container, chosen.log)))
        out = session.console.stdout
        for line in follow_log(container, chosen.log, lambda: _has_ended(view.backlog, chosen)):
            out.add(f"{line}\n")
            out.finish()
        return 0


def _chosen(view: BacklogView, task_id: str, number: int | None) -> Attempt:
    """Return the attempt that is asked for, without a number the last one. Raises UsageError when there is none."""
    from core.domain.tasks.lookup import find_task

    attempts = view.backlog.journal.attempts(task_id, limit=10_000)
    if not attempts:
        find_task(view.tasks, task_id)
        raise UsageError(f"task {task_id} has no attempt yet", hint=f"orchestrator why {task_id}")
    chosen = next((one for one in attempts if number in (None, one.number)), None)
    if chosen is None:
        known = ", ".join(str(one.number) for one in reversed(attempts))
        raise UsageError(f"task {task_id} has no attempt {number}", hint=f"it has {known}")
    return chosen


def _write_raw(container: Container, chosen: Attempt) -> int:
    """Write the log's bytes where nobody obeys them."""
    look = container.console.stdout.look
    if look.terminal or (look.ci and not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)):
        what = "a terminal" if look.terminal else "a CI service"
        raise UsageError(
            f"--raw: {what} would obey what the task wrote", hint=f"orchestrator log {chosen.task_id} --raw > {chosen.task_id}.log"
        )
    for chunk in raw_log(container, chosen.log):
        container.console.stdout.add_bytes(chunk)
        container.console.stdout.finish()
    return 0


def _has_ended(backlog: Backlog, attempt: Attempt) -> bool:
    live = backlog.live_run()
    if live is None or live.id != attempt.run_id:
        return True
    newest = next(iter(backlog.journal.attempts(attempt.task_id, limit=1)), attempt)
    return newest.number > attempt.number or newest.outcome is not None
