"""The table of settings as the Settings dataclasses declare it: options and sections, their schema, how documents are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.domain.settings.owner import Owner
from core.domain.settings.settings import Provenance, Settings, Source
from core.domain.settings.value_kinds import Complain, Kind, describe

#: Beginning of the names of environment variables that set options.
VARIABLE_PREFIX = "ORCHESTRATOR_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting."""

    #: Keys from the root of config.yaml down.
    path: tuple[str, ...]
    kind: Kind
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


def settings_table() -> Section:
    """Return the whole table."""
    return _section(Settings, ())


def _section(cls: Any, path: tuple[str, ...]) -> Section:
    entries: dict[str, Option | Section] = {}
    for item in dataclasses.fields(cls):
        below = (*path, item.name)
        if "kind" in item.metadata:
            entries[item.name] = Option(path=below, default=_default(item), **item.metadata)
            continue
        nested: Any = item.default_factory
        if dataclasses.is_dataclass(nested):
            entries[item.name] = _section(nested, below)
    return Section(path=path, help=cls.__doc__ or "", cls=cls, entries=entries)


def _default(item: dataclasses.Field[Any]) -> Any:
    return item.default if item.default_factory is dataclasses.MISSING else item.default_factory()


def read_document(section: Section, document: Any, complain: Complain) -> dict[str, Any]:
    """Return the values that a plain document sets, by dotted key; every mistake goes to ``complain``.

    ``null`` in place of a section sets nothing, so that a section may have all its lines commented out.
    """
    if document is None:
        return {}
    if not isinstance(document, Mapping):
        complain(section.path, f"must be a map of settings, not {describe(document)}")
        return {}
    values: dict[str, Any] = {}
    for name, value in document.items():
        entry, at = section.entries.get(name), (*section.path, name)
        if entry is None:
            complain(at, f"unknown key '{'.'.join(at)}'", _nearest_key(section, name), key=True)
        elif isinstance(entry, Section):
            values.update(read_document(entry, value, complain))
        else:
            values[entry.key] = entry.kind.read(value, at, complain)
    return values


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
    return {"description": option.help, "default": option.kind.write(option.default), "x-owners": owners, **option.kind.schema()}


def nearest(word: str, words: Iterable[str]) -> str:
    """Return the one of ``words`` that ``word`` was probably meant to be, or nothing."""
    import difflib

    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return close[0] if close else ""


def _nearest_key(section: Section, name: str) -> str:
    near = nearest(name, section.entries)
    if near:
        return f"did you mean '{near}'?"
    elsewhere = [option.key for option in settings_table().options() if option.path[-1] == name]
    if elsewhere:
        return f"did you mean '{elsewhere[0]}'?"
    return f"known: {', '.join(section.entries)}"
