"""``orchestrator schema``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from core.assembly import file_schemas
from core.cli.backlog_view import say_json
from core.cli.options import Json


class SchemaOf(StrEnum):
    """Files that have a schema."""

    TASKS = "tasks"
    CONFIG = "config"


def schema(
    file: Annotated[SchemaOf, typer.Argument(help="The file that the schema is of.", show_default=False)], json: Json = False
) -> int:
    """Print the JSON schema of a file.

    It accepts exactly what orchestrator accepts. Editors check and complete the files with it; init sets that up.
    """
    del json  # a schema is JSON already
    return say_json(file_schemas()[file.value])
