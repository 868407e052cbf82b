"""The common options of commands, the kernel's and those of wings, so that they look and mean the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

Directory = Annotated[
    str, typer.Option("-C", "--directory", metavar="DIR", help="Work in this repository.", show_default="the current one")
]
TasksFile = Annotated[str | None, typer.Option("-f", "--file", metavar="FILE", help="Use this file instead of tasks.yml.")]
DryRun = Annotated[bool, typer.Option("-n", "--dry-run", help="Print the change of the file as a diff; change nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say only what went wrong.")]
