"""``orchestrator audit``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from core.assembly.container import Session
from core.cli.options import complete_task_ids
from core.domain.quality.metric_spec import CHOICES
from core.domain.quality.verdict import FailOn
from core.errors import UsageError
from core.files.here import current_directory
from core.terminal.options import Directory, Json, Quiet, TasksFile
from core.terminal.screen import MeasuringLine


class Format(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"
    GITLAB = "gitlab"
    MARKDOWN = "markdown"
    HTML = "html"


class Rank(StrEnum):
    """Radon's letters, best first."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


Paths = Annotated[
    list[str] | None, typer.Argument(metavar="[PATH]...", help="Files and directories to measure.", show_default="the repository")
]
Report = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help=f"How the report is written: {', '.join(Format)}, or as a granted plugin does: plugin:NAME.",
        autocompletion=lambda incomplete: [name.value for name in Format if name.startswith(incomplete)],
    ),
]
Fail = Annotated[
    FailOn | None,
    typer.Option(
        "--fail-on",
        metavar="WHAT",
        help="What the gate does not let pass: any, new, worse (and new), never.",
        show_default="worse; without anything to compare with: any",
    ),
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="REV", help="Measure only what changed since this revision of git, and compare with it.")
]
JudgeBy = Annotated[
    str | None,
    typer.Option(
        "--judge-by",
        metavar="REV",
        help="Take the settings that decide the verdict, baseline and plugins.lock from this revision; .: from the work tree.",
        show_default="with --since, its revision; else the work tree",
    ),
]
Coverage = Annotated[
    str,
    typer.Option(
        "--coverage",
        metavar="FILE",
        help="With --since: judge by this report of what tests run (Cobertura XML or lcov) whether changed lines are tested.",
        show_default="audit.coverage",
    ),
]
Check = Annotated[
    str,
    typer.Option(
        "--check", metavar="TASK", help="Only say whether the finding of this task is gone: exit 0 or 1.", autocompletion=complete_task_ids
    ),
]
Explain = Annotated[
    str, typer.Option("--explain", metavar="FINDING", help="Tell the whole story of one: its fingerprint, its task's id, or PATH::BLOCK.")
]


Metrics = Annotated[
    str,
    typer.Option(
        "--metrics",
        metavar="NAMES",
        help=f"What is measured, separated by commas: {', '.join(CHOICES)}, or all.",
        show_default="audit.metrics",
    ),
]


def audit(
    session: Session,
    paths: Paths = None,
    report: Report = Format.TEXT,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Write the report to FILE; -: stdout.")] = "",
    top: Annotated[int, typer.Option("--top", "-n", metavar="N", min=0, help="Report the N most urgent; 0: all.")] = 0,
    min_rank: Annotated[Rank, typer.Option("--min-rank", metavar="RANK", help="Report only this rank, A to F, and worse.")] = Rank.A,
    fail_on: Fail = None,
    metrics: Metrics = "",
    since: Since = None,
    judge_by: JudgeBy = None,
    coverage: Coverage = "",
    update_baseline: Annotated[bool, typer.Option("--update-baseline", help="Accept every finding there is now.")] = False,
    append: Annotated[bool, typer.Option("--append", help="Append tasks for findings, close those whose finding is gone.")] = False,
    check: Check = "",
    explain: Explain = "",
    no_history: Annotated[bool, typer.Option("--no-history", help="Leave out trends; git is not asked.")] = False,
    directory: Directory = "",
    tasks_file: TasksFile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Measure the code and judge it.

    Prints what is over a threshold, worst first, and exits with 1 when the gate does not let it pass. Compares with the
    accepted findings of audit-baseline.json where there is one, or with a revision of git. --top and --min-rank shorten
    the report; the gate always sees everything.
    """

    since, judge_by = _revision("--since", since), _revision("--judge-by", judge_by)
    base = "" if check or judge_by == "." else judge_by or since
    line = MeasuringLine(session.console.stderr)
    container = session.open(directory, tasks_file=tasks_file, overrides=_chosen(metrics), base=base, progress=line)
    from core.assembly.audit import check_finding
    from core.assembly.project import repository_paths
    from core.cli.audit_flow import run_audit, show_check
    from core.cli.audit_report import AuditOptions

    if check:
        return show_check(session.console, check_finding(container, check), json=json, quiet=quiet)
    root = container.root
    options = AuditOptions(
        paths=repository_paths(paths or (), root, root if directory else current_directory()),
        format=Format.JSON if json else report,
        output=output,
        top=top,
        min_rank=min_rank,
        fail_on=fail_on,
        since=since,
        coverage=coverage,
        update_baseline=update_baseline,
        append=append,
        explain=explain,
        history=not no_history,
        quiet=quiet,
    )
    if explain:
        from core.cli.audit_explain import show_explanation

        return show_explanation(session.console, container, options, done=line.clear)
    return run_audit(session.console, container, options, done=line.clear)


def _revision(option: str, value: str | None) -> str:
    """Return the revision that an option names; empty without the option. Raises UsageError for an empty one."""
    if value is not None and not value.strip():
        raise UsageError(f"{option} is empty: it wants a revision of git", hint=f"is a variable not set? {option} origin/main")
    return value or ""


def _chosen(metrics: str) -> dict[str, list[str] | None]:
    """Return the setting that ``--metrics`` stands for."""
    return {"audit.metrics": [name.strip() for name in metrics.split(",")] if metrics else None}
