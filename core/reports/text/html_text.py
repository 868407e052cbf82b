"""Text inside of HTML."""

from __future__ import annotations

from html import escape

from core.domain.untrusted.printable import inert_markup, visible


def html_text(text: str) -> str:
    """Return ``text`` as element or attribute content: no markup, no control characters, no command to a CI service."""
    return inert_markup(escape(visible(text)))
