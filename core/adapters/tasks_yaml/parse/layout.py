"""How the list of tasks stands in its text: what a new entry must look like, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass

from core.schema.nodes import Mapping, Node
from core.schema.source import Source
from core.schema.yaml_reader import YamlReader


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
        json=isinstance(last, Mapping) and next(iter(last.pairs.values()))[0].quote == '"',
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
