"""The fields of a task whose work a plugin does."""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core.adapters.tasks_yaml.parse.kinds import FieldError, read_text
from core.adapters.tasks_yaml.parse.nodes import Mapping, Node, resolve
from core.adapters.tasks_yaml.parse.own_values import plain_value
from core.adapters.tasks_yaml.parse.words import found, quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginName:
    """The id of a plugin, as manifests write it."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_PLUGIN}$(?![\\s\\S])"}

    def read(self, node: Node) -> str:
        text = read_text(node)
        if re.fullmatch(_PLUGIN, text) is None:
            raise FieldError(node.start, f"must be the name of a plugin, not {quoted(text)}", "orchestrator plugins list shows them")
        return text


_PLUGIN = "[a-z][a-z0-9_]{1,63}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A map of whatever a plugin understands; the plugin's own schema judges it."""

    def schema(self) -> dict[str, Any]:
        return {"type": "object"}

    def read(self, node: Node) -> AnyMapping[str, Any]:
        solid = resolve(node)
        if not isinstance(solid, Mapping):
            raise FieldError(node.start, f"must be a map, not {found(node)}", "write 'key: value' lines below it")
        return MappingProxyType({key: plain_value(value) for key, (_, value) in solid.pairs.items()})
