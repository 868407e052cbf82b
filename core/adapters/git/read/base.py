"""Which commit ``--since REV`` compares with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.adapters.git.client import Git
from core.adapters.git.failure import GitFailed
from core.adapters.git.read import raw_diff
from core.adapters.git.read.commit_graph import read_graph
from core.adapters.git.read.fetching import how_to_complete, how_to_get, is_shallow, resolve
from core.domain.quality.ancestry import common_history

_HEAD = ("HEAD", "@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What to compare with."""

    #: The commit; the empty tree where there is no commit yet.
    id: str
    #: What a person should know about the choice; empty when it is the merge base.
    note: str = ""
    is_commit: bool = True
    #: Blob ids by path, empty for a removed file: files that further merge bases changed, and this one did not.
    from_other_bases: Mapping[str, str] = field(default_factory=dict)


def find_base(git: Git, revision: str) -> Base:
    """Return the merge base of ``revision`` and HEAD; ``revision`` itself where the two have no history in common.

    Of several merge bases it is the one on the first-parent line of ``revision``, with the files that the others changed.
    Before the first commit HEAD is the empty tree: whatever is there is new.

    Raises GitFailed, with what to fetch, when ``revision`` is not here, or when commits that a shallow clone lacks could change
    the merge base.
    """
    commit = resolve(git, revision)
    is_unborn = _is_unborn(git)
    if not commit and revision in _HEAD and is_unborn:
        return Base(id=git.line("hash-object", "-t", "tree", "--stdin"), note="there is no commit yet: every file is new", is_commit=False)
    if not commit:
        where = "this shallow clone" if is_shallow(git) else "this repository"
        raise GitFailed(f"there is no such commit in {where}", how_to_get(git, revision))
    bases = [] if is_unborn else _merge_bases(git, revision, commit, git.line("rev-parse", "--verify", "HEAD^{commit}"))
    if not bases:
        return Base(id=commit, note=f"compared with {revision} itself: it has no history in common with HEAD")
    return Base(id=bases[0]) if len(bases) == 1 else _several_in_one(git, revision, commit, bases)


def _several_in_one(git: Git, revision: str, commit: str, bases: list[str]) -> Base:
    mainline = frozenset(git.line("rev-list", "--first-parent", commit, "--").split())
    first, *others = sorted(bases, key=lambda base: base not in mainline)
    changed = {path: blob for other in others for path, blob in _changed_by(git, revision, other, first).items()}
    return Base(id=first, from_other_bases=changed)


def _merge_bases(git: Git, revision: str, one: str, other: str) -> list[str]:
    """Return the best common ancestors of two commits. Raises GitFailed where this clone cannot tell."""
    if not is_shallow(git):
        found = git.line("merge-base", "--all", one, other).split()
        if not found:
            # Some gits take a commit that is missing for the end of the history; this fails then.
            git.run("rev-list", "--count", one, other, "--")
        return found
    common = common_history(read_graph(git, one, other), one, other)
    if common.is_certain:
        return list(common.bases)
    raise GitFailed(
        "this shallow clone does not hold the commits that tell where it parted from HEAD",
        how_to_complete(git, revision, of_revision=bool(common.first_cut), of_head=bool(common.second_cut)),
    )


def _changed_by(git: Git, revision: str, one: str, other: str) -> dict[str, str]:
    """Return the blobs of files that ``one`` changed since its merge base with ``other``, and that ``other`` did not change."""
    bases = _merge_bases(git, revision, one, other)
    if len(bases) != 1:
        return {}
    theirs = _blobs_changed(git, bases[0], other)
    return {path: blob for path, blob in _blobs_changed(git, bases[0], one).items() if path not in theirs}


def _blobs_changed(git: Git, before: str, after: str) -> dict[str, str]:
    output = git.run("diff-tree", "-r", "--raw", "-z", "--no-abbrev", "--no-renames", "--relative", before, after)
    return {touch.path: touch.blob for touch in raw_diff.touches(output)}


def _is_unborn(git: Git) -> bool:
    """Return whether HEAD is a branch without a commit, and not one whose commit is missing."""
    branch = git.line("symbolic-ref", "--quiet", "HEAD")
    return bool(branch) and not git.line("for-each-ref", "--count=1", branch)
