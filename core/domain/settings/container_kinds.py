"""Kinds of values that hold others: null or something, lists, maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core.domain.settings.value_kinds import Complain, Kind, Path, refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Nullable:
    """``null``, or what another kind accepts."""

    kind: Kind

    @property
    def wanted(self) -> str:
        return f"{self.kind.wanted}, or null"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.kind.schema(), {"type": "null"}]}

    def read(self, value: Any, at: Path, complain: Complain) -> Any:
        return None if value is None else self.kind.read(value, at, complain)

    def write(self, value: Any) -> Any:
        return None if value is None else self.kind.write(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """A list of values of one kind; settings hold a tuple."""

    items: Kind
    most: int = 500

    @property
    def wanted(self) -> str:
        return f"a list, each item {self.items.wanted}"

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.items.schema(), "maxItems": self.most}

    def read(self, value: Any, at: Path, complain: Complain) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            refuse(self, value, at, complain)
            return ()
        if len(value) > self.most:
            complain(at, f"must not have more than {self.most} items, not {len(value)}")
            return ()
        return tuple(self.items.read(item, (*at, index), complain) for index, item in enumerate(value))

    def write(self, value: Any) -> Any:
        return [self.items.write(item) for item in value]


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedArray(Array):
    """A list to which a stronger source only adds: what a weaker one named stays."""

    def joined(self, weaker: tuple[Any, ...], stronger: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return both together."""
        return tuple(dict.fromkeys((*weaker, *stronger)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A map from any text to values of one kind, in the order written; ``null`` is an empty one."""

    values: Kind
    most: int = 500
    #: Characters of a key.
    longest: int = 1000

    @property
    def wanted(self) -> str:
        return f"a map, each value {self.values.wanted}"

    def schema(self) -> dict[str, Any]:
        return {"type": ["object", "null"], "additionalProperties": self.values.schema(), **self._bounds()}

    def read(self, value: Any, at: Path, complain: Complain) -> Mapping[str, Any]:
        entries = {} if value is None else value
        if not isinstance(entries, Mapping):
            refuse(self, value, at, complain)
            return MappingProxyType({})
        if len(entries) > self.most:
            complain(at, f"must not have more than {self.most} entries, not {len(entries)}")
            return MappingProxyType({})
        for key in entries:
            if len(key) > self.longest:
                complain((*at, key), f"a key must not be longer than {self.longest} characters", key=True)
        return MappingProxyType({key: self.values.read(item, (*at, key), complain) for key, item in entries.items()})

    def _bounds(self) -> dict[str, Any]:
        return {"maxProperties": self.most, "propertyNames": {"maxLength": self.longest}}

    def write(self, value: Any) -> Any:
        return {key: self.values.write(item) for key, item in value.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedTable(Table):
    """A table of maps of which a stronger source replaces single keys: what it does not name stays as weaker ones said."""

    def joined(self, weaker: Mapping[str, Mapping[str, Any]], stronger: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
        """Return both together."""
        return MappingProxyType({name: {**weaker.get(name, {}), **stronger.get(name, {})} for name in {**weaker, **stronger}})


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyMap:
    """A map of anything; somebody else judges what is in it."""

    wanted = "a map"

    def schema(self) -> dict[str, Any]:
        return {"type": "object"}

    def read(self, value: Any, at: Path, complain: Complain) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            refuse(self, value, at, complain)
            return MappingProxyType({})
        return MappingProxyType(dict(value))

    def write(self, value: Any) -> Any:
        return dict(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A map with some of a few known keys."""

    fields: Mapping[str, Kind]

    @property
    def wanted(self) -> str:
        return f"a map with {' or '.join(self.fields)}"

    def schema(self) -> dict[str, Any]:
        properties = {key: kind.schema() for key, kind in self.fields.items()}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def read(self, value: Any, at: Path, complain: Complain) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            refuse(self, value, at, complain)
            return MappingProxyType({})
        for key in value:
            if key not in self.fields:
                complain((*at, key), f"unknown key '{key}'", f"known: {', '.join(self.fields)}", key=True)
        known = {key: self.fields[key].read(item, (*at, key), complain) for key, item in value.items() if key in self.fields}
        return MappingProxyType(known)

    def write(self, value: Any) -> Any:
        return {key: self.fields[key].write(item) for key, item in value.items()}
