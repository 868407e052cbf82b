"""``orchestrator config show``."""

from __future__ import annotations

from core.cli.options import Directory, Json


def config_show(directory: Directory = "", json: Json = False) -> int:
    """Print every setting and its source.

    A value comes from config.yaml, from an ORCHESTRATOR_ variable, or is the default; the stronger source wins:
    default < file < environment < command line.
    """
    from core.assembly.project import open_project
    from core.cli.backlog_view import say, say_json, stdout
    from core.reports.setup.settings_view import settings_json, settings_text

    settings = open_project(directory).settings
    if json:
        return say_json(settings_json(settings))
    return say(settings_text(settings, stdout().style()))
