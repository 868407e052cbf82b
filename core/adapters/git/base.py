"""Which commit ``--since REV`` means, and what to fetch when it is not here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.adapters.git.command import Git, GitFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The commit to compare with."""

    id: str
    #: What a person should know about the choice; empty when it is the merge base.
    note: str = ""


def find_base(git: Git, revision: str) -> Base:
    """Return the merge base of ``revision`` and HEAD, or ``revision`` itself where this clone has none.

    Raises GitFailed, with what to fetch, when ``revision`` is not here.
    """
    commit = _resolve(git, revision)
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
    return GitFailed(f"there is no such commit in {where}", _fetch(git, revision, "--depth=1 " if shallow else ""))


def _fetch(git: Git, revision: str, depth: str) -> str:
    """Return the command that brings ``revision``; ``depth`` only in a clone that is shallow already, it would cut another."""
    remotes = git.line("remote").split()
    remote, _, branch = revision.partition("/")
    if not remotes:
        return "git log --oneline --all"
    if branch and remote in remotes:
        return f"git fetch {depth}{remote} {branch}:refs/remotes/{remote}/{branch}"
    if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", revision):
        return f"git fetch {depth}{remotes[0]} {revision}"
    if depth and re.search(r"[~^@]", revision):
        return "git fetch --unshallow (in GitHub Actions: fetch-depth: 0 at actions/checkout)"
    return f"git fetch {depth}{remotes[0]} {revision}"
