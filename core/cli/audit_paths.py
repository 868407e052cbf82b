"""Paths as a person types them → paths relative to the repository."""

from __future__ import annotations

import os
from collections.abc import Sequence

from core.errors import UsageError


def repository_paths(typed: Sequence[str], root: str | os.PathLike[str], here: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return POSIX paths relative to ``root`` of paths that are relative to ``here``; none where one is the root itself.

    Raises UsageError for one that is not there or not inside.
    """
    found = []
    for path in typed:
        absolute = os.path.normpath(os.path.join(here, path))
        if not os.path.lexists(absolute):
            raise UsageError(f"no such file or directory: {path}")
        relative = os.path.relpath(absolute, root)
        if relative.split(os.sep)[0] == os.pardir:
            # Perhaps by another name: a link to the repository, or into it.
            relative = os.path.relpath(os.path.join(os.path.realpath(os.path.dirname(absolute)), os.path.basename(absolute)), root)
        if relative.split(os.sep)[0] == os.pardir:
            raise UsageError(f"{path} is outside of the repository {os.fspath(root)}", hint="orchestrator audit -C DIR")
        if relative == os.curdir:
            return ()
        found.append(relative.replace(os.sep, "/"))
    return tuple(dict.fromkeys(found))
