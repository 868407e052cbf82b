"""The ``git`` command, started so that it only ever reads: no locks, no hooks, no filters, no network, no one's configuration to run.

What git says is turned into sentences for a person here, and nowhere else.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

#: ``GIT_*`` variables that say how git is installed and whom it trusts; every other one is dropped, because inside
#: a hook they point at somebody's half-made commit.
_KEPT = ("GIT_CONFIG", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH", "GIT_TEST_ASSUME_DIFFERENT_OWNER")

_FORCED = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # Older gits do not know GIT_NO_LAZY_FETCH; without any protocol allowed they cannot fetch either.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    # A blob id stands for its content here, and a commit for its own parents: no replacements, no grafts.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "LC_ALL": "C",
    "LANGUAGE": "",
}

_OPTIONS = (
    "--no-pager",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.untrackedCache=false",
)

_FOREIGN = ("git refuses the repository because another user owns it", "git config --global --add safe.directory '{directory}'")
_REFETCH = "git fetch --refetch --no-filter"
_PARTIAL = ("objects are missing in this partial clone", _REFETCH)

#: Sign in git's error text → our sentence and what to type.
_SENTENCES = {
    "not a git repository": ("not a git repository", ""),
    "must be run in a work tree": ("the repository has no work tree", ""),
    "dubious ownership": _FOREIGN,
    "unsafe repository": _FOREIGN,
    "lazy fetching disabled": _PARTIAL,
    "promisor remote": _PARTIAL,
    "could not fetch": _PARTIAL,
    # What older gits say when they would fetch and may not.
    "transport '": _PARTIAL,
}


class GitFailed(Exception):
    """git did not answer; the package's own, it never leaves it."""

    def __init__(self, reason: str, hint: str = "", exit_code: int = -1, *, damage: bool = False) -> None:
        super().__init__(reason)
        #: One sentence without a full stop.
        self.reason = reason
        #: What to type; empty when there is nothing sensible.
        self.hint = hint
        self.exit_code = exit_code
        #: Nobody's mistake that we know of: objects are missing or unreadable, or git itself is.
        self.damage = damage

    def __str__(self) -> str:
        return f"{self.reason}: {self.hint}" if self.hint else self.reason


class Git:
    """Starts git in one directory."""

    def __init__(self, directory: str, *, executable: str = "git") -> None:
        self.directory = os.path.abspath(directory)
        self.executable = executable

    def start(self, *arguments: str, config: Mapping[str, str] | None = None, errors: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start git with pipes; ``config`` overrides settings. Raises GitFailed when there is no such program."""
        command = [self.executable, *_OPTIONS, "-C", self.directory, *arguments]
        try:
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=_environment(config or {}))
        except OSError as error:
            raise GitFailed(
                f"the git command cannot be started ({error.strerror})", "install git, or put it on PATH", damage=True
            ) from error

    def run(self, *arguments: str, input: bytes = b"", config: Mapping[str, str] | None = None) -> bytes:
        """Return what git prints. Raises GitFailed when it ends with anything but 0."""
        process = self.start(*arguments, config=config)
        output, errors = process.communicate(input)
        if process.returncode != 0:
            raise self.failure(errors, process.returncode, arguments[0])
        return output

    def text(self, *arguments: str) -> str:
        """Return git's output; empty when git ends with 1, its word for "there is none"."""
        try:
            return os.fsdecode(self.run(*arguments))
        except GitFailed as failed:
            if failed.exit_code == 1:
                return ""
            raise

    def line(self, *arguments: str) -> str:
        """Return git's output without the last line end; empty when there is none."""
        return self.text(*arguments).removesuffix("\n")

    def failure(self, errors: bytes, exit_code: int, command: str) -> GitFailed:
        """Return what git's error text means."""
        text = errors.decode("utf-8", "replace")
        for sign, (reason, hint) in _SENTENCES.items():
            if sign in text:
                return GitFailed(reason, hint.format(directory=self.directory), exit_code, damage=hint == _REFETCH)
        words = next(
            (line for line in text.splitlines() if line.startswith(("fatal:", "error:"))), text.strip() or f"exit code {exit_code}"
        )
        said = words.removeprefix("fatal:").removeprefix("error:").strip()
        return GitFailed(f"git {command} failed ({said})", "git fsck", exit_code, damage=True)


def _environment(config: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without what could turn git elsewhere, and with what keeps it to reading."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key.startswith(_KEPT)}
    count = int(inherited.get("GIT_CONFIG_COUNT") or 0)
    settings = {"GIT_CONFIG_COUNT": str(count + len(config))}
    for number, (key, value) in enumerate(config.items(), start=count):
        settings |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**inherited, **settings, **_FORCED}
