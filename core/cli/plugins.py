"""``orchestrator plugins list | show | new | run | verify`` and ``orchestrator x``."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from core.assembly.container import Session
from core.assembly.plugin_tools import PluginState, input_of, plugin_details, plugin_states, verify, write_new_plugin
from core.domain.plugins.configuration import PluginConfiguration
from core.domain.plugins.plugin import Permissions, ProvisionKind
from core.errors import UsageError
from core.terminal.console import Console
from core.terminal.options import Directory, Json
from core.terminal.view_lines import MOST

Name = Annotated[str, typer.Argument(metavar="NAME", help="Id of a plugin.", show_default=False)]
With = Annotated[
    list[str] | None, typer.Option("--with", metavar="KEY=VALUE", help="Configure it; VALUE is JSON or text; may be repeated.")
]
As = Annotated[ProvisionKind, typer.Option("--as", help="What to run it as.")]
Arguments = Annotated[list[str] | None, typer.Argument(metavar="[ARGUMENT]...", help="Arguments of a command.", show_default=False)]
NewFolder = Annotated[Path, typer.Argument(metavar="NAME|DIR", help="Id, or folder whose name is the id.", show_default=False)]


def plugins_list(session: Session, directory: Directory = "", json: Json = False) -> int:
    """List plugins, and whether each may run."""
    host = session.open(directory).open_plugin_host()
    rows = [_row(state) for state in plugin_states(host)]
    if json:
        return session.console.say_json(rows)
    policy = f"policy: {host.policy.words()}\n"
    if not rows:
        return session.console.say(f"no plugins; write one: orchestrator plugins new NAME\n{policy}")
    width = max(len(row["id"]) for row in rows)
    lines = []
    for row in rows:
        state = "ready" if not row["reasons"] else row["reasons"][0]
        lines.append(f"{row['id']:{width}}  {row['version']:8}  {row['origin']:10}  {', '.join(row['provides'])}: {state}")
    return session.console.say("\n".join(lines) + f"\n{policy}")


def plugins_show(session: Session, name: Name, directory: Directory = "", json: Json = False) -> int:
    """Show what a plugin asks for and was granted."""
    state, locked, granted = plugin_details(session.open(directory).open_plugin_host(), name)
    found, manifest, row = state.found, state.found.manifest, _row(state)
    assert manifest is not None
    shown = {
        **row,
        "description": manifest.description,
        "authors": list(manifest.authors),
        "license": manifest.license,
        "folder": found.folder,
        "asks": manifest.permissions.to_json(),
        "pinned": locked.permissions.to_json() if locked else None,
        "granted": granted.to_json() if granted else None,
        "signer": locked.signer if locked else None,
    }
    if json:
        return session.console.say_json(shown)
    lines = [f"{manifest.id} {manifest.version}: {manifest.description}"]
    lines += [
        f"by {', '.join(manifest.authors)}, {manifest.license}, {found.origin}: {found.folder}",
        f"provides {', '.join(row['provides'])}",
    ]
    lines += ["asks for:", *(f"  {line}" for line in manifest.permissions.lines())]
    lines += _granted_lines(locked.permissions if locked else None, granted)
    lines += [f"may not run: {reason}" for reason in row["reasons"]] or ["may run"]
    return session.console.say("\n".join(lines) + "\n")


def _granted_lines(pinned: Permissions | None, granted: Permissions | None) -> list[str]:
    if granted:
        return ["granted:", *(f"  {line}" for line in granted.lines())]
    asked = ["pinned in plugins.lock, which you have not agreed to:", *(f"  {line}" for line in pinned.lines())] if pinned else []
    return [*asked, "granted: nothing yet"]


def plugins_new(
    session: Session,
    folder: NewFolder,
    kind: Annotated[ProvisionKind, typer.Option("--kind", help="What it is to be.")] = ProvisionKind.TASK,
    author: Annotated[str, typer.Option("--author", metavar="NAME", help="Who answers for it.")] = "",
    directory: Directory = "",
    json: Json = False,
) -> int:
    """Write a new plugin with a test."""
    root = session.open(directory, defaults=True).project.root
    place = folder if len(folder.parts) > 1 else root / "plugins" / folder
    files = write_new_plugin(place, kind, author)
    if json:
        return session.console.say_json({"id": place.name, "files": [str(path) for path in files]})
    written = "".join(f"wrote {os.path.relpath(path)}\n" for path in files)
    return session.console.say(written + f"next: orchestrator plugins certify {os.path.relpath(place)}\n")


def plugins_verify(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME|DIR", help="Id, or folder, of a plugin.", show_default=False)],
    directory: Directory = "",
    json: Json = False,
) -> int:
    """Verify a plugin's signature and files.

    Nothing of it is run.
    """
    host = session.open(directory).open_plugin_host()
    verified = verify(host, name)
    result = {
        "verified": not verified.reasons,
        "reasons": list(verified.reasons),
        "warnings": list(verified.warnings),
        "digest": verified.digest,
        "signer": verified.signer,
    }
    if json:
        session.console.say_json(result)
    else:
        signer = host.trust.key(verified.signer) if verified.signer else None
        good = f"{name}: verified, signed by {verified.signer} ({signer.name})" if signer else ""
        lines = [f"{name}: {reason}" for reason in verified.reasons] or [good, *verified.warnings]
        session.console.say("\n".join(lines) + "\n")
    return 1 if verified.reasons else 0


def plugins_run(
    session: Session,
    name: Name,
    arguments: Arguments = None,
    configured: With = None,
    kind: As = ProvisionKind.TASK,
    called: Annotated[str, typer.Option("--name", metavar="NAME", help="Command or format, where it provides several.")] = "",
    directory: Directory = "",
    json: Json = False,
) -> int:
    """Run a plugin once, in its sandbox."""
    signal.signal(signal.SIGTERM, _end_tidily)
    host = session.open(directory).open_plugin_host()
    value = input_of(kind, arguments or (), os.environ)
    on_log = None if json else partial(_pass_on, session.console)
    configuration = _configuration(configured or [], os.environ)
    answer = host.call(name, kind, value, configuration, called=called, on_log=on_log)
    if json:
        session.console.say_json(
            {"ok": answer.ok, "problem": answer.problem, "result": answer.result, "log": answer.log, "duration": answer.duration}
        )
        return 0 if answer.ok else 1
    if not answer.ok:
        session.console.note(f"error: plugin {name}: {answer.problem}\n")
        return 1
    return _say_result(session.console, answer.result)


def _say_result(console: Console, result: Mapping[str, Any]) -> int:
    """Print the text of a result, and return its exit code."""
    text = next((result[key] for key in ("output", "content", "message") if key in result), "")
    text = text if text.endswith("\n") or not text else text + "\n"
    (console.say if console.stdout.look.obeyed else console.say_exactly)(text)
    return int(result.get("exit_code", 0 if result.get("ok", True) else 1))


def _pass_on(console: Console, content: bytes) -> None:
    """Show what a plugin writes as it comes, unless nobody reads it; where a terminal or a CI service would obey it, only as text."""
    if console.stderr.look.obeyed:
        console.note(content.decode("utf-8", "replace"))
        return
    if console.stderr.waiting <= MOST:
        console.stderr.add_bytes(content)


def _end_tidily(number: int, _: object) -> None:
    """A run ends a task with TERM: the plugin's private directory is to go as well."""
    raise SystemExit(128 + number)


