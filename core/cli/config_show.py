"""``orchestrator config show``."""

from __future__ import annotations

from core.assembly.container import Session
from core.cli.options import Directory, Json


def config_show(session: Session, directory: Directory = "", json: Json = False) -> int:
    """Print every setting and its source.

    A value comes from config.yaml, from an ORCHESTRATOR_ variable, or is the default; the stronger source wins:
    default < file < environment < command line.
    """
    from core.reports.setup_text import settings_json, settings_text

    settings = session.open(directory).settings
    if json:
        return session.console.say_json(settings_json(settings))
    return session.console.say(settings_text(settings, session.console.stdout.style()))
