"""Directories that are ours: they hide themselves from git, so that nobody's ``.gitignore`` has to be touched."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from core.files.private import open_beneath


def make_private_dir(root: Path, name: str) -> None:
    """Make a directory of ours below ``root`` with a ``.gitignore`` that hides all of it; one that is there stays as it is.

    A place where nothing can be written is left: whoever needs the directory says so with its name. Raises StateRefused when
    what is there is not ours.
    """
    with contextlib.suppress(OSError):
        is_new = not os.path.lexists(root / name)
        with open_beneath(root, name, create=True) as place:
            if is_new:
                place.replace(".gitignore", b"*\n")
