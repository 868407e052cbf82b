"""Text → tasks and the places where their statuses are written; or every problem of the text at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.adapters.tasks_yaml.parse.document import Document, Layout, Slot, layout_of
from core.adapters.tasks_yaml.parse.fields import complain_about_fields, read_entry
from core.domain.tasks.graph_errors import GraphError, find_graph_errors
from core.domain.tasks.task import Place, Task
from core.errors import InvalidFile
from core.schema.document import Mistake, Source
from core.schema.nodes import ListNode, MapNode, Node, Scalar, resolve
from core.schema.scalars import plain_value
from core.schema.yaml_errors import Stop
from core.schema.yaml_reader import YamlReader


def parse_tasks(text: str, file: str) -> tuple[Task, ...]:
    """Return the tasks of a ``tasks.yml`` without its byte order mark; problems name ``file``.

    Raises InvalidFile with every problem, each with its line and column.
    """
    return parse_document(text, file).tasks


def parse_document(text: str, file: str, watch: Watch | None = None) -> Document:
    """Return the tasks with all that is needed to write into the text. Raises InvalidFile with every problem."""
    reading = _Reading(Source(text, file), watch)
    reading.run()
    if not reading.mistakes:
        return Document(text=text, tasks=tuple(reading.tasks), slots=reading.slots, layout=reading.layout())
    raise InvalidFile(Source(text, file).problems(reading.mistakes))


class Watch:
    """Keeps the plain values of some entries, by id, while a text is read."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = frozenset(ids)
        self.values: dict[str, Any] = {}

    def see(self, task_id: str, node: Node) -> None:
        if task_id in self._ids:
            self.values[task_id] = plain_value(node)


class _Reading:
    """One pass over one text."""

    def __init__(self, source: Source, watch: Watch | None) -> None:
        self._source = source
        self._watch = watch
        self._last: Node | None = None
        self._reader = YamlReader(source.text)
        self.mistakes = self._reader.mistakes
        self.tasks: list[Task] = []
        self.slots: list[Slot] = []
        self._anchored: list[MapNode] = []

    def run(self) -> None:
        complete = True
        try:
            self._read_all()
        except Stop as stop:
            self.mistakes.append(stop.mistake)
            complete = False
        for node in self._anchored:
            if node.shared:
                message = "an alias further down stands for this task: its status could not be written"
                self._complain(node.start, message, "write the other one out")
        errors = find_graph_errors(self.tasks)
        if errors:
            self._complain_about(errors, complete=complete)

    def layout(self) -> Layout:
        return layout_of(self._source, self._reader, self._last)

    def _read_all(self) -> None:
        source, tasks, slots, mistakes = self._source, self.tasks, self.slots, self.mistakes
        for node in self._reader.entries():
            # An entry is known to be whole only when something readable follows it.
            if self._last is not None:
                complain_about_fields(self._last, self._complain)
            self._last = node
            line, column = source.place(node.start)
            task = read_entry(node, Place(line=line, column=column), self._complain)
            if task is not None and isinstance(node, MapNode):
                tasks.append(task)
                if node.anchored:
                    self._anchored.append(node)
                if self._watch is not None:
                    self._watch.see(task.id, node)
                if not mistakes:
                    slots.append(status_slot(source, node))
        if self._last is not None:
            complain_about_fields(self._last, self._complain)

    def _complain(self, index: int, message: str, hint: str) -> None:
        self.mistakes.append(Mistake(index=index, message=message, hint=hint))

    def _complain_about(self, errors: tuple[GraphError, ...], *, complete: bool) -> None:
        """Give errors their places, by reading the text a second time: that keeps the usual pass small."""
        wanted = {error.task for error in errors}
        nodes: dict[int, MapNode] = {}
        position = 0
        source = Source(self._source.text, self._source.file)
        try:
            for node in YamlReader(source.text).entries():
                if read_entry(node, Place(line=0, column=0), lambda *_: None) is None or not isinstance(node, MapNode):
                    continue
                if position in wanted:
                    nodes[position] = node
                position += 1
        except Stop:
            pass
        items: dict[tuple[int, str], dict[str, int]] = {}
        for error in errors:
            if complete or not error.needs_whole:
                self._complain(_index_of(error, nodes[error.task], items), error.message, error.hint)


def _index_of(error: GraphError, node: MapNode, items: dict[tuple[int, str], dict[str, int]]) -> int:
    """Return the position of what is wrong inside of an entry; ``items`` remembers those of lists, by entry and field."""
    value = node.pairs[error.field][1]
    place = (error.task, error.field)
    if place not in items:
        items[place] = _item_starts(value)
    return items[place].get(error.item, value.start)


def _item_starts(value: Node) -> dict[str, int]:
    """Return the position of each text in a list, where it stands first."""
    starts: dict[str, int] = {}
    for item in value.items if isinstance(value, ListNode) else ():
        solid = resolve(item)
        if isinstance(solid, Scalar):
            starts.setdefault(solid.text, item.start)
    return starts


def status_slot(source: Source, node: MapNode) -> Slot:
    """Return where the status of a sound entry is written, or is to be written."""
    pair = node.pairs.get("status")
    if pair is not None:
        value = pair[1]
        inset = 1 if isinstance(value, Scalar) and value.quote else 0
        return Slot(value.start + inset, value.end - inset, "")
    return insertion(source, node, "status")


def insertion(source: Source, node: MapNode, name: str, behind: str = "id") -> Slot:
    """Return where a scalar field that an entry lacks, or a map in it, is to be written: behind one that it has."""
    key, value = node.pairs[behind]
    quote = key.quote
    if node.flow:
        return Slot(value.end, value.end, f", {quote}{name}{quote}: ")
    text = source.text
    line_end = text.find("\n", value.end)
    line_end = len(text) if line_end < 0 else line_end
    if line_end > 0 and text[line_end - 1] == "\r":
        line_end -= 1
    return Slot(line_end, line_end, f"{source.newline}{' ' * _key_column(source, node)}{quote}{name}{quote}: ")


def _key_column(source: Source, node: MapNode) -> int:
    """Return the 0-based column in which the keys of a block entry begin, their ``?`` included."""
    start = node.start if not node.anchored else next(iter(node.pairs.values()))[0].start
    return source.place(start)[1] - 1
