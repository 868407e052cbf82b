"""Values of a task that hold others: lists, maps, and fields that may be written in two ways."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core.adapters.tasks_yaml.parse.kinds import END, Duration, ErrorCollector, FieldError, Integer, Kind, Number, Text, read_text
from core.adapters.tasks_yaml.parse.nodes import Alias, Mapping, Node, Scalar, Sequence, resolve
from core.adapters.tasks_yaml.parse.words import found, meant, name_of, quoted
from core.domain.tasks.status import Status
from core.domain.tasks.task import PRIORITY_WORDS, Retry


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list of values of one kind; a Task holds a tuple. ``single`` allows one value without a list around it."""

    kind: Kind
    wanted: str
    single: bool = False
    least: int = 0

    def schema(self) -> dict[str, Any]:
        several = {"type": "array", "items": self.kind.schema(), **({"minItems": self.least} if self.least else {})}
        return {"anyOf": [self.kind.schema(), several]} if self.single else several

    def read(self, node: Node) -> tuple[Any, ...]:
        solid = resolve(node)
        if isinstance(solid, Sequence):
            if len(solid.items) < self.least:
                raise FieldError(node.start, "must not be an empty list", "leave the line out")
            return read_items(solid.items, self.kind)
        if self.single and isinstance(solid, Scalar):
            return (self.kind.read(node),)
        hint = f"type [{solid.text}]" if isinstance(solid, Scalar) and "\n" not in solid.text else ""
        raise FieldError(node.start, f"must be {self.wanted}, not {found(node)}", hint)


