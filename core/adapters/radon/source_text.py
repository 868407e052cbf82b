"""A file's bytes as the text that radon reads, or why there is none.

| bytes                                        | outcome                                                          |
|----------------------------------------------|------------------------------------------------------------------|
| UTF-8, any line ends                         | text; ``\\r\\n`` and ``\\r`` become ``\\n``                          |
| UTF-8 with a cookie that names another       | text: radon reads UTF-8 whatever the cookie says                 |
| not UTF-8: latin-1, UTF-16 …, with a cookie or not | problem: the line and the byte                             |
| a UTF-8 byte order mark at the start         | problem: Python reads the file, radon does not                   |
| a NUL                                        | problem: the line                                                |
| more than ``LARGEST`` bytes                  | problem: the size and the limit                                  |
"""

from __future__ import annotations

#: Bytes. At this size a table or a module takes a second and half a gigabyte, the worst that can be written 20 s and 2.5 GB.
LARGEST = 2 * 1024 * 1024
_MARK = "\ufeff"


class Unreadable(Exception):
    """The package's own: one sentence, without a full stop, on why a source has no numbers."""


def read_text(content: bytes) -> str:
    """Return the text. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(too_large(len(content)))
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"line {line}: byte 0x{content[error.start]:02x} is not UTF-8, the only encoding that radon reads") from None
    if "\0" in text:
        raise Unreadable(f"line {text.count(chr(10), 0, text.index(chr(0))) + 1}: a NUL byte, which Python does not allow in source")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def too_large(size: int) -> str:
    """Return the sentence for a file of ``size`` bytes."""
    return f"too large: {size / 1024 / 1024:.1f} MB of source, the limit is {LARGEST // 1024 // 1024} MB"


def has_mark(text: str) -> bool:
    """Return whether a byte order mark is the first character."""
    return text.startswith(_MARK)
