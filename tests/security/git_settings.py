"""What tricks with git do to a repository by hand."""

from __future__ import annotations

import os

from tests.security.repository import Repository


def configure(repository: Repository, text: str, path: str = ".git/config") -> None:
    full = repository.root / path
    full.write_text(full.read_text() + text)


def change_source(repository: Repository) -> None:
    """Leave a change in the work tree and old stat data in the index, so that git has something to look into."""
    repository.write("a.py", "def one():\n    return 3\n")
    repository.write("new.py", "x = 1\n")
    os.utime(repository.root / "package/b.py", (1, 1))
