"""Directories that are ours: they hide themselves from git, so that nobody's ``.gitignore`` has to be touched."""

from __future__ import annotations

import contextlib
from pathlib import Path


def make_own_directory(path: Path) -> None:
    """Make a directory of ours with a ``.gitignore`` that hides all of it; one that is there stays as it is.

    A place where nothing can be written is left: whoever needs the directory says so with its name.
    """
    with contextlib.suppress(OSError):
        path.mkdir(parents=True)
        (path / ".gitignore").write_text("*\n", encoding="ascii")
