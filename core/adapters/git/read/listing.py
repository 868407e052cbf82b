"""Files that git names: in the index, in the work tree, in a commit."""

from __future__ import annotations

import os
from collections.abc import Sequence

from core.adapters.git.client import Git
from core.adapters.git.failure import REFETCH, GitFailed
from core.adapters.git.read.blobs import LARGEST, read_blobs
from core.domain.untrusted.git_reading import is_inside
from core.errors import StorageError

#: Modes of regular files.
REGULAR = ("100644", "100755", "100664")


def list_files(git: Git) -> Sequence[str] | None:
    """Return tracked and untracked-not-ignored paths below the project, in the order of git's index; None where git cannot say."""
    try:
        check_work_tree(git)
        return _paths(git.run("ls-files", "-z", "--cached", "--others", "--exclude-standard"))
    except GitFailed:
        return None


def list_untracked(git: Git, pathspecs: Sequence[str]) -> Sequence[str]:
    """Return untracked-not-ignored paths below the project that the pathspecs match. Raises GitFailed."""
    return _paths(git.run("ls-files", "-z", "--others", "--exclude-standard", "--", *pathspecs))


def is_tracked(directory: str, path: str) -> bool | None:
    """Return whether the repository of ``directory`` tracks ``path`` or anything below it; None when git cannot say.

    Works in a repository of any owner: only the index is read, and nothing that the repository or its configuration names is run.
    """
    try:
        return bool(Git(directory).run("ls-files", "-z", "--cached", "--", path, config={"safe.directory": "*"}, literal=True))
    except GitFailed:
        return None


def file_at(git: Git, commit: str, path: str) -> bytes | None:
    """Return the bytes of a file as ``commit`` has it, None where it has none; ``path`` is relative to git's directory.

    Raises GitFailed, and StorageError for what is no regular file, too large, or missing in this clone.
    """
    shown = f"{path} at {commit[:7]}"
    for record in os.fsdecode(git.run("ls-tree", "-z", commit, "--", path, literal=True)).split("\0"):
        head, _, name = record.partition("\t")
        if name != path:
            continue
        mode, _, blob = head.split(" ")
        if mode not in REGULAR:
            raise StorageError(f"{shown} is no regular file", hint=f"git ls-tree {commit[:7]} -- {path}")
        content = dict(read_blobs(git, [blob])).get(blob)
        if content is None:
            raise StorageError(f"{shown}: its git blob {blob[:12]} is missing or damaged", hint=f"{REFETCH}, or git fsck")
        if len(content) >= LARGEST:
            raise StorageError(f"{shown}: too large, at most {LARGEST:,} bytes are read")
        return content
    return None


def check_work_tree(git: Git) -> None:
    """Raise GitFailed where the project is not in its repository's work tree: there is none, or ``core.worktree`` names another place."""
    if git.line("rev-parse", "--is-inside-work-tree") != "true":
        raise GitFailed("the repository has no work tree here")


def _paths(output: bytes) -> list[str]:
    return [path for path in dict.fromkeys(os.fsdecode(output).split("\0")[:-1]) if is_inside(path)]
