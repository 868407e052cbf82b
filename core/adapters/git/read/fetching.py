"""What to type when a revision, or the history that it shares with HEAD, is not in this clone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.adapters.git.client import Git
from core.adapters.git.failure import REFETCH, GitFailed, is_partial
from core.adapters.git.read.commit_graph import real_parents, shallow_commits

_HEAD = ("HEAD", "@")
#: What can follow a name in a revision: ``main~2``, ``main^{commit}``, ``main@{yesterday}``.
_REVISION = re.compile(r"(?P<name>\w[\w./+%#=,-]*|@)(?P<steps>[~^][\w~^{}-]*|@\{[\w ./:-]*\})?")
#: Steps to parents only: ``~2``, ``^``, ``^2~1``.
_PARENTS = re.compile(r"([~^]\d*)+", re.ASCII)
#: Names of remotes that may be part of a suggested command; a configuration can call a remote anything.
_REMOTE = re.compile(r"[A-Za-z0-9][\w./-]*", re.ASCII)
_WHOLE_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PART_OF_AN_ID = re.compile(r"[0-9a-f]{7,63}")
#: A tag, as far as a name can tell.
_VERSION = re.compile(r"v?\d+(\.\d+)+\S*")
#: Generations above which a suggestion fetches everything.
_MOST_STEPS = 1000
#: The depth that git takes for the whole history.
_ALL = 2147483647
_LOOK = "git log --oneline --all"


def resolve(git: Git, revision: str) -> str:
    """Return the id of the commit that a revision means; empty where there is none here. Raises GitFailed."""
    if not revision or revision.startswith("-"):
        return ""
    try:
        return git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except GitFailed as failed:
        if failed.damage:
            return ""
        raise


def is_shallow(git: Git) -> bool:
    return git.line("rev-parse", "--is-shallow-repository") == "true"


def how_to_complete(git: Git, revision: str, *, of_revision: bool, of_head: bool) -> str:
    """Return what fetches the rest of the history ``of_revision``, ``of_head`` or of both."""
    remotes = _remotes(git)
    wanted = [remote for remote, is_wanted in ((_remote_of_head(git), of_head), (_remote_of(git, revision), of_revision)) if is_wanted]
    first, *others = [remote for remote in dict.fromkeys(wanted) if remote in remotes] or [""]
    if not first:
        return _LOOK
    # git refuses --unshallow where the first command was enough; this depth stands for "all" as well.
    commands = [f"git fetch --unshallow {first}", *(f"git fetch --depth={_ALL} {other}" for other in others)]
    return " && ".join(commands) + _and_files(git, first)


def how_to_get(git: Git, revision: str) -> str:
    """Return what fetches a revision that is not here, and what it is called afterwards.

    In a shallow clone the same command fetches the history that it takes to compare the revision with HEAD.
    """
    found = _REVISION.fullmatch(revision)
    remotes = _remotes(git)
    if not found or not remotes:
        return _LOOK
    name, steps = found["name"], found["steps"] or ""
    shallow = is_shallow(git)
    if steps and resolve(git, name):
        return _older(git, name, steps) if shallow else _LOOK
    if not _WHOLE_ID.fullmatch(name) and _PART_OF_AN_ID.fullmatch(name):
        # No remote tells which commit a part of an id means: every branch is fetched.
        every = f"git fetch --unshallow {remotes[0]} '+refs/heads/*:refs/remotes/{remotes[0]}/*'"
        return every if shallow else f"git fetch {remotes[0]}"
    return _named(git, name, steps, shallow=shallow)


def _older(git: Git, name: str, steps: str) -> str:
    """Return what fetches an ancestor, of which nothing but its descendant is here."""
    head = resolve(git, "HEAD")
    generations = sum(int(step[1:] or 1) if step[0] == "~" else 1 for step in re.findall(r"[~^]\d*", steps))
    if name in _HEAD and head in shallow_commits(git) and _PARENTS.fullmatch(steps) and generations <= _MOST_STEPS:
        return f"git fetch --deepen={generations} {_remote_of_head(git)} {head}"
    remote = _remote_of(git, name)
    return f"git fetch --unshallow {remote}{_and_files(git, remote)}"


def _and_files(git: Git, remote: str) -> str:
    """Return the command to add to one that fetches history: in a partial clone the files of the past are fetched by a second one."""
    return f" && {REFETCH} {remote}" if is_partial(git.ask) else ""


def _remotes(git: Git) -> list[str]:
    """Return the names of remotes, ``origin`` first."""
    return sorted((name for name in git.line("remote").split("\n") if _REMOTE.fullmatch(name)), key=lambda name: name != "origin")


def _remote_of_head(git: Git) -> str:
    return _remote_of(git, git.line("symbolic-ref", "--quiet", "HEAD"))


def _remote_of(git: Git, name: str) -> str:
    """Return the remote that a branch comes from; of any other name the usual one. Empty where there is none."""
    remotes = _remotes(git)
    branch = re.split(r"[~^]|@\{", name)[0]
    remote = branch.removeprefix("refs/remotes/").partition("/")[0]
    if remote in remotes:
        return remote
    configured = git.line("config", "--get", f"branch.{branch.removeprefix('refs/heads/')}.remote")
    return configured if configured in remotes else next(iter(remotes), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Something to fetch."""

    remote: str
    #: Arguments of ``git fetch`` after the remote.
    refspec: str
    #: What it is called afterwards.
    name: str


def _named(git: Git, name: str, steps: str, *, shallow: bool) -> str:
    """Return what fetches a branch, a tag or a whole id, and what it is called afterwards."""
    wanted = _wanted(git, name)
    then = f"--since {wanted.name}{steps}" if wanted.name != name else ""
    if then and resolve(git, f"{wanted.name}{steps}"):
        return f"orchestrator audit {then}"
    command = f"{_fetch(git, wanted, shallow=shallow)} {wanted.refspec}" + (_and_files(git, _remote_of_head(git)) if shallow else "")
    return command + (f", then {then}" if then else "")


def _fetch(git: Git, wanted: _Wanted, *, shallow: bool) -> str:
    """Return the command without what is to be fetched; in a shallow clone it fetches history, too."""
    if not shallow:
        return f"git fetch {wanted.remote}"
    head = resolve(git, "HEAD")
    if wanted.name in real_parents(git, [head] if head else []).get(head, ()):
        return f"git fetch --depth=1 {wanted.remote}"  # HEAD itself tells that this is an ancestor
    own = _remote_of_head(git)
    if own == wanted.remote:
        return f"git fetch --unshallow {own}"
    return f"git fetch --unshallow {own} && git fetch {wanted.remote}"


def _wanted(git: Git, name: str) -> _Wanted:
    """Return the remote to ask, and for what."""
    remotes = _remotes(git)
    remote, _, branch = name.removeprefix("refs/remotes/").partition("/")
    if remote in remotes:
        branch = branch or "HEAD"
        return _Wanted(remote=remote, refspec=f"{branch}:refs/remotes/{remote}/{branch}", name=name)
    remote = _remote_of(git, name)
    if _WHOLE_ID.fullmatch(name):
        return _Wanted(remote=remote, refspec=name, name=name)
    if name.startswith("refs/tags/") or _VERSION.fullmatch(name):
        return _Wanted(remote=remote, refspec=f"tag {name.removeprefix('refs/tags/')}", name=name)
    branch = name.removeprefix("refs/heads/")
    return _Wanted(remote=remote, refspec=f"{branch}:refs/remotes/{remote}/{branch}", name=f"{remote}/{branch}")
