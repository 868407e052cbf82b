"""The bytes of a file at one moment, and their digest, taken once."""

from __future__ import annotations

import hashlib


class Version:
    """Bytes with the SHA-256 of them; equal bytes are equal versions."""

    __slots__ = ("_digest", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._digest = ""

    @property
    def digest(self) -> str:
        if not self._digest:
            self._digest = hashlib.sha256(self.data).hexdigest()
        return self._digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.digest)
