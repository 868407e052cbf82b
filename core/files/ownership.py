"""What makes a file or directory ours: decisions about what ``lstat`` says of it, and of every directory on the way to it."""

from __future__ import annotations

import os
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path

from core.errors import StateRefused

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
    stat.S_IFREG: "a file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why something is not ours."""

    #: Follows the path: ``is a symbolic link``.
    reason: str
    #: What to type, with ``{path}`` for the path.
    cure: str

    def hint(self, path: str) -> str:
        return self.cure.format(path=shlex.quote(path))


def objection_to(found: os.stat_result, *, directory: bool, user: int) -> Objection | None:
    """Return why what ``lstat`` found is not a directory (or regular file) that only ``user``, an effective user id, can write."""
    kind = stat.S_IFMT(found.st_mode)
    wanted = stat.S_IFDIR if directory else stat.S_IFREG
    if kind == stat.S_IFLNK:
        return Objection(reason="is a symbolic link, and state is never kept behind one", cure="look at it, then remove it: rm {path}")
    if kind != wanted:
        what = _KINDS.get(kind, "nothing that is known here")
        return Objection(reason=f"is {what}, not {_KINDS[wanted]}", cure="move it away: mv {path} {path}.old")
    if found.st_uid != user:
        whose = f"belongs to user {found.st_uid}, and orchestrator runs as user {user}"
        return Objection(reason=whose, cure=f"run as its owner (sudo -u '#{found.st_uid}' …), or have it removed: rm -r {{path}}")
    if not directory and found.st_nlink > 1:
        return Objection(reason="has a second name elsewhere (a hard link)", cure="look at it, then remove it: rm {path}")
    if is_writable_by_others(found):
        cure = "if nobody else has written there: chmod go-w {path}; otherwise remove it: rm -r {path}"
        return Objection(reason="can be written by other users", cure=cure)
    return None


def is_writable_by_others(found: os.stat_result) -> bool:
    """Return whether somebody but the owner and root can write: everybody, or a group with other members."""
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not _is_owners_own_group(found.st_uid, found.st_gid)


def _is_owners_own_group(user: int, group: int) -> bool:
    """Return whether a group holds its user alone: distributions give each user one of the same name, and let it write."""
    import grp
    import pwd

    try:
        name = pwd.getpwuid(user).pw_name
        known = grp.getgrgid(group)
    except KeyError:
        return False
    return known.gr_name == name and set(known.gr_mem) <= {name}


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
