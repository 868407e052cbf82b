"""Snapshots of a git work tree: commits of its files' very bytes, in no branch.

They are made with a private git directory, which has an index and attributes of its own and shares nothing with the user's but the
store of objects: no filter, line end, keyword or encoding of the repository is applied, and the user's index, HEAD, branches and
configuration are not touched. A commit that no branch holds is kept by git until ``git gc`` prunes it, two weeks by default.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from core.adapters.git.client import Git
from core.adapters.git.failure import GitFailed
from core.adapters.git.read.blobs import read_blobs
from core.adapters.git.read.listing import REGULAR, check_work_tree, list_files
from core.adapters.git.write.rollback import WorkFiles
from core.domain.quality.rollback import Entry
from core.domain.untrusted.git_reading import is_inside
from core.errors import StorageError
from core.ports.snapshots import Rollback

#: Bytes of a file; a larger one is not part of a snapshot.
LARGEST_FILE = 32 * 1024 * 1024
#: Highest precedence of all attributes: files are taken as they are.
_ATTRIBUTES = "* -filter -text -eol -ident -working-tree-encoding\n"
_CONFIG = {
    "core.autocrlf": "false",
    "core.safecrlf": "false",
    "core.splitIndex": "false",
    "user.name": "orchestrator",
    "user.email": "orchestrator@localhost",
}


class GitSnapshots:
    """See ``core.ports.snapshots.Snapshots``. ``directory`` is the place of the private git directory, absolute.

    ``left_out`` are files and directories of the project that are no part of a snapshot, ``kept`` those that ``restore`` never touches.
    """

    def __init__(self, git: Git, directory: str, *, left_out: Sequence[str] = (), kept: Sequence[str] = ()) -> None:
        self._git, self._directory = git, directory
        self._left_out, self._kept = tuple(left_out), tuple(kept)
        self._opened: tuple[Git, Git] | None = None
        self._prefix = ""
        #: The commit that HEAD was at when a snapshot was taken.
        self._heads: dict[str, str] = {}

    def take(self, subject: str, before: str = "") -> str:
        with _in_words("the state of the work tree cannot be kept"):
            ours, theirs = self._open()
            paths = self._files(theirs)
            gone = sorted(set(_split(ours.run("ls-files", "-z"))).difference(paths))
            removals = "".join(f"0 {'0' * 40}\t{path}\0" for path in gone)
            self._update(ours, "--index-info", removals)
            self._update(ours, "--add", "--remove", "--replace", "--stdin", "".join(f"{path}\0" for path in paths))
            tree = ours.run("write-tree", config=_CONFIG).decode().strip()
            parent = ("-p", before) if before else ()
            snapshot = ours.run("commit-tree", tree, *parent, "-m", subject, config=_CONFIG).decode().strip()
            self._heads[snapshot] = theirs.line("rev-parse", "--verify", "--quiet", "HEAD")
        return snapshot

    def changed(self, before: str, after: str) -> tuple[str, ...]:
        with _in_words("states of the work tree cannot be compared"):
            return tuple(sorted(self._shown(path) for path in self._changes(before, after)))

    def contents(self, snapshot: str, paths: Sequence[str]) -> Mapping[str, bytes]:
        with _in_words("a state of the work tree cannot be read"):
            ours, _ = self._open()
            wanted = {self._prefix + path: path for path in paths}
            found: dict[str, str] = {}
            for record in _split(ours.run("ls-tree", "-r", "-z", "--full-tree", snapshot)):
                head, _, path = record.partition("\t")
                mode, _, blob = head.split(" ")
                if path in wanted and mode in REGULAR:
                    found[wanted[path]] = blob
            blobs = dict(read_blobs(ours, list(dict.fromkeys(found.values()))))
            return {path: blobs[blob] for path, blob in found.items() if blob in blobs}

    def restore(self, before: str, after: str) -> Rollback:
        with _in_words("the change cannot be undone"):
            ours, theirs = self._open()
            changes = self._changes(before, after)
            left = set(WorkFiles(ours, os.path.join(self._directory, "merge")).restore(changes))
            hidden = self._hidden(theirs, changes, before, after)
        why = {"edited meanwhile": left, "hidden from git by the change": hidden}
        return Rollback(
            restored=tuple(sorted(self._shown(path) for path in changes if path not in left)),
            left=tuple(sorted(self._shown(path) for path in left | hidden)),
            why_left=" or ".join(reason for reason, paths in why.items() if paths),
            commits=self._commits(before, after),
        )

    def shows(self, before: str, after: str) -> str:
        return f"git show {after[:12]}" if after else f"git diff {before[:12]}"

    # -- the private repository ----------------------------------------------------------------------------------

    def _open(self) -> tuple[Git, Git]:
        """Return git with the private repository, and with the user's, both at the top of the work tree."""
        if self._opened is None:
            check_work_tree(self._git)
            top = self._git.line("rev-parse", "--show-toplevel")
            self._prefix = self._git.line("rev-parse", "--show-prefix")
            objects = os.path.abspath(os.path.join(self._git.directory, self._git.line("rev-parse", "--git-path", "objects")))
            object_format = self._git.line("rev-parse", "--show-object-format")
            place = {"GIT_DIR": self._directory, "GIT_WORK_TREE": top, "GIT_OBJECT_DIRECTORY": objects}
            ours = Git(top, executable=self._git.executable, variables=place, apart=True)
            os.makedirs(os.path.join(self._directory, "info"), exist_ok=True)
            ours.run("init", "--quiet", "--template=", f"--object-format={object_format}")
            with open(os.path.join(self._directory, "info", "attributes"), "w", encoding="ascii") as file:
                file.write(_ATTRIBUTES)
            self._forget("index.lock")  # of a run that was killed: there is only one at a time
            try:
                ours.run("ls-files", "-z")
            except GitFailed:
                self._forget("index")  # damaged; it only saves time
            self._opened = ours, Git(top, executable=self._git.executable, apart=True)
        return self._opened

    def _hidden(self, theirs: Git, changes: Mapping[str, object], before: str, after: str) -> set[str]:
        """Return the files that are in neither state, and that git lists once what it ignores is as it was."""
        if not any(os.path.basename(path) == ".gitignore" for path in changes):
            return set()
        ours, _ = self._open()
        known = {path for state in (before, after) for path in _split(ours.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", state))}
        return set(self._files(theirs)) - known

    def _commits(self, before: str, after: str) -> str:
        """Return the range of commits that were made between two snapshots, as git reads it; empty for none."""
        old, new = self._heads.get(before, ""), self._heads.get(after, "")
        return "" if old == new or not new else f"{old[:12]}..{new[:12]}" if old else new[:12]

    def _forget(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self._directory, name))

    def _update(self, ours: Git, *arguments: str) -> None:
        *options, text = arguments
        if text:
            ours.run("update-index", "-z", *options, input=os.fsencode(text), config=_CONFIG)

    def _files(self, theirs: Git) -> list[str]:
        """Return the regular files and links that are part of a snapshot, relative to the top of the work tree."""
        listed = list_files(theirs)
        if listed is None:
            raise GitFailed("git does not list the files of the work tree", "git status", damage=True)
        is_real = _real_directories(theirs.directory)
        return [path for path in listed if not self._is_under(path, self._left_out) and _is_taken(theirs.directory, path, is_real)]

    def _changes(self, before: str, after: str) -> dict[str, tuple[Entry | None, Entry | None]]:
        """Return the files that differ between two states and may be restored, as they are in both."""
        ours, _ = self._open()
        tokens = iter(_split(ours.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after)))
        changes = {}
        for head in tokens:
            old_mode, mode, old_blob, blob, _ = head[1:].split(" ")
            path = next(tokens)
            if is_inside(path) and not self._is_under(path, (*self._left_out, *self._kept)):
                changes[path] = _entry(old_mode, old_blob), _entry(mode, blob)
        return changes

    def _is_under(self, path: str, places: Sequence[str]) -> bool:
        if not path.startswith(self._prefix):
            return False
        inside = path.removeprefix(self._prefix)
        return any(inside == place or inside.startswith(f"{place}/") for place in places)

    def _shown(self, path: str) -> str:
        return os.path.relpath(path, self._prefix) if self._prefix else path


