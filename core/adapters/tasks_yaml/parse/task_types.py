"""Types of values that only tasks have: ids, commands, statuses and what may be written in two ways."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from core.domain.tasks.task import PRIORITY_WORDS, Retry, Status
from core.schema.containers import Record, read_items
from core.schema.field_types import ErrorCollector, FieldError, FieldType, Text, read_text, refused, unlike
from core.schema.nodes import Alias, ListNode, MapNode, Node, Scalar, resolve
from core.schema.quantities import END, LARGEST, Duration, Integer, Number
from core.schema.scalars import as_integer
from core.schema.wording import did_you_mean, name_of, quoted

_TEXT, _ANY_TEXT = Text(), Text(empty=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Id(FieldType):
    """A whole number, or text of letters, digits and ``. _ / : -``; ``1`` and ``"1"`` are the same id."""

    LONGEST: ClassVar[int] = 200

    def schema(self) -> dict[str, Any]:
        text = {"type": "string", "pattern": rf"^[A-Za-z0-9._/:-]+{END}", "maxLength": self.LONGEST}
        return {"anyOf": [{"type": "integer", "minimum": -LARGEST, "maximum": LARGEST}, text]}

    def read(self, node: Node) -> str:
        solid = resolve(node)
        if isinstance(solid, Scalar) and not solid.quote and _is_whole(solid.text):
            return solid.text
        text = read_text(node, "a whole number or text")
        if not _ID.fullmatch(text):
            plain = _NOT_ID.sub("-", text).strip("-")
            hint = f"type {plain}" if plain and len(plain) <= self.LONGEST else ""
            raise refused(node, f"may hold letters, digits and . _ / : - only, not {quoted(text)}", hint)
        if len(text) > self.LONGEST:
            raise refused(node, f"must not be longer than {self.LONGEST} characters")
        return text


def _is_whole(text: str) -> bool:
    """Return whether unquoted text is a whole number that is spelled like the id it is."""
    number = as_integer(text)
    return number is not None and abs(number) <= LARGEST and str(number) == text


_ID = re.compile(r"[A-Za-z0-9._/:-]+")
_NOT_ID = re.compile(r"[^A-Za-z0-9._/:-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(FieldType):
    """Text for a shell, or an argv as a list; a Task holds text or a tuple."""

    def schema(self) -> dict[str, Any]:
        argv = {"type": "array", "prefixItems": [_TEXT.schema()], "items": _ANY_TEXT.schema(), "minItems": 1}
        return {"anyOf": [_TEXT.schema(), argv]}

    def read(self, node: Node) -> str | tuple[str, ...]:
        solid = resolve(node)
        if isinstance(solid, Scalar):
            return _TEXT.read(node)
        if not isinstance(solid, ListNode):
            raise unlike(node, "text or a list of texts")
        if not solid.items:
            raise refused(node, "must not be an empty list", "leave the line out")
        return read_items(solid.items, _ANY_TEXT, first=_TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority(FieldType):
    """A whole number, higher runs first, or a word for one."""

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [_PRIORITY.schema(), {"enum": list(PRIORITY_WORDS)}]}

    def read(self, node: Node) -> int:
        solid = resolve(node)
        if isinstance(solid, Scalar) and solid.text in PRIORITY_WORDS:
            return PRIORITY_WORDS[solid.text]
        try:
            return _PRIORITY.read(node)
        except FieldError:
            hint = did_you_mean(solid.text, PRIORITY_WORDS) if isinstance(solid, Scalar) else ""
            if hint:
                raise unlike(node, _PRIORITY.phrase, hint) from None
            raise


_PRIORITY = Integer(minimum=-1_000_000_000, maximum=1_000_000_000, wanted="a whole number, or low, normal, high or critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWord(FieldType):
    """One of the five statuses, on one line of its own text: the tool replaces it in place."""

    def schema(self) -> dict[str, Any]:
        return {"enum": [status.value for status in Status]}

    def read(self, node: Node) -> Status:
        solid = resolve(node)
        status = _STATUSES.get(solid.text.rstrip("\n")) if isinstance(solid, Scalar) else None
        if status is None:
            hint = did_you_mean(solid.text, _STATUSES) if isinstance(solid, Scalar) else ""
            raise unlike(node, "pending, in_progress, done, failed or cancelled", hint)
        if isinstance(node, Alias) or not isinstance(solid, Scalar):
            raise refused(node, "must not be an alias: the tool has to write it", f"type {status.value}")
        if solid.anchored:
            raise refused(node, "must not have an anchor: the tool has to write it", f"type {status.value}")
        if solid.quote in _BLOCKS or solid.end - solid.start != len(status.value) + 2 * len(solid.quote):
            raise refused(node, "must stand on one line, without escapes: the tool has to write it", f"type {status.value}")
        return status


_STATUSES = {status.value: status for status in Status}
_BLOCKS = frozenset({"|", ">"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries(FieldType):
    """A number of further attempts, or ``{limit, delay, backoff, max_delay}``."""

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [_LIMIT.schema(), _RETRY.schema()]}

    def read(self, node: Node) -> Retry:
        if isinstance(resolve(node), MapNode):
            return Retry(**_RETRY.read(node))
        return Retry(limit=_LIMIT.read(node))


_LIMIT = Integer(minimum=0, maximum=1_000_000, wanted="a whole number, or {limit, delay, backoff, max_delay}")
_PAUSE = Duration(zero=True, longest=10**9, wanted="a duration")
_RETRY = Record(
    fields=MappingProxyType(
        {
            "limit": Integer(minimum=0, maximum=1_000_000, wanted="a whole number"),
            "delay": _PAUSE,
            "backoff": Number(minimum=1, maximum=1_000_000, wanted="a number"),
            "max_delay": _PAUSE,
        }
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment(FieldType):
    """A map of names to text."""

    def schema(self) -> dict[str, Any]:
        names = {"pattern": f"^[^=\\u0000]+{END}"}
        return {"type": "object", "propertyNames": names, "additionalProperties": _ANY_TEXT.schema()}

    def read(self, node: Node) -> Mapping[str, str]:
        solid = resolve(node)
        if not isinstance(solid, MapNode):
            raise unlike(node, "a map of names to text")
        errors = ErrorCollector()
        for key, (key_node, _) in solid.pairs.items():
            if not key or "=" in key or "\0" in key:
                errors.add(key_node.start, f"cannot have a variable named {quoted(key)}")
        values = {key: errors.read(f".{name_of(key)}", _ANY_TEXT, value) for key, (_, value) in solid.pairs.items()}
        errors.finish()
        return MappingProxyType(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory(FieldType):
    """A relative path that stays inside the repository."""

    def schema(self) -> dict[str, Any]:
        outside = {"anyOf": [{"pattern": "^/"}, {"pattern": rf"(^|/)\.\.(/|{END})"}, {"pattern": "\\u0000"}]}
        return {"type": "string", "minLength": 1, "not": outside}

    def read(self, node: Node) -> str:
        text = read_text(node)
        if not text:
            raise refused(node, "must not be empty", "type . for the repository itself, or leave the line out")
        if text.startswith("/") or ".." in text.split("/"):
            raise refused(node, f"must stay inside the repository, not {quoted(text)}", "write a path below it, without '..'")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginName(FieldType):
    """The id of a plugin, as manifests write it."""

    PATTERN: ClassVar[str] = "[a-z][a-z0-9_]{1,63}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.PATTERN}{END}"}

    def read(self, node: Node) -> str:
        text = read_text(node)
        if re.fullmatch(self.PATTERN, text) is None:
            raise refused(node, f"must be the name of a plugin, not {quoted(text)}", "orchestrator plugins list shows them")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend(FieldType):
    """Scores, oldest first, or words about them."""

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [_TEXT.schema(), {"type": "array", "items": _ANY_NUMBER.schema()}]}

    def read(self, node: Node) -> Any:
        solid = resolve(node)
        return read_items(solid.items, _ANY_NUMBER) if isinstance(solid, ListNode) else _TEXT.read(node)


#: A glob of paths relative to the repository; with ``!`` in front, of what is left out.
SOURCE = Text(
    pattern=r"^(?!!?/)(?!!?(?:[^\x00]*/)?\.\.(?:/|(?![\s\S])))[^\x00-\x1f\x7f]+(?![\s\S])",
    wanted="a glob inside the repository",
    longest=1000,
)
_ANY_NUMBER = Number(minimum=-1e15, maximum=1e15, wanted="a number")
#: Where a task of the tool's own comes from.
ORIGIN = Record(
    wanted="a map",
    fields=MappingProxyType(
        {
            **dict.fromkeys(("by", "fingerprint", "path", "block", "shape", "metric", "closed", "advice"), _ANY_TEXT),
            **dict.fromkeys(("score", "threshold"), _ANY_NUMBER),
            "trend": Trend(),
        }
    ),
)
