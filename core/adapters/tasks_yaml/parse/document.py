"""The text of ``tasks.yml``: from bytes and back, with its statuses taken out, and the layout that a new entry must have."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from core.domain.tasks.task import Place, Status, Task, with_status
from core.errors import InvalidFile, Problem
from core.schema.document import Source
from core.schema.nodes import MapNode, Node
from core.schema.yaml_reader import YamlReader

#: Bytes that a ``tasks.yml`` may have; 100,000 tasks of ordinary size are 17 MB.
MAX_BYTES = 32 * 1024 * 1024


def decode(data: bytes, file: str) -> tuple[str, bool]:
    """Return the text and whether a byte order mark stood before it. Raises InvalidFile with the place of a foreign byte."""
    if len(data) > MAX_BYTES:
        raise InvalidFile([too_large(file)])
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
        raise InvalidFile([Problem(file=file, message="this is UTF-16 or UTF-32, not UTF-8", hint="save it as UTF-8")])
    marked = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if marked else data
    try:
        return body.decode("utf-8"), marked
    except UnicodeDecodeError as error:
        before = body[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        message = f"the byte 0x{body[error.start]:02X} is not UTF-8"
        place = {"line": before.count(b"\n") + 1, "column": column}
        raise InvalidFile([Problem(file=file, **place, message=message, hint="save the file as UTF-8")]) from error


def encode(text: str, *, marked: bool) -> bytes:
    """Return the bytes of ``text``, behind a byte order mark if there was one."""
    return codecs.BOM_UTF8 + text.encode("utf-8") if marked else text.encode("utf-8")


def too_large(file: str) -> Problem:
    """Return the problem of a file of more than ``MAX_BYTES``."""
    return Problem(file=file, message=f"the file is larger than {MAX_BYTES >> 20} MiB", hint="keep ended tasks in another file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Places count from the end of the text, where changed statuses do not move them."""

    #: Whether there is a list at all: a text may be empty or hold comments only.
    found: bool
    #: Whether it stands in brackets.
    flow: bool
    #: Whether it has no items.
    empty: bool
    newline: str
    #: Column of the list's dashes, 0-based.
    column: int
    #: Whether a blank line stands before the last entry.
    spaced: bool
    #: What stands before the last entry of a list in brackets on a line of its own; None when it shares its line.
    indent: str | None
    #: Whether the last entry writes its keys between double quotes, as JSON does.
    json: bool
    #: Characters behind the last item, from the closing bracket on, and from ``...`` on.
    behind_last: int
    from_close: int
    from_document_end: int


def layout_of(source: Source, reader: YamlReader, last: Node | None) -> Layout:
    """Return the layout of a text whose entries ``reader`` has all read, given the last of them."""
    text = source.text
    before = text[text.rfind("\n", 0, last.start) + 1 : last.start] if last is not None else ""
    return Layout(
        found=reader.found,
        flow=reader.flow,
        empty=reader.items == 0,
        newline=source.newline,
        column=reader.column,
        spaced=last is None or reader.items == 1 or _stands_apart(text, last.start),
        indent=before if last is not None and not before.strip() else None,
        json=isinstance(last, MapNode) and next(iter(last.pairs.values()))[0].quote == '"',
        behind_last=len(text) - reader.last_end,
        from_close=len(text) - reader.close,
        from_document_end=len(text) - reader.document_end,
    )


def _stands_apart(text: str, start: int) -> bool:
    """Whether a blank line stands before the entry that begins at ``start``, or before the comments above it."""
    end = text.rfind("\n", 0, start)
    while end > 0:
        begin = text.rfind("\n", 0, end) + 1
        line = text[begin:end].strip()
        if not line.startswith("#"):
            return not line
        end = begin - 1
    return False


class Slot(NamedTuple):
    """The place of one status: ``text[start:end]``, written as ``before`` and the word."""

    start: int
    end: int
    #: Empty where a status stands; else what makes it an entry of its own: line end, indentation, key.
    before: str


class Document:
    """A valid text and its tasks. Changing a status costs one assignment, however long the text is."""

    def __init__(self, *, text: str, tasks: tuple[Task, ...], slots: Sequence[Slot], layout: Layout) -> None:
        self.tasks = tasks
        self.slots = slots
        self.layout = layout
        self._text: str | None = text
        self._original = text
        self._pieces: list[str] = []
        self._index: dict[str, int] = {}

    def without_status(self) -> tuple[str, ...]:
        """Return the ids of entries that say no status."""
        return tuple(task.id for task, slot in zip(self.tasks, self.slots, strict=True) if slot.before)

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = "".join(self._pieces)
        return self._text

    def knows(self, task_id: str) -> bool:
        return task_id in self._indexed()

    def with_statuses(self, statuses: Mapping[str, Status]) -> Document:
        """Return the document with these statuses, by id of a task that is in it. The places of its tasks stay as read."""
        index = self._indexed()
        pieces = self._split().copy()
        tasks = list(self.tasks)
        for task_id, status in statuses.items():
            position = index[task_id]
            pieces[2 * position + 1] = self.slots[position].before + status.value
            tasks[position] = with_status(tasks[position], status)
        changed = Document(text=self._original, tasks=tuple(tasks), slots=self.slots, layout=self.layout)
        changed._text, changed._pieces, changed._index = None, pieces, index
        return changed

    def as_read(self) -> Document | None:
        """Return the document with the slots and places of its present text; None where only reading it again can tell."""
        if self.text == self._original:
            return self
        if self.layout.flow:
            return None
        slots: list[Slot] = []
        tasks: list[Task] = []
        end = lines = 0
        pieces = self._split()
        for position, (task, slot) in enumerate(zip(self.tasks, self.slots, strict=True)):
            start, length = end + len(pieces[2 * position]), len(pieces[2 * position + 1])
            end = start + length
            place = task.place if not lines else Place(line=task.place.line + lines, column=task.place.column)
            tasks.append(replace(task, place=place))
            filled = slot.before if length else ""
            lines += "\n" in filled
            slots.append(Slot(start + len(filled), end, "" if filled else slot.before))
        return Document(text=self.text, tasks=tuple(tasks), slots=slots, layout=self.layout)

    def _indexed(self) -> dict[str, int]:
        if not self._index:
            self._index = {task.id: position for position, task in enumerate(self.tasks)}
        return self._index

    def _split(self) -> list[str]:
        """Return the text between the slots, and each slot's text as it is: one more than twice as many as there are tasks."""
        if not self._pieces:
            end = 0
            for slot in self.slots:
                self._pieces += (self._original[end : slot.start], self._original[slot.start : slot.end])
                end = slot.end
            self._pieces.append(self._original[end:])
        return self._pieces
