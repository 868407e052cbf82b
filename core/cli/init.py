"""``orchestrator init``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.assembly.project import file_schemas, project_folder
from core.cli.backlog_view import say, say_json, stdout
from core.cli.options import Directory, Json
from core.scaffold import Beginning, propose_beginning, write_beginning

DryRun = Annotated[bool, typer.Option("-n", "--dry-run", help="Print what would be written; write nothing.")]


def init(directory: Directory = "", dry_run: DryRun = False, json: Json = False) -> int:
    """Write a tasks.yml and a config.yaml that fit.

    Looks at which tools the repository uses and proposes a task for each. Never writes over a file that is there.
    """
    from core.reports.setup.beginning_text import beginning_text

    folder = project_folder(directory)
    beginning = propose_beginning(folder)
    if not dry_run:
        write_beginning(folder, beginning, file_schemas())
    if json:
        return say_json(_plain(beginning, written=not dry_run))
    if dry_run:
        return say("".join(f"# ---- {path}\n{text}\n" for path, text in beginning.files.items()))
    return say(beginning_text(beginning.facts, beginning.tasks, tuple(beginning.files), beginning.notes, stdout().style()))


def _plain(beginning: Beginning, *, written: bool) -> dict[str, Any]:
    return {
        "found": {tool.value: evidence for tool, evidence in beginning.facts.tools.items()},
        "tasks": [task.id for task in beginning.tasks],
        "files": dict(beginning.files),
        "written": written,
        "notes": list(beginning.notes),
    }
