"""``orchestrator plugins keygen | sign | certify | install | remove | trust | revoke``: make, install and trust plugins."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from core.assembly import plugin_tools as tools
from core.assembly.container import Session
from core.cli.plugins import Name
from core.errors import UsageError
from core.terminal.console import Console
from core.terminal.options import Directory, Json

KeyFile = Annotated[str | None, typer.Option("--key", metavar="FILE", help="Private key; default: what PLUGIN_SIGNING_KEY names.")]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]


def plugins_keygen(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to put the private key.", show_default=False)],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What to call the key.")] = "",
    json: Json = False,
) -> int:
    """Make a key pair for signing plugins."""
    public = tools.make_key(file, name or file.name)
    if json:
        return session.console.say_json({"id": public.id, "private": str(file), "public": f"{file}.pub"})
    return session.console.say(
        f"private key {file}: keep it secret, never put it into a repository\npublic key {file}.pub: id {public.id}\n"
    )


def plugins_sign(
    session: Session,
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Folder of the plugin.", show_default=False)] = None,
    key: KeyFile = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=3650, help="How long the signature is valid.")] = 365,
    bundled: Annotated[
        bool, typer.Option("--bundled", help="Sign the plugins that come with the tool, with a key of this machine.")
    ] = False,
    release: Annotated[bool, typer.Option("--release", help="With --bundled: sign for a release with PLUGIN_SIGNING_KEY.")] = False,
    json: Json = False,
) -> int:
    """Sign a plugin.

    The signature covers every file, the version and the permissions.
    """
    if bundled or release:
        done = tools.sign_bundled(release=release)
        if json:
            return session.console.say_json({"key": done.key.id, "plugins": dict(done.plugins)})
        return session.console.say(
            "".join(f"{name}: {'signed' if anew else 'well signed already'} by {done.key.id}\n" for name, anew in done.plugins)
        )
    if folder is None:
        raise UsageError("which plugin? name its folder, or use --bundled", hint="orchestrator plugins sign DIR --key FILE")
    digest, public = tools.sign(folder, key, days)
    if json:
        return session.console.say_json({"digest": digest, "signer": public.id})
    return session.console.say(f"signed {folder}: digest {digest[:16]}…, key {public.id}\n")


def plugins_trust(
    session: Session,
    what: Annotated[list[str], typer.Argument(metavar="KEY.pub|NAME...", help="A public key, or plugins to grant.", show_default=False)],
    scope: Annotated[list[str] | None, typer.Option("--scope", metavar="ID", help="For a key: plugin ids or globs it may sign.")] = None,
    role: Annotated[list[str] | None, typer.Option("--role", metavar="ROLE", help="For a key: author, certifier or revoker.")] = None,
    days: Annotated[int | None, typer.Option("--days", metavar="N", min=1, help="For a key: trust it for N days.")] = None,
    narrow: Annotated[Path | None, typer.Option("--permissions", metavar="FILE", help="For a plugin: grant only these (JSON).")] = None,
    older: Annotated[bool, typer.Option("--older", help="For a plugin: accept a version older than one seen before.")] = False,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="For a plugin: agree for every repository that locks it, not only for this one.")
    ] = False,
    yes: Yes = False,
    directory: Directory = "",
    json: Json = False,
) -> int:
    """Trust a key, or grant plugins what they ask for.

    The repository's plugins.lock pins it, your own trust store says that you agree; a plugin runs where both do.
    """
    keys = [item for item in what if item.endswith(".pub")]
    if keys:
        if len(what) != len(keys):
            raise UsageError("give public keys or plugins, not both at once")
        return _trust_keys(session.console, [Path(item) for item in keys], scope or [], role or ["author"], days, json)
    host = session.open(directory).open_plugin_host()
    proposals = tools.proposals(host, what, narrowed_to=narrow, older=older, everywhere=everywhere)
    return max(_grant(session.console, host, proposal, yes, json) for proposal in proposals)


def plugins_revoke(
    session: Session,
    target: Annotated[
        str, typer.Argument(metavar="KEY|DIGEST|LIST", help="Key id, KEY.pub, digest, or a signed list.", show_default=False)
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; shown whenever it is refused.")] = "revoked by the user",
    publish: Annotated[Path | None, typer.Option("--publish", metavar="FILE", help="Put it into a signed list for others instead.")] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, help="With --publish: renew the list within N days.")] = 30,
    key: KeyFile = None,
    json: Json = False,
) -> int:
    """Believe a key or a plugin no longer.

    For ever: it cannot be trusted again. A list that a trusted revoker signed is taken in whole.
    """
    if publish is not None and not tools.is_list(target):
        revocations = tools.publish_revocation(publish, target, reason, days, key)
        if json:
            return session.console.say_json({"number": revocations.number, "targets": revocations.targets})
        return session.console.say(f"wrote list {revocations.number} with {len(revocations.targets)} entries to {publish}\n")
    store, done = tools.revoke(target, reason)
    if json:
        return session.console.say_json({"revoked": [item.target for item in store.revoked], "list": store.list_number})
    return session.console.say(f"{done}\n")


def _trust_keys(console: Console, files: list[Path], scope: list[str], role: list[str], days: int | None, json: bool) -> int:
    publics = tools.trust_keys(files, scope, role, days)
    if json:
        return console.say_json([{"id": public.id, "name": public.name, "roles": role, "scopes": scope} for public in publics])
    return console.say(
        "".join(f"key {public.id} ({public.name}) is trusted as {', '.join(role)} for {', '.join(scope)}\n" for public in publics)
    )


def _grant(console: Console, host: Any, proposal: Any, yes: bool, json: bool) -> int:
    name = proposal.manifest.id
    if proposal.settled:
        tools.grant(host, proposal)
        return (
            console.say_json({"id": name, "granted": True, "changed": False})
            if json
            else console.say(f"{name}: granted already, nothing changed\n")
        )
    manifest = proposal.manifest
    lines = [f"{name} {manifest.version} – {manifest.description}", f"signed by {proposal.signer} ({proposal.signer_name})", "it asks for:"]
    lines += [f"  {line}" for line in proposal.changes()]
    if not json:
        console.say("\n".join(lines) + "\n")
    if not yes and not _agreed(name):
        raise UsageError(
            f"{name} was not granted anything", hint=f"to grant it without a question: orchestrator plugins trust {name} --yes"
        )
    tools.grant(host, proposal)
    return console.say_json({"id": name, "granted": True, "changed": True}) if json else console.say("granted; pinned in plugins.lock\n")


def _agreed(name: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return typer.confirm(f"grant this to {name}?", err=True)


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
