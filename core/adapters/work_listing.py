"""Where there is no git: which files changed, by what ``stat`` says of them. Nothing can be undone, and no content is kept."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence

from core.errors import StorageError
from core.ports.snapshots import Rollback

#: Directories that programs fill by themselves.
_PASSED_OVER = frozenset(
    {".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tox", ".nox"}
)
#: Files up to which a listing is made.
_MOST_FILES = 200_000

_Stamp = tuple[int, int, int, int]


class WorkListing:
    """See ``core.ports.snapshots.Snapshots``; ``left_out`` and ``kept`` are files and directories of the project that are not looked at."""

    def __init__(self, root: str, *, left_out: Sequence[str] = (), kept: Sequence[str] = ()) -> None:
        self._root = root
        self._passed_over = frozenset((*left_out, *kept))
        self._states: dict[str, dict[str, _Stamp]] = {}

    def take(self, subject: str, before: str = "") -> str:
        del subject
        name = f"listing-{len(self._states) + 1}"
        found: dict[str, _Stamp] = {}
        try:
            for path, about in self._files(""):
                found[path] = (about.st_mode, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
                if len(found) > _MOST_FILES:
                    raise StorageError(f"more than {_MOST_FILES} files: what a handler changes cannot be listed", hint="git init")
        except OSError as error:
            raise StorageError(f"the files of the work tree cannot be listed: {error.strerror}: {error.filename}") from error
        self._states = {before: self._states.get(before, {})} if before else {}
        self._states[name] = found
        return name

    def changed(self, before: str, after: str) -> tuple[str, ...]:
        old, new = self._states[before], self._states[after]
        return tuple(sorted(path for path in {*old, *new} if old.get(path) != new.get(path)))

    def contents(self, snapshot: str, paths: Sequence[str]) -> Mapping[str, bytes]:
        del snapshot, paths
        return {}

    def restore(self, before: str, after: str) -> Rollback:
        return Rollback(left=self.changed(before, after), why_left="not in a git repository")

    def shows(self, before: str, after: str) -> str:
        del before, after
        return ""

    def _files(self, folder: str) -> Iterator[tuple[str, os.stat_result]]:
        with os.scandir(os.path.join(self._root, folder)) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.name in _PASSED_OVER or path in self._passed_over:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from self._files(path)
                else:
                    about = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(about.st_mode) or stat.S_ISLNK(about.st_mode):
                        yield path, about
