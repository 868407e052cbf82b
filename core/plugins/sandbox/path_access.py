"""Resolves a plugin's file permissions to existing files. Follows no symbolic link."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.domain.plugins.plugin import Permissions
from core.domain.untrusted.globs import name_matches
from core.errors import PluginRefused

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


_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ANY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: What opening says of a link, and of a file where a folder is expected.
_NOT_THAT = (errno.ELOOP, errno.ENOTDIR)


@contextlib.contextmanager
def writable_places(patterns: tuple[str, ...], root: Path) -> Iterator[tuple[Place, ...]]:
    """Open what ``patterns`` match in the repository ``root`` (a real path).

    Every part of a path is opened beneath the one before it, through no link, and kept open: a name that somebody exchanges
    meanwhile leads nowhere else. Raises PluginRefused when a place lies behind a symbolic link, or cannot be made.
    """
    with contextlib.ExitStack() as folders, contextlib.ExitStack() as held:
        walk = _Walk(folders, held)
        held.callback(walk.remove_unused)
        yield tuple(walk.place(root, pattern) for pattern in patterns)


class _Walk:
    """Opens places from the repository down, and records what it made."""

    def __init__(self, folders: contextlib.ExitStack, held: contextlib.ExitStack) -> None:
        self._folders = folders
        self._held = held
        #: Folder and name of what was made, the outermost first.
        self._made: list[tuple[int, str]] = []

    def place(self, root: Path, pattern: str) -> Place:
        *parents, last = pattern.removesuffix("/**").split("/")
        directory = pattern.endswith("/**")
        try:
            folder = self._opened(os.open(root, _FOLDER), self._folders)
            for name in parents:
                folder = self._opened(self._folder(folder, name), self._folders)
            found = self._opened(self._folder(folder, last) if directory else self._file(folder, last), self._held)
        except OSError as error:
            reason = "it lies behind a symbolic link, or is not what the permission says" if error.errno in _NOT_THAT else error.strerror
            raise PluginRefused([f"write {pattern}: {reason}"]) from error
        state = os.fstat(found)
        if not directory and not stat.S_ISREG(state.st_mode):
            raise PluginRefused([f"write {pattern}: it is not what the permission says"])
        _lock(found, fcntl.LOCK_SH)
        path = os.path.join(root, *parents, last)
        return Place(path=path, device=state.st_dev, inode=state.st_ino, directory=directory)

    def remove_unused(self) -> None:
        for folder, name in reversed(self._made):
            with contextlib.suppress(OSError):
                _remove_if_unused(folder, name)

    def _opened(self, descriptor: int, stack: contextlib.ExitStack) -> int:
        stack.callback(os.close, descriptor)
        return descriptor

    def _folder(self, parent: int, name: str) -> int:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=parent)
            self._made.append((parent, name))
        return os.open(name, _FOLDER, dir_fd=parent)

    def _file(self, parent: int, name: str) -> int:
        with contextlib.suppress(FileExistsError):
            made = os.open(name, _ANY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=parent)
            self._made.append((parent, name))
            return made
        return os.open(name, _ANY, dir_fd=parent)


def _remove_if_unused(folder: int, name: str) -> None:
    """Remove an empty file or folder that no other plugin may still write. Raises OSError where it is not empty."""
    descriptor = os.open(name, _ANY, dir_fd=folder)
    try:
        state = os.fstat(descriptor)
        if not _lock(descriptor, fcntl.LOCK_EX):
            return
        if stat.S_ISDIR(state.st_mode):
            os.rmdir(name, dir_fd=folder)
        elif state.st_size == 0:
            os.unlink(name, dir_fd=folder)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
