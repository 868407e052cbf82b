"""Text → nodes, one task at a time, in one pass over the events of PyYAML's C parser, in bounded time and memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from core.adapters.tasks_yaml.parse.limits import MAX_DEPTH, MAX_ENTRY_NODES, MAX_EXPANSION, MAX_NODES, MAX_PROBLEMS
from core.adapters.tasks_yaml.parse.nodes import Alias, Mapping, Node, Scalar, Sequence, Solid
from core.adapters.tasks_yaml.parse.plain import is_text
from core.adapters.tasks_yaml.parse.source import Complaint
from core.adapters.tasks_yaml.parse.words import name_of, not_text, quoted

#: What YAML does not allow in a stream, and a byte order mark inside of one.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_CURES = (
    ("tab character", "indent with spaces"),
    ("cannot start any token", "indent with spaces, and quote text that begins with a character of YAML's own"),
    ("mapping values are not allowed", "check the indentation, and quote text that has a colon and a space in it"),
    ("could not find expected ':'", "check the indentation, and that a colon and a space follow each key"),
    ("did not find expected", "check the indentation, the brackets and the quotes above"),
    ("unexpected end of stream", "close the quote"),
)


class Stop(Exception):
    """The rest of the text cannot be read; ``complaint`` says why."""

    def __init__(self, index: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.complaint = Complaint(index=index, message=message, hint=hint)


class Entries:
    """The items of the list that a ``tasks.yml`` is, and what else must be known to write behind the last one."""

    def __init__(self, text: str) -> None:
        import yaml

        self.complaints: list[Complaint] = []
        #: Whether there is a list at all, and whether it stands in brackets.
        self.found = False
        self.flow = False
        #: Column of the list's first character, 0-based.
        self.column = 0
        #: Position behind the last item, of the closing bracket (flow) and of an explicit ``...`` (or the text's end).
        self.last_end = 0
        self.close = 0
        self.items = 0
        self.document_end = len(text)
        self._text = text
        self._yaml_error = yaml.YAMLError
        self._next: Callable[[], Any] = yaml.CSafeLoader(text).get_event
        self._count = 0
        self._entry = 0
        self._expanded = 0
        self._anchors: dict[str, Solid] = {}
        self._scalar_event: Any = yaml.ScalarEvent
        self._alias_event: Any = yaml.AliasEvent
        self._map_event: Any = yaml.MappingStartEvent
        self._sequence_event: Any = yaml.SequenceStartEvent
        self._map_end: Any = yaml.MappingEndEvent
        self._sequence_end: Any = yaml.SequenceEndEvent
        self._document_start: Any = yaml.DocumentStartEvent

    def __iter__(self) -> Iterator[Node]:
        """Yield the items. Raises Stop where the text is not a list of YAML within the limits; ``complaints`` has the rest."""
        if self._text.startswith("\ufeff"):
            # The parser would skip it without counting it, and every position would be off by one.
            raise Stop(0, "a second byte order mark stands here", "remove it: save the file as UTF-8")
        try:
            yield from self._items()
        except self._yaml_error as error:
            raise self._not_yaml(error) from None

    def _items(self) -> Iterator[Node]:
        event: Any = self._next()
        if self._next().__class__ is not self._document_start:
            return
        event = self._next()
        if event.__class__ is self._scalar_event and not event.value and event.implicit[0] and event.anchor is None:
            self._finish(event.start_mark.index)
            return
        if event.__class__ is not self._sequence_event:
            self._refuse_root(event)
        self._open(event)
        while (event := self._next()).__class__ is not self._sequence_end:
            self._count += self._entry
            self._entry = 0
            if self._count > MAX_NODES:
                raise Stop(event.start_mark.index, f"the file holds more than {MAX_NODES:,} values")
            node = self._node(event, depth=1)
            self.last_end = node.end
            self.items += 1
            yield node
            if len(self.complaints) > MAX_PROBLEMS:
                raise Stop(node.end, "too many problems, the rest is not listed")
        self.close = event.start_mark.index
        self._finish(len(self._text))

    def _open(self, event: Any) -> None:
        self._check_tag(event)
        mark = event.start_mark
        if event.anchor is not None:
            raise Stop(mark.index, "the list of tasks must not have an anchor", f"remove &{event.anchor}")
        self.found, self.flow, self.column = True, event.flow_style, mark.column
        self.last_end = mark.index

    def _refuse_root(self, event: Any) -> None:
        index = event.start_mark.index
        if event.__class__ is self._map_event:
            key = self._next()
            if getattr(key, "value", None) == "tasks":
                raise Stop(index, "the file must be a list of tasks, not a map", "remove the line 'tasks:', the list stands alone")
            raise Stop(index, "the file must be a list of tasks, not a map", "begin each task with '- id: …'")
        raise Stop(index, "the file must be a list of tasks", "begin each task with '- id: …'")

    def _finish(self, end: int) -> None:
        event: Any = self._next()
        self.document_end = event.start_mark.index if event.explicit else end
        event = self._next()
        if event.__class__ is self._document_start:
            hint = "keep one list; remove the line '---' and what does not belong to it"
            raise Stop(event.start_mark.index, "a second YAML document begins here", hint)

    # -- nodes ---------------------------------------------------------------------------------------------------

    def _node(self, event: Any, depth: int) -> Node:
        self._entry += 1
        if self._entry > MAX_ENTRY_NODES:
            raise Stop(event.start_mark.index, f"one task holds more than {MAX_ENTRY_NODES:,} values")
        if event.__class__ is self._scalar_event:
            return self._scalar(event)
        index = event.start_mark.index
        if event.__class__ is self._alias_event:
            return self._alias(event)
        if depth >= MAX_DEPTH:
            raise Stop(index, f"nested too deeply: at most {MAX_DEPTH} levels are read")
        self._check_tag(event)
        return self._map(event, depth) if event.__class__ is self._map_event else self._sequence(event, depth)

    def _scalar(self, event: Any) -> Scalar:
        anchor = event.anchor
        start = event.start_mark.index
        node = Scalar(event.value, start, event.end_mark.index, event.style or "", anchor is not None)
        if anchor is not None:
            self._anchors[anchor] = node
        if event.tag is not None:
            self._check_tag(event)
        return node

    def _sequence(self, event: Any, depth: int) -> Sequence:
        node = Sequence([], event.start_mark.index, event.end_mark.index, event.flow_style, event.anchor is not None)
        append, following, end = node.items.append, self._next, self._sequence_end
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        while (event_inside := following()).__class__ is not end:
            item = self._node(event_inside, depth + 1)
            append(item)
            node.end = item.end
        node.weight = 0
        if node.flow:
            node.end = event_inside.end_mark.index
        return node

    def _map(self, event: Any, depth: int) -> Mapping:
        node = Mapping({}, event.start_mark.index, event.end_mark.index, event.flow_style, event.anchor is not None)
        pairs, following, end = node.pairs, self._next, self._map_end
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        while (event_inside := following()).__class__ is not end:
            key = self._node(event_inside, depth + 1)
            value = self._node(following(), depth + 1)
            node.end = value.end if value.end > key.start else key.end
            if key.__class__ is not Scalar or key.text in pairs or not (key.quote or is_text(key.text)):
                self._refuse_key(key, pairs)
            else:
                pairs[key.text] = (key, value)
        node.weight = 0
        if node.flow:
            node.end = event_inside.end_mark.index
        return node

    def _refuse_key(self, key: Node, pairs: dict[str, tuple[Scalar, Node]]) -> None:
        if not isinstance(key, Scalar):
            self._complain(key.start, f"a key must be text, not {key.what}")
        elif key.text == "<<" and not key.quote:
            self._complain(key.start, "merge keys (<<) are not read", "write the fields out")
        elif key.text in pairs:
            line = self._text.count("\n", 0, pairs[key.text][0].start) + 1
            self._complain(key.start, f"the key {name_of(key.text)} is here twice, first in line {line}", "remove one of them")
        else:
            reason, hint = not_text(key)
            self._complain(key.start, f"a key must be text, {reason}", hint)

    # -- aliases -------------------------------------------------------------------------------------------------

    def _alias(self, event: Any) -> Alias:
        start, name = event.start_mark.index, event.anchor
        target = self._anchors.get(name)
        if target is None:
            raise Stop(start, f"no anchor &{name} stands above this alias")
        if not isinstance(target, Scalar) and target.weight < 0:
            raise Stop(start, f"the alias *{name} stands inside of what it names")
        self._expanded += self._weight(target)
        if self._expanded > MAX_EXPANSION:
            raise Stop(start, f"the aliases up to here stand for more than {MAX_EXPANSION:,} values and characters")
        if not isinstance(target, Scalar):
            target.shared = True
        return Alias(target, start, event.end_mark.index)

    def _weight(self, node: Node) -> int:
        """Return how many values and characters a node is when its aliases are written out."""
        if isinstance(node, Alias):
            return self._weight(node.target)
        if isinstance(node, Scalar):
            return 1 + len(node.text)
        if not node.weight:
            inside = node.items if isinstance(node, Sequence) else [value for _, value in node.pairs.values()]
            keys = sum(len(key) for key in node.pairs) if isinstance(node, Mapping) else 0
            node.weight = 1 + keys + sum(map(self._weight, inside))
        return node.weight

    # -- words ---------------------------------------------------------------------------------------------------

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None:
            self._complain(
                event.start_mark.index, f"tags such as {quoted(event.tag)[1:-1]} are not read", "remove it, and quote what is to be text"
            )

    def _complain(self, index: int, message: str, hint: str = "") -> None:
        self.complaints.append(Complaint(index=index, message=message, hint=hint))

    def _not_yaml(self, error: Exception) -> Stop:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        if mark is None:
            return self._forbidden_character(error)
        problem = str(getattr(error, "problem", "") or "")
        context = str(getattr(error, "context", "") or "")
        if "<document start>" in problem:
            return Stop(mark.index, "something stands behind the end of the document", "remove the line '...'")
        hint = next((cure for sign, cure in _CURES if sign in problem), "")
        began = getattr(error, "context_mark", None)
        since = f" that begins in line {began.line + 1}" if began is not None and began.line != mark.line else ""
        return Stop(mark.index, f"not YAML: {problem} {context}".rstrip() + since, hint)

    def _forbidden_character(self, error: Exception) -> Stop:
        found = _FORBIDDEN.search(self._text)
        if found is None:
            return Stop(0, f"not YAML: {error}")
        code = ord(found[0])
        message = f"the character U+{code:04X} is not allowed in YAML"
        spelled = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
        return Stop(found.start(), message, f"remove it, or write it as {spelled} inside double quotes")
