"""Text inside of XML."""

from __future__ import annotations

import re

#: What XML 1.0 does not allow, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """Return ``text`` without the characters that no XML may hold."""
    return _ILLEGAL.sub("", text)
