"""Resolves a plugin's file permissions to existing files. Follows no symbolic link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.domain.plugins.plugin import Permissions
from core.domain.untrusted.globs import name_matches

_WILD = "*?["


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file or directory as it was when the host looked."""

    path: str
    device: int
    inode: int
    directory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PathAccess:
    """The files that a plugin's permissions name at this moment."""

    #: Files it may read.
    readable: tuple[Place, ...]
    #: Directories whose names it may list, and that a sandbox has to show: the fixed parts of its globs.
    listable: tuple[Place, ...]
    #: Files it may write, and directories it may do anything in.
    writable: tuple[Place, ...]


def path_access_of(permissions: Permissions, root: Path, writable: tuple[Place, ...]) -> PathAccess:
    """Return what ``permissions`` mean in the repository ``root`` (a real path), beside the ``writable`` places."""
    readable: dict[str, Place] = {}
    listable: dict[str, Place] = {}
    for pattern in permissions.read:
        fixed, wild = _split(pattern)
        base = place_at(os.path.join(root, fixed)) if fixed else place_at(str(root))
        if base is None:
            continue
        if not wild:
            (listable if base.directory else readable)[base.path] = base
            continue
        listable[base.path] = base
        readable.update((place.path, place) for place in _matches(base.path, wild))
    return PathAccess(readable=tuple(readable.values()), listable=tuple(listable.values()), writable=writable)


def _split(pattern: str) -> tuple[str, list[str]]:
    """Return the fixed part of a glob and its parts from the first wildcard on."""
    parts = pattern.split("/")
    first = next((index for index, part in enumerate(parts) if any(char in part for char in _WILD)), len(parts))
    return "/".join(parts[:first]) or ("/" if pattern.startswith("/") else ""), parts[first:]


def place_at(path: str) -> Place | None:
    """Return what is at ``path`` unless nothing is, or any part of it is a symbolic link."""
    try:
        if os.path.realpath(path) != os.path.abspath(path):
            return None
        state = os.lstat(path)
    except OSError:
        return None
    return Place(path=os.path.abspath(path), device=state.st_dev, inode=state.st_ino, directory=os.path.isdir(path))


def _matches(folder: str, parts: list[str]) -> Iterator[Place]:
    """Yield the regular files below ``folder`` that the glob ``parts`` match; wildcards match no hidden names.

    Each directory is listed once, with all the places of the glob that its path has come to.
    """
    waiting = [(folder, _reached(parts, {0}))]
    while waiting:
        directory, places = waiting.pop()
        for entry in _entries(directory):
            fits = [place for place in places if _fits(entry.name, parts[place])]
            if entry.is_dir(follow_symlinks=False):
                deeper = _deeper(parts, fits)
                waiting += [(entry.path, deeper)] if deeper else []
            elif len(parts) - 1 in fits and entry.is_file(follow_symlinks=False):
                state = entry.stat(follow_symlinks=False)
                yield Place(path=entry.path, device=state.st_dev, inode=state.st_ino, directory=False)


def _deeper(parts: list[str], fits: list[int]) -> set[int]:
    """Return the places of the glob that the names in a directory have to fit, when its own name fits ``fits``."""
    following = {place if parts[place] == "**" else place + 1 for place in fits} - {len(parts)}
    return _reached(parts, following)


def _reached(parts: list[str], places: set[int]) -> set[int]:
    """Return ``places`` and those that follow a ``**``, which may stand for no directory at all."""
    reached = set(places)
    for place in range(min(places, default=len(parts)), len(parts) - 1):
        if place in reached and parts[place] == "**":
            reached.add(place + 1)
    return reached


def _fits(name: str, part: str) -> bool:
    return (part.startswith(".") or not name.startswith(".")) and name_matches(name, part)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
