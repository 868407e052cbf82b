"""Where secrets and trust lie: nobody else may be able to put another file there, in any directory on the way."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from core.errors import StateRefused
from core.files.ownership import is_writable_by_others

_ROOT = 0
_ALL_USERS = ("0", "0", "4294967295")


def check_way_to(path: str | os.PathLike[str]) -> None:
    """Look at every directory above ``path``, up to the root, links followed and not; those that are missing are passed over.

    Each must belong to this user or to root and be writable by nobody else, unless it is sticky, as /tmp is: there only an
    owner replaces what is his. Raises StateRefused with the directory and what to type.
    """
    user, foreign = os.geteuid(), _unnamed_users()
    for directory in _above(os.path.abspath(path)):
        try:
            found = os.stat(directory)
        except OSError:
            continue
        if found.st_uid not in (user, _ROOT) and found.st_uid not in foreign:
            raise StateRefused(
                f"{directory}, on the way to {path}, belongs to user {found.st_uid}, who could put another file there",
                hint=f"keep it in a directory of your own, or look at that one: ls -ld {directory}",
            )
        if is_writable_by_others(found) and not found.st_mode & stat.S_ISVTX:
            raise StateRefused(
                f"{directory}, on the way to {path}, can be written by others, who could put another file there",
                hint=f"chmod go-w {directory}",
            )


def _above(path: str) -> dict[str, None]:
    """Return the directories above a path as it is written and as it really is, the nearest first."""
    parents = (*Path(path).parents, *Path(os.path.realpath(path)).parents)
    return dict.fromkeys(str(parent) for parent in parents)


def _unnamed_users() -> frozenset[int]:
    """Return the number by which a user namespace shows everybody it has no name for: root outside of it, first of all."""
    try:
        with open("/proc/self/uid_map", encoding="ascii") as known, open("/proc/sys/kernel/overflowuid", encoding="ascii") as unnamed:
            return frozenset() if tuple(known.readline().split()) == _ALL_USERS else frozenset({int(unnamed.read())})
    except (OSError, ValueError):
        return frozenset()
