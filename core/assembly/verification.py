"""The verify commands of tasks outside of a run, assembled with the ports of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from core.assembly.backlog import open_backlog
from core.assembly.container import Container
from core.assembly.project import new_run_id
from core.assembly.run import executor_settings, inherited_by_tasks, process_in
from core.assembly.state import make_state
from core.domain.tasks.task import Task
from core.executor import Executor
from core.handlers import Handlers, VerifyHandler
from core.ports.processes import Launcher, LogReader, StopSignals
from core.verifier import Verifier

#: Variable in which a process of a run finds the run's id.
_RUN_ID = "ORCHESTRATOR_RUN_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The tasks, and what runs their verify commands."""

    tasks: tuple[Task, ...]
    verifier: Verifier
    logs: LogReader
    signals: StopSignals


@contextmanager
def open_verification(container: Container, *, locked: bool = True) -> Iterator[Verification]:
    """Assemble what runs verify commands; nothing is recorded, their output goes into logs.

    With ``locked`` the run lock is held as by a run, as commands of the repository are started; within a run that holds it, by one of
    its tasks, it is that run's. Raises LockHeld, UsageError, StateRefused, StorageError, InvalidFile.
    """
    from core.adapters.private_dir import make_private_dir
    from core.adapters.processes import ProcessLauncher
    from core.adapters.stop_signals import SystemStopSignals

    root, run_id = container.project.root, new_run_id()
    with open_backlog(container) as backlog:
        tasks, attempts = backlog.memory.tasks, backlog.journal.attempt_counts()
        runs = [run.id for run in backlog.journal.runs(limit=1) if run.ended is None]
    if locked:
        make_state(root)
    make_private_dir(root, container.settings.log.directory)
    with ExitStack() as stack:
        stack.enter_context(process_in(root))
        signals = stack.enter_context(SystemStopSignals())
        launcher = stack.enter_context(ProcessLauncher(inherited_by_tasks(container)))
        stack.enter_context(signals.waking(launcher.wake_fd))
        if locked and container.environment.get(_RUN_ID) not in runs:
            _lock(container, launcher, run_id, stack)
        executor = Executor(
            launcher=launcher,
            logs=container.logs,
            clock=container.clock,
            settings=executor_settings(container),
            handlers=Handlers(VerifyHandler(str(root))),
        )
        stack.callback(executor.prune)
        jobs = container.settings.jobs or len(os.sched_getaffinity(0))
        verifier = Verifier(runner=executor, signals=signals, run_id=run_id, jobs=jobs, attempts=attempts)
        yield Verification(tasks=tasks, verifier=verifier, logs=container.logs, signals=signals)


def _lock(container: Container, launcher: Launcher, run_id: str, stack: ExitStack) -> None:
    """Take the run lock, and end what the last holder left behind if it died. Raises LockHeld."""
    lock = container.run_lock
    died = lock.acquire(run_id)
    stack.callback(lock.release)
    if died:
        launcher.kill_remaining(died)
