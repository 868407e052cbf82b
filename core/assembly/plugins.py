"""The plugins of a repository: listeners, auditors, reporters, and what tasks and settings ask of them.

Without plugins.lock none of this is imported by a run or an audit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from core.assembly.container import Container
from core.assembly.project import PLUGINS_LOCK
from core.config import CONFIG_FILE
from core.domain.plugins.configuration import PluginConfiguration, configuration_of, ownership_problems
from core.domain.plugins.plugin import FoundPlugin, ProvisionKind
from core.domain.settings.settings import Provenance, Settings, Source
from core.domain.tasks.task import Status, Task
from core.errors import PluginRefused, Problem, UsageError
from core.events import Event
from core.files.user_places import user_places
from core.ports.code import PluginAuditors
from core.ports.subscribers import Listeners

if TYPE_CHECKING:
    from core.plugins.host.plugin_host import PluginHost


_PREFIX = "plugin:"


def plugin_listeners(container: Container) -> Listeners:
    """Return the granted listeners; none is started before the first event."""
    from core.plugins.host.listeners import PluginListeners

    return PluginListeners(container.open_plugin_host, partial(configuration_of, container.settings))


def plugin_auditors(container: Container, cancelled: Callable[[], bool]) -> PluginAuditors:
    """Return the granted auditors; they are killed once ``cancelled`` returns True."""
    from core.plugins.host.auditors import GrantedAuditors

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


def providing_plugins(host: PluginHost, kind: ProvisionKind) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the ids of granted plugins by the names of what they provide of ``kind``, and why others are out of reach."""
    from core.plugins.host.grant import granted

    manifests, problems = granted(host, kind)
    return {item.name: manifest.id for manifest in manifests for item in manifest.provides if item.kind is kind}, problems


def _provider(host: PluginHost, wanted: str) -> tuple[str, str]:
    """Return the plugin that provides a format, and what it calls the format."""
    formats, problems = providing_plugins(host, ProvisionKind.REPORTER)
    if wanted in formats:
        return formats[wanted], wanted
    name = wanted.removeprefix(_PREFIX)
    if name != wanted and name in formats.values():
        return name, ""
    known = ", ".join(sorted(formats)) or f"none in {PLUGINS_LOCK}"
    raise UsageError(f"no granted plugin reports as {wanted}", hint="; ".join(("reporters: " + known, *problems)))


#: Of very many problems not all are looked for.
_MOST = 1_000
_ENDED = (Status.DONE, Status.CANCELLED)


def plugin_problems(container: Container, tasks: Iterable[Task]) -> tuple[Problem, ...]:
    """Return what is wrong with ``plugin`` and ``with`` of tasks that have not ended, and with the settings of plugins that are here."""
    from core.plugins.rules.schema_check import bounded_validator

    asking = [task for task in tasks if task.plugin is not None and task.status not in _ENDED]
    found = _plugins_by_id(container)
    validator = bounded_validator()
    problems = chain(_of_tasks(container.settings.tasks_file, asking, found, validator), _of_settings(container.settings, found, validator))
    return tuple(islice(problems, _MOST))


def plugin_problem(container: Container, task: Task) -> str:
    """Return what is first wrong with ``plugin`` and ``with`` of a task; empty when nothing is."""
    from core.plugins.rules.schema_check import bounded_validator

    return next((message for message, _ in _of_task(task, _plugins_by_id(container), bounded_validator())), "")


def _plugins_by_id(container: Container) -> dict[str, FoundPlugin]:
    from core.plugins.host.discovery import discover_plugins

    places = user_places(container.environment)
    return {plugin.id: plugin for plugin in reversed(discover_plugins(container.project.root, places=places))}


def _of_tasks(file: str, tasks: Iterable[Task], found: dict[str, FoundPlugin], validator: Any) -> Iterator[Problem]:
    for task in tasks:
        for message, hint in _of_task(task, found, validator):
            yield Problem(file=file, line=task.place.line, column=task.place.column, message=f"task '{task.id}': {message}", hint=hint)


def _of_task(task: Task, found: dict[str, FoundPlugin], validator: Any) -> Iterator[tuple[str, str]]:
    from core.plugins.rules.contracts import config_problems

    plugin = found.get(task.plugin or "")
    if plugin is None:
        yield f"there is no plugin {task.plugin}", f"there are: {', '.join(sorted(found)) or 'none'}"
    elif plugin.manifest is None:
        yield f"plugin {plugin.id} cannot be used: its manifest is not valid", f"orchestrator plugins show {plugin.id}"
    elif not plugin.manifest.provision(ProvisionKind.TASK):
        yield f"plugin {plugin.id} runs no tasks", f"it provides {', '.join(item.kind for item in plugin.manifest.provides)}"
    else:
        for problem in config_problems(plugin.manifest.config, dict(task.with_), validator):
            yield f"with: {problem}", ""
        written = PluginConfiguration(values=task.with_, by_repository=dict.fromkeys(task.with_, ""))
        for _, sentence in ownership_problems(plugin.manifest.config, written):
            yield f"with: {sentence}", ""


def _of_settings(settings: Settings, found: dict[str, FoundPlugin], validator: Any) -> Iterator[Problem]:
    """Settings of a plugin that is not here are somebody else's business: it may be installed elsewhere."""
    from core.plugins.rules.contracts import config_problems

    origin = settings.sources.get("plugins", Provenance(source=Source.DEFAULT))
    for name, configuration in settings.plugins.items():
        manifest = found[name].manifest if name in found else None
        if manifest is None:
            continue
        for problem in config_problems(manifest.config, dict(configuration), validator):
            yield Problem(file=origin.place or CONFIG_FILE, message=f"plugins.{name}: {problem}")
        for place, sentence in ownership_problems(manifest.config, configuration_of(settings, name)):
            yield Problem(file=place, message=f"plugins.{name}: {sentence}")
