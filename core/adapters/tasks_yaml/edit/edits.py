"""Edits of a document by text span. An edit of more than statuses is parsed again and compared with what was meant before it counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from core.adapters.tasks_yaml.edit.render import foreign_values, normalised, render_block, render_flow, render_scalar, render_text
from core.adapters.tasks_yaml.parse.document import Document, Layout
from core.adapters.tasks_yaml.parse.fields import read_entry
from core.adapters.tasks_yaml.parse.parse import Watch, insertion, parse_document
from core.domain.tasks.entry import AppendTask, Edit
from core.domain.tasks.task import Place, Status, Task
from core.errors import EditRefused, InvalidFile, Problem
from core.schema.document import Source
from core.schema.nodes import MapNode, Node, Scalar
from core.schema.scalars import plain_value
from core.schema.yaml_reader import YamlReader

_STATUS = ("status",)
#: The first line of a block of text without a comment.
_BLOCK_HEAD = re.compile(r"[|>][-+1-9]* *\n")
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*")


def apply_edits(document: Document, edits: Sequence[Edit], file: str) -> Document:
    """Return the document with the edits. Raises EditRefused when one cannot be made without guessing."""
    batch = _Batch(document, file)
    for edit in edits:
        batch.add(edit)
    return batch.apply()


class _Batch:
    """The edits of one write, sorted by how they are made."""

    def __init__(self, document: Document, file: str) -> None:
        self._document = document
        self._file = file
        self._statuses: dict[str, Status] = {}
        self._fields: dict[str, dict[tuple[str, ...], Any]] = {}
        self._new: dict[str, dict[str, Any]] = {}

    def add(self, edit: Edit) -> None:
        if isinstance(edit, AppendTask):
            for wrong in foreign_values(edit.fields):
                raise self._refused(wrong)
            entry = normalised(edit.fields)
            task_id = str(entry.get("id", ""))
            if self._document.knows(task_id) or task_id in self._new:
                raise self._refused(f"the id {task_id} is there already", "choose another id")
            self._new[task_id] = entry
        elif edit.task_id in self._new:
            _put(self._new[edit.task_id], edit.path, edit.value)
        elif not self._document.knows(edit.task_id):
            raise self._refused(f"there is no task {edit.task_id}")
        elif edit.path == _STATUS:
            self._statuses[edit.task_id] = Status(str(edit.value))
        else:
            self._fields.setdefault(edit.task_id, {})[edit.path] = edit.value

    def apply(self) -> Document:
        document = self._document.with_statuses(self._statuses) if self._statuses else self._document
        if not self._fields and not self._new:
            return document
        text, expected = self._set_fields(document.text) if self._fields else (document.text, {})
        if not self._new:
            return self._checked(text, document, expected)
        entries = list(self._new.values())
        try:
            return self._checked(append_entries(text, document.layout, entries), document, expected)
        except EditRefused as refused:
            # A blank line in front of them may belong to a block of text that ends the file.
            with suppress(EditRefused):
                return self._checked(append_entries(text, document.layout, entries, spaced=False), document, expected)
            raise refused from None

    # -- fields --------------------------------------------------------------------------------------------------

    def _set_fields(self, text: str) -> tuple[str, dict[str, Any]]:
        """Return the text with the fields set, and the plain values that the entries then must have."""
        source = Source(text, self._file)
        entries: dict[str, MapNode] = {}
        # To the end of the text: only there it is known what aliases stand for.
        for node in YamlReader(text).entries():
            task = read_entry(node, Place(line=0, column=0), lambda *_: None)
            if task is not None and task.id in self._fields and isinstance(node, MapNode):
                entries[task.id] = node
        cuts: list[tuple[int, int, str]] = []
        expected: dict[str, Any] = {}
        for task_id, changes in self._fields.items():
            expected[task_id] = plain_value(entries[task_id])
            for path, value in changes.items():
                cuts.append(self._cut(source, entries[task_id], path, value))
                _put(expected[task_id], path, value)
        for start, end, new in sorted(cuts, reverse=True):
            text = text[:start] + new + text[end:]
        return text, expected

    def _cut(self, source: Source, entry: MapNode, path: tuple[str, ...], value: Any) -> tuple[int, int, str]:
        """Return the span to replace, and by what."""
        parent = self._parent(source, entry, path)
        if path[-1] in parent.pairs:
            key_node, node = parent.pairs[path[-1]]
            if isinstance(node, Scalar) and isinstance(value, str) and (end := _end_of_block(source.text, node)):
                column = key_node.start - (source.text.rfind("\n", 0, key_node.start) + 1)
                return node.start, end, render_text(value, column + 2)
            quote = self._quote_of(source, node, ".".join(path))
            return node.start, node.end, render_scalar(value, quote, flow=parent.flow)
        behind = "id" if parent is entry else _last_scalar(parent)
        if not behind:
            raise self._refused_at(source, parent, f"the task has no {'.'.join(path)}")
        slot = insertion(source, parent, path[-1], behind)
        return slot.start, slot.end, slot.before + render_scalar(value, "", flow=parent.flow)

    def _parent(self, source: Source, entry: MapNode, path: tuple[str, ...]) -> MapNode:
        """Return the map that holds the last key of ``path``, or is to hold it."""
        parent = entry
        for depth, key in enumerate(path[:-1]):
            if key not in parent.pairs:
                raise self._refused_at(source, parent, f"the task has no {'.'.join(path)}")
            inner = parent.pairs[key][1]
            if not isinstance(inner, MapNode) or inner.shared:
                raise self._refused_at(source, inner, f"{'.'.join(path[: depth + 1])} is not a map of this task alone")
            parent = inner
        return parent

    def _quote_of(self, source: Source, node: Node, name: str) -> str:
        """Return the quotes of a value that can be replaced where it stands."""
        if not isinstance(node, Scalar):
            raise self._refused_at(source, node, f"{name} is {node.what}, not a value of its own")
        if node.anchored:
            raise self._refused_at(source, node, f"{name} has an anchor")
        if node.quote in {"|", ">"} or "\n" in source.text[node.start : node.end] or node.start == node.end:
            raise self._refused_at(source, node, f"{name} does not stand on one line")
        return node.quote

    # -- proof ---------------------------------------------------------------------------------------------------

    def _checked(self, text: str, before: Document, expected: Mapping[str, Any]) -> Document:
        """Read the new text and return it as a document if it says exactly what was meant."""
        watch = Watch([*expected, *self._new])
        try:
            after = parse_document(text, self._file, watch)
        except InvalidFile as error:
            first = error.problems[0]
            # In a text that is never written, the place of a new entry means nothing.
            raise EditRefused(replace(first, line=0, column=0) if self._new else first) from error
        self._compare(before, after, expected)
        for task_id, wanted in {**expected, **self._new}.items():
            if not _same(watch.values.get(task_id), wanted):
                raise self._refused(f"the task {task_id} would not read as meant")
        return after

    def _compare(self, before: Document, after: Document, expected: Mapping[str, Any]) -> None:
        """Check that all tasks but those ``expected`` to change are what they were, and that as many are new as are meant to be."""
        if len(after.tasks) != len(before.tasks) + len(self._new):
            raise self._refused("the new entries do not stand for themselves")
        for old, new in zip(before.tasks, after.tasks, strict=False):
            if old.id not in expected and _content(old) != _content(new):
                unended = self._new and not before.text.endswith("\n")
                hint = "end the file with a line end: the text of a block goes on until there" if unended else ""
                raise self._refused(f"the edit would change the task {old.id}", hint)

    def _refused(self, message: str, hint: str = "") -> EditRefused:
        return EditRefused(Problem(file=self._file, message=message, hint=hint))

    def _refused_at(self, source: Source, node: Node, message: str) -> EditRefused:
        line, column = source.place(node.start)
        return EditRefused(Problem(file=self._file, line=line, column=column, message=f"{message}: it cannot be changed without guessing"))


def _last_scalar(node: MapNode) -> str:
    """Return the last key of a map with a value that another pair can stand behind; empty where there is none."""
    return next(
        (key for key, (_, value) in reversed(node.pairs.items()) if isinstance(value, Scalar) and value.quote not in {"|", ">"}), ""
    )


def _end_of_block(text: str, node: Scalar) -> int:
    """Return where the words of a block of text end that another can replace: not a comment, not the blank lines behind it. Else 0."""
    block = text[node.start : node.end].rstrip(" \n")
    plain_head = _BLOCK_HEAD.match(block)
    return node.start + len(block) if plain_head and not node.anchored and "\r" not in block else 0


_content = attrgetter(*(field.name for field in fields(Task) if field.name != "place"))


def _put(entry: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        entry = entry.setdefault(key, {})
    entry[path[-1]] = normalised(value)


def _same(one: Any, other: Any) -> bool:
    """Whether plain values are equal, and of equal types: 1, 1.0 and true differ."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


