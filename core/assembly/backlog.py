"""The backlog, opened to show it or to change it by a command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from core.assembly.container import Container
from core.assembly.project import new_run_id
from core.domain.runs.attempt import RunRecord
from core.domain.runs.check_result import CheckStatus, status_of
from core.domain.tasks.task import Status, Task
from core.errors import LockHeld
from core.memory import Memory
from core.ports.journal import Journal, RunLock
from core.ports.processes import LogStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The tasks and what the journal knows of them."""

    memory: Memory
    journal: Journal
    logs: LogStore
    lock: RunLock
    #: Why the journal is not what it should be, and what that means for what is shown; empty when all is well.
    note: str

    def live_run(self) -> RunRecord | None:
        """Return the run that works off this tasks file right now, as the run lock says; the journal cannot know who was killed."""
        newest = next(iter(self.journal.runs(limit=1)), None)
        if newest is None or newest.ended is not None or newest.pid != self.lock.holder():
            return None
        return newest


@contextmanager
def open_backlog(container: Container) -> Iterator[Backlog]:
    """Open the backlog for looking at it; nothing is written, also where nothing can be written.

    Raises StateRefused, InvalidFile, and StorageError for a tasks file that cannot be read or a journal of a newer orchestrator.
    """
    with ExitStack() as stack:
        stack.callback(container.close)
        journal = container.journal_to_read
        file = container.task_file()
        stack.callback(file.close)
        memory = Memory(file=file, journal=journal, clock=container.clock, run_id="")
        memory.load_tasks()
        memory.show_edited()
        for task in memory.tasks:
            if task.env:
                container.masking.learn(task.env)
        yield Backlog(memory=memory, journal=journal, logs=container.logs, lock=container.run_lock, note=journal.repaired)


def check_statuses(container: Container, backlog: Backlog, tasks: Iterable[Task]) -> dict[str, CheckStatus]:
    """Return how the checks stand that are not switched off."""
    checks = [task for task in tasks if task.check and task.status is not Status.CANCELLED]
    if not checks:
        return {}
    results, inputs = backlog.journal.check_results(), container.check_inputs
    return {task.id: status_of(results.get(task.id, ()), inputs.digest(task)) for task in checks}


@contextmanager
def open_backlog_to_edit(container: Container) -> Iterator[Memory]:
    """Open the backlog for a change by a command.

    Beside a live run the change goes into the file, as an editor's save would, and the run learns that it was intended;
    otherwise it is recorded in the journal. Raises StateRefused, and what reading the tasks file raises.
    """
    run_id = f"hand-{new_run_id()}"
    with ExitStack() as stack:
        file = container.task_file()
        stack.callback(file.close)
        file.read()
        lock = container.run_lock
        stack.callback(container.close)
        own = container.journal
        journal, live = own, None
        try:
            lock.acquire(run_id)
            stack.callback(lock.release)
        except LockHeld:
            journal, live = container.scratch_journal(), own
            stack.callback(journal.close)
        memory = Memory(file=file, journal=journal, clock=container.clock, run_id=run_id, live_state=live)
        memory.load_tasks()
        yield memory


def read_log(container: Container, path: str) -> Iterator[str]:
    """Return a log's lines, ours included, control characters escaped. Raises StorageError when it cannot be read."""
    from core.adapters.log_files import read_lines

    return read_lines(str(container.project.root), path)


def raw_log(container: Container, path: str) -> Iterator[bytes]:
    """Return a log's bytes as they are. Raises StorageError when it cannot be read."""
    from core.adapters.log_files import read_bytes

    return read_bytes(str(container.project.root), path)


def follow_log(container: Container, path: str, has_ended: Callable[[], bool]) -> Iterator[str]:
    """Return a log's lines as they come, until ``has_ended`` says so and the end is reached."""
    from core.adapters.log_files import follow_lines

    return follow_lines(str(container.project.root), path, has_ended)
