"""Seals on the rows of the cache: each row carries what only the holder of this user's key can say about it.

A cache is trusted with a verdict, and a file called ``metrics.db`` may come from anywhere. So a row counts only with its seal;
one without is no row, and the file it was about is measured. Two keyed BLAKE2b of a few hundred bytes a file: cheaper than the
query that fetches the row.
"""

from __future__ import annotations

import os
import struct
from hashlib import blake2b
from typing import NamedTuple

_SIZE = 16
#: Numbers of a stamp, then the length of the path.
_FILE = struct.Struct("<4qI")
_SIGNED = 2**63 - 1


class Stamp(NamedTuple):
    """What ``stat`` says of a file and must say again for its content to count as unchanged; times in nanoseconds."""

    size: int
    modified: int
    changed: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino & _SIGNED)


class RowSeals:
    """Seals made with one key, for measures made by one ``variant``."""

    def __init__(self, key: bytes, variant: str) -> None:
        self._measure = blake2b(key=key, digest_size=_SIZE, person=b"measure")
        self._measure.update(f"{variant}\0".encode())
        self._file = blake2b(key=key, digest_size=_SIZE, person=b"file")

    def of_measure(self, blob: bytes, data: bytes) -> bytes:
        """Return the seal that says: the content with this blob id has this packed measure."""
        digest = self._measure.copy()
        digest.update(b"%c%b%b" % (len(blob), blob, data))
        return digest.digest()

    def of_file(self, path: bytes, stamp: Stamp, blob: bytes) -> bytes:
        """Return the seal that says: the file at this path had this content when it had this stamp."""
        digest = self._file.copy()
        digest.update(_FILE.pack(*stamp, len(path)) + path + blob)
        return digest.digest()

    def fit_measure(self, blob: bytes, data: bytes, seal: bytes) -> bool:
        """Tell whether a row is ours, whatever types a damaged or forged file gave it."""
        try:
            return self.of_measure(blob, data) == seal
        except (TypeError, ValueError, OverflowError):
            return False

    def fit_file(self, path: bytes, stamp: Stamp, blob: bytes, seal: bytes) -> bool:
        """Tell the same of a row about a file."""
        try:
            return self.of_file(path, stamp, blob) == seal
        except (TypeError, ValueError, struct.error):
            return False
