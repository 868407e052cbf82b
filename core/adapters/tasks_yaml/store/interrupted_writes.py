"""What a crash in the middle of a write left beside the file: our own bytes are removed, a person's save is put back."""

from __future__ import annotations

import os
from contextlib import suppress

from core.adapters.tasks_yaml.store.disk import read_content, storage_errors
from core.adapters.tasks_yaml.store.swap import Exchange, beside_prefix
from core.adapters.tasks_yaml.store.version import Version
from core.errors import InvalidFile, StorageError

_HALF = 16


def recover_interrupted_writes(path: str, shown: str, exchange: Exchange) -> None:
    """Clear the directory of ``path`` (no symbolic link at its end) of what dead writers left. Call under the writers' lock.

    Raises StorageError naming the file when there is a save of a person's that cannot be put back because the file has
    been changed since.
    """
    prefix = beside_prefix(path)
    directory, name = os.path.split(prefix)
    with storage_errors(shown):
        found = sorted(entry for entry in os.listdir(directory or ".") if entry.startswith(name))
        for entry in found:
            _settle(path, shown, os.path.join(directory, entry), entry.removeprefix(name), exchange)


def _settle(path: str, shown: str, beside: str, suffix: str, exchange: Exchange) -> None:
    replaced, _, written = suffix.partition("-")
    if suffix.endswith(".part"):
        _remove(beside)
        return
    digest = _digest(beside)
    if digest not in {replaced, written}:
        present = _digest(path) if os.path.exists(path) else written
        if present != written:
            message = f"{beside} holds a save of {shown} that came in the middle of a write that died"
            raise StorageError(message, hint=f"compare them (diff {beside} {shown}), keep what you want, then rm {beside}")
        if not os.path.exists(path) or not exchange(beside, path):
            os.replace(beside, path)
            return
    _remove(beside)


def _digest(path: str) -> str:
    """Return what names of files beside hold of a content; nothing for what no write of ours could have made."""
    try:
        return Version(read_content(path, path).data).digest[:_HALF]
    except InvalidFile:
        return ""


def _remove(beside: str) -> None:
    """Remove bytes of ours; where that is not allowed they stay, and do no harm."""
    with suppress(PermissionError):
        os.unlink(beside)
