"""A plugin's configuration, and who wrote what of it: keys that say where something secret goes are only the user's to set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.domain.settings.settings import Settings, Source

#: Keyword of a manifest's configuration schema; ``user`` keeps a repository from setting a key.
OWNER_KEYWORD = "x-owner"
USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginConfiguration:
    """What one plugin is configured with."""

    values: Mapping[str, Any] = field(default_factory=dict)
    #: Keys that the repository wrote, and where: ``config.yaml:3:7``, ``tasks.yml``.
    by_repository: Mapping[str, str] = field(default_factory=dict)


def configuration_of(settings: Settings, plugin: str) -> PluginConfiguration:
    """Return what the settings say for ``plugin``."""
    values = settings.plugins.get(plugin, {})
    sources = {key: settings.plugin_sources.get((plugin, key)) for key in values}
    written = {key: source.place for key, source in sources.items() if source and source.source is Source.FILE}
    return PluginConfiguration(values=values, by_repository=written)


def users_keys(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys that a configuration schema gives to the user alone: marked themselves, or with a marked part."""
    properties = schema.get("properties", {})
    return frozenset(key for key, part in properties.items() if any(mark == USER for mark in _marks(part)))


def misplaced_mark(schema: Mapping[str, Any]) -> str:
    """Return what is wrong with the marks of a configuration schema, or an empty string: each belongs into a key of ``properties``."""
    marks = list(_marks(schema))
    strange = [mark for mark in marks if mark != USER]
    if strange:
        return f"{OWNER_KEYWORD} can only be {USER}"
    properties = schema.get("properties", {})
    below = sum(len(list(_marks(part))) for part in properties.values()) if isinstance(properties, Mapping) else 0
    return "" if below == len(marks) else f"{OWNER_KEYWORD} belongs into a key of properties"


def ownership_problems(schema: Mapping[str, Any], configuration: PluginConfiguration) -> tuple[tuple[str, str], ...]:
    """Return (place, sentence) for each key that the repository set and only the user may."""
    users = users_keys(schema)
    return tuple(
        (place, f"{key} can be set only by the user, not by a repository: put it into your own ~/.config/orchestrator/config.yaml")
        for key, place in sorted(configuration.by_repository.items())
        if key in users
    )


def _marks(schema: Any) -> Iterator[Any]:
    """Yield every value of the keyword in a schema, however deep."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            if OWNER_KEYWORD in part:
                yield part[OWNER_KEYWORD]
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
