"""Lists a plugin's files, refusing everything that could make two readers see two different plugins, and makes verified copies."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from core.errors import StorageError
from core.files.ownership import check_way_to
from core.files.temporary import remove_tree, temporary_directory
from core.plugins.rules.statement import DEEPEST, LARGEST_FILE, SIGNATURE, FileEntry, Listing, collisions, name_problem

_LARGEST_FOLDER = 64 * 1024 * 1024
_MOST_FILES = 5000

#: Receives path, content and whether it is executable, from the very bytes that were hashed.
Keep = Callable[[str, bytes, bool], None]


def list_files(folder: str | os.PathLike[str], keep: Keep | None = None, *, skip_compiled: bool = False) -> Listing:
    """Return every file below ``folder`` with its digest, each opened once, never through a link.

    ``keep`` is called with the bytes that were hashed. Refused, with a reason each: links, hard links, devices, pipes, sockets,
    setuid and setgid, hidden names, ``__pycache__``, names that are not NFC or differ only by case, and folders beyond the limits.
    ``skip_compiled`` passes over ``__pycache__`` instead: pip leaves it in what it installs; it is never listed or kept.
    """
    walk = _Walk(keep, skip_compiled)
    try:
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        return Listing(files=(), reasons=(f"{os.fspath(folder)}: {error.strerror}",))
    try:
        walk.directory(top, "", 0)
    finally:
        os.close(top)
    return Listing(files=tuple(sorted(walk.files)), reasons=tuple(walk.reasons))


class _Walk:
    def __init__(self, keep: Keep | None, skip_compiled: bool) -> None:
        self.keep = keep
        self.skip_compiled = skip_compiled
        self.files: list[FileEntry] = []
        self.reasons: list[str] = []
        self.bytes = 0

    def directory(self, descriptor: int, prefix: str, depth: int) -> None:
        names = sorted(os.listdir(descriptor))
        self.reasons += [prefix + reason for reason in collisions(tuple(names))]
        for name in names:
            path = prefix + name
            if len(self.files) >= _MOST_FILES or depth > DEEPEST or self.bytes > _LARGEST_FOLDER:
                limits = f"{_MOST_FILES} files, {_LARGEST_FOLDER} bytes, {DEEPEST} levels"
                self.reasons.append(f"{path}: beyond the limits of a plugin ({limits})")
                return
            if self.skip_compiled and name == "__pycache__":
                continue
            problem = name_problem(name)
            if problem:
                self.reasons.append(f"{ascii(path)[1:-1]}: {problem}")
            elif path != SIGNATURE:
                self.entry(descriptor, name, path, depth)

    def entry(self, parent: int, name: str, path: str, depth: int) -> None:
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=parent)
        except OSError as error:
            what = (
                "a symbolic link" if error.errno == errno.ELOOP else "a device or socket" if error.errno == errno.ENXIO else error.strerror
            )
            self.reasons.append(f"{path}: {what}")
            return
        try:
            state = os.fstat(descriptor)
            if stat.S_ISDIR(state.st_mode):
                self.directory(descriptor, path + "/", depth + 1)
            else:
                self.file(descriptor, path, state)
        finally:
            os.close(descriptor)

    def file(self, descriptor: int, path: str, state: os.stat_result) -> None:
        problem = _file_problem(state)
        if problem:
            self.reasons.append(f"{path}: {problem}")
            return
        content = _read(descriptor)
        self.bytes += len(content)
        if len(content) > LARGEST_FILE:
            self.reasons.append(f"{path}: larger than {LARGEST_FILE} bytes")
            return
        executable = bool(state.st_mode & 0o111)
        self.files.append(FileEntry(path=path, sha256=hashlib.sha256(content).hexdigest(), executable=executable))
        if self.keep:
            self.keep(path, content, executable)


def _file_problem(state: os.stat_result) -> str:
    if not stat.S_ISREG(state.st_mode):
        return "neither a regular file nor a folder"
    if state.st_nlink > 1:
        return "has other hard links"
    if state.st_mode & (stat.S_ISUID | stat.S_ISGID):
        return "setuid or setgid"
    return ""


def _read(descriptor: int) -> bytes:
    parts, size = [], 0
    while size <= LARGEST_FILE and (part := os.read(descriptor, 1 << 20)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


class CopyBuilder:
    """Receives a plugin's files while they are hashed; becomes a verified copy, or disappears.

    Copies are private and read-only, named by the digest of what was signed. Plugins run only from there.
    """

    def __init__(self, cache: Path) -> None:
        self.top = cache / "plugins"
        try:
            self.top.mkdir(mode=0o700, parents=True, exist_ok=True)
            check_way_to(self.top / "copy")
            self._stack = contextlib.ExitStack()
            self.folder = Path(self._stack.enter_context(temporary_directory(".new-", self.top)))
        except OSError as error:
            raise StorageError(f"{self.top}: {error.strerror}", hint="verified plugins are kept there; free some space") from error

    def keep(self, path: str, content: bytes, executable: bool) -> None:
        """Write one file of the copy. Raises StorageError."""
        file = self.folder / path
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o500 if executable else 0o400)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
        except OSError as error:
            raise StorageError(f"{file}: {error.strerror}") from error

    def publish(self, digest: str, files: tuple[FileEntry, ...]) -> Path:
        """Give the copy its name and return it; a good one that another process made meanwhile stays, a damaged one goes."""
        final = self.top / digest
        try:
            _seal(self.folder)
            if not _renamed(self.folder, final) and not existing_copy(self.top.parent, digest, files):
                damaged = self.folder.with_name(f"{self.folder.name}-damaged")
                os.rename(final, damaged)
                remove_tree(damaged)
                os.rename(self.folder, final)
        except OSError as error:
            if existing_copy(self.top.parent, digest, files):
                return final
            raise StorageError(f"{final}: {error.strerror}") from error
        return final

    def discard(self) -> None:
        """Remove what was copied so far."""
        self._stack.close()


def existing_copy(cache: Path, digest: str, files: tuple[FileEntry, ...]) -> Path | None:
    """Return the copy named ``digest`` if it still holds exactly ``files``, else None."""
    folder = cache / "plugins" / digest
    if not folder.is_dir():
        return None
    found = list_files(folder)
    return folder if found.files == files and not found.reasons else None


def _renamed(folder: Path, final: Path) -> bool:
    """Return whether the folder has its new name; not when that is another folder's."""
    try:
        os.rename(folder, final)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def _seal(folder: Path) -> None:
    for directory, _, _ in os.walk(folder, topdown=False):
        if directory != str(folder):
            os.chmod(directory, 0o500)
