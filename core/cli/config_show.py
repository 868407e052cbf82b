"""``orchestrator config show``."""

from __future__ import annotations

import json as json_text
import os

from core.cli.options import Directory, Json


def config_show(directory: Directory = "", json: Json = False) -> int:
    """Print every setting and its source.

    A value comes from config.yaml, from an ORCHESTRATOR_ variable, or is the default; the stronger source wins:
    default < file < environment < command line.
    """
    from core.assembly import open_project
    from core.cli.console import outputs
    from core.reports.settings_view import settings_json, settings_text

    settings = open_project(directory).settings
    stdout, _ = outputs(os.environ)
    text = (
        json_text.dumps(settings_json(settings), ensure_ascii=False, indent=2) + "\n" if json else settings_text(settings, stdout.style())
    )
    stdout.add(text)
    stdout.flush()
    return 0
