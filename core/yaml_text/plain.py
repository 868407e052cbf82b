"""Nodes → plain values (None, bool, int, float, str, list, dict) with the place of each; YAML 1.1 and 1.2 must agree on them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidFile, Problem
from core.yaml_text.nodes import MapNode, Node, ScalarNode, SequenceNode
from core.yaml_text.reader import Limits, read_yaml

#: Keys and positions from the root down.
Path = tuple[str | int, ...]

_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
#: Plain text that YAML 1.1 and YAML 1.2 read differently, with what to say of it.
_TRAPS = (
    (re.compile(r"(?i:yes|no|on|off)"), "is a truth value in YAML 1.1 and text in YAML 1.2", "write true or false, or quote it"),
    (
        re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"),
        "is a number to base 60 in YAML 1.1 and text in YAML 1.2",
        "quote it; a duration is written 90s or 1h30m",
    ),
    (re.compile(r"[-+]?0[0-9_]+"), "is octal in YAML 1.1 and decimal in YAML 1.2", "leave the leading zeros out, or quote it"),
    (
        re.compile(r"[-+]?(0[xob][0-9a-fA-F_]+|[0-9]+_[0-9_.]*)"),
        "is a number to some readers of YAML and text to others",
        "write it in decimal digits, or quote it",
    ),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), "is not a finite number", "quote it if text is meant"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A document as plain values."""

    value: Any
    #: Line and column of each value, and of each key of a map, by path.
    values_at: Mapping[Path, tuple[int, int]]
    keys_at: Mapping[Path, tuple[int, int]]
    #: Why the text is not YAML (then ``value`` is None), or what in it readers of YAML disagree about.
    problems: tuple[Problem, ...]

    def place(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Return the line and column of a value (or of its key), or of the nearest thing around it that has one."""
        here = self.keys_at if key else self.values_at
        if path in here:
            return here[path]
        return self.place(path[:-1]) if path else (0, 0)


def read_plain(text: str, file: str, limits: Limits | None = None) -> Plain:
    """Return the plain values of the document in ``text``, None for an empty one; problems name ``file``."""
    walk = _Walk(file)
    try:
        root = read_yaml(text, file, limits)
    except InvalidFile as error:
        return Plain(value=None, values_at={}, keys_at={}, problems=error.problems)
    value = None if root is None else walk.value(root, ())
    return Plain(value=value, values_at=walk.values_at, keys_at=walk.keys_at, problems=tuple(walk.problems))


class _Walk:
    def __init__(self, file: str) -> None:
        self._file = file
        self.values_at: dict[Path, tuple[int, int]] = {}
        self.keys_at: dict[Path, tuple[int, int]] = {}
        self.problems: list[Problem] = []

    def value(self, node: Node, at: Path) -> Any:
        self.values_at[at] = (node.line, node.column)
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*at, index)) for index, item in enumerate(node.items)]
        return self._map(node, at)

    def _map(self, node: MapNode, at: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, item in node.pairs:
            if key.plain and (key.text in _WORDS or _TRAPS[0][0].fullmatch(key.text)):
                self._complain(key, f"the key '{key.text}' is not text to every reader of YAML", "quote it")
            self.keys_at[(*at, key.text)] = (key.line, key.column)
            result[key.text] = self.value(item, (*at, key.text))
        return result

    def _scalar(self, node: ScalarNode) -> Any:
        text = node.text
        if not node.plain:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        for pattern, what, hint in _TRAPS:
            if pattern.fullmatch(text):
                self._complain(node, f"'{text}' {what}", hint)
                return text
        if _FLOAT.fullmatch(text):
            if math.isfinite(number := float(text)):
                return number
            self._complain(node, f"'{text[:40]}' is too large a number", "quote it if text is meant")
        return text

    def _complain(self, node: ScalarNode, message: str, hint: str) -> None:
        self.problems.append(Problem(file=self._file, line=node.line, column=node.column, message=message, hint=hint))
