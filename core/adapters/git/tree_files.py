"""Single files of a commit, by path."""

from __future__ import annotations

import os

from core.adapters.git.causes import REFETCH
from core.adapters.git.command import Git
from core.adapters.git.objects import LARGEST, read_blobs
from core.errors import StorageError

_REGULAR = ("100644", "100755", "100664")


def file_at(git: Git, commit: str, path: str) -> bytes | None:
    """Return the bytes of a file as ``commit`` has it, None where it has none; ``path`` is relative to git's directory.

    Raises GitFailed, and StorageError for what is no regular file, too large, or missing in this clone.
    """
    shown = f"{path} at {commit[:7]}"
    for record in os.fsdecode(git.run("ls-tree", "-z", commit, "--", path)).split("\0"):
        head, _, name = record.partition("\t")
        if name != path:
            continue
        mode, _, blob = head.split(" ")
        if mode not in _REGULAR:
            raise StorageError(f"{shown} is no regular file", hint=f"git ls-tree {commit[:7]} -- {path}")
        content = dict(read_blobs(git, [blob])).get(blob)
        if content is None:
            raise StorageError(f"{shown}: its git blob {blob[:12]} is missing or damaged", hint=f"{REFETCH}, or git fsck")
        if len(content) >= LARGEST:
            raise StorageError(f"{shown}: too large, at most {LARGEST:,} bytes are read")
        return content
    return None
