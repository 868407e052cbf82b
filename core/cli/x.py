"""``orchestrator x``."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.options import Directory, Json
from core.cli.plugins import Arguments, With, plugins_run
from core.domain.plugins.plugin import Kind


def x(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a command that a granted plugin provides.", show_default=False)],
    arguments: Arguments = None,
    configured: With = None,
    directory: Directory = "",
    json: Json = False,
) -> int:
    """Run a command that a plugin provides."""
    from core.cli.plugins import plugin_host
    from core.errors import UsageError

    providers = plugin_host(directory).providers(Kind.COMMAND)
    named = {item.name: manifest.id for manifest in providers for item in manifest.provides if item.kind is Kind.COMMAND}
    if name not in named:
        known = ", ".join(sorted(named)) or "none"
        raise UsageError(f"no granted plugin provides the command {name}", hint=f"there are: {known}; orchestrator plugins list shows more")
    return plugins_run(named[name], arguments, configured, Kind.COMMAND, name, directory, json)
