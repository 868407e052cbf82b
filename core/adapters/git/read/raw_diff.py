"""The NUL-separated raw format of ``git diff-tree`` and ``git diff-index``: bytes → touches. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterator

from core.adapters.git.read.listing import REGULAR
from core.domain.quality.history import Touch
from core.domain.untrusted.git_reading import is_inside

#: Path and blob of what is no regular file.
_NO_FILE = ("", "")


def commits(output: bytes) -> Iterator[tuple[str, tuple[Touch, ...]]]:
    """Yield each commit id of ``git diff-tree --stdin --raw -z --always`` with its touches, in git's order."""
    commit, found = "", list[Touch]()
    tokens = iter(os.fsdecode(output).split("\0"))
    for token in tokens:
        if token.startswith(":"):
            found.extend(_record(token, tokens))
        elif token:
            if commit:
                yield commit, tuple(found)
            commit, found = token.strip(), []
    if commit:
        yield commit, tuple(found)


def touches(output: bytes) -> Iterator[Touch]:
    """Yield the touches of one ``git diff-index --raw -z``; a blob id of zeros means "look at the file"."""
    tokens = iter(os.fsdecode(output).split("\0"))
    for token in tokens:
        if token:
            yield from _record(token, tokens)


def _record(head: str, paths: Iterator[str]) -> Iterator[Touch]:
    old_mode, mode, old_blob, blob, status = head[1:].split(" ")
    old_path = next(paths)
    path = next(paths) if status[0] in "RC" else old_path
    before = (old_path, old_blob) if old_mode in REGULAR and status[0] != "C" else _NO_FILE
    after = (path, blob) if mode in REGULAR else _NO_FILE
    if before != after and all(not place or is_inside(place) for place in (before[0], after[0])):
        yield Touch(path=after[0] or before[0], old_path=before[0], blob=after[1], old_blob=before[1])
