"""Which files git knows or would take: what a project's sources are chosen from."""

from __future__ import annotations

import os
from collections.abc import Sequence

from core.adapters.git.command import Git
from core.adapters.git.failure import GitFailed
from core.domain.untrusted.git_reading import is_inside


def listed(git: Git) -> Sequence[str] | None:
    """Return tracked and untracked-not-ignored paths below the project, as git's index has them; None where git does not know."""
    try:
        check_work_tree(git)
        output = git.run("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    except GitFailed:
        return None
    return [path for path in dict.fromkeys(os.fsdecode(output).split("\0")[:-1]) if is_inside(path)]


def check_work_tree(git: Git) -> None:
    """Raise GitFailed where the project is not in its repository's work tree: there is none, or ``core.worktree`` names another place."""
    if git.line("rev-parse", "--is-inside-work-tree") != "true":
        raise GitFailed("the repository has no work tree here")
