"""Files of a work tree go back to an earlier state; edits that people made since are kept."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from core.adapters.git.client import Git
from core.adapters.git.failure import GitFailed
from core.adapters.git.read.work_files import is_behind_a_link
from core.domain.quality.history import blob_digest
from core.domain.quality.rollback import LINK, Entry, Undo, mode_of, undo_of
from core.errors import StorageError
from core.files.replacement import replace_file

#: Paths as they are before and after a change.
Changes = Mapping[str, tuple[Entry | None, Entry | None]]


class _CannotTell(Exception):
    """A file cannot be undone: nobody can tell what is wanted, or it cannot be written."""


class WorkFiles:
    """The files of one work tree. ``git`` runs in its top directory; ``scratch`` is a directory for the time of a merge."""

    def __init__(self, git: Git, scratch: str) -> None:
        self._git, self._scratch = git, scratch

    def restore(self, changes: Changes) -> Iterator[str]:
        """Undo ``changes``; yield the paths of those files that are left as they are. Raises GitFailed."""
        # What was added is removed first: a file may be in the place of a directory.
        for path in sorted(changes, key=lambda path: (changes[path][0] is not None, path)):
            try:
                self._undo(path, *changes[path])
            except (_CannotTell, OSError, StorageError):
                yield path

    def _undo(self, path: str, before: Entry | None, after: Entry | None) -> None:
        place = os.path.join(self._git.directory, path)
        if is_behind_a_link(self._git.directory, path):
            raise _CannotTell
        now = self._now(place, after or before)
        match undo_of(before, after, now):
            case Undo.LEAVE:
                raise _CannotTell
            case Undo.RESTORE if before is None:
                self._remove(path)
            case Undo.RESTORE:
                assert before is not None
                self._write(place, before.mode, self._content(before))
            case Undo.MERGE:
                assert before is not None and after is not None and now is not None
                self._write(place, mode_of(before, after, now), self._merged(place, before, after))
            case Undo.NOTHING:
                pass

    def _now(self, place: str, like: Entry | None) -> Entry | None:
        """Return a file as it is; ``like`` has an id of the repository's kind. Raises _CannotTell for what is no file."""
        try:
            about = os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if stat.S_ISLNK(about.st_mode):
            mode, content = LINK, os.fsencode(os.readlink(place))
        elif stat.S_ISREG(about.st_mode):
            mode, content = "100755" if about.st_mode & stat.S_IXUSR else "100644", Path(place).read_bytes()
        else:
            raise _CannotTell
        sha256 = like is not None and len(like.blob) == 64
        return Entry(mode=mode, blob=blob_digest(content, sha256_objects=sha256).hex())

    def _content(self, entry: Entry) -> bytes:
        return self._git.run("cat-file", "blob", entry.blob)

    def _merged(self, place: str, before: Entry, after: Entry) -> bytes:
        """Return what a file has now with the change from ``before`` to ``after`` taken out. Raises _CannotTell where they overlap."""
        os.makedirs(self._scratch, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            parts = {"now": Path(place).read_bytes(), "after": self._content(after), "before": self._content(before)}
            for name, content in parts.items():
                Path(folder, name).write_bytes(content)
            try:
                return self._git.run("merge-file", "-p", "-q", *(os.path.join(folder, name) for name in parts))
            except GitFailed as failed:
                raise _CannotTell from failed

    def _write(self, place: str, mode: str, content: bytes) -> None:
        if mode == LINK:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with tempfile.TemporaryDirectory(dir=os.path.dirname(place)) as aside:
                os.symlink(os.fsdecode(content), os.path.join(aside, "link"))
                os.replace(os.path.join(aside, "link"), place)
            return
        before = os.lstat(place) if os.path.lexists(place) else None
        replace_file(Path(place), content, _permissions(place, executable=mode == "100755"))
        if before is not None:
            _look_changed(place, before)

    def _remove(self, path: str) -> None:
        os.unlink(os.path.join(self._git.directory, path))
        with suppress(OSError):
            while path := os.path.dirname(path):
                os.rmdir(os.path.join(self._git.directory, path))


def _look_changed(place: str, before: os.stat_result) -> None:
    """See to it that a file has another size or another second than ``before``: by these Python tells whose compiled code is whose."""
    now = os.lstat(place)
    if (now.st_size, int(now.st_mtime)) == (before.st_size, int(before.st_mtime)):
        os.utime(place, ns=(now.st_atime_ns, now.st_mtime_ns + 1_000_000_000))


def _permissions(place: str, *, executable: bool) -> int:
    """Return the permission bits for a file: those that it has, or the usual ones, executable or not."""
    try:
        about = os.lstat(place)
        bits = stat.S_IMODE(about.st_mode) if stat.S_ISREG(about.st_mode) else None
    except OSError:
        bits = None
    if bits is None:
        mask = os.umask(0)
        os.umask(mask)
        bits = 0o666 & ~mask
    return bits | (bits & 0o444) >> 2 if executable else bits & ~0o111