def _configuration(pairs: list[str], environment: Mapping[str, str]) -> PluginConfiguration:
    """Return what ``--with`` says; in a task the words are the tasks file's, and so the repository's."""
    from core.schema.json_reader import parse_json

    configuration: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(f"--with {pair}: not KEY=VALUE")
        try:
            configuration[key] = parse_json(text)
        except ValueError:
            configuration[key] = text
    task = environment.get("ORCHESTRATOR_TASK_ID", "")
    return PluginConfiguration(values=configuration, by_repository=dict.fromkeys(configuration, f"task {task}") if task else {})


def _row(state: PluginState) -> dict[str, Any]:
    plugin, manifest = state.found, state.found.manifest
    return {
        "id": plugin.id,
        "version": manifest.version if manifest else "?",
        "origin": str(plugin.origin),
        "provides": [str(item.kind) for item in manifest.provides] if manifest else [],
        "reasons": list(state.reasons),
    }


def x(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a command that a granted plugin provides.", show_default=False)],
    arguments: Arguments = None,
    configured: With = None,
    directory: Directory = "",
    json: Json = False,
) -> int:
    """Run a command that a plugin provides."""
    from core.assembly.plugins import providing_plugins

    named, problems = providing_plugins(session.open(directory).open_plugin_host(), ProvisionKind.COMMAND)
    if name not in named:
        known = ", ".join(sorted(named)) or "none"
        hint = "; ".join((f"there are: {known}", *problems, "orchestrator plugins list shows more"))
        raise UsageError(f"no granted plugin provides the command {name}", hint=hint)
    return plugins_run(session, named[name], arguments, configured, ProvisionKind.COMMAND, name, directory, json)
