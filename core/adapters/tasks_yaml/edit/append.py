"""Where new entries go, and what must stand around them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.adapters.tasks_yaml.edit.render import render_block, render_flow
from core.adapters.tasks_yaml.parse.layout import Layout

_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*")


def append_entries(text: str, layout: Layout, entries: Sequence[Mapping[str, Any]], *, spaced: bool | None = None) -> str:
    """Return ``text`` with the entries behind its last one; ``spaced`` overrules what the text does about blank lines."""
    if layout.flow:
        rendered = [render_flow(entry, as_json=layout.json) for entry in entries]
        return _append_flow(text, layout, rendered)
    return _append_block(text, layout, [render_block(entry) for entry in entries], spaced=layout.spaced if spaced is None else spaced)


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
    if layout.empty:
        return text[:close] + ", ".join(entries) + text[close:]
    line = text.rfind("\n", 0, close) + 1
    if layout.indent is None or line <= last or text[line:close].strip():
        return f"{text[:last]}, {', '.join(entries)}{text[last:]}"
    end = f",{layout.newline}"
    trailing = "," in _COMMENT.sub("", text[last:close])
    lines = end.join(layout.indent + entry for entry in entries) + (end if trailing else layout.newline)
    return text[:last] + ("" if trailing else ",") + text[last:line] + lines + text[line:]
