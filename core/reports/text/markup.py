"""Text inside of HTML, XML, Markdown and JSON: markup in it means nothing there, and no line of it is a command to a CI service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from core.domain.untrusted.printable import inert_json, inert_markup, visible
from core.reports.text.columns import one_line

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: What XML 1.0 does not allow, not even escaped.
_ILLEGAL = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def html_text(text: str) -> str:
    """Return ``text`` as element or attribute content, control characters escaped."""
    from html import escape

    return inert_markup(escape(visible(text)))


def markdown_cell(text: str) -> str:
    """Return ``text`` as the cell of a table: it neither ends the cell nor means anything to Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]<>()#|~@:$])", _escape, one_line(text))


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    # A mention or a link is made from bare text too; an entity makes none.
    return f"&#{ord(character)};" if character in "<>@:|$" else f"\\{character}"


def xml_text(text: str) -> str:
    """Return ``text`` with escapes for what a screen would obey, and without the characters that no XML may hold."""
    return re.sub(_ILLEGAL, "", visible(text))


def xml_document(root: Element) -> str:
    """Return the text of a document, indented."""
    from xml.etree import ElementTree as ET

    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{inert_markup(ET.tostring(root, encoding="unicode"))}\n'


def json_document(value: Any) -> str:
    """Return the text of a JSON file, indented, with a newline at its end; what is no text in UTF-8 is escaped."""
    import json

    return f"{inert_json(json.dumps(value, ensure_ascii=False, indent=2))}\n"
