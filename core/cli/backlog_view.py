"""The backlog as the commands show it that change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from core.assembly.backlog import Backlog, check_statuses, open_backlog
from core.assembly.container import Container
from core.domain.runs.attempt import RunRecord
from core.domain.runs.check_result import CheckState, CheckStatus
from core.domain.settings.settings import Settings
from core.domain.tasks.plan import Explanation, Verdict
from core.domain.tasks.task import Status, Task, with_status
from core.forecast import hold_goals
from core.hand_verified import hand_verified, overridden
from core.planner import Planner
from core.reports.backlog.display_status import BacklogContext


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogView:
    """An open backlog with everything that decides how its tasks are shown."""

    settings: Settings
    backlog: Backlog
    planner: Planner
    context: BacklogContext
    #: The run that works off this tasks file right now.
    live: RunRecord | None

    @property
    def tasks(self) -> tuple[Task, ...]:
        return self.backlog.memory.tasks

    @property
    def up_to_date(self) -> frozenset[str]:
        """Ids of the checks that a run would not have to run."""
        return _up_to_date(self.context.checks)

    def explain(self, task_id: str) -> Explanation:
        """Say how a task stands and what holds it up; ``plan`` and ``run`` give the same reasons."""
        explanation = self.planner.explain(task_id)
        if task_id not in self.up_to_date:
            return explanation
        return replace(explanation, verdict=Verdict.UP_TO_DATE, reasons=("nothing that it is about has changed since it passed",))

    @property
    def by_id(self) -> dict[str, Task]:
        return {task.id: task for task in self.tasks}


@contextmanager
def viewed(container: Container) -> Iterator[BacklogView]:
    """Open the backlog to show it. Raises InvalidFile and StorageError."""
    with open_backlog(container) as backlog:
        if backlog.note:
            container.console.note(f"warning: {backlog.note}\n")
        handlers = container.handlers
        durations, live = backlog.journal.durations(), backlog.live_run()
        tasks = backlog.memory.tasks if live is not None else tuple(map(_put_back, backlog.memory.tasks))
        planner = Planner(tasks, handlers=handlers, durations=durations, judged=handlers)
        hold_goals(planner, tasks, handlers)
        checks = check_statuses(container, backlog, tasks)
        for task_id in _up_to_date(checks):
            planner.mark(task_id, Status.DONE)
        context = BacklogContext(
            explanations={explanation.task_id: explanation for explanation in planner.explain_open()},
            verified=backlog.journal.verified() | hand_verified(backlog.journal),
            overridden=overridden(backlog.journal, backlog.journal),
            checks=checks,
            handlers=handlers,
            durations=durations,
            live_run=live.id if live is not None else "",
        )
        yield BacklogView(settings=container.settings, backlog=backlog, planner=planner, context=context, live=live)


def _up_to_date(checks: Mapping[str, CheckStatus]) -> frozenset[str]:
    return frozenset(task_id for task_id, check in checks.items() if check.state is CheckState.UP_TO_DATE)


def _put_back(task: Task) -> Task:
    """Return a task as the next run finds it: what a dead run had begun is pending again."""
    return with_status(task, Status.PENDING) if task.status is Status.IN_PROGRESS else task
