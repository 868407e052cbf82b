"""Reading a source file: its bytes, git's id of them, the stamp by which it is known to be unchanged, and the text that radon reads.

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

import os
import stat
import time
from dataclasses import dataclass

from core.adapters.radon.measure_cache import Stamp
from core.domain.quality.history import blob_digest

#: Bytes. At this size a table or a module takes a second and half a gigabyte, the worst that can be written 20 s and 2.5 GB.
LARGEST = 2 * 1024 * 1024
#: A file that changed this shortly before it was read may change again without its times showing it (git's "racily clean").
_RACY_NANOSECONDS = 2_000_000_000
_MARK = "\ufeff"


class Unreadable(Exception):
    """Why a source has no numbers: one sentence without a full stop. Internal to this package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One file as read."""

    data: bytes
    blob: bytes
    #: None where an equal stamp would not prove equal bytes.
    stamp: Stamp | None


def read_content(path: str) -> Content:
    """Read a regular file. Raises Unreadable, FileNotFoundError."""
    began = time.time_ns()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise Unreadable("not a regular file")
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from error
    if len(data) > LARGEST:
        raise Unreadable(too_large(max(len(data), found.st_size)))
    racy = max(found.st_mtime_ns, found.st_ctime_ns) >= began - _RACY_NANOSECONDS
    return Content(data=data, blob=blob_digest(data), stamp=None if racy else Stamp.of(found))


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
