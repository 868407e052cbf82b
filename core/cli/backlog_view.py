"""What the looking commands have in common: the backlog as the Planner sees it."""

from __future__ import annotations

import json as json_format
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.assembly import Backlog, Project, open_backlog
from core.cli.console import Output, outputs
from core.domain.task import Task
from core.planner import Planner
from core.reports.standing import Backdrop


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogView:
    """An open backlog with everything that decides how its tasks are shown."""

    project: Project
    backlog: Backlog
    planner: Planner
    backdrop: Backdrop

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
        durations = backlog.journal.durations()
        planner = Planner(backlog.memory.tasks, handlers=project.settings.handlers, durations=durations)
        backdrop = Backdrop(
            explanations={explanation.task_id: explanation for explanation in planner.explain_open()},
            verified=backlog.journal.verified(),
            handlers=project.settings.handlers,
            durations=durations,
        )
        yield BacklogView(project=project, backlog=backlog, planner=planner, backdrop=backdrop)


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
    return say(json_format.dumps(value, indent=2) + "\n")
