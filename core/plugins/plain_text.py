"""Text of plugins on its way to a person: nothing in it may move the cursor, colour, or hide what stands beside it."""

from __future__ import annotations

import unicodedata

_KEPT = "\n\t"
#: Control, format (direction marks, zero widths), surrogate, private use, unassigned.
_ODD = ("C",)


def plain(text: str) -> str:
    """Return ``text`` with every control and format character but line ends and tabs shown as ``\\xNN`` or ``\\uNNNN``."""
    if text.isprintable():
        return text
    return "".join(char if char in _KEPT or not unicodedata.category(char).startswith(_ODD) else ascii(char)[1:-1] for char in text)
