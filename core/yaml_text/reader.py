"""Text → nodes, in one pass over the events of PyYAML's C parser, in bounded time and memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from core.errors import InvalidFile, Problem
from core.yaml_text.nodes import MapNode, Node, ScalarNode, SequenceNode

#: What YAML does not allow in a stream, and a byte order mark inside of one.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file that a person writes stays far below."""

    #: Characters.
    size: int = 1024 * 1024
    #: Maps and lists inside of each other.
    depth: int = 32
    #: Nodes, counting what an alias names each time it is used.
    nodes: int = 100_000


def read_yaml(text: str, file: str, limits: Limits | None = None) -> Node | None:
    """Return the document in ``text``, or None when it is empty.

    Raises InvalidFile, naming ``file``, with every repeated, merge or non-text key and every tag found, or with the
    first place where it is not YAML or goes beyond ``limits``.
    """
    return _Reader(file, limits or Limits()).read(text) if text else None


@dataclass(slots=True)
class _Open:
    """A map or list whose end has not been seen."""

    event: Any
    children: list[Node]
    weight: int


class _Reader:
    def __init__(self, file: str, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._root: Node | None = None
        self._documents = 0
        self._weight = 0

    def read(self, text: str) -> Node | None:
        import yaml

        handlers = {
            yaml.DocumentStartEvent: self._document,
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.SequenceStartEvent: self._start,
            yaml.MappingStartEvent: self._start,
            yaml.SequenceEndEvent: self._end_sequence,
            yaml.MappingEndEvent: self._end_map,
        }
        for event in self._events(text):
            handler = handlers.get(type(event))
            if handler:
                handler(event)
        if self._problems:
            raise InvalidFile(self._problems)
        return self._root

    def _events(self, text: str) -> Iterator[Any]:
        import yaml

        self._check_text(text)
        try:
            yield from yaml.parse(text, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            message = ": ".join(part for part in (error.context, error.problem) if part)
            self._stop(mark.line + 1 if mark else 0, mark.column + 1 if mark else 0, f"not YAML: {message}")
        except yaml.YAMLError as error:
            self._stop(0, 0, f"not YAML: {error}")

    def _check_text(self, text: str) -> None:
        if len(text) > self._limits.size:
            self._stop(0, 0, f"too large: {len(text):,} characters, at most {self._limits.size:,} are read")
        forbidden = _FORBIDDEN.search(text)
        if forbidden:
            start = text.rfind("\n", 0, forbidden.start()) + 1
            line, column = text.count("\n", 0, start) + 1, forbidden.start() - start + 1
            self._stop(
                line,
                column,
                f"the character U+{ord(forbidden[0]):04X} is not allowed in YAML",
                "inside double quotes, write it as \\x or \\u",
            )

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop_at(event, "a second YAML document begins here", "remove the line '---' and what follows")

    def _scalar(self, event: Any) -> None:
        self._check_tag(event)
        mark = event.start_mark
        self._add(ScalarNode(line=mark.line + 1, column=mark.column + 1, text=event.value, plain=event.implicit[0]), 1, event)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            inside = any(parent.event.anchor == event.anchor for parent in self._open)
            self._stop_at(
                event, f"'*{event.anchor}' is inside of what it names" if inside else f"no anchor '&{event.anchor}' above this alias"
            )
        node, weight = self._anchors[event.anchor]
        self._add(node, weight, event)

    def _start(self, event: Any) -> None:
        self._check_tag(event)
        if len(self._open) >= self._limits.depth:
            self._stop_at(event, f"nested too deeply: at most {self._limits.depth} levels are read")
        self._open.append(_Open(event, [], 1))

    def _end_sequence(self, _: Any) -> None:
        done = self._open.pop()
        mark = done.event.start_mark
        self._add(SequenceNode(line=mark.line + 1, column=mark.column + 1, items=tuple(done.children)), done.weight, done.event)

    def _end_map(self, _: Any) -> None:
        done = self._open.pop()
        pairs: dict[str, tuple[ScalarNode, Node]] = {}
        for key, value in zip(done.children[::2], done.children[1::2], strict=True):
            if not isinstance(key, ScalarNode):
                self._complain(key.line, key.column, "a key must be text, not a list or a map")
            elif key.plain and key.text == "<<":
                self._complain(key.line, key.column, "merge keys are not read", "write the keys out")
            elif key.text in pairs:
                self._complain(key.line, key.column, f"the key '{key.text}' is here twice, first in line {pairs[key.text][0].line}")
            else:
                pairs[key.text] = (key, value)
        mark = done.event.start_mark
        self._add(MapNode(line=mark.line + 1, column=mark.column + 1, pairs=tuple(pairs.values())), done.weight, done.event)

    def _add(self, node: Node, weight: int, event: Any) -> None:
        anchor = getattr(event, "anchor", None)
        if anchor and node is not self._anchors.get(anchor, (None, 0))[0]:
            self._anchors[anchor] = (node, weight)
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        parent.children.append(node)
        parent.weight += weight
        if parent.weight > self._limits.nodes:
            self._stop_at(event, f"too much: with its aliases written out, more than {self._limits.nodes:,} values")

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None:
            self._complain(event.start_mark.line + 1, event.start_mark.column + 1, f"tags such as {event.tag} are not read", "remove it")

    def _complain(self, line: int, column: int, message: str, hint: str = "") -> None:
        self._problems.append(Problem(file=self._file, line=line, column=column, message=message, hint=hint))

    def _stop(self, line: int, column: int, message: str, hint: str = "") -> NoReturn:
        self._complain(line, column, message, hint)
        raise InvalidFile(self._problems) from None

    def _stop_at(self, event: Any, message: str, hint: str = "") -> NoReturn:
        self._stop(event.start_mark.line + 1, event.start_mark.column + 1, message, hint)
