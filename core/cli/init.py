"""``orchestrator init``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.assembly.container import Session
from core.assembly.project import file_schemas, project_folder
from core.cli.options import Directory, Json
from core.scaffold import Proposal, propose_files, write_files

DryRun = Annotated[bool, typer.Option("-n", "--dry-run", help="Print what would be written; write nothing.")]


def init(session: Session, directory: Directory = "", dry_run: DryRun = False, json: Json = False) -> int:
    """Write a tasks.yml and a config.yaml that fit.

    Looks at which tools the repository uses and proposes a task for each. Never writes over a file that is there.
    """
    from core.reports.setup_text import proposal_text

    folder = project_folder(directory)
    proposal = propose_files(folder, session.settings_class)
    if not dry_run:
        write_files(folder, proposal, file_schemas(session.settings_class))
    if json:
        return session.console.say_json(_plain(proposal, written=not dry_run))
    if dry_run:
        return session.console.say("".join(f"# ---- {path}\n{text}\n" for path, text in proposal.files.items()))
    text = proposal_text(proposal.facts, proposal.tasks, tuple(proposal.files), proposal.notes, session.console.stdout.style())
    return session.console.say(text)


def _plain(proposal: Proposal, *, written: bool) -> dict[str, Any]:
    return {
        "found": {tool.value: evidence for tool, evidence in proposal.facts.tools.items()},
        "tasks": [task.id for task in proposal.tasks],
        "files": dict(proposal.files),
        "written": written,
        "notes": list(proposal.notes),
    }
