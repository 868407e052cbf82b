"""``orchestrator plan``."""

from __future__ import annotations

from typing import Annotated

import typer

from core.assembly.container import Container, Session
from core.assembly.run import run_options
from core.cli.backlog_view import viewed
from core.cli.options import Budget, Jobs, Named, Only, Tag, TimeBudget
from core.domain.runs.run_state import RunOptions
from core.terminal.options import Directory, Json, TasksFile


def plan(
    session: Session,
    task_ids: Named = None,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    jobs: Jobs = None,
    budget: Budget = None,
    time_budget: TimeBudget = None,
    only: Only = None,
    tag: Tag = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Plan failed tasks again.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Plan checks even if they are up to date.")] = False,
    json: Json = False,
) -> int:
    """Show what would run, in which order, and why.

    Times are expected from the durations this repository has seen; a task never seen counts as one second.
    """
    overrides = {"jobs": jobs, "budget.cost": budget, "budget.time": time_budget}
    container = session.open(directory, tasks_file=tasks_file, overrides=overrides)
    options = run_options(container, retry_failed=retry_failed, fresh=fresh, named=task_ids, only=only, tags=tag)
    return show_plan(container, options, json=json)


def show_plan(container: Container, options: RunOptions, *, json: bool) -> int:
    """Print the plan of a run with ``options``; starts nothing."""
    from core.forecast import forecast
    from core.reports.backlog.plan_text import plan_json, plan_text

    with viewed(container) as view:
        planned = forecast(view.tasks, options, view.context.durations, view.up_to_date)
        if json:
            return container.console.say_json(plan_json(planned, view.by_id, options))
        return container.console.say(plan_text(planned, view.by_id, options, container.console.stdout.style(), view.context.checks))
