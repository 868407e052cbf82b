"""A work tree of ours whose repository borrows the user's objects; theirs does not notice.

``git worktree add`` would write below their ``.git``, ``git clone`` would take over hooks, remotes and trust
questions. An empty repository with an alternates file has none of that.
"""

from __future__ import annotations

import contextlib
import itertools
import os

from core.adapters.git.command import Git
from core.adapters.git.failure import GitFailed
from core.adapters.git.work_files import read_regular
from core.domain.quality.history import CommitWindow
from core.errors import StorageError

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


def create_detached_worktree(git: Git, directory: str, window: CommitWindow) -> None:
    """Contract: ``CommitLog.lend``."""
    try:
        os.makedirs(directory, exist_ok=True)
        _prepare(git, directory, window)
        ours = Git(directory, executable=git.executable)
        ours.run("update-ref", "--no-deref", "HEAD", window.commits[-1].id)
        ours.run("reset", "--quiet", "--hard")
    except GitFailed as failed:
        raise StorageError(f"the work tree for the history cannot be made: {failed.reason}", hint=failed.hint) from failed
    except OSError as error:
        raise StorageError(f"the work tree for the history cannot be made: {error.strerror}: {error.filename}") from error


def _prepare(git: Git, directory: str, window: CommitWindow) -> None:
    object_format = git.line("rev-parse", "--show-object-format")
    Git(directory, executable=git.executable).run("init", "--quiet", "--template=", f"--object-format={object_format}")
    own = os.path.join(directory, ".git")
    os.makedirs(os.path.join(own, "info"), exist_ok=True)
    objects = os.path.join(git.directory, git.line("rev-parse", "--git-path", "objects"))
    _write(os.path.join(own, "objects", "info", "alternates"), os.path.abspath(objects) + "\n")
    _write(os.path.join(own, "info", "attributes"), _ATTRIBUTES)
    _write(os.path.join(own, "info", "grafts"), _straight_line(window))
    with open(os.path.join(own, "config"), "a", encoding="utf-8") as config:
        for key, value in _CONFIG.items():
            section, name = key.split(".")
            config.write(f"[{section}]\n\t{name} = {value}\n")
    shallow = os.path.join(git.directory, git.line("rev-parse", "--git-path", "shallow"))
    with contextlib.suppress(FileNotFoundError):
        _write(os.path.join(own, "shallow"), read_regular(shallow).decode("ascii", "replace"))


def _straight_line(window: CommitWindow) -> str:
    ids = [commit.id for commit in window.commits]
    return f"{ids[0]}\n" + "".join(f"{child} {parent}\n" for parent, child in itertools.pairwise(ids))


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
