"""The text of a Python source file, decoded as Python decodes a module that it imports: byte order mark, PEP 263 cookie, line ends.

| bytes                                                    | outcome                                          |
|----------------------------------------------------------|--------------------------------------------------|
| UTF-8, with a byte order mark or without                 | text, without the mark                           |
| a cookie in one of the first two lines                   | text, by any text encoding that Python knows     |
| ``\\r\\n`` and ``\\r`` as line ends                          | text with ``\\n``                                 |
| an unknown encoding, ``rot13`` and the like, or another one than UTF-8 beside a mark | the line of the cookie |
| bytes that the encoding does not have (UTF-16, a missing cookie) | the line of the first of them            |
| a NUL                                                    | its line                                         |
"""

from __future__ import annotations

import codecs
import io
import re
import tokenize
import warnings

_MARK = codecs.BOM_UTF8
#: Up to the cookie in the first line, or in the second below one without code.
_COOKIE = re.compile(rb"(?:[ \t\f]*(?:#[^\n]*)?\n)??[ \t\f]*#.*?coding[:=][ \t]*[-\w.]")
_NOT_ASCII = bytes(range(128)) + b"?" * 128


class Undecodable(ValueError):
    """Bytes that Python does not read as source. ``line`` is 1-based; the message begins with it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


def decode_source(content: bytes) -> str:
    """Return the text. Raises Undecodable."""
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head = content[: content.find(b"\n", content.find(b"\n") + 1) + 1 or len(content)]
    if not head.startswith(_MARK) and b"coding" not in head:
        text = _decoded(content, "utf-8", 0)
    else:
        text = _decoded(content, _encoding(head), _cookie_line(head))
    if "\0" in text:
        raise Undecodable(text.count("\n", 0, text.index("\0")) + 1, "a NUL byte, which Python does not allow in source")
    return text


def _encoding(head: bytes) -> str:
    """Return the encoding that the first two lines declare, as ``tokenize`` understands them. Raises Undecodable."""
    mark = _MARK if head.startswith(_MARK) else b""
    # Bytes that are not ASCII play no part in a cookie; tokenize would check that they are UTF-8.
    shown = mark + head.removeprefix(mark).translate(_NOT_ASCII)
    try:
        return tokenize.detect_encoding(io.BytesIO(shown).readline)[0]
    except SyntaxError as error:
        problem = "a byte order mark of UTF-8 beside another encoding" if mark else str(error.msg)
        raise Undecodable(_cookie_line(head), problem) from None


def _cookie_line(head: bytes) -> int:
    """Return the line of the cookie; 0 without one."""
    found = _COOKIE.match(head.removeprefix(_MARK))
    return found[0].count(b"\n") + 1 if found else 0


def _decoded(content: bytes, encoding: str, cookie_line: int) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Undecodable(line, f"byte 0x{error.object[error.start]:02x} is not {_declared(encoding, cookie_line)}") from None
    except (LookupError, ValueError) as error:
        raise Undecodable(cookie_line, str(error)) from None


def _declared(encoding: str, cookie_line: int) -> str:
    if cookie_line:
        return f"{encoding}, the encoding that line {cookie_line} declares"
    return "UTF-8, and neither of the first two lines declares another encoding"
