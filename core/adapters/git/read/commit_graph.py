"""Commits and their parents as a shallow clone has them, parents that git hides in such a clone included."""

from __future__ import annotations

import os
from collections.abc import Iterable

from core.adapters.git.client import Git
from core.adapters.git.failure import GitFailed
from core.adapters.git.read.blobs import read_blobs
from core.adapters.git.read.work_files import read_regular
from core.domain.quality.ancestry import CommitGraph


def read_graph(git: Git, *commits: str) -> CommitGraph:
    """Return these commits and their ancestors, as far as they are here. Raises GitFailed."""
    words = (line.split() for line in git.run("rev-list", "--parents", *commits, "--").decode("ascii").splitlines())
    parents = {commit: tuple(shown) for commit, *shown in words}
    hidden = real_parents(git, shallow_commits(git) & parents.keys())
    # A hidden parent may be here all the same, as the tip of another branch.
    parents |= {commit: tuple(parent for parent in real if parent in parents) for commit, real in hidden.items()}
    return CommitGraph(parents=parents, cut=frozenset(commit for commit, real in hidden.items() if len(parents[commit]) < len(real)))


def shallow_commits(git: Git) -> frozenset[str]:
    """Return the commits of a shallow clone whose parents git takes for absent; none in a whole clone. Raises GitFailed."""
    path = git.line("rev-parse", "--git-path", "shallow")
    try:
        content = read_regular(os.path.join(git.directory, path))
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise GitFailed(f"{path} cannot be read ({error.strerror})") from error
    return frozenset(content.decode("ascii", "replace").split())


def real_parents(git: Git, commits: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the parents that each commit names itself, whether they are here or not. Raises GitFailed."""
    return {commit: tuple(_parents(content)) for commit, content in read_blobs(git, sorted(commits))}


def _parents(content: bytes) -> Iterable[str]:
    for line in content.split(b"\n\n", 1)[0].split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"parent":
            yield value.decode("ascii", "replace")
