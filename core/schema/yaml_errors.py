"""Why a text is not YAML, with its place and what to do about it."""

from __future__ import annotations

import re

from core.schema.document import Mistake

#: What YAML does not allow in a stream, and a byte order mark inside of one.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_HINTS = (
    ("tab character", "indent with spaces"),
    ("cannot start any token", "indent with spaces, and quote text that begins with a character of YAML's own"),
    ("mapping values are not allowed", "check the indentation, and quote text that has a colon and a space in it"),
    ("could not find expected ':'", "check the indentation, and that a colon and a space follow each key"),
    ("did not find expected", "check the indentation, the brackets and the quotes above"),
    ("unexpected end of stream", "close the quote"),
)


class Stop(Exception):
    """The rest of the text cannot be read; ``mistake`` says why."""

    def __init__(self, index: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.mistake = Mistake(index=index, message=message, hint=hint)


def not_yaml(error: Exception, text: str) -> Stop:
    """Return the error that PyYAML raised about ``text`` as what stops the reading."""
    began = getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None) or began
    if mark is None:
        return forbidden_character(text) or Stop(0, f"not YAML: {error}")
    problem, context = (str(getattr(error, name, None) or "") for name in ("problem", "context"))
    if "<document start>" in problem:
        return Stop(mark.index, "something stands behind the end of the document", "remove the line '...'")
    since = f" that begins in line {began.line + 1}" if began is not None and began.line != mark.line else ""
    return Stop(mark.index, f"not YAML: {problem} {context}".rstrip() + since, _hint(problem))


def _hint(problem: str) -> str:
    return next((hint for sign, hint in _HINTS if sign in problem), "")


def forbidden_character(text: str) -> Stop | None:
    """Return the first character that YAML does not allow, as what stops the reading."""
    found = _FORBIDDEN.search(text)
    if found is None:
        return None
    code = ord(found[0])
    spelled = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    hint = f"remove it, or write it as {spelled} inside double quotes"
    return Stop(found.start(), f"the character U+{code:04X} is not allowed in YAML", hint)
