"""Text that others chose, made such that nobody who reads it on a screen or in a job's log obeys it. Pure.

| what | becomes |
|---|---|
| control characters (C0 but tab and line end, DEL, C1), marks that reorder text, separators that break lines | escapes: ``\\x1b`` |
| ``::`` at the start of a line, spaces before it or not (GitHub) | ``\\x3a:`` |
| ``##[`` (GitHub, Azure), ``##vso[`` (Azure), ``##teamcity[`` anywhere | ``\\x23#[`` |

GitLab's section markers need control characters, so they are gone with these.
"""

from __future__ import annotations

import re
import unicodedata

#: C0 but tab and line end, DEL and C1; what reorders text; separators that break a line; halves of surrogate pairs.
_ALONE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL = re.compile(f"[{_ALONE}]")
#: The colours and weights that our own text uses (``core.reports.text.style``).
_OUR_COLOUR = re.compile(f"\x1b\\[(?:[012]|3[1236])m|[{_ALONE}]")
#: What begins a command to a CI service. Invisible characters count as spaces.
_COMMAND = re.compile("^(?:[^\\S\n]|[\ufeff\u200b])*:(?=:)|#(?=#(?:vso|teamcity)?\\[)", re.MULTILINE | re.IGNORECASE)
_MARK = re.compile(r"#(?=#(?:vso|teamcity)?\[)", re.IGNORECASE)


def visible(text: str, *, colour: bool = False) -> str:
    """Return ``text`` with escapes for what a screen would obey; with ``colour`` the colours of our own stay."""
    if text.isascii() and text.isprintable():
        return text
    return (_OUR_COLOUR if colour else _CONTROL).sub(_escaped, text)


def plain(text: str) -> str:
    """Return ``text`` with every control and format character but line ends and tabs shown as ``\\xNN`` or ``\\uNNNN``.

    Stricter than ``visible``: private and unassigned characters are shown, too.
    """
    if text.isprintable():
        return text
    return "".join(char if char in "\n\t" or not unicodedata.category(char).startswith("C") else ascii(char)[1:-1] for char in text)


def inert(text: str) -> str:
    """Return ``text`` such that no line of it is a command to a CI service."""
    return _COMMAND.sub(_first_escaped, text) if "::" in text or "##" in text else text


def inert_json(text: str) -> str:
    """Return a JSON text that means the same and holds neither what a screen nor what a CI service would obey."""
    if not (text.isascii() and text.isprintable()):
        text = _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text if "##" not in text else _MARK.sub("\\\\u0023", text)


def inert_markup(text: str) -> str:
    """Return XML or HTML that means the same and holds no command to a CI service; its text must be ``visible``."""
    return _COMMAND.sub(lambda found: f"{found[0][:-1]}&#{ord(found[0][-1])};", text)


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    return character if len(character) > 1 else character.encode("unicode_escape").decode()


def _first_escaped(found: re.Match[str]) -> str:
    return f"{found[0][:-1]}\\x{ord(found[0][-1]):02x}"
