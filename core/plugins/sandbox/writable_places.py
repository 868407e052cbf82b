"""The files and folders that a plugin may write: made where missing, held while it runs, and gone again where it left nothing in them.

Every part of a path is opened beneath the one before it, through no link, and what was opened is kept open: a name that somebody
exchanges meanwhile leads nowhere else, and no other file can come to be the one that the sandbox is told of.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from core.errors import PluginRefused
from core.plugins.sandbox.path_access import Place

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ANY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: What opening says of a link, and of a file where a folder is expected.
_NOT_THAT = (errno.ELOOP, errno.ENOTDIR)


@contextlib.contextmanager
def writable_places(patterns: tuple[str, ...], root: Path) -> Iterator[tuple[Place, ...]]:
    """Open what ``patterns`` match in the repository ``root`` (a real path).

    Raises PluginRefused when a place lies behind a symbolic link, or cannot be made.
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
            told = "it lies behind a symbolic link, or is not what the permission says" if error.errno in _NOT_THAT else error.strerror
            raise PluginRefused([f"write {pattern}: {told}"]) from error
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