def _entry(mode: str, blob: str) -> Entry | None:
    return None if mode == "000000" else Entry(mode=mode, blob=blob)


def _is_taken(top: str, path: str, is_real: Callable[[str], bool]) -> bool:
    place = os.path.join(top, path)
    try:
        about = os.lstat(place)
    except (OSError, ValueError):
        return False
    if not is_real(os.path.dirname(path)):
        return False
    if stat.S_ISLNK(about.st_mode):
        return True
    return stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST_FILE and os.access(place, os.R_OK)


def _real_directories(top: str) -> Callable[[str], bool]:
    """Return what tells whether a directory is one, and lies behind no link; each is looked at once."""
    known = {"": True}

    def is_real(path: str) -> bool:
        if path not in known:
            known[path] = is_real(os.path.dirname(path)) and stat.S_ISDIR(os.lstat(os.path.join(top, path)).st_mode)
        return known[path]

    return is_real


def _split(output: bytes) -> list[str]:
    return os.fsdecode(output).split("\0")[:-1]


@contextmanager
def _in_words(what: str) -> Iterator[None]:
    try:
        yield
    except GitFailed as failed:
        raise StorageError(f"{what}: {failed.reason}", hint=failed.hint) from failed
    except OSError as error:
        raise StorageError(f"{what}: {error.strerror}: {error.filename}") from error
