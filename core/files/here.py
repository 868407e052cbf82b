"""The current directory, which may have been removed under us."""

from __future__ import annotations

from pathlib import Path

from core.errors import UsageError


def current_directory() -> Path:
    """Return the current directory. Raises UsageError where it is gone, or is out of reach."""
    try:
        return Path.cwd()
    except OSError as problem:
        words = "was removed" if isinstance(problem, FileNotFoundError) else f"cannot be used: {problem.strerror}"
        raise UsageError(f"the current directory {words}", hint="go to another one, or name one: -C DIR") from problem
