"""Which commit ``--since REV`` means, and what to type when it is not in this clone: the command that brings it, and its name then."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.adapters.git.client import Git
from core.adapters.git.failure import GitFailed

_HEAD = ("HEAD", "@")
#: What can follow a name in a revision: ``main~2``, ``main^{commit}``, ``main@{yesterday}``.
_REVISION = re.compile(r"(?P<name>\w[\w./+%#=,-]*|@)(?P<steps>[~^][\w~^{}-]*|@\{[\w ./:-]*\})?")
#: Names of remotes that may be part of a suggested command; a configuration can call a remote anything.
_REMOTE = re.compile(r"[A-Za-z0-9][\w./-]*", re.ASCII)
_WHOLE_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PART_OF_AN_ID = re.compile(r"[0-9a-f]{7,63}")
#: A tag, as far as a name can tell.
_VERSION = re.compile(r"v?\d+(\.\d+)+\S*")
_LOOK = "git log --oneline --all"
_IN_ACTIONS = " (in GitHub Actions: fetch-depth: 0 at actions/checkout)"


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
    return GitFailed(f"there is no such commit in {where}", _how_to_get(git, revision, shallow=shallow))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Something to fetch."""

    #: Arguments of ``git fetch`` after the remote.
    refspec: str
    #: What it is called afterwards.
    name: str


def _how_to_get(git: Git, revision: str, *, shallow: bool) -> str:
    """Return what to type for a revision that is not here; in a shallow clone only as much is fetched as it takes."""
    found = _REVISION.fullmatch(revision)
    remotes = _remotes(git)
    if not found or not remotes:
        return _LOOK
    name, steps = found["name"], found["steps"] or ""
    if steps and _resolve(git, name):
        return f"git fetch --unshallow{_IN_ACTIONS}" if shallow else _LOOK
    if not _WHOLE_ID.fullmatch(name) and _PART_OF_AN_ID.fullmatch(name):
        return _everything(remotes[0]) if shallow else f"git fetch {remotes[0]}"
    return _named(git, name, steps, remotes, shallow=shallow)


def _remotes(git: Git) -> list[str]:
    return [name for name in git.line("remote").split("\n") if _REMOTE.fullmatch(name)]


def _named(git: Git, name: str, steps: str, remotes: list[str], *, shallow: bool) -> str:
    """Return what brings a branch, a tag or a whole id, and what it is called afterwards."""
    remote, wanted = _wanted(name, remotes)
    then = f"--since {wanted.name}{steps}" if wanted.name != name else ""
    if then and _resolve(git, f"{wanted.name}{steps}"):
        return f"orchestrator audit {then}"
    depth = "" if not shallow else "--unshallow " if steps else "--depth=1 "
    return f"git fetch {depth}{remote} {wanted.refspec}" + (f", then {then}" if then else "")


def _wanted(name: str, remotes: list[str]) -> tuple[str, _Wanted]:
    """Return the remote to ask, and for what."""
    short = name.removeprefix("refs/remotes/")
    remote, _, branch = short.partition("/")
    if remote in remotes:
        branch = branch or "HEAD"
        return remote, _Wanted(refspec=f"{branch}:refs/remotes/{remote}/{branch}", name=name)
    remote = remotes[0]
    if _WHOLE_ID.fullmatch(name):
        return remote, _Wanted(refspec=name, name=name)
    if name.startswith("refs/tags/") or _VERSION.fullmatch(name):
        return remote, _Wanted(refspec=f"tag {name.removeprefix('refs/tags/')}", name=name)
    branch = name.removeprefix("refs/heads/")
    return remote, _Wanted(refspec=f"{branch}:refs/remotes/{remote}/{branch}", name=f"{remote}/{branch}")


def _everything(remote: str) -> str:
    """Return what brings every branch whole: no remote tells which commit a part of an id means."""
    return f"git fetch --unshallow {remote} '+refs/heads/*:refs/remotes/{remote}/*'"
