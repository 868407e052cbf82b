"""Text inside of XML, and the text of a document."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from core.domain.untrusted.printable import inert_markup, visible

#: What XML 1.0 does not allow, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """Return ``text`` with escapes for what a screen would obey, and without the characters that no XML may hold."""
    return _ILLEGAL.sub("", visible(text))


def xml_document(root: ET.Element) -> str:
    """Return the text of a document, indented; nothing in it is a command to a CI service."""
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{inert_markup(ET.tostring(root, encoding="unicode"))}\n'
