"""YAML text → nodes, in one pass over the events of PyYAML's C parser, in bounded time and memory. The only module that knows PyYAML."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from core.errors import Problem
from core.schema.document import MAX_PROBLEMS, Document, Mistake, Source
from core.schema.nodes import Alias, ListNode, MapNode, Node, Scalar, Solid, resolve
from core.schema.scalars import is_text
from core.schema.wording import name_of, not_text, quoted
from core.schema.yaml_errors import Stop, forbidden_character, not_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file that people write stays far below."""

    #: Maps and lists inside each other.
    depth: int = 32
    #: Values in the whole file, and inside one entry of a list that is read entry by entry.
    values: int = 4_000_000
    entry_values: int = 50_000
    #: Values and characters that all aliases together stand for.
    expansion: int = 1_000_000


class YamlReader:
    """Reads one text, once: either its whole document, or the entries of the list that it is, one at a time.

    Methods raise Stop where the text is not YAML or goes beyond ``limits``; ``mistakes`` has what did not stop the reading: tags, keys
    that are no text, keys given twice.
    """

    def __init__(self, text: str, limits: Limits | None = None, *, noun: str = "task") -> None:
        """``noun`` is what an entry of the list is called in messages."""
        import yaml

        self.mistakes: list[Mistake] = []
        #: Whether there is a list at all, and whether it stands in brackets.
        self.found = False
        self.flow = False
        #: Column of the list's first character, 0-based.
        self.column = 0
        #: Position behind the last entry, of the closing bracket (flow) and of an explicit ``...`` (or the text's end).
        self.last_end = 0
        self.close = 0
        self.items = 0
        self.document_end = len(text)
        self._text = text
        self._limits = limits or Limits()
        self._noun = noun
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

    def document(self) -> Node | None:
        """Return the root of the document, None for an empty one."""
        self._check_mark()
        try:
            root = self._root()
            if root is None:
                return None
            node = self._node(root, depth=0)
            self._finish(len(self._text), "remove the line '---' and what follows")
            return node
        except self._yaml_error as error:
            raise not_yaml(error, self._text) from None

    def entries(self) -> Iterator[Node]:
        """Yield the entries of the list."""
        self._check_mark()
        try:
            yield from self._entries()
        except self._yaml_error as error:
            raise not_yaml(error, self._text) from None

    def _check_mark(self) -> None:
        if self._text.startswith("\ufeff"):
            # The parser would skip it without counting it, and every position would be off by one.
            raise Stop(0, "a second byte order mark stands here", "remove it: save the file as UTF-8")

    def _root(self) -> Any:
        """Return the event that begins the root, None when the document is empty."""
        event: Any = self._next()
        if self._next().__class__ is not self._document_start:
            return None
        event = self._next()
        if event.__class__ is self._scalar_event and not event.value and event.implicit[0] and event.anchor is None:
            self._finish(event.start_mark.index, f"keep one list; {_OTHER_DOCUMENT}")
            return None
        return event

    def _entries(self) -> Iterator[Node]:
        event = self._root()
        if event is None:
            return
        if event.__class__ is not self._sequence_event:
            self._refuse_root(event)
        self._open(event)
        most = self._limits.values
        while (event := self._next()).__class__ is not self._sequence_end:
            self._count += self._entry
            self._entry = 0
            if self._count > most:
                raise Stop(event.start_mark.index, f"the file holds more than {most:,} values")
            node = self._node(event, depth=1)
            self.last_end = node.end
            self.items += 1
            yield node
            if len(self.mistakes) > MAX_PROBLEMS:
                raise Stop(node.end, "too many problems, the rest is not listed")
        self.close = event.start_mark.index
        self._finish(len(self._text), f"keep one list; {_OTHER_DOCUMENT}")

    def _open(self, event: Any) -> None:
        self._check_tag(event)
        mark = event.start_mark
        if event.anchor is not None:
            raise Stop(mark.index, f"the list of {self._noun}s must not have an anchor", f"remove &{event.anchor}")
        self.found, self.flow, self.column = True, event.flow_style, mark.column
        self.last_end = mark.index

    def _refuse_root(self, event: Any) -> None:
        index, plural = event.start_mark.index, f"{self._noun}s"
        wanted = f"the file must be a list of {plural}"
        if event.__class__ is self._map_event:
            if getattr(self._next(), "value", None) == plural:
                raise Stop(index, f"{wanted}, not a map", f"remove the line '{plural}:', the list stands alone")
            raise Stop(index, f"{wanted}, not a map", f"begin each {self._noun} with '- id: …'")
        raise Stop(index, wanted, f"begin each {self._noun} with '- id: …'")

    def _finish(self, end: int, hint: str) -> None:
        event: Any = self._next()
        self.document_end = event.start_mark.index if event.explicit else end
        event = self._next()
        if event.__class__ is self._document_start:
            raise Stop(event.start_mark.index, "a second YAML document begins here", hint)

    # -- nodes ---------------------------------------------------------------------------------------------------

    def _node(self, event: Any, depth: int) -> Node:
        self._entry += 1
        if self._entry > self._limits.entry_values:
            raise Stop(event.start_mark.index, f"one {self._noun} holds more than {self._limits.entry_values:,} values")
        if event.__class__ is self._scalar_event:
            return self._scalar(event)
        index = event.start_mark.index
        if event.__class__ is self._alias_event:
            return self._alias(event, depth)
        if depth >= self._limits.depth:
            raise self._too_deep(index)
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

    def _sequence(self, event: Any, depth: int) -> ListNode:
        node = ListNode([], event.start_mark.index, event.end_mark.index, event.flow_style, event.anchor is not None)
        append, following, end = node.items.append, self._next, self._sequence_end
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        while (event_inside := following()).__class__ is not end:
            item = self._node(event_inside, depth + 1)
            append(item)
            node.end = item.end
        node.complete = True
        if node.flow:
            node.end = event_inside.end_mark.index
        return node

    def _map(self, event: Any, depth: int) -> MapNode:
        node = MapNode({}, event.start_mark.index, event.end_mark.index, event.flow_style, event.anchor is not None)
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
        node.complete = True
        if node.flow:
            node.end = event_inside.end_mark.index
        return node

    def _refuse_key(self, key: Node, pairs: dict[str, tuple[Scalar, Node]]) -> None:
        if not isinstance(key, Scalar):
            self._add(key.start, f"a key must be text, not {key.what}")
        elif key.text == "<<" and not key.quote:
            self._add(key.start, "merge keys (<<) are not read", "write the fields out")
        elif key.text in pairs:
            line = self._text.count("\n", 0, pairs[key.text][0].start) + 1
            self._add(key.start, f"the key {name_of(key.text)} is here twice, first in line {line}", "remove one of them")
        else:
            reason, hint = not_text(key)
            self._add(key.start, f"a key must be text, {reason}", hint)

    # -- aliases -------------------------------------------------------------------------------------------------

    def _alias(self, event: Any, depth: int) -> Alias:
        start, name = event.start_mark.index, event.anchor
        target = self._anchors.get(name)
        if target is None:
            raise Stop(start, f"no anchor &{name} stands above this alias")
        if isinstance(target, Scalar):
            self._expanded += 1 + len(target.text)
        else:
            if not target.complete:
                raise Stop(start, f"the alias *{name} stands inside of what it names")
            _measure(target)
            if depth + target.levels > self._limits.depth:
                raise self._too_deep(start)
            self._expanded += target.weight
            target.shared = True
        if self._expanded > self._limits.expansion:
            raise Stop(start, f"the aliases up to here stand for more than {self._limits.expansion:,} values and characters")
        return Alias(target, start, event.end_mark.index)

    def _too_deep(self, index: int) -> Stop:
        return Stop(index, f"nested too deeply: at most {self._limits.depth} levels are read")

    # -- mistakes ------------------------------------------------------------------------------------------------

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None:
            hint = "remove it, and quote what is to be text"
            self._add(event.start_mark.index, f"tags such as {quoted(event.tag)[1:-1]} are not read", hint)

    def _add(self, index: int, message: str, hint: str = "") -> None:
        self.mistakes.append(Mistake(index=index, message=message, hint=hint))


