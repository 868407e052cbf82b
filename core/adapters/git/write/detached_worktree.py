"""A work tree of ours whose repository borrows the user's objects; theirs is not written to.

``git worktree add`` would write below their ``.git``, ``git clone`` would take over hooks, remotes and trust
questions. An empty repository with an alternates file has none of that.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from typing import TYPE_CHECKING

from core.adapters.git.client import Git
from core.adapters.git.failure import GitFailed
from core.adapters.git.read.work_files import read_regular
from core.adapters.git.write.gitpython import init_repository
from core.domain.quality.history import CommitWindow
from core.errors import StorageError

if TYPE_CHECKING:
    from git import Repo

#: What is checked out has the bytes of the blobs: no filters, line ends, keywords or encodings.
_ATTRIBUTES = "* -filter -text -eol -ident -working-tree-encoding\n"

_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.autocrlf": "false",
    # Names as they are, for programs that ask git without -z.
    "core.quotePath": "false",
    # Links become small files with the target's name: nothing leads out of the tree.
    "core.symlinks": "false",
    "advice.graftFileDeprecated": "false",
    "gc.auto": "0",
    "submodule.recurse": "false",
}


class GitWorktrees:
    """Worktrees of one project's git repository."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def create_detached(self, directory: str, window: CommitWindow) -> None:
        try:
            os.makedirs(directory, exist_ok=True)
            object_format = self._git.line("rev-parse", "--show-object-format")
            with contextlib.closing(init_repository(directory, executable=self._git.executable, object_format=object_format)) as ours:
                self._borrow(ours, window)
                ours.git.checkout("--quiet", "--force", "--detach", window.commits[-1].id)
        except GitFailed as failed:
            raise StorageError(f"the work tree for the history cannot be made: {failed.reason}", hint=failed.hint) from failed
        except OSError as error:
            raise StorageError(f"the work tree for the history cannot be made: {error.strerror}: {error.filename}") from error

    def _borrow(self, ours: Repo, window: CommitWindow) -> None:
        """Let an empty repository see the objects of the user's, and of their history only the window."""
        own = os.fspath(ours.git_dir)
        os.makedirs(os.path.join(own, "info"), exist_ok=True)
        _write(os.path.join(own, "objects", "info", "alternates"), self._path_of("objects") + "\n")
        _write(os.path.join(own, "info", "attributes"), _ATTRIBUTES)
        _write(os.path.join(own, "info", "grafts"), _straight_line(window))
        with ours.config_writer() as config:
            for key, value in _CONFIG.items():
                config.set_value(*key.split("."), value)
        with contextlib.suppress(FileNotFoundError):
            _write(os.path.join(own, "shallow"), read_regular(self._path_of("shallow")).decode("ascii", "replace"))

    def _path_of(self, name: str) -> str:
        return os.path.abspath(os.path.join(self._git.directory, self._git.line("rev-parse", "--git-path", name)))


def _straight_line(window: CommitWindow) -> str:
    ids = [commit.id for commit in window.commits]
    return f"{ids[0]}\n" + "".join(f"{child} {parent}\n" for parent, child in itertools.pairwise(ids))


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
