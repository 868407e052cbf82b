"""Why git gave no usable answer, as a sentence for a person.

Decided by the state of the repository and not by git's messages, which change between versions.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from core.files.reading import repository_above

REFETCH = "git fetch --refetch --no-filter"
#: Settings of a clone whose objects may be elsewhere.
_PARTIAL = r"^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter))$"
#: Runs git with these arguments; returns its output and exit code.
Ask = Callable[..., tuple[bytes, int]]


class GitFailed(Exception):
    """git gave no usable answer. Internal to this package: every public function turns it into a gap or an error for a person."""

    def __init__(self, reason: str, hint: str = "", exit_code: int = -1, *, damage: bool = False) -> None:
        super().__init__(reason)
        #: One sentence without a full stop.
        self.reason = reason
        #: What to type; empty when there is nothing sensible.
        self.hint = hint
        self.exit_code = exit_code
        #: True when objects or git itself are missing or unreadable, False when the question was wrong.
        self.damage = damage

    def __str__(self) -> str:
        return f"{self.reason}: {self.hint}" if self.hint else self.reason


def cause_of(directory: str, ask: Ask, command: str, errors: bytes, exit_code: int) -> GitFailed:
    """Return why git's ``command`` ended with ``exit_code`` after printing ``errors``."""
    _, refused = ask("rev-parse", "--git-dir")
    if refused:
        reason, hint, damage = _no_repository(directory, errors)
    elif is_partial(ask):
        reason, hint, damage = "objects are missing in this partial clone", REFETCH, True
    else:
        reason, hint, damage = f"git {command} failed ({_first_error(errors, exit_code)})", "git fsck", True
    return GitFailed(reason, hint, exit_code, damage=damage)


def is_partial(ask: Ask) -> bool:
    """Return whether this clone was made to leave objects out."""
    output, _ = ask("config", "--name-only", "--get-regexp", _PARTIAL)
    return bool(output)


def _no_repository(directory: str, errors: bytes) -> tuple[str, str, bool]:
    """Return why git sees no repository here."""
    top = repository_above(directory)
    if not top:
        return "not a git repository", "", False
    if _is_foreign(top):
        trust = f"git config --global --add safe.directory {_quoted(top)}"
        return "git refuses the repository because another user owns it", trust, False
    return f"not a git repository that git can read ({_first_error(errors, 128)})", "git status", False


def _is_foreign(top: str) -> bool:
    """Return whether git would refuse the repository as another user's: its folder or its ``.git`` is not ours."""
    if os.environ.get("GIT_TEST_ASSUME_DIFFERENT_OWNER"):
        return True
    ours = {os.geteuid()} | ({int(uid)} if (uid := os.environ.get("SUDO_UID", "")).isdigit() and os.geteuid() == 0 else set())
    try:
        return not {os.lstat(top).st_uid, os.lstat(os.path.join(top, ".git")).st_uid} <= ours
    except OSError:
        return False


def _quoted(path: str) -> str:
    """Return a path as a shell takes it for one word."""
    return "'" + path.replace("'", "'\\''") + "'"


def _first_error(errors: bytes, exit_code: int) -> str:
    """Return git's first error message."""
    text = errors.decode("utf-8", "replace")
    line = next((line for line in text.splitlines() if line.startswith(("fatal:", "error:"))), text.strip() or f"exit code {exit_code}")
    return line.removeprefix("fatal:").removeprefix("error:").strip()
