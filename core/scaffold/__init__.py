"""``init``: look at a repository, propose its first ``tasks.yml`` and ``config.yaml``, write them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain.settings.project_facts import ProjectFacts, ProposedTask
from core.domain.settings.settings import Settings
from core.errors import UsageError
from core.ports.task_file import ProjectFolder
from core.scaffold.facts import FILES, PROGRAMS, facts_of
from core.scaffold.first_files import SCHEMA_DIRECTORY, config_text, tasks_text
from core.scaffold.proposal import passed_over, propose_tasks

TASKS_FILE, CONFIG_FILE = "tasks.yml", "config.yaml"
#: A directory of ours hides itself from git, so that no file of the person has to be touched for it.
_HIDES_ITSELF = "*\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What ``init`` found and wrote, or would write."""

    facts: ProjectFacts
    tasks: tuple[ProposedTask, ...]
    #: Path → text of what the person now owns.
    files: Mapping[str, str]
    #: What the person should know: whole sentences.
    notes: tuple[str, ...]


def propose_files(folder: ProjectFolder, cls: type[Settings] = Settings, *, reflect: bool = False) -> Proposal:
    """Return what would be written into the repository; nothing is.

    ``cls`` is the class of the settings; ``reflect`` says whether a run may append refactor tasks.
    """
    facts = facts_of(folder.look(FILES, PROGRAMS))
    tasks = propose_tasks(facts)
    files = {TASKS_FILE: tasks_text(facts, tasks), CONFIG_FILE: config_text(facts, cls, reflect=reflect)}
    return Proposal(facts=facts, tasks=tasks, files=files, notes=_notes(facts, tasks))


def write_files(folder: ProjectFolder, proposal: Proposal, schemas: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the files, and beside them what is ours: the ``schemas`` by name, for editors.

    Raises UsageError, having written nothing, when one of the files is there already; StorageError when the disk refuses.
    """
    refuse_existing(folder)
    write_schemas(folder, schemas)
    if not folder.existing(("logs",)):
        folder.put({"logs/.gitignore": _HIDES_ITSELF})
    folder.create(proposal.files)


def refuse_existing(folder: ProjectFolder) -> None:
    """Raise UsageError where one of the files is there already."""
    there = folder.existing((TASKS_FILE, CONFIG_FILE))
    if there:
        raise UsageError(
            f"already there: {', '.join(there)}",
            hint="nothing was written; orchestrator init --dry-run prints what would be, or move the old file away and say init again",
        )


def write_schemas(folder: ProjectFolder, schemas: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the ``schemas``, by name, to where the first lines of the files point. Raises StorageError."""
    texts = {f"{SCHEMA_DIRECTORY}/{name}.schema.json": json.dumps(schema, indent=2) + "\n" for name, schema in schemas.items()}
    folder.put({".orchestrator/.gitignore": _HIDES_ITSELF, **texts})


def _notes(facts: ProjectFacts, tasks: Sequence[ProposedTask]) -> tuple[str, ...]:
    missing = (
        f"{task.missing} is used here but was not found: install it, or remove the check '{task.id}'" for task in tasks if task.missing
    )
    said = (
        (any("pre-commit run" in task.command for task in tasks), "pre-commit mends in your files what its hooks can mend, and fails then"),
        (
            bool(facts.manager) and facts.manager not in facts.programs,
            f"{facts.manager} manages the environment here but was not found: tools are started as they are installed",
        ),
        (
            bool(facts.build_evidence) and not facts.build,
            "no program was found that builds a wheel, so there is no check for it: pip install build",
        ),
        (
            bool(facts.above),
            f"the top of this git repository is {facts.above}: to begin there, remove both files and use -C {facts.above}",
        ),
        (not facts.git, "this is no git repository: trends and `audit --since` need one"),
    )
    return (*facts.notes, *passed_over(facts), *missing, *(note for holds, note in said if holds))
