"""Which commit ``--since REV`` means, and what to fetch when it is not here."""

from __future__ import annotations

from dataclasses import dataclass

from core.adapters.git.command import Git
from core.adapters.git.failure import GitFailed
from core.adapters.git.missing import how_to_get

_HEAD = ("HEAD", "@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What to compare with."""

    #: The commit; the empty tree where there is no commit yet.
    id: str
    #: What a person should know about the choice; empty when it is the merge base.
    note: str = ""
    is_commit: bool = True


def find_base(git: Git, revision: str) -> Base:
    """Return the merge base of ``revision`` and HEAD, or ``revision`` itself where this clone has none.

    Before the first commit HEAD is the empty tree: whatever is there is new.

    Raises GitFailed, with what to fetch, when ``revision`` is not here.
    """
    commit = _resolve(git, revision)
    if not commit and revision in _HEAD and _is_unborn(git):
        return Base(id=git.line("hash-object", "-t", "tree", "--stdin"), note="there is no commit yet: every file is new", is_commit=False)
    if not commit:
        raise _absent(git, revision)
    merge_base = _merge_base(git, commit)
    if merge_base:
        return Base(id=merge_base)
    if _is_shallow(git):
        why = "this shallow clone does not hold the commit where the two lines part (git fetch --unshallow gets it)"
    else:
        why = "it has no history in common with HEAD"
    return Base(id=commit, note=f"compared with {revision} itself: {why}")


def _resolve(git: Git, revision: str) -> str:
    if not revision or revision.startswith("-"):
        return ""
    try:
        return git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except GitFailed as failed:
        if failed.damage:
            return ""
        raise


def _is_unborn(git: Git) -> bool:
    """Return whether HEAD is a branch without a commit, and not one whose commit is missing."""
    branch = git.line("symbolic-ref", "--quiet", "HEAD")
    return bool(branch) and not git.line("for-each-ref", "--count=1", branch)


def _merge_base(git: Git, commit: str) -> str:
    try:
        return git.line("merge-base", commit, "HEAD")
    except GitFailed:
        return ""  # HEAD has no commit yet, or the walk reached what is not here


def _is_shallow(git: Git) -> bool:
    return git.line("rev-parse", "--is-shallow-repository") == "true"


def _absent(git: Git, revision: str) -> GitFailed:
    shallow = _is_shallow(git)
    where = "this shallow clone" if shallow else "this repository"
    return GitFailed(f"there is no such commit in {where}", how_to_get(git, revision, shallow=shallow))
