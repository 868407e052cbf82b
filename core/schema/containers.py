"""Types of values that hold others: null or something, lists, maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core.schema.field_types import ErrorCollector, FieldType, refused, unlike
from core.schema.nodes import ListNode, MapNode, Node, Scalar, resolve
from core.schema.scalars import is_ambiguous, is_null_node, plain_value
from core.schema.wording import did_you_mean, name_of, not_text, quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Nullable(FieldType):
    """``null``, or what another type accepts."""

    of: FieldType

    @property
    def phrase(self) -> str:
        return f"{self.of.phrase}, or null"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.of.schema(), {"type": "null"}]}

    def read(self, node: Node) -> Any:
        return None if is_null_node(node) else self.of.read(node)

    def write(self, value: Any) -> Any:
        return None if value is None else self.of.write(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf(FieldType):
    """A list of values of one type; the program holds a tuple. ``single`` allows one value without a list around it."""

    items: FieldType
    wanted: str = ""
    single: bool = False
    least: int = 0
    #: 0: as many as the file may hold.
    most: int = 0

    @property
    def phrase(self) -> str:
        return self.wanted or f"a list, each item {self.items.phrase}"

    def schema(self) -> dict[str, Any]:
        bounds = {"minItems": self.least, "maxItems": self.most}
        several = {"type": "array", "items": self.items.schema(), **{name: bound for name, bound in bounds.items() if bound}}
        return {"anyOf": [self.items.schema(), several]} if self.single else several

    def read(self, node: Node) -> tuple[Any, ...]:
        solid = resolve(node)
        if isinstance(solid, ListNode):
            if len(solid.items) < self.least:
                raise refused(node, "must not be an empty list", "leave the line out")
            if self.most and len(solid.items) > self.most:
                raise refused(node, f"must not have more than {self.most} items, not {len(solid.items)}")
            return read_items(solid.items, self.items)
        if self.single and isinstance(solid, Scalar):
            return (self.items.read(node),)
        raise unlike(node, self.phrase, f"type [{solid.text}]" if isinstance(solid, Scalar) and "\n" not in solid.text else "")

    def write(self, value: Any) -> Any:
        return [self.items.write(item) for item in value]


def read_items(items: list[Node], field_type: FieldType, first: FieldType | None = None) -> tuple[Any, ...]:
    """Return the items of a list; ``first`` reads the first one. Raises FieldError with all that are wrong and the value of the rest."""
    errors = ErrorCollector()
    values = [errors.read(f"[{index}]", field_type if index or first is None else first, item) for index, item in enumerate(items)]
    errors.finish(tuple([value for value in values if value is not None]))
    return tuple(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedList(ListOf):
    """A list to which a stronger source only adds: what a weaker one named stays."""

    def joined(self, weaker: tuple[Any, ...], stronger: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return both together."""
        return tuple(dict.fromkeys((*weaker, *stronger)))


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOf(FieldType):
    """A map from any text to values of one type, in the order written; ``null`` is an empty one."""

    values: FieldType
    most: int = 500
    #: Characters of a key.
    longest: int = 1000

    @property
    def phrase(self) -> str:
        return f"a map, each value {self.values.phrase}"

    def schema(self) -> dict[str, Any]:
        bounds = {"maxProperties": self.most, "propertyNames": {"maxLength": self.longest}}
        return {"type": ["object", "null"], "additionalProperties": self.values.schema(), **bounds}

    def read(self, node: Node) -> Mapping[str, Any]:
        if is_null_node(node):
            return MappingProxyType({})
        pairs = _pairs(node, self.phrase)
        if len(pairs) > self.most:
            raise refused(node, f"must not have more than {self.most} entries, not {len(pairs)}")
        errors = ErrorCollector()
        for key, (key_node, _) in pairs.items():
            if len(key) > self.longest:
                errors.add(key_node.start, f"must not have a key longer than {self.longest} characters")
        values = {key: errors.read(f".{name_of(key)}", self.values, value) for key, (_, value) in pairs.items()}
        errors.finish()
        return MappingProxyType(values)

    def write(self, value: Any) -> Any:
        return {key: self.values.write(item) for key, item in value.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedMap(MapOf):
    """A map of maps of which a stronger source replaces single keys: what it does not name stays as weaker ones said."""

    def joined(self, weaker: Mapping[str, Mapping[str, Any]], stronger: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
        """Return both together."""
        return MappingProxyType({name: {**weaker.get(name, {}), **stronger.get(name, {})} for name in {**weaker, **stronger}})


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyMap(FieldType):
    """A map of anything, for which somebody else has a schema. ``strict`` refuses what readers of YAML disagree about; else it is text."""

    strict: bool = True
    hint: str = ""

    @property
    def phrase(self) -> str:
        return "a map"

    def schema(self) -> dict[str, Any]:
        return {"type": "object"}

    def read(self, node: Node) -> Mapping[str, Any]:
        pairs = _pairs(node, self.phrase, self.hint)
        if self.strict:
            errors = ErrorCollector()
            _check_clear(node, "", errors)
            errors.finish()
        return MappingProxyType({key: plain_value(value) for key, (_, value) in pairs.items()})

    def write(self, value: Any) -> Any:
        return dict(value)


def _check_clear(node: Node, inside: str, errors: ErrorCollector) -> None:
    """Note each unquoted scalar that readers of YAML disagree about."""
    solid = resolve(node)
    if isinstance(solid, MapNode):
        for key, (_, value) in solid.pairs.items():
            _check_clear(value, f"{inside}.{name_of(key)}", errors)
    elif isinstance(solid, ListNode):
        for index, item in enumerate(solid.items):
            _check_clear(item, f"{inside}[{index}]", errors)
    elif not solid.quote and is_ambiguous(solid.text):
        reason, hint = not_text(solid)
        errors.add(node.start, f"must be clear, {reason}", hint, inside=inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(FieldType):
    """A map with some of a few known keys."""

    fields: Mapping[str, FieldType]
    wanted: str = ""

    @property
    def phrase(self) -> str:
        return self.wanted or f"a map with {' or '.join(self.fields)}"

    def schema(self) -> dict[str, Any]:
        properties = {key: field_type.schema() for key, field_type in self.fields.items()}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def read(self, node: Node) -> Mapping[str, Any]:
        values: dict[str, Any] = {}
        errors = ErrorCollector()
        for key, (key_node, value) in _pairs(node, self.phrase).items():
            if key in self.fields:
                values[key] = errors.read(f".{key}", self.fields[key], value)
            else:
                hint = did_you_mean(key, self.fields) or f"known: {', '.join(self.fields)}"
                errors.add(key_node.start, f"has no key {quoted(key)}", hint, unknown_key=key)
        errors.finish()
        return MappingProxyType(values)

    def write(self, value: Any) -> Any:
        return {key: self.fields[key].write(item) for key, item in value.items()}


def _pairs(node: Node, wanted: str, hint: str = "") -> dict[str, tuple[Scalar, Node]]:
    """Return the entries of a map. Raises FieldError."""
    solid = resolve(node)
    if not isinstance(solid, MapNode):
        raise unlike(node, wanted, hint)
    return solid.pairs
