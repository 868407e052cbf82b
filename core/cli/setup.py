"""Commands that set up and check: ``orchestrator init | schema | config show | doctor | completion``."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.assembly.container import Session
from core.assembly.project import file_schemas, project_folder
from core.domain.runs.exit_code import ExitCode
from core.domain.settings.diagnosis import Health
from core.errors import UsageError
from core.terminal.options import Directory, Json, TasksFile

if TYPE_CHECKING:
    from core.scaffold import Proposal


DryRun = Annotated[bool, typer.Option("-n", "--dry-run", help="Print what would be written; write nothing.")]


MayReflect = Annotated[
    bool | None,
    typer.Option(
        "--reflect/--no-reflect",
        help="Whether runs may measure the code and append refactor tasks.",
        show_default="asked on a terminal; else they may not",
    ),
]


def init(session: Session, directory: Directory = "", dry_run: DryRun = False, reflect: MayReflect = None, json: Json = False) -> int:
    """Write a tasks.yml and a config.yaml that fit.

    Looks at which tools the repository uses and how it starts them, and proposes a check for each. Never writes over a file that is there.
    """
    from core.reports.setup_text import proposal_text
    from core.scaffold import propose_files, refuse_existing, write_files

    folder = project_folder(directory)
    if not dry_run:
        refuse_existing(folder)
    if reflect is None:
        reflect = not dry_run and not json and _may_reflect()
    proposal = propose_files(folder, session.settings_class, reflect=reflect)
    if not dry_run:
        write_files(folder, proposal, file_schemas(session.settings_class))
    if json:
        return session.console.say_json({**_proposal_json(proposal, written=not dry_run), "reflect": reflect})
    if dry_run:
        return session.console.say("".join(f"# ---- {path}\n{text}\n" for path, text in proposal.files.items()))
    style = session.console.stdout.style()
    return session.console.say(proposal_text(proposal.facts, proposal.tasks, tuple(proposal.files), proposal.notes, style, reflect=reflect))


def _may_reflect() -> bool:
    """Ask whether runs may append refactor tasks; where nobody can answer, they may not."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return typer.confirm("may runs measure the code and append refactor tasks to tasks.yml?", default=False, err=True)


def _proposal_json(proposal: Proposal, *, written: bool) -> dict[str, Any]:
    return {
        "found": {tool.value: evidence for tool, evidence in proposal.facts.tools.items()},
        "tasks": [task.id for task in proposal.tasks],
        "files": dict(proposal.files),
        "written": written,
        "notes": list(proposal.notes),
    }


class SchemaOf(StrEnum):
    """Files that have a schema."""

    TASKS = "tasks"
    CONFIG = "config"
    #: The user's own config.yaml.
    USER = "user"


File = Annotated[SchemaOf | None, typer.Argument(help="The file that the schema is of.", show_default=False)]
Write = Annotated[bool, typer.Option("--write", help="Write them to where the first lines of the files point.")]


def schema(session: Session, file: File = None, directory: Directory = "", write: Write = False, json: Json = False) -> int:
    """Print the JSON schema of a file.

    It accepts exactly what orchestrator accepts. Editors check and complete the files with it; init sets that up.
    """
    schemas = file_schemas(session.settings_class)
    if write:
        from core.scaffold import write_schemas

        write_schemas(project_folder(directory), schemas)
    elif file is None:
        raise UsageError("which schema?", hint="orchestrator schema tasks, or: orchestrator schema config")
    if file is not None:
        return session.console.say_json(schemas[file.value])
    return session.console.say_json(schemas) if json else 0


def config_show(session: Session, directory: Directory = "", json: Json = False) -> int:
    """Print every setting and its source.

    A value is the default, or comes from your own file, the repository's config.yaml or an ORCHESTRATOR_ variable; the stronger
    source wins: default < your own file < config.yaml < environment < command line.
    """
    from core.reports.setup_text import settings_json, settings_text

    settings = session.open(directory).settings
    if json:
        return session.console.say_json(settings_json(settings))
    return session.console.say(settings_text(settings, session.console.stdout.style()))


def doctor(session: Session, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Check this machine and this repository.

    Prints what a bug report needs to say. Exits with 1 when something is in the way of a run.
    """
    from core.assembly.doctor import diagnose
    from core.reports.setup_text import diagnosis_json, diagnosis_text

    diagnoses = diagnose(session, directory, tasks_file=tasks_file)
    if json:
        session.console.say_json(diagnosis_json(diagnoses))
    else:
        session.console.say(diagnosis_text(diagnoses, session.console.stdout.style()))
    return ExitCode.FAILED if any(diagnosis.health is Health.BAD for diagnosis in diagnoses) else ExitCode.OK


class Shell(StrEnum):
    """A shell that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    session: Session, shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")], json: Json = False
) -> int:
    """Print a shell's completion script.

    bash: eval "$(orchestrator completion bash)" in ~/.bashrc; zsh: the same with zsh, in ~/.zshrc, after compinit;
    fish: orchestrator completion fish > ~/.config/fish/completions/orchestrator.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # its home is private

    from core.cli.app import COMPLETE_VARIABLE, PROGRAM

    script = get_completion_script(prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE, shell=shell.value)
    return session.console.say_json({"shell": shell.value, "script": script}) if json else session.console.say(script + "\n")
