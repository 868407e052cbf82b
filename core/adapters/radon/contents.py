"""Reading a file for measuring: its bytes, what git calls them, and the stamp by which they are known again."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass

from core.adapters.radon.row_seals import Stamp
from core.adapters.radon.source_text import LARGEST, Unreadable, too_large
from core.domain.quality.blob import blob_digest

#: A file that changed this shortly before it was read may change again without its times showing it (git's "racily clean").
_RACY_NANOSECONDS = 2_000_000_000


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
