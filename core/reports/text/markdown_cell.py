"""Text inside of Markdown tables."""

from __future__ import annotations

import re

from core.reports.text.columns import one_line


def markdown_cell(text: str) -> str:
    """Return text that neither ends a cell nor means anything to Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]<>()#|~@:$])", _escape, one_line(text))


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    # A mention or a link is made from bare text too; an entity makes none.
    return f"&#{ord(character)};" if character in "<>@:|$" else f"\\{character}"
