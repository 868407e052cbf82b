"""The bytes of ``tasks.yml`` → text, and back."""

from __future__ import annotations

import codecs

from core.errors import InvalidFile, Problem

#: Bytes that a ``tasks.yml`` may have; 100,000 tasks of ordinary size are 17 MB.
MAX_BYTES = 32 * 1024 * 1024


def decode(data: bytes, file: str) -> tuple[str, bool]:
    """Return the text and whether a byte order mark stood before it. Raises InvalidFile with the place of a foreign byte."""
    if len(data) > MAX_BYTES:
        raise InvalidFile([too_large(file)])
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
        raise InvalidFile([Problem(file=file, message="this is UTF-16 or UTF-32, not UTF-8", hint="save it as UTF-8")])
    marked = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if marked else data
    try:
        return body.decode("utf-8"), marked
    except UnicodeDecodeError as error:
        before = body[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        message = f"the byte 0x{body[error.start]:02X} is not UTF-8"
        place = {"line": before.count(b"\n") + 1, "column": column}
        raise InvalidFile([Problem(file=file, **place, message=message, hint="save the file as UTF-8")]) from error


def encode(text: str, *, marked: bool) -> bytes:
    """Return the bytes of ``text``, behind a byte order mark if there was one."""
    return codecs.BOM_UTF8 + text.encode("utf-8") if marked else text.encode("utf-8")


def too_large(file: str) -> Problem:
    """Return the problem of a file of more than ``MAX_BYTES``."""
    return Problem(file=file, message=f"the file is larger than {MAX_BYTES >> 20} MiB", hint="keep ended tasks in another file")
