"""``orchestrator audit --check``: what the tasks of a reflection cycle are verified by."""

from __future__ import annotations

from core.assembly.audit import check_finding
from core.assembly.project import Project
from core.cli.backlog_view import say, say_json
from core.domain.runs.exit_code import ExitCode


def show_check(project: Project, task_id: str, *, json: bool, quiet: bool) -> int:
    """Say whether a task's finding is gone; return 0 when it is, else 1."""
    found = check_finding(project, task_id)
    if json:
        say_json({"task": found.task_id, "gone": found.gone, "reason": found.reason})
    elif not quiet or not found.gone:
        say(f"{'gone' if found.gone else 'still there'}: {found.reason}\n")
    return ExitCode.OK if found.gone else ExitCode.FAILED
