"""``orchestrator plugins certify | install | remove``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from core.assembly import plugin_tools as tools
from core.assembly.container import Session
from core.cli.options import Directory, Json
from core.cli.plugins import Name
from core.cli.plugins_trust import KeyFile
from core.errors import UsageError


def plugins_install(
    session: Session,
    source: Annotated[Path, typer.Argument(metavar="DIR|ARCHIVE", help="Folder, .zip or .tar.gz of a signed plugin.", show_default=False)],
    json: Json = False,
) -> int:
    """Install a signed plugin.

    It runs nowhere before a repository grants it: orchestrator plugins trust NAME.
    """
    manifest = tools.install(source, session.settings_class)
    if json:
        return session.console.say_json({"id": manifest.id, "version": manifest.version})
    return session.console.say(f"installed {manifest.id} {manifest.version}\nnext: orchestrator plugins trust {manifest.id}\n")


def plugins_remove(session: Session, name: Name, directory: Directory = "", json: Json = False) -> int:
    """Remove an installed plugin.

    It is also taken out of this repository's plugins.lock.
    """
    removed, unlocked = tools.remove(session.open(directory).open_plugin_host(), name)
    if json:
        return session.console.say_json({"id": name, "removed": removed, "unlocked": unlocked})
    return session.console.say(f"{name}: {'removed' if removed else 'not installed'}{', taken out of plugins.lock' if unlocked else ''}\n")


def plugins_certify(
    session: Session,
    source: Annotated[Path, typer.Argument(metavar="DIR|ARCHIVE", help="The plugin to examine.", show_default=False)],
    key: KeyFile = None,
    sign: Annotated[bool, typer.Option("--sign", help="Sign the report and put it into the plugin's folder.")] = False,
    osv: Annotated[Path | None, typer.Option("--osv", metavar="ZIP", help="OSV's archive for PyPI, for known flaws.")] = None,
    json: Json = False,
) -> int:
    """Examine a plugin and run its tests in the sandbox.

    Signed or not, its code runs only in the last stage, and only confined.
    """
    if sign and not source.is_dir():
        raise UsageError("a report is signed into a folder, not into an archive")
    private = tools.private_key(key) if sign else None
    report = tools.certify(source, osv)
    passed = report.verdict == "passed"
    if json:
        session.console.say_json(report.to_json())
    else:
        session.console.say(_certification_text(report))
    if sign and passed:
        tools.sign_report(source, report, private)
        if not json:
            session.console.say(f"the report is in {source}; now sign the plugin: orchestrator plugins sign {source}\n")
    return 0 if passed else 1


def _certification_text(report: Any) -> str:
    stages = "".join(f"{stage.name:16} {stage.verdict}\n" + "".join(f"    {note}\n" for note in stage.notes) for stage in report.stages)
    return f"{stages}{report.plugin} {report.version}: {report.verdict}\n"
