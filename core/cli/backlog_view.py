"""What the looking commands have in common: the backlog as the Planner sees it."""

from __future__ import annotations

import json as json_format
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.assembly.backlog import Backlog, open_backlog
from core.assembly.project import Project
from core.domain.runs.attempt import RunRecord
from core.domain.tasks.status import Status
from core.domain.tasks.task import Task, with_status
from core.domain.untrusted.printable import inert_json
from core.forecast import hold_goals
from core.planner import Planner
from core.reports.backlog.display_status import BacklogContext
from core.terminal.console import Output, outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogView:
    """An open backlog with everything that decides how its tasks are shown."""

    project: Project
    backlog: Backlog
    planner: Planner
    context: BacklogContext
    #: The run that works off this tasks file right now.
    live: RunRecord | None

    @property
    def tasks(self) -> tuple[Task, ...]:
        return self.backlog.memory.tasks

    @property
    def by_id(self) -> dict[str, Task]:
        return {task.id: task for task in self.tasks}


@contextmanager
def viewed(project: Project) -> Iterator[BacklogView]:
    """Open a project's backlog for looking at it. Raises InvalidFile and StorageError."""
    with open_backlog(project) as backlog:
        if backlog.note:
            outputs(os.environ)[1].add(f"warning: {backlog.note}\n")
        durations, live = backlog.journal.durations(), backlog.live_run()
        tasks = backlog.memory.tasks if live is not None else tuple(map(_put_back, backlog.memory.tasks))
        planner = Planner(tasks, handlers=project.settings.handlers, durations=durations)
        hold_goals(planner, tasks, project.settings.handlers)
        context = BacklogContext(
            explanations={explanation.task_id: explanation for explanation in planner.explain_open()},
            verified=backlog.journal.verified(),
            handlers=project.settings.handlers,
            durations=durations,
            live_run=live.id if live is not None else "",
        )
        yield BacklogView(project=project, backlog=backlog, planner=planner, context=context, live=live)


def _put_back(task: Task) -> Task:
    """Return a task as the next run finds it: what a dead run had begun is pending again."""
    return with_status(task, Status.PENDING) if task.status is Status.IN_PROGRESS else task


def stdout() -> Output:
    """Return this process's stdout."""
    return outputs(os.environ)[0]


def say(text: str) -> int:
    """Write a result to stdout and return exit code 0. Raises StorageError when it is lost."""
    out = stdout()
    out.add(text)
    out.finish()
    return 0


def say_json(value: Any) -> int:
    """Write a result as JSON to stdout and return exit code 0. Raises StorageError when it is lost.

    In ASCII: valid whatever the stream's encoding, and no text of a task gives orders to a terminal.
    """
    return say_exactly(inert_json(json_format.dumps(value, indent=2)) + "\n")


def say_exactly(text: str) -> int:
    """Write a document that has escaped what is not its own to stdout, and return exit code 0. Raises StorageError when it is lost."""
    out = stdout()
    out.add_exact(text)
    out.finish()
    return 0
