"""Where a task of the tool's own comes from."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core.adapters.tasks_yaml.parse.compounds import read_items, read_map
from core.adapters.tasks_yaml.parse.kinds import Kind, Number, Text
from core.adapters.tasks_yaml.parse.nodes import Node, Sequence, resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Scores, oldest first, or words about them."""

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [Text().schema(), {"type": "array", "items": _ANY_NUMBER.schema()}]}

    def read(self, node: Node) -> Any:
        solid = resolve(node)
        if isinstance(solid, Sequence):
            return read_items(solid.items, _ANY_NUMBER)
        return Text().read(node)


_ANY_NUMBER = Number(minimum=-1e15, maximum=1e15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a task of the tool's own comes from."""

    def schema(self) -> dict[str, Any]:
        keys = {name: kind.schema() for name, kind in _ORIGIN.items()}
        return {"type": "object", "properties": keys, "additionalProperties": False}

    def read(self, node: Node) -> AnyMapping[str, Any]:
        return MappingProxyType(read_map(node, _ORIGIN))


_ORIGIN: AnyMapping[str, Kind] = MappingProxyType(
    {
        **dict.fromkeys(("by", "fingerprint", "path", "block", "shape", "metric", "closed"), Text(empty=True)),
        **dict.fromkeys(("score", "threshold"), _ANY_NUMBER),
        "trend": Trend(),
    }
)
