"""The plugins of one kind that a repository has granted, and those of them that cannot be asked."""

from __future__ import annotations

from core.domain.plugins.agreement import agreement_objection
from core.domain.plugins.plugin import Kind, Manifest, Permissions
from core.errors import OrchestratorError
from core.plugins.discovery import discover_plugins
from core.plugins.host import PluginHost
from core.plugins.lock_file import LOCK_FILE, Locked


def granted(host: PluginHost, kind: Kind) -> tuple[tuple[Manifest, ...], tuple[str, ...]]:
    """Return the manifests of the granted plugins that say they provide ``kind``, and why others are out of reach. Never raises."""
    try:
        locked = host.locked()
    except OrchestratorError as error:
        return (), (one_line(error),)
    found = {plugin.id: plugin for plugin in reversed(discover_plugins(host.repository, places=host.places, bundled=host.bundled))}
    manifests, problems = [], []
    for name in locked:
        plugin = found.get(name)
        if plugin is None:
            problems.append(f"plugin {name}: {LOCK_FILE} grants it, but it is not here")
        elif plugin.manifest is None or plugin.problems:
            problems.append(f"plugin {name}: {'; '.join(plugin.problems)}")
        elif plugin.manifest.provision(kind):
            manifests.append(plugin.manifest)
    return tuple(manifests), tuple(problems)


def lock_and_grant(host: PluginHost, name: str) -> tuple[Locked | None, Permissions | None]:
    """Return what the lock pins for a plugin, and its permissions as far as the user agreed to them. Raises InvalidFile, StorageError."""
    locked = host.locked().get(name)
    if locked is None:
        return None, None
    objection = agreement_objection(host.trust.agreements, name, locked.digest, str(host.repository), locked.permissions)
    return locked, None if objection else locked.permissions


def one_line(error: OrchestratorError) -> str:
    """Return an error and what to type next as one line."""
    text = "; ".join(str(error).splitlines())
    return f"{text} ({error.hint})" if error.hint else text