# -- new entries -------------------------------------------------------------------------------------------------------


def append_entries(text: str, layout: Layout, entries: Sequence[Mapping[str, Any]], *, spaced: bool | None = None) -> str:
    """Return ``text`` with the entries behind its last one; ``spaced`` overrules what the text does about blank lines."""
    if layout.flow and layout.empty:
        text, layout = _without_brackets(text, layout)
    if layout.flow:
        rendered = [render_flow(entry, as_json=layout.json) for entry in entries]
        return _append_flow(text, layout, rendered)
    return _append_block(text, layout, [render_block(entry) for entry in entries], spaced=layout.spaced if spaced is None else spaced)


def _without_brackets(text: str, layout: Layout) -> tuple[str, Layout]:
    """Return the text without its empty list ``[]``, comments kept: a list of entries in lines of their own can begin there."""
    begin, close = len(text) - layout.behind_last, len(text) - layout.from_close
    end = len(text) - layout.from_document_end
    before, after = text[:begin].rstrip(" "), text[close + 1 : end]
    comments = [line.strip() for line in f"{text[begin + 1 : close]}{after}".split("\n")]
    if before and not before.endswith("\n"):
        before += layout.newline
    kept = before + "".join(f"{line}{layout.newline}" for line in comments if line)
    return kept + text[end:], replace(layout, found=False, flow=False, column=0)