def read_items(items: list[Node], kind: Kind, first: Kind | None = None) -> tuple[Any, ...]:
    """Return the items of a list; ``first`` reads the first one. Raises Wrong with all that are wrong and the value of the rest."""
    errors = ErrorCollector()
    values = [errors.read(f"[{index}]", kind if index or first is None else first, item) for index, item in enumerate(items)]
    errors.finish(tuple([value for value in values if value is not None]))
    return tuple(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Text for a shell, or an argv as a list; a Task holds text or a tuple."""

    def schema(self) -> dict[str, Any]:
        argv = {"type": "array", "prefixItems": [Text().schema()], "items": Text(empty=True).schema(), "minItems": 1}
        return {"anyOf": [Text().schema(), argv]}

    def read(self, node: Node) -> str | tuple[str, ...]:
        solid = resolve(node)
        if isinstance(solid, Scalar):
            return Text().read(node)
        if not isinstance(solid, Sequence):
            raise FieldError(node.start, f"must be text or a list of texts, not {solid.what}")
        if not solid.items:
            raise FieldError(node.start, "must not be an empty list", "leave the line out")
        return read_items(solid.items, Text(empty=True), first=Text())


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """A whole number, higher runs first, or a word for one."""

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [_PRIORITY.schema(), {"enum": list(PRIORITY_WORDS)}]}

    def read(self, node: Node) -> int:
        solid = resolve(node)
        if isinstance(solid, Scalar) and solid.text in PRIORITY_WORDS:
            return PRIORITY_WORDS[solid.text]
        try:
            return _PRIORITY.read(node)
        except FieldError as error:
            hint = meant(solid.text, PRIORITY_WORDS) if isinstance(solid, Scalar) else ""
            if hint:
                raise FieldError(node.start, error.mistakes[0].message, hint) from None
            raise


_PRIORITY = Integer(minimum=-1_000_000_000, maximum=1_000_000_000, wanted="a whole number, or low, normal, high or critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWord:
    """One of the five statuses, on one line of its own text: the tool replaces it in place."""

    def schema(self) -> dict[str, Any]:
        return {"enum": [status.value for status in Status]}

    def read(self, node: Node) -> Status:
        solid = resolve(node)
        status = _STATUSES.get(solid.text.rstrip("\n")) if isinstance(solid, Scalar) else None
        if status is None:
            hint = meant(solid.text, _STATUSES) if isinstance(solid, Scalar) else ""
            raise FieldError(node.start, f"must be pending, in_progress, done, failed or cancelled, not {found(node)}", hint)
        if isinstance(node, Alias) or not isinstance(solid, Scalar):
            raise FieldError(node.start, "must not be an alias: the tool has to write it", f"type {status.value}")
        if solid.anchored:
            raise FieldError(node.start, "must not have an anchor: the tool has to write it", f"type {status.value}")
        if solid.quote in _BLOCKS or solid.end - solid.start != len(status.value) + 2 * len(solid.quote):
            raise FieldError(node.start, "must stand on one line, without escapes: the tool has to write it", f"type {status.value}")
        return status


_STATUSES = {status.value: status for status in Status}
_BLOCKS = frozenset({"|", ">"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """A number of further attempts, or ``{limit, delay, backoff, max_delay}``."""

    def schema(self) -> dict[str, Any]:
        keys = {name: kind.schema() for name, kind in _RETRY.items()}
        return {"anyOf": [_LIMIT.schema(), {"type": "object", "properties": keys, "additionalProperties": False}]}

    def read(self, node: Node) -> Retry:
        if isinstance(resolve(node), Mapping):
            return Retry(**read_map(node, _RETRY))
        return Retry(limit=_LIMIT.read(node))


_LIMIT = Integer(minimum=0, maximum=1_000_000, wanted="a whole number, or {limit, delay, backoff, max_delay}")
_RETRY: AnyMapping[str, Kind] = MappingProxyType(
    {
        "limit": Integer(minimum=0, maximum=1_000_000),
        "delay": Duration(zero=True),
        "backoff": Number(minimum=1, maximum=1_000_000),
        "max_delay": Duration(zero=True),
    }
)


def read_map(node: Node, kinds: AnyMapping[str, Kind]) -> dict[str, Any]:
    """Return a map of known keys. Raises Wrong."""
    solid = resolve(node)
    if not isinstance(solid, Mapping):
        raise FieldError(node.start, f"must be a map, not {found(node)}")
    values: dict[str, Any] = {}
    errors = ErrorCollector()
    for key, (key_node, value) in solid.pairs.items():
        if key in kinds:
            values[key] = errors.read(f".{key}", kinds[key], value)
        else:
            errors.refuse(key_node.start, f"has no key {quoted(key)}", meant(key, kinds) or f"it has {', '.join(kinds)}")
    errors.finish(None)
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A map of names to text."""

    def schema(self) -> dict[str, Any]:
        names = {"pattern": f"^[^=\\u0000]+{END}"}
        return {"type": "object", "propertyNames": names, "additionalProperties": Text(empty=True).schema()}

    def read(self, node: Node) -> AnyMapping[str, str]:
        solid = resolve(node)
        if not isinstance(solid, Mapping):
            raise FieldError(node.start, f"must be a map of names to text, not {found(node)}")
        errors = ErrorCollector()
        for key, (key_node, _) in solid.pairs.items():
            if not key or "=" in key or "\0" in key:
                errors.refuse(key_node.start, f"cannot have a variable named {quoted(key)}")
        values = {key: errors.read(f".{name_of(key)}", Text(empty=True), value) for key, (_, value) in solid.pairs.items()}
        errors.finish(None)
        return MappingProxyType(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A relative path that stays inside the repository."""

    def schema(self) -> dict[str, Any]:
        outside = {"anyOf": [{"pattern": "^/"}, {"pattern": rf"(^|/)\.\.(/|{END})"}, {"pattern": "\\u0000"}]}
        return {"type": "string", "minLength": 1, "not": outside}

    def read(self, node: Node) -> str:
        text = read_text(node)
        if not text:
            raise FieldError(node.start, "must not be empty", "type . for the repository itself, or leave the line out")
        if text.startswith("/") or ".." in text.split("/"):
            raise FieldError(node.start, f"must stay inside the repository, not {quoted(text)}", "write a path below it, without '..'")
        return text
