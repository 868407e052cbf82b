"""What tasks and settings ask of plugins that are not there, or do not take it. Reads manifests, runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from core.assembly.container import Container
from core.config import CONFIG_FILE
from core.domain.plugins.configuration import PluginConfiguration, configuration_of, ownership_problems
from core.domain.plugins.plugin import FoundPlugin, ProvisionKind
from core.domain.settings.settings import Provenance, Settings, Source
from core.domain.tasks.task import Status, Task
from core.domain.untrusted.user_places import user_places
from core.errors import Problem
from core.plugins.discovery import discover_plugins
from core.plugins.rules.contracts import config_problems
from core.plugins.rules.schema_limits import bounded_validator

#: Of very many problems not all are looked for.
_MOST = 1_000
_ENDED = (Status.DONE, Status.CANCELLED)


def plugin_problems(container: Container, tasks: Iterable[Task]) -> tuple[Problem, ...]:
    """Return what is wrong with ``plugin`` and ``with`` of tasks that have not ended, and with the settings of plugins that are here."""
    asking = [task for task in tasks if task.plugin is not None and task.status not in _ENDED]
    places = user_places(container.environment)
    found = {plugin.id: plugin for plugin in reversed(discover_plugins(container.project.root, places=places))}
    validator = bounded_validator()
    problems = chain(_of_tasks(container.settings.tasks_file, asking, found, validator), _of_settings(container.settings, found, validator))
    return tuple(islice(problems, _MOST))


def _of_tasks(file: str, tasks: Iterable[Task], found: dict[str, FoundPlugin], validator: Any) -> Iterator[Problem]:
    for task in tasks:
        for message, hint in _of_task(task, found, validator):
            yield Problem(file=file, line=task.place.line, column=task.place.column, message=f"task '{task.id}': {message}", hint=hint)


def _of_task(task: Task, found: dict[str, FoundPlugin], validator: Any) -> Iterator[tuple[str, str]]:
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
    origin = settings.sources.get("plugins", Provenance(source=Source.DEFAULT))
    for name, configuration in settings.plugins.items():
        manifest = found[name].manifest if name in found else None
        if manifest is None:
            continue
        for problem in config_problems(manifest.config, dict(configuration), validator):
            yield Problem(file=origin.place or CONFIG_FILE, message=f"plugins.{name}: {problem}")
        for place, sentence in ownership_problems(manifest.config, configuration_of(settings, name)):
            yield Problem(file=place, message=f"plugins.{name}: {sentence}")
