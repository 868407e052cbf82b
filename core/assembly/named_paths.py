"""Paths that settings name: with every link followed, they stay in the repository, and out of git's directory and ours."""

from __future__ import annotations

import os
from pathlib import Path

from core.domain.settings.options import provenance, settings_table, value_of
from core.domain.settings.settings import INSIDE, Settings
from core.errors import InvalidFile, Problem
from core.files.reading import repository_top

#: Directories that hold what git or the tool believes.
_NOT_THERE = frozenset({".git", ".orchestrator"})


def check_named_paths(root: Path, settings: Settings) -> None:
    """Raise InvalidFile where a link in the repository leads what a setting names to somewhere else."""
    top = repository_top(root)
    problems = []
    for option in settings_table().options():
        if option.kind is not INSIDE:
            continue
        named = value_of(settings, option)
        target = os.path.realpath(os.path.join(root, named))
        inside = os.path.relpath(target, top).split(os.sep)
        if inside[0] == os.pardir or _NOT_THERE.intersection(part.lower() for part in inside):
            where = provenance(settings, option.key).place or named
            told = f"{option.key} is a link that leads to {target}"
            problems.append(Problem(file=where, message=told, hint="name a file of the repository itself"))
    if problems:
        raise InvalidFile(problems)
