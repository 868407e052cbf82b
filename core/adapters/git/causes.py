"""Why git did not answer, as a sentence for a person: decided by what is there, not by git's words, which change."""

from __future__ import annotations

import os
from collections.abc import Callable

from core.adapters.git.failure import GitFailed

REFETCH = "git fetch --refetch --no-filter"
#: Settings of a clone whose objects may be elsewhere.
_PARTIAL = r"^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter))$"


#: Asks git something: what it prints, and its exit code.
Ask = Callable[..., tuple[bytes, int]]


def cause_of(directory: str, ask: Ask, command: str, errors: bytes, exit_code: int) -> GitFailed:
    """Return what it means that git's ``command`` ended with ``exit_code`` and these words."""
    _, refused = ask("rev-parse", "--git-dir")
    if refused:
        reason, hint, damage = _no_repository(directory, errors)
    elif is_partial(ask):
        reason, hint, damage = "objects are missing in this partial clone", REFETCH, True
    else:
        reason, hint, damage = f"git {command} failed ({_words(errors, exit_code)})", "git fsck", True
    return GitFailed(reason, hint, exit_code, damage=damage)


def is_partial(ask: Ask) -> bool:
    """Return whether this clone was made to leave objects out."""
    output, _ = ask("config", "--name-only", "--get-regexp", _PARTIAL)
    return bool(output)


def _no_repository(directory: str, errors: bytes) -> tuple[str, str, bool]:
    """Return why git sees no repository here."""
    place = _repository_above(directory)
    if not place:
        return "not a git repository", "", False
    if _is_foreign(place):
        trust = f"git config --global --add safe.directory {_quoted(os.path.dirname(place))}"
        return "git refuses the repository because another user owns it", trust, False
    return f"not a git repository that git can read ({_words(errors, 128)})", "git status", False


def _repository_above(directory: str) -> str:
    """Return the nearest ``.git`` from a directory up; empty where there is none."""
    while True:
        place = os.path.join(directory, ".git")
        if os.path.lexists(place):
            return place
        parent = os.path.dirname(directory)
        if parent == directory:
            return ""
        directory = parent


def _is_foreign(place: str) -> bool:
    """Return whether git would call the repository somebody else's: its folder or its ``.git`` is not ours."""
    if os.environ.get("GIT_TEST_ASSUME_DIFFERENT_OWNER"):
        return True
    ours = {os.geteuid()} | ({int(uid)} if (uid := os.environ.get("SUDO_UID", "")).isdigit() and os.geteuid() == 0 else set())
    try:
        return not {os.lstat(place).st_uid, os.lstat(os.path.dirname(place)).st_uid} <= ours
    except OSError:
        return False


def _quoted(path: str) -> str:
    """Return a path as a shell takes it for one word."""
    return "'" + path.replace("'", "'\\''") + "'"


def _words(errors: bytes, exit_code: int) -> str:
    """Return the first line in which git says what is wrong."""
    text = errors.decode("utf-8", "replace")
    line = next((line for line in text.splitlines() if line.startswith(("fatal:", "error:"))), text.strip() or f"exit code {exit_code}")
    return line.removeprefix("fatal:").removeprefix("error:").strip()
