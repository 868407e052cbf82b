"""Removes a directory with untrusted content: of any depth and any modes, through no link."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress

_LOOK_AT = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def remove_tree(path: str | os.PathLike[str]) -> None:
    """Remove the directory ``path`` and all below it. What the system does not let us remove stays; never raises OSError.

    Directories below are moved up before they are emptied, so their depth costs neither memory, descriptors nor a limit on paths.
    """
    with suppress(OSError):
        top = os.open(path, _LOOK_AT)
        try:
            _empty(top)
        finally:
            os.close(top)
        os.rmdir(path)


def _empty(top: int) -> None:
    waiting = _emptied(top, ".", top)
    while waiting:
        name = waiting.pop()
        waiting += _emptied(top, name, top)
        with suppress(OSError):
            os.rmdir(name, dir_fd=top)


def _emptied(parent: int, name: str, top: int) -> list[str]:
    """Remove the files of a directory; return the names below ``top`` of the directories that were in it."""
    found: list[str] = []
    with suppress(OSError):
        folder = _opened(parent, name)
        try:
            for entry in os.listdir(folder):
                found += _removed(folder, entry, top, moved=name != ".")
        finally:
            os.close(folder)
    return found


def _removed(folder: int, entry: str, top: int, *, moved: bool) -> list[str]:
    """Remove a file; leave a directory, or move it up into ``top``, and return its name there."""
    with suppress(OSError):
        os.unlink(entry, dir_fd=folder)
        return []
    if not moved:
        return [entry]
    name = f"removing-{secrets.token_hex(8)}"
    with suppress(OSError):
        os.close(_opened(folder, entry))  # a directory that we may not write cannot be moved
        os.rename(entry, name, src_dir_fd=folder, dst_dir_fd=top)
        return [name]
    return []


def _opened(parent: int, name: str) -> int:
    """Return a descriptor of a directory, made readable and writable for us first. Raises OSError."""
    seen = os.open(name, _LOOK_AT, dir_fd=parent)
    try:
        with suppress(OSError):
            os.chmod(f"/proc/self/fd/{seen}", 0o700)
        return os.open(".", _READ, dir_fd=seen)
    finally:
        os.close(seen)
