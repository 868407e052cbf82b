"""The granted plugins of a project: listeners, auditors, reporters. Without plugins.lock there are none, and none of this is imported."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from core.assembly.container import Container
from core.assembly.project import PLUGINS_LOCK
from core.domain.plugins.configuration import configuration_of
from core.domain.plugins.plugin import ProvisionKind
from core.errors import PluginRefused, UsageError
from core.events import Event
from core.plugins.auditing import GrantedAuditors
from core.plugins.grant import granted
from core.plugins.host import PluginHost
from core.plugins.listening import PluginListeners
from core.ports.code import PluginAuditors
from core.ports.subscribers import Listeners

_PREFIX = "plugin:"


def plugin_listeners(container: Container) -> Listeners:
    """Return the granted listeners; none is started before the first event."""
    return PluginListeners(container.open_plugin_host, partial(configuration_of, container.settings))


def plugin_auditors(container: Container, cancelled: Callable[[], bool]) -> PluginAuditors:
    """Return the granted auditors; they are killed once ``cancelled`` returns True."""
    return GrantedAuditors(container.open_plugin_host, partial(configuration_of, container.settings), cancelled)


def send_to_listeners(container: Container, event: Event) -> tuple[str, ...]:
    """Send one event that belongs to no run to the listeners, wait until they have taken it, and return what went wrong."""
    listeners = plugin_listeners(container)
    try:
        listeners(event)
    finally:
        listeners.close()
    return listeners.problems()


def plugin_reporter(container: Container, wanted: str) -> Callable[[dict[str, Any]], str]:
    """Return what renders an audit's JSON document as a plugin does; ``wanted`` is its format, or ``plugin:`` and its id.

    Raises UsageError naming the formats there are. What it returns raises PluginRefused when the plugin is refused or fails.
    """
    host, settings = container.open_plugin_host(), container.settings
    plugin, called = _provider(host, wanted)

    def render(report: dict[str, Any]) -> str:
        answer = host.call(plugin, ProvisionKind.REPORTER, {"report": report}, configuration_of(settings, plugin), called=called)
        if not answer.ok:
            raise PluginRefused([f"plugin {plugin}: {answer.problem}"], hint="orchestrator audit --format json shows what it is given")
        return str(answer.result["content"])

    return render


def _provider(host: PluginHost, wanted: str) -> tuple[str, str]:
    """Return the plugin that provides a format, and what it calls the format."""
    manifests, problems = granted(host, ProvisionKind.REPORTER)
    formats = {item.name: manifest.id for manifest in manifests for item in manifest.provides if item.kind is ProvisionKind.REPORTER}
    if wanted in formats:
        return formats[wanted], wanted
    name = wanted.removeprefix(_PREFIX)
    if name != wanted and name in formats.values():
        return name, ""
    known = ", ".join(sorted(formats)) or f"none in {PLUGINS_LOCK}"
    raise UsageError(f"no granted plugin reports as {wanted}", hint="; ".join(("reporters: " + known, *problems)))
