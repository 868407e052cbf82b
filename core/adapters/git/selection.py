"""``audit.include/exclude`` as git's pathspecs."""

from __future__ import annotations

from collections.abc import Sequence


def pathspecs(include: Sequence[str], exclude: Sequence[str]) -> list[str]:
    """Return pathspecs that select what ``core.domain.globs`` does: a bare name at any depth, a folder with all below."""
    return [f":(glob){_glob(glob)}" for glob in include] + [f":(exclude,glob){_glob(glob)}" for glob in exclude]


def _glob(glob: str) -> str:
    if glob.endswith("/"):
        glob += "**"
    return glob.removeprefix("./").removeprefix("/") if "/" in glob else f"**/{glob}"
