"""Directories and files that are ours alone, opened beneath a descriptor that was checked.

A repository is a stranger's work: it may bring a link, a pipe or a file of its own under any name that we use. So nothing of
ours is opened by path: the directory is opened without following a link and looked at, each file beneath it likewise, and
what is not ours is refused with the path and what to type. Ours are 0700 and 0600, whatever the umask.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from types import TracebackType
from typing import Self

from core.errors import StateRefused
from core.files.ownership import objection_to
from core.sudden_stop import held

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
#: Never through a link, never waiting for the other end of a pipe.
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OPEN_MODE = 0o077
#: What SQLite keeps beside a database.
_DATABASE = ("", "-wal", "-shm", "-journal")


class PrivateDirectory:
    """A directory of ours, held open. Use as a context, or ``close`` it."""

    def __init__(self, path: str, descriptor: int) -> None:
        #: The path for messages.
        self.path = path
        self.descriptor = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        os.close(self.descriptor)

    def directory(self, name: str, *, create: bool = False, tighten: bool = True) -> PrivateDirectory:
        """Open the directory ``name`` beneath this one; see ``open_private``."""
        return _open(os.path.join(self.path, name), name, self.descriptor, create=create, tighten=tighten)

    def open(self, name: str, flags: int) -> int:
        """Return a descriptor of the regular file ``name``, made with mode 0600 where ``flags`` say so.

        Raises StateRefused when it is not ours, OSError when the system refuses.
        """
        self.check(name)
        descriptor = os.open(name, flags | _FILE, 0o600, dir_fd=self.descriptor)
        try:
            found = os.fstat(descriptor)
            _refuse(self._shown(name), found, directory=False)
            if found.st_mode & _OPEN_MODE:
                _tighten(descriptor, 0o600)
            os.set_blocking(descriptor, True)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def create(self, name: str, flags: int) -> int:
        """Make the regular file ``name`` with mode 0600 and return its descriptor.

        Raises FileExistsError when there is anything of that name, and OSError.
        """
        return os.open(name, flags | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self.descriptor)

    def read(self, name: str, limit: int = 64 * 1024 * 1024) -> bytes:
        """Return at most ``limit`` bytes of a file. Raises as ``open`` does."""
        with os.fdopen(self.open(name, os.O_RDONLY), "rb") as file:
            return file.read(limit)

    @held()
    def replace(self, name: str, content: bytes) -> None:
        """Write a file whole, in place of what was there, or not at all. Raises as ``open`` does."""
        self.check(name)
        part = f"{name}.{os.getpid()}.part"
        try:
            with os.fdopen(self.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
                file.write(content)
            os.replace(part, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        except BaseException:
            self.remove(part)
            raise

    def remove_left_parts(self) -> None:
        """Remove what processes that were killed left of files which they were writing by ``replace``."""
        for name in os.listdir(self.descriptor):
            words = name.rsplit(".", 2)
            if len(words) == 3 and words[2] == "part" and words[1].isdecimal() and not _is_there(int(words[1])):
                self.remove(name)

    def remove(self, name: str) -> bool:
        """Remove a file, or a link itself; return whether it is gone."""
        try:
            os.unlink(name, dir_fd=self.descriptor)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def check(self, name: str, *, directory: bool = False) -> os.stat_result | None:
        """Return what ``lstat`` says of ``name``, None when it is not there. Raises StateRefused when it is not ours."""
        try:
            found = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None
        _refuse(self._shown(name), found, directory=directory)
        return found

    def check_entries(self) -> None:
        """Check everything that lies directly in the directory, whatever its name. Raises StateRefused."""
        for name in os.listdir(self.descriptor):
            with suppress(FileNotFoundError):
                found = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
                _refuse(self._shown(name), found, directory=stat.S_ISDIR(found.st_mode))

    def check_database(self, name: str, *, create: bool) -> tuple[int, int]:
        """Check a database that SQLite is about to open by path, with what it keeps beside it; return its device and inode.

        With ``create`` it is made where it is missing, so that SQLite makes nothing: its other files take the mode of this
        one. Call it again when SQLite has it open: where the answer is the same, SQLite opened what was checked. Nothing is
        opened here that is there: closing a descriptor of a database would let go of SQLite's locks on it.

        Raises StateRefused, FileNotFoundError without ``create``, and OSError.
        """
        if create and self.check(name) is None:
            with suppress(FileExistsError):
                os.close(self.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        found = [self.check(name + suffix) for suffix in _DATABASE]
        for suffix, one in zip(_DATABASE, found, strict=True):
            if one is not None and one.st_mode & _OPEN_MODE:
                with suppress(OSError):
                    os.chmod(name + suffix, 0o600, dir_fd=self.descriptor)
        if found[0] is None:
            raise FileNotFoundError(2, "No such file or directory", self._shown(name))
        return found[0].st_dev, found[0].st_ino

    def _shown(self, name: str) -> str:
        return os.path.join(self.path, name)


def open_private(path: str | os.PathLike[str], *, create: bool = False) -> PrivateDirectory:
    """Open the directory at ``path``, of which the last part may be no link; with ``create`` it is made (0700).

    Ours from an older version may be open to readers: that is put right without a word. Raises StateRefused when it is not ours,
    FileNotFoundError when it is not there, and OSError.
    """
    return _open(os.fspath(path), os.fspath(path), None, create=create, tighten=True)


def open_beneath(root: str | os.PathLike[str], relative: str, *, create: bool = False, held: int | None = None) -> PrivateDirectory:
    """Open the directory ``relative`` below ``root``, through no link and not out of it. Its mode, if it is there, is its owner's affair.

    With ``held``, a descriptor of ``root``, it is that directory, whatever is at the path now. Raises as ``open_private`` does.
    """
    place = PrivateDirectory(os.fspath(root), os.open(root if held is None else ".", _ROOT, dir_fd=held))
    for name in relative.split("/"):
        if name in ("", "."):
            continue
        with place:
            if name == "..":
                raise StateRefused(f"{relative}: leads out of {root}", hint="name a directory inside the repository")
            place = place.directory(name, create=create, tighten=False)
    return place


def _open(path: str, name: str, parent: int | None, *, create: bool, tighten: bool) -> PrivateDirectory:
    if create:
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=parent)
    _refuse(path, os.stat(name, dir_fd=parent, follow_symlinks=False), directory=True)
    descriptor = os.open(name, _DIRECTORY, dir_fd=parent)
    try:
        found = os.fstat(descriptor)
        _refuse(path, found, directory=True)
        if tighten and stat.S_IMODE(found.st_mode) != 0o700:
            _tighten(descriptor, 0o700)
    except BaseException:
        os.close(descriptor)
        raise
    return PrivateDirectory(path, descriptor)


def _tighten(descriptor: int, mode: int) -> None:
    """Close ours to readers; on a file system that cannot, nobody else writes there, and that is what matters."""
    with suppress(OSError):
        os.fchmod(descriptor, mode)


def _refuse(path: str, found: os.stat_result, *, directory: bool) -> None:
    objection = objection_to(found, directory=directory, user=os.geteuid())
    if objection:
        raise StateRefused(f"{path} {objection.reason}", hint=objection.hint(path))


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
