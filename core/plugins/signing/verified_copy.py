"""Private, read-only copies of verified plugins, named by the digest of what was signed. Plugins run only from here."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from core.errors import StorageError
from core.files.ownership import check_way_to
from core.files.temporary import remove_tree, temporary_directory
from core.plugins.rules.file_list import FileEntry
from core.plugins.signing.listing import list_files


class CopyBuilder:
    """Receives a plugin's files while they are hashed; becomes a verified copy, or disappears."""

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
