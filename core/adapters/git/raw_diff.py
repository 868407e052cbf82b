"""The NUL-separated raw format of ``git diff-tree`` and ``git diff-index``: bytes → touches. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterator

from core.domain.history import Touch

_REGULAR = ("100644", "100755", "100664")


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
    was, is_now = old_mode in _REGULAR and status[0] != "C", mode in _REGULAR
    if was and is_now and (old_path, old_blob) == (path, blob):
        return
    if was or is_now:
        yield Touch(
            path=path if is_now else old_path,
            old_path=old_path if was else "",
            blob=blob if is_now else "",
            old_blob=old_blob if was else "",
        )
