"""Which directory is the repository, seen from where a person stands."""

from __future__ import annotations

import os
from pathlib import Path

from core.config import CONFIG_FILE

USUAL_TASKS_FILE = "tasks.yml"


def root_above(here: Path, tasks_file: Path | None) -> Path:
    """Return the nearest directory from ``here`` up that is a repository of ours, not beyond the git repository.

    It has a tasks file or a config. Where a ``tasks_file`` is named (absolute, without ``..``), it must lie inside, and the
    directory it lies in, or ``here``, will do.
    """
    for directory in (here, *here.parents):
        if _is_root(directory, here, tasks_file) or (directory / ".git").exists():
            return directory
    return here


def _is_root(directory: Path, here: Path, tasks_file: Path | None) -> bool:
    marked = (directory / USUAL_TASKS_FILE).exists() or (directory / CONFIG_FILE).exists()
    if tasks_file is None:
        return marked
    return tasks_file.is_relative_to(directory) and (marked or directory in (here, tasks_file.parent))


def named_inside(root: Path, tasks_file: Path) -> str:
    """Return the path of a tasks file as settings name it, relative to ``root``; one that is outside stays absolute."""
    return os.path.relpath(tasks_file, root) if tasks_file.is_relative_to(root) else str(tasks_file)
