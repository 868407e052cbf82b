"""``orchestrator verify``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from core.assembly.container import Container, Session
from core.cli.options import Jobs, complete_tags, complete_task_ids
from core.domain.runs.exit_code import exit_code_of
from core.domain.runs.verified import Verified
from core.errors import StorageError
from core.terminal.console import Console
from core.terminal.options import Directory, Json, TasksFile

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Only these tasks.", autocompletion=complete_task_ids, show_default=False)
]
Tag = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Only tasks with this tag.", autocompletion=complete_tags)]


def verify(
    session: Session,
    task_ids: Ids = None,
    tag: Tag = None,
    reopen: Annotated[bool, typer.Option("--reopen", help="Make done tasks pending that no longer hold.")] = False,
    only_list: Annotated[bool, typer.Option("--list", help="Print the commands; start nothing.")] = False,
    jobs: Jobs = None,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    json: Json = False,
) -> int:
    """Say which tasks no longer hold.

    Runs the verify commands of tasks, done ones included, and nothing else of them. Exits with 1 when those of a done task do not
    pass, or of a task that is named. What is not done may not hold yet, cancelled tasks are left out, and checks are for run.
    """
    from core.verifier import to_verify

    ids, tags = frozenset(task_ids or ()), frozenset(tag or ())
    container = session.open(directory, tasks_file=tasks_file, overrides={"jobs": jobs})
    if only_list:
        return _show_list(container, ids, tags, json=json)
    from core.assembly.verification import open_verification
    from core.reports.run.verify_text import verified_line, verify_json, verify_text

    stderr = session.console.stderr

    def report(verified: Verified) -> None:
        stderr.add(verified_line(verified, stderr.style()))
        stderr.flush()

    with open_verification(container) as verification:
        tasks = to_verify(verification.tasks, ids, tags)
        results = verification.verifier.verify(tasks, report)
    stopped = verification.signals.received()
    failing = [each.task.id for each in results if each.no_longer_holds or (each.task.id in ids and not each.holds)]
    reopened = _reopen(container, results) if reopen else []
    exit_code = exit_code_of(stopped, failed=bool(failing), over_budget=False)

    def say() -> None:
        if json:
            session.console.say_json(verify_json(results, reopened, exit_code))
            return
        tail, style = container.settings.log.tail, session.console.stdout.style()
        session.console.say(verify_text(results, failing, reopened, style, lambda path: verification.logs.tail(path, tail)))

    _say_result(session.console, say, stopped=stopped is not None)
    return exit_code


def _say_result(console: Console, say: Callable[[], None], *, stopped: bool) -> None:
    """Print the result; after a stop signal it waits only shortly for its reader, and the signal's exit code stands."""
    if not stopped:
        say()
        return
    console.hurry()
    try:
        say()
    except StorageError as error:
        console.note(f"warning: {error}\n")


def _show_list(container: Container, ids: frozenset[str], tags: frozenset[str], *, json: bool) -> int:
    from core.assembly.backlog import open_backlog
    from core.reports.run.verify_text import verify_list, verify_list_json
    from core.verifier import to_verify

    with open_backlog(container) as backlog:
        tasks = to_verify(backlog.memory.tasks, ids, tags)
    console = container.console
    return console.say_json(verify_list_json(tasks)) if json else console.say(verify_list(tasks, console.stdout.style()))


def _reopen(container: Container, results: Sequence[Verified]) -> list[str]:
    """Make done tasks pending that no longer hold; return their ids, without those that somebody has given another status meanwhile."""
    from core.assembly.backlog import open_backlog_to_edit
    from core.domain.runs.reasons import Code
    from core.domain.tasks.task import Status
    from core.manual_edits import set_statuses

    lost = {each.task.id for each in results if each.no_longer_holds}
    if not lost:
        return []
    with open_backlog_to_edit(container) as memory:
        chosen = [task.id for task in memory.tasks if task.id in lost and task.status is Status.DONE]
        set_statuses(memory, chosen, Status.PENDING, Code.NO_LONGER_HOLDS.of())
    return chosen
