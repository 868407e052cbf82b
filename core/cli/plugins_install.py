"""``orchestrator plugins certify | install | remove``."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from core.assembly.container import Session
from core.cli.options import Directory, Json
from core.cli.plugins import Name
from core.cli.plugins_trust import KeyFile


def plugins_install(
    session: Session,
    source: Annotated[Path, typer.Argument(metavar="DIR|ARCHIVE", help="Folder, .zip or .tar.gz of a signed plugin.", show_default=False)],
    json: Json = False,
) -> int:
    """Install a signed plugin.

    It runs nowhere before a repository grants it: orchestrator plugins trust NAME.
    """
    from core.assembly.plugin_policy import user_policy
    from core.domain.untrusted.user_places import user_places
    from core.plugins.install import install_plugin
    from core.plugins.signing.user_store import user_trust

    places = user_places(os.environ)
    manifest = install_plugin(source, user_trust(places), places, time.time(), require=user_policy().require)
    if json:
        return session.console.say_json({"id": manifest.id, "version": manifest.version})
    return session.console.say(f"installed {manifest.id} {manifest.version}\nnext: orchestrator plugins trust {manifest.id}\n")


def plugins_remove(session: Session, name: Name, directory: Directory = "", json: Json = False) -> int:
    """Remove an installed plugin.

    It is also taken out of this repository's plugins.lock.
    """
    from core.errors import UsageError
    from core.plugins.grant import withdraw
    from core.plugins.install import remove_plugin

    host = session.open(directory).plugin_host
    unlocked = withdraw(host, name)
    try:
        remove_plugin(name, host.places)
        removed = True
    except UsageError:
        if not unlocked:
            raise
        removed = False
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
    from core.domain.untrusted.user_places import user_places
    from core.errors import UsageError
    from core.plugins.certification.pipeline import certify_plugin, write_report
    from core.plugins.install import opened_source
    from core.plugins.sandbox.layers import proven, sandbox_layers
    from core.plugins.signing.keys import load_private_key

    if sign and not source.is_dir():
        raise UsageError("a report is signed into a folder, not into an archive")
    private = load_private_key(key, os.environ) if sign else None
    with opened_source(source) as folder:
        places, layers = user_places(os.environ), proven(sandbox_layers())
        report = certify_plugin(folder, places=places, layers=layers, environment=os.environ, now=time.time(), osv=osv)
    passed = report.verdict == "passed"
    if json:
        session.console.say_json(report.to_json())
    else:
        session.console.say(_certification_text(report))
    if sign and passed:
        write_report(source, report, private)
        if not json:
            session.console.say(f"the report is in {source}; now sign the plugin: orchestrator plugins sign {source}\n")
    return 0 if passed else 1


def _certification_text(report: Any) -> str:
    stages = "".join(f"{stage.name:16} {stage.verdict}\n" + "".join(f"    {note}\n" for note in stage.notes) for stage in report.stages)
    return f"{stages}{report.plugin} {report.version}: {report.verdict}\n"
