"""The table of settings as the Settings dataclasses declare it: options and sections, their schema, how documents are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.domain.settings.settings import Owner, Provenance, Settings, Source
from core.schema.document import Mistake
from core.schema.field_types import ErrorCollector, FieldType
from core.schema.nodes import MapNode, Node, resolve
from core.schema.scalars import is_null_node
from core.schema.wording import describe_setting, did_you_mean

#: Beginning of the names of environment variables that set options.
VARIABLE_PREFIX = "ORCHESTRATOR_"
_WRONG = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting."""

    #: Keys from the root of config.yaml down.
    path: tuple[str, ...]
    value_type: FieldType
    default: Any
    help: str
    #: Flag of ``orchestrator run`` that sets it; empty where there is none.
    flag: str
    #: Who may set it.
    owners: tuple[Owner, ...]
    #: Whether an audit's verdict depends on it.
    decides_verdict: bool

    @property
    def key(self) -> str:
        """Return the dotted key: ``budget.cost``."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """Return the environment variable that sets it: ``ORCHESTRATOR_BUDGET_COST``."""
        return VARIABLE_PREFIX + "_".join(self.path).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A map of config.yaml that holds options and further sections, in the order of the table."""

    path: tuple[str, ...]
    help: str
    cls: Any
    entries: Mapping[str, Option | Section]

    def options(self) -> tuple[Option, ...]:
        """Return every option below, depth first."""
        found: list[Option] = []
        for entry in self.entries.values():
            found.extend(entry.options() if isinstance(entry, Section) else (entry,))
        return tuple(found)


def settings_table(cls: type[Settings] = Settings) -> Section:
    """Return the whole table of ``cls``: the kernel's settings, or a class made of them that has sections of wings as well."""
    return _section(cls, ())


def _section(cls: Any, path: tuple[str, ...]) -> Section:
    entries: dict[str, Option | Section] = {}
    for item in dataclasses.fields(cls):
        below = (*path, item.name)
        if "value_type" in item.metadata:
            entries[item.name] = Option(path=below, default=_default(item), **item.metadata)
            continue
        nested: Any = item.default_factory
        if dataclasses.is_dataclass(nested):
            entries[item.name] = _section(nested, below)
    return Section(path=path, help=cls.__doc__ or "", cls=cls, entries=entries)


def _default(item: dataclasses.Field[Any]) -> Any:
    return item.default if item.default_factory is dataclasses.MISSING else item.default_factory()


def read_settings(section: Section, node: Node | None, errors: ErrorCollector) -> dict[str, Any]:
    """Return the values that a document sets, by dotted key; ``errors`` gets every mistake, and a value with one is left out.

    ``null`` in place of a section sets nothing, so that a section may have all its lines commented out.
    """
    if node is None or is_null_node(node):
        return {}
    solid = resolve(node)
    if not isinstance(solid, MapNode):
        errors.mistakes.append(Mistake(index=node.start, inside=".".join(section.path), message="must be a map of settings", found=node))
        return {}
    values: dict[str, Any] = {}
    for name, (key_node, value) in solid.pairs.items():
        entry, key = section.entries.get(name), ".".join((*section.path, name))
        if entry is None:
            errors.add(key_node.start, "is unknown", _nearest_key(section, name), unknown_key=key)
        elif isinstance(entry, Section):
            values.update(read_settings(entry, value, errors))
        else:
            values[key] = errors.read(key, entry.value_type, value, wrong=_WRONG)
    return {key: value for key, value in values.items() if value is not _WRONG}


def sentence(mistake: Mistake) -> str:
    """Return a mistake in a value of settings as a sentence."""
    if mistake.unknown_key is not None:
        return f"unknown key '{mistake.unknown_key}'"
    found = "" if mistake.found is None else f", not {describe_setting(mistake.found)}"
    return f"{mistake.inside} {mistake.message}{found}".strip()


def build_settings(
    section: Section,
    values: Mapping[str, Any],
    sources: Mapping[str, Provenance],
    plugin_sources: Mapping[tuple[str, str], Provenance],
) -> Settings:
    """Return settings with ``values`` by dotted key in place of defaults."""
    settings = _build(section, values)
    assert isinstance(settings, Settings)
    return dataclasses.replace(settings, sources=sources, plugin_sources=plugin_sources)


def _build(section: Section, values: Mapping[str, Any]) -> Any:
    arguments: dict[str, Any] = {}
    for name, entry in section.entries.items():
        if isinstance(entry, Section):
            arguments[name] = _build(entry, values)
        elif entry.key in values:
            arguments[name] = values[entry.key]
    return section.cls(**arguments)


def provenance(settings: Settings, key: str) -> Provenance:
    """Return where the value of ``key`` came from."""
    return settings.sources.get(key, Provenance(source=Source.DEFAULT))


def is_stronger_than_files(settings: Settings, key: str) -> bool:
    """Return whether a variable or a flag sets ``key``, so that no file, of whichever revision, decides it."""
    return provenance(settings, key).source in (Source.ENVIRONMENT, Source.COMMAND_LINE)


def value_of(settings: Settings, option: Option) -> Any:
    """Return the value that ``settings`` hold for an option."""
    value: Any = settings
    for name in option.path:
        value = getattr(value, name)
    return value


def json_schema(section: Section, owner: Owner) -> dict[str, Any]:
    """Return the JSON schema (draft 7) of a section's documents as ``owner`` may write them; ``x-owners`` says who may set a value."""
    properties: dict[str, Any] = {}
    for name, entry in section.entries.items():
        properties[name] = json_schema(entry, owner) if isinstance(entry, Section) else _option_schema(entry, owner)
    return {"description": section.help, "type": ["object", "null"], "properties": properties, "additionalProperties": False}


def _option_schema(option: Option, owner: Owner) -> dict[str, Any]:
    owners = [each.value for each in option.owners]
    if owner not in option.owners:
        return {"description": f"{option.help} Only the user may set it.", "x-owners": owners, "not": {}}
    return {
        "description": option.help,
        "default": option.value_type.write(option.default),
        "x-owners": owners,
        **option.value_type.schema(),
    }


def _nearest_key(section: Section, name: str) -> str:
    if near := did_you_mean(name, section.entries):
        return near
    elsewhere = [option.key for option in settings_table().options() if option.path[-1] == name]
    if elsewhere:
        return f"did you mean '{elsewhere[0]}'?"
    return f"known: {', '.join(section.entries)}"
