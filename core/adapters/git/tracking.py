"""Whether git knows of a path: asked of the index alone, so nothing in the work tree is looked at."""

from __future__ import annotations

from core.adapters.git.command import Git
from core.adapters.git.failure import GitFailed


def tracks(directory: str, path: str) -> bool | None:
    """Tell whether the repository of ``directory`` tracks ``path``, or anything below it; None when git cannot say.

    Asked whoever owns the repository: only the index is read, and nothing that it or its configuration names is run.
    """
    try:
        return bool(Git(directory).run("ls-files", "-z", "--cached", "--", path, config={"safe.directory": "*"}))
    except GitFailed:
        return None
