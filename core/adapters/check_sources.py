"""The port CheckInputs on the files of a repository: their contents by stat and SHA-256, remembered from run to run.

A file counts as what it was when size, inode and the times of its last change are; what changed just before it was hashed is not
remembered, because a second change in the same tick of the clock would not show.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

from core.domain.tasks.task import Task
from core.domain.untrusted.globs import any_of
from core.errors import StateRefused
from core.files.private import open_private

#: Variables of the tool that say what a command finds, besides those that begin with one of the prefixes.
_TELLING = frozenset({"PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "LANG", "TZ"})
_PREFIXES = ("PYTHON", "PYTEST_", "LC_")
_CACHE = "check-sources.json"
#: To be changed whenever the same files would have other digests.
_FORMAT = 1
#: Nanoseconds that a file must have rested before its digest is remembered: some file systems tell times in whole seconds, or two.
_RESTED = 2_000_000_000
#: Bytes read at a time.
_BLOCK = 1 << 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: What makes a path a glob.
_WILD = frozenset("*?[")
#: Directories that are nobody's source where git does not say which files are.
_SKIPPED = frozenset({"__pycache__", "node_modules"})


class RepositoryCheckInputs:
    """See ``core.ports.check_inputs.CheckInputs``.

    ``root`` is the repository, ``listing`` returns its files as git selects them, None where there is no git. ``state`` is where digests
    are remembered, which must be there already; without one, or a sound one, every file is read. ``ours`` are paths, with a slash at the
    end for directories, that the tool itself writes: they are no sources. ``environ`` are the variables that commands are started with.
    """

    def __init__(
        self, root: Path, listing: Callable[[], Sequence[str] | None], state: Path | None, ours: Iterable[str], environ: Mapping[str, str]
    ) -> None:
        self._root, self._listing, self._state, self._environ = str(root), listing, state, environ
        self._ours = tuple(ours)
        self._files: tuple[str, ...] | None = None
        #: What was read since the last ``refresh``, by path.
        self._read: dict[str, str] = {}
        #: Stamp and digest, by path, as remembered.
        self._known: dict[str, list[object]] | None = None
        self._changed = False

    def refresh(self) -> None:
        self._files = None
        self._read.clear()

    def digest(self, check: Task) -> str:
        if not check.sources:
            return ""
        digest = hashlib.sha256()
        try:
            for part in self._parts(check):
                digest.update(len(part).to_bytes(8) + part)
        except OSError:
            return ""
        self._remember()
        return digest.hexdigest()

    def unmatched(self, check: Task) -> Sequence[str]:
        listed = self._listed()
        return tuple(glob for glob in check.sources if not glob.startswith("!") and not self._matches(glob, listed))

    def _matches(self, glob: str, listed: Sequence[str]) -> bool:
        try:
            return bool(_selected((glob,), listed, self._root))
        except OSError:
            return True

    def _parts(self, check: Task) -> Iterable[bytes]:
        """Yield everything that a digest is of. Raises OSError for a source that cannot be read."""
        work = [check.command, check.plugin, sorted(map(repr, check.with_.items())), check.verify, check.cwd, sorted(check.env.items())]
        yield repr(work).encode("utf-8", "surrogatepass")
        environ = {**self._environ, **check.env}
        told = sorted((name, value) for name, value in environ.items() if name in _TELLING or name.startswith(_PREFIXES))
        yield repr(told).encode("utf-8", "surrogatepass")
        for command in (check.command, *check.verify):
            yield self._program(command, environ, check.cwd)
        selected = _selected(check.sources, self._listed(), self._root)
        if not selected:
            raise FileNotFoundError(f"no file is a source of {check.id}")
        for path in selected:
            yield os.fsencode(path)
            yield self._content(path).encode()

    def _program(self, command: str | tuple[str, ...] | None, environ: Mapping[str, str], cwd: str | None) -> bytes:
        """Return which program a command starts, as far as its first word says: an upgrade is a change."""
        words = command.split(None, 1) if isinstance(command, str) else command
        if not words:
            return b""
        name = os.path.join(self._root, cwd or "", words[0]) if "/" in words[0] else words[0]
        with suppress(OSError, ValueError):
            if found := shutil.which(name, path=environ.get("PATH")):
                about = os.stat(found)
                return repr((os.path.realpath(found), about.st_size, about.st_mtime_ns)).encode("utf-8", "surrogateescape")
        return b""

    def _listed(self) -> tuple[str, ...]:
        if self._files is None:
            listed = self._listing()
            files = _walk(self._root) if listed is None else listed
            directories = tuple(each for each in self._ours if each.endswith("/"))
            self._files = tuple(path for path in files if path not in self._ours and not path.startswith(directories))
        return self._files

    def _content(self, path: str) -> str:
        """Return the SHA-256 of a file, words for what is none. Raises OSError."""
        if path not in self._read:
            self._read[path] = self._content_now(path)
        return self._read[path]

    def _content_now(self, path: str) -> str:
        full = os.path.join(self._root, path)
        try:
            about = os.lstat(full)
        except (FileNotFoundError, NotADirectoryError):
            return "missing"
        if stat.S_ISLNK(about.st_mode):
            return f"link to {os.readlink(full)!r}, {_stamp_behind(full)}"
        if not stat.S_ISREG(about.st_mode):
            return f"no file: {stat.S_IFMT(about.st_mode)}"
        mode = "x" if about.st_mode & stat.S_IXUSR else "-"
        stamp: list[object] = [about.st_size, about.st_ino, about.st_mtime_ns, about.st_ctime_ns]
        known = self._remembered().get(path)
        if known is not None and known[:-1] == stamp:
            return f"{mode}{known[-1]}"
        digest = _sha256(full)
        if time.time_ns() - about.st_ctime_ns > _RESTED:
            self._remembered()[path] = [*stamp, digest]
            self._changed = True
        return mode + digest

    # -- what is remembered --------------------------------------------------------------------------------------

    def _remembered(self) -> dict[str, list[object]]:
        if self._known is None:
            self._known = {}
            if self._state is not None:
                with (
                    suppress(OSError, StateRefused, ValueError, TypeError, AttributeError, RecursionError),
                    open_private(self._state) as state,
                ):
                    version, known = json.loads(state.read(_CACHE))
                    self._known = {path: one for path, one in known.items() if _is_stamped(one)} if version == _FORMAT else {}
        return self._known

    def _remember(self) -> None:
        if self._changed and self._state is not None:
            listed = set(self._listed())
            kept = {path: known for path, known in self._remembered().items() if path in listed}
            with suppress(OSError, StateRefused), open_private(self._state) as state:
                state.replace(_CACHE, json.dumps([_FORMAT, kept], separators=(",", ":")).encode())
        self._changed = False


def _is_stamped(one: object) -> bool:
    return isinstance(one, list) and len(one) == 5 and isinstance(one[-1], str)


def _selected(globs: Sequence[str], listed: Sequence[str], root: str) -> list[str]:
    """Return the listed paths that globs select, sorted; a directory stands for all below it.

    A path without wildcards counts where git ignores it, too. Raises OSError.
    """
    left_out = any_of([glob[1:] for glob in globs if glob.startswith("!")])
    wanted = [glob for glob in globs if not glob.startswith("!")]
    directories, files = _plain_paths(wanted, root)
    is_wanted = any_of([*wanted, *directories])
    listed = [*listed, *_unlisted(wanted, directories, listed, root)]
    return sorted(path for path in files.union(filter(is_wanted, listed)) if not left_out(path))


def _unlisted(globs: Sequence[str], directories: Sequence[str], listed: Sequence[str], root: str) -> list[str]:
    """Return the paths below directories that are named by globs and that git does not look into: submodules, links, ignored ones.

    ``directories`` are those of the globs that name one, with a slash at the end. Raises OSError for a link that leads out of the
    repository: nobody knows how much is there.
    """
    entries = {name.rstrip("/") for name in directories if not any(path.startswith(name) for path in listed)}
    known = frozenset(listed)
    for glob in globs:
        parts = list(takewhile(_WILD.isdisjoint, glob.removeprefix("./").rstrip("/").split("/")))
        entries |= {"/".join(parts[:end]) for end in range(1, len(parts) + 1)} & known
    found = []
    for entry in sorted(entries):
        if os.path.isdir(full := os.path.join(root, entry)):
            if not Path(full).resolve().is_relative_to(Path(root).resolve()):
                raise NotADirectoryError(f"{entry} leads out of the repository")
            found += [f"{entry}/{path}" for path in _walk(full)]
    return found


def _plain_paths(globs: Sequence[str], root: str) -> tuple[list[str], set[str]]:
    """Return the directories, with a slash at the end, and the other paths that globs without wildcards name, as far as they are there."""
    plain = [glob.removeprefix("./").rstrip("/") for glob in globs if _WILD.isdisjoint(glob)]
    there = [path for path in plain if os.path.lexists(os.path.join(root, path))]
    directories = [path for path in there if os.path.isdir(os.path.join(root, path))]
    return [f"{path}/" for path in directories], set(there).difference(directories)


def _walk(root: str) -> list[str]:
    """Return the paths below ``root``, but for hidden directories, caches and virtual environments. Raises OSError."""
    found: list[str] = []
    for directory, names, files in os.walk(root):
        names[:] = sorted(
            name
            for name in names
            if not name.startswith(".") and name not in _SKIPPED and not os.path.exists(os.path.join(directory, name, "pyvenv.cfg"))
        )
        found += [os.path.relpath(os.path.join(directory, name), root) for name in files]
    return found


def _stamp_behind(path: str) -> tuple[int, int] | None:
    with suppress(OSError):
        about = os.stat(path)
        return about.st_size, about.st_mtime_ns
    return None


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    descriptor = os.open(path, _FLAGS)
    with os.fdopen(descriptor, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
