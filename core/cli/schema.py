"""``orchestrator schema``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from core.assembly.container import Session
from core.assembly.project import file_schemas, project_folder
from core.cli.options import Directory, Json
from core.errors import UsageError
from core.scaffold import write_schemas


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
        write_schemas(project_folder(directory), schemas)
    elif file is None:
        raise UsageError("which schema?", hint="orchestrator schema tasks, or: orchestrator schema config")
    if file is not None:
        return session.console.say_json(schemas[file.value])
    return session.console.say_json(schemas) if json else 0
