"""Which files are measured, and how one is read.

| what lies in the project                          | outcome                                                             |
|---------------------------------------------------|---------------------------------------------------------------------|
| tracked, or untracked and not ignored by git      | measured, where ``audit.include`` selects and ``exclude`` does not   |
| ignored by git                                    | left out                                                            |
| no git repository, or none that git agrees to read | every file below, except in hidden directories                      |
| virtual environment (``pyvenv.cfg``), ``site-packages``, ``node_modules``, ``__pycache__`` | left out, tracked or not   |
| submodule, or another repository inside           | left out: it is audited as a project of its own                     |
| symbolic link, to whatever, and all behind one    | left out: what it points to is measured where it lies               |
| socket, pipe, device                              | left out                                                            |
| tracked, in a directory that cannot be entered    | its problem says so                                                 |
| other directory that cannot be listed             | left out, as git leaves it out                                      |

A path that is named outright is measured if it is a regular file inside the project, whatever git and the globs say;
otherwise the reason is its problem.

What is read is a file's bytes, git's id of them, and the stamp by which it is known to be unchanged. ``core.domain.quality.source_text``
says what text they are.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.adapters.radon.measure_cache import Stamp
from core.domain.quality.history import blob_digest
from core.domain.quality.source_text import Undecodable, decode_source
from core.domain.untrusted.globs import any_of

_ENVIRONMENT_MARK = "pyvenv.cfg"
_FOREIGN = frozenset({"site-packages", "node_modules", "__pycache__"})
#: Returns the paths that git would measure, relative to the project; None where git does not know.
Listing = Callable[[], Sequence[str] | None]


class SourceFiles:
    """The Python files of one project, as paths relative to its root."""

    def __init__(self, root: str, include: Sequence[str], exclude: Sequence[str], listing: Listing) -> None:
        self._root = root
        self._listing = listing
        self._includes = any_of(include)
        self._excludes = any_of(exclude)
        #: One of these ends every path that is included: most of a repository is no Python, and this is soon asked.
        self._endings = tuple(_ending(glob) for glob in include)

    def selected(self) -> list[str]:
        """Return what the globs select, in no particular order; some of it may be gone or no regular file."""
        listed = self._listing()
        if listed is None:
            listed = list(_walk(self._root))
        environments = tuple(path.removesuffix(_ENVIRONMENT_MARK) for path in listed if path.endswith(f"/{_ENVIRONMENT_MARK}"))
        candidates = [path for path in listed if path.endswith(self._endings) and not path.startswith(environments)]
        ours = filter(self._includes, candidates)
        chosen = [path for path in ours if _FOREIGN.isdisjoint(path.split("/")) and not self._excludes(path)]
        return self._without_links(chosen)

    def _without_links(self, paths: list[str]) -> list[str]:
        """Leave out what lies behind a link that stands for a directory: git's index can name it all the same."""
        folders: dict[str, bool] = {"": False}

        def is_behind_one(folder: str) -> bool:
            if folder not in folders:
                folders[folder] = is_behind_one(folder.rpartition("/")[0]) or os.path.islink(f"{self._root}/{folder}")
            return folders[folder]

        return [path for path in paths if not is_behind_one(path.rpartition("/")[0])]

    def named(self, paths: Iterable[str]) -> tuple[list[str], dict[str, str]]:
        """Return the files that ``paths`` stand for, and why others cannot be measured, by path."""
        files: dict[str, None] = {}
        problems: dict[str, str] = {}
        directories: list[str] = []
        for path in paths:
            relative = os.path.relpath(os.path.join(self._root, path), self._root)
            full = os.path.join(self._root, relative)
            try:
                mode = os.lstat(full).st_mode
            except (FileNotFoundError, NotADirectoryError, ValueError):
                continue
            except OSError as error:
                problems[relative] = f"cannot be read ({error.strerror})"
                continue
            if problem := self._problem_of(full, mode):
                problems[relative] = problem
            elif stat.S_ISDIR(mode):
                directories.append("" if relative == os.curdir else f"{relative}/")
            else:
                files[relative] = None
        if directories:
            files.update(dict.fromkeys(path for path in self.selected() if path.startswith(tuple(directories))))
        return list(files), problems

    def _problem_of(self, full: str, mode: int) -> str:
        """Return why what lies at a path cannot be measured; empty where it is a file or a directory of the project."""
        if not self._contains(full):
            return "outside the project"
        if stat.S_ISLNK(mode):
            return f"a symbolic link (to {os.readlink(full)}): what it points to is measured where it lies"
        return "" if stat.S_ISDIR(mode) or stat.S_ISREG(mode) else "not a regular file"

    def _contains(self, full: str) -> bool:
        """Return whether the directory of a path lies in the project once links on the way are followed."""
        real_root = os.path.realpath(self._root)
        parent = os.path.realpath(full if full == self._root else os.path.dirname(full))
        return os.path.commonpath([real_root, parent]) == real_root


def _walk(root: str) -> Iterator[str]:
    waiting = [""]
    while waiting:
        directory = waiting.pop()
        found = _entries(f"{root}/{directory}")
        if directory and any(entry.name == ".git" for entry in found):
            continue
        for entry in found:
            if entry.is_file(follow_symlinks=False):
                yield directory + entry.name
            elif entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".") and entry.name not in _FOREIGN:
                waiting.append(f"{directory}{entry.name}/")


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        return []


def _ending(glob: str) -> str:
    """Return the plain characters at a glob's end."""
    return "" if glob.endswith("/") else re.split(r"[*?\[\]]", glob)[-1].rpartition("/")[2]


#: Bytes. At this size a table or a module takes a second and half a gigabyte, the worst that can be written 20 s and 2.5 GB.
LARGEST = 2 * 1024 * 1024
#: A file that changed this shortly before it was read may change again without its times showing it (git's "racily clean").
_RACY_NANOSECONDS = 2_000_000_000


class Unreadable(Exception):
    """Why a source has no numbers: one sentence without a full stop, and the line it is about; 0: none. Internal to this package."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One file as read."""

    data: bytes
    blob: bytes
    #: None where an equal stamp would not prove equal bytes.
    stamp: Stamp | None


def read_content(path: str) -> Content:
    """Read a regular file. Raises Unreadable, FileNotFoundError."""
    began = time.time_ns()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise Unreadable("not a regular file")
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from error
    if len(data) > LARGEST:
        raise Unreadable(too_large(max(len(data), found.st_size)))
    racy = max(found.st_mtime_ns, found.st_ctime_ns) >= began - _RACY_NANOSECONDS
    return Content(data=data, blob=blob_digest(data), stamp=None if racy else Stamp.of(found))


def read_text(content: bytes) -> str:
    """Return the text. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(too_large(len(content)))
    try:
        return decode_source(content)
    except Undecodable as undecodable:
        raise Unreadable(str(undecodable), undecodable.line) from None


def too_large(size: int) -> str:
    """Return the sentence for a file of ``size`` bytes."""
    return f"too large: {size / 1024 / 1024:.1f} MB of source, the limit is {LARGEST // 1024 // 1024} MB"
