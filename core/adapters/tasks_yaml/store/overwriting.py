"""Writes into a file that has hard links: replacing it would leave its other names with the old text.

Nothing protects such a write from a kill or a power cut in its midst, nor a save of somebody else from being written over in the same
moment; both are windows of microseconds. A symbolic link has neither weakness.
"""

from __future__ import annotations

import os
from contextlib import suppress

from core.adapters.tasks_yaml.store.content import read_descriptor
from core.adapters.tasks_yaml.store.writability import refuse_read_only


def overwrite(path: str, shown: str, new: bytes, expected: bytes) -> bool:
    """Write ``new`` over ``expected``; return False, having done nothing, when the file holds something else.

    Raises StorageError and OSError; the file then holds ``expected``, as far as the disk lets it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        refuse_read_only(os.fstat(descriptor), shown)
        if read_descriptor(descriptor, shown).data != expected:
            return False
        kept = _shared_length(new, expected)
        try:
            _write_from(descriptor, kept, new)
        except OSError:
            with suppress(OSError):
                _write_from(descriptor, kept, expected)
            raise
        return True
    finally:
        os.close(descriptor)


def _shared_length(one: bytes, other: bytes) -> int:
    """Return how many bytes both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def _write_from(descriptor: int, offset: int, content: bytes) -> None:
    """Write the part of ``content`` behind ``offset`` to its place, and nothing may follow it."""
    while offset < len(content):
        offset += os.pwrite(descriptor, content[offset:], offset)
    os.ftruncate(descriptor, len(content))
    os.fsync(descriptor)
