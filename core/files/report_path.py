"""Where reports go that somebody asked for: no link in the repository leads them elsewhere."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from core.files.reading import is_inside, repository_top

#: Directories that hold what git or the tool believes.
_NOT_THERE = frozenset({".git", ".orchestrator"})


def check_report_path(path: str | os.PathLike[str]) -> None:
    """Raise OSError where a link in the repository of the current directory leads ``path`` out of it, or to git's files or ours.

    Whoever wrote the repository would choose the file that is written. Links elsewhere are the user's own.
    """
    top = repository_top(".")
    real = os.path.realpath(path)
    if is_inside(real, top) and _NOT_THERE.isdisjoint(part.lower() for part in Path(os.path.relpath(real, top)).parts):
        return
    full = Path(os.path.abspath(path))
    if any(place.is_symlink() and is_inside(os.path.realpath(place.parent), top) for place in (full, *full.parents)):
        raise OSError(errno.ELOOP, f"a link in the repository leads it to {real}; name that file itself", os.fspath(path))
