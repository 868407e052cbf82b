"""``orchestrator run``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from core.assembly.container import Container, Session
from core.assembly.run import Run, open_run, run_options
from core.cli.options import Budget, Jobs, Named, Only, Tag, TimeBudget
from core.domain.runs.run_state import RunOptions
from core.domain.settings.options import provenance
from core.domain.settings.settings import Source
from core.errors import StorageError, UsageError
from core.events import RunFinished
from core.reports.run.event_line import Volume
from core.reports.text.wording import count
from core.terminal.console import Ci, ci_of
from core.terminal.options import Directory, Json, Quiet, TasksFile, Verbose
from core.terminal.output import Output
from core.terminal.views import Sources, View, ViewOptions, pick_views


def run(
    session: Session,
    task_ids: Named = None,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    jobs: Jobs = None,
    keep_going: Annotated[
        bool, typer.Option("-k", "--keep-going", help="After a failure, go on with what does not need it (the default).")
    ] = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Start nothing more after the first failure.")] = False,
    dry_run: Annotated[bool, typer.Option("-n", "--dry-run", help="Show what would run; start nothing.")] = False,
    budget: Budget = None,
    time_budget: TimeBudget = None,
    only: Only = None,
    tag: Tag = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run tasks again that failed in an earlier run.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run checks even if they are up to date.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 5 when the budget ends with work left, with 1 when nothing was executed.")
    ] = False,
    reflect: Annotated[
        bool | None,
        typer.Option(
            "--reflect/--no-reflect", help="Measure the code; add and close refactor tasks.", show_default="as reflect.enabled says"
        ),
    ] = None,
    junit: Annotated[str, typer.Option("--junit", metavar="FILE", help="Write a JUnit report to FILE.")] = "",
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Work off tasks.yml.

    Runs every task whose dependencies are done, most urgent first, until nothing is left that can run.
    A task is done when its command exits with 0 and its checks pass. Tasks that are named run whatever their status, after what they
    need that is not done; beside them runs only what --only and --tag choose, and one of them that does not end done is exit code 1.
    """
    if os.path.isdir(junit):
        raise UsageError(f"--junit {junit}: is a directory", hint="name a file")
    stops = _stops_at_failure(keep_going=keep_going, fail_fast=fail_fast)
    overrides = {"jobs": jobs, "budget.cost": budget, "budget.time": time_budget, "fail_fast": stops, "reflect.enabled": reflect}
    container = session.open(directory, tasks_file=tasks_file, overrides=overrides)
    options = run_options(container, retry_failed=retry_failed, strict=strict, fresh=fresh, named=task_ids, only=only, tags=tag)
    if dry_run:
        from core.cli.plan import show_plan

        return show_plan(container, options, json=json)
    volume = Volume.QUIET if quiet else Volume.VERBOSE if verbose else Volume.NORMAL
    view_options = ViewOptions(
        json=json,
        volume=volume,
        junit=os.path.abspath(junit) if junit else "",
        tail=container.settings.log.tail,
        offers_reflection=provenance(container.settings, "reflect.enabled").source is Source.DEFAULT,
    )
    return _run(container, options, view_options)


def _run(container: Container, options: RunOptions, view_options: ViewOptions) -> int:
    """Run while views show it, and return its exit code. Raises StorageError when a result is lost; what was done stays done.

    Nothing of the run waits for a reader: lock, journal and handlers of signals are given back before the result does. From then on a
    stop signal ends the process at once; after one that came before, the result waits only shortly, and the signal's code stands.
    """
    console = container.console
    views: list[View] = []
    problems: list[str] = []
    stopped: int | None = None
    try:
        with open_run(container, options, reflect=container.settings.reflect.enabled) as assembled:
            sources = Sources(tail=assembled.logs.tail, upcoming=assembled.orchestrator.upcoming)
            views += pick_views(console.environ, console.stdout, console.stderr, view_options, sources)
            try:
                finished = _watched(assembled, views)
            finally:
                problems += assembled.bus.close()
                stopped = assembled.signals.received()
    finally:
        if stopped is not None:
            console.hurry()
        lost = [problem for view in views if (problem := view.close(hurried=stopped is not None))]
        console.note(_warnings(problems))
    if ci_of(console.environ) is not Ci.NONE:
        console.stdout.add(_done_earlier(finished.done_earlier, view_options, container.settings.tasks_file))
    lost += _lost(console.stdout)
    if lost and stopped is not None:
        console.note(_warnings(lost))
        return 128 + stopped
    if lost:
        raise StorageError("\n".join(lost), hint="the run came to its end, and its state is saved")
    return finished.exit_code


def _lost(result: Output) -> tuple[str, ...]:
    """Wait for whoever reads the result; return why it is lost, if it is."""
    try:
        result.finish()
    except StorageError as error:
        return (str(error),)
    return ()


def _warnings(problems: Iterable[str]) -> str:
    return "".join(f"warning: {problem}\n" for problem in problems)


def _watched(assembled: Run, views: Sequence[View]) -> RunFinished:
    for view in views:
        assembled.bus.subscribe(view, tick=view.tick)
    return assembled.orchestrator.run()


def _done_earlier(number: int, view_options: ViewOptions, tasks_file: str) -> str:
    """Return the line by which a green run without them does not pass for one with them; empty where nobody wants it."""
    if not number or view_options.json or view_options.volume is Volume.QUIET:
        return ""
    are, were, they = ("is", "was", "it still holds") if number == 1 else ("are", "were", "they still hold")
    return f"{count(number, 'task')} {are} done already in {tasks_file} and {were} not run; `orchestrator verify` checks that {they}\n"


def _stops_at_failure(*, keep_going: bool, fail_fast: bool) -> bool | None:
    """Return what the two opposite options ask for; None leaves it to the settings."""
    if keep_going and fail_fast:
        raise UsageError("--keep-going and --fail-fast exclude each other", hint="give one of them")
    return fail_fast if keep_going or fail_fast else None