def _append_block(text: str, layout: Layout, entries: Sequence[str], *, spaced: bool) -> str:
    """Write at the end of the document, behind comments that stand there."""
    end = len(text) - layout.from_document_end
    before, newline, pad = text[:end], layout.newline, " " * layout.column
    if before and not before.endswith("\n"):
        before += newline
    for number, entry in enumerate(entries):
        if spaced and (layout.found or number) and not before.endswith(newline * 2):
            before += newline
        before += "".join(f"{pad if line else ''}{line}{newline}" for line in entry.split("\n")[:-1])
    return before + text[end:]


def _append_flow(text: str, layout: Layout, entries: Sequence[str]) -> str:
    """Write in front of the closing bracket, each entry on a line of its own if the last one has one."""
    last, close = len(text) - layout.behind_last, len(text) - layout.from_close
    line = text.rfind("\n", 0, close) + 1
    if layout.indent is None or line <= last or text[line:close].strip():
        return f"{text[:last]}, {', '.join(entries)}{text[last:]}"
    end = f",{layout.newline}"
    trailing = "," in _COMMENT.sub("", text[last:close])
    lines = end.join(layout.indent + entry for entry in entries) + (end if trailing else layout.newline)
    return text[:last] + ("" if trailing else ",") + text[last:line] + lines + text[line:]