def _measure(node: ListNode | MapNode) -> None:
    """Compute the weight and the levels of a list or map, once; what its aliases name was measured when they were read."""
    if node.weight:
        return
    inside = node.items if isinstance(node, ListNode) else [part for pair in node.pairs.values() for part in pair]
    weight, levels = 1, 0
    for part in map(resolve, inside):
        if isinstance(part, Scalar):
            weight += 1 + len(part.text)
        else:
            _measure(part)
            weight += part.weight
            levels = max(levels, part.levels)
    node.weight, node.levels = weight, levels + 1


_OTHER_DOCUMENT = "remove the line '---' and what does not belong to it"


def read_yaml(text: str, file: str, *, size: int = 1024 * 1024) -> Document:
    """Read the document of a text of at most ``size`` characters that messages call ``file``; never raises."""
    source = Source(text, file)
    if len(text) > size:
        problem = Problem(file=file, message=f"too large: {len(text):,} characters, at most {size:,} are read")
        return Document(source=source, problems=(problem,))
    if forbidden := forbidden_character(text):
        return Document(source=source, problems=(source.problem(forbidden.mistake),))
    reader = YamlReader(text, Limits(values=20_000, entry_values=20_000, expansion=20_000), noun="file")
    root = None
    try:
        root = reader.document()
    except Stop as stop:
        reader.mistakes.append(stop.mistake)
    return Document(source=source, root=root, problems=source.problems(reader.mistakes))
