"""The ``git`` command, started so that it only ever reads: no locks, no hooks, no filters, no network, no one's configuration to run."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache

from core.adapters.git.causes import cause_of
from core.adapters.git.failure import GitFailed
from core.adapters.git.patience import INTERVAL, Patience
from core.domain.untrusted.git_reading import absolute_entries, reading_environment, reading_options


class _Standing:
    """What is known of the git of one directory, by whoever in this process asks it."""

    __slots__ = ("directory", "given_up")

    def __init__(self, directory: str) -> None:
        self.directory = directory
        #: Why git is not asked any more; empty as long as it answers.
        self.given_up = ""


@cache
def _standing(directory: str) -> _Standing:
    """Return the one of a directory: a git that waits for ever is waited for once."""
    return _Standing(directory)


class Git:
    """Starts git in one directory."""

    def __init__(self, directory: str, *, executable: str = "git") -> None:
        self.directory = os.path.abspath(directory)
        self.executable = executable
        self._standing = _standing(self.directory)

    def start(self, *arguments: str, config: Mapping[str, str] | None = None, errors: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start git with pipes; ``config`` overrides settings. Raises GitFailed when there is no such program."""
        if self._standing.given_up:
            raise GitFailed(self._standing.given_up, damage=True)
        environment = reading_environment(os.environ, config)
        if bare := _bare_repository(self.directory):
            environment["GIT_DIR"] = bare
        command = [_program(self.executable), *reading_options(), "-C", self.directory, *arguments]
        try:
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment)
        except OSError as error:
            raise _not_started(error) from error

    def run(self, *arguments: str, input: bytes = b"", config: Mapping[str, str] | None = None) -> bytes:
        """Return what git prints. Raises GitFailed when it ends with anything but 0, or waits for what never comes."""
        output, errors, exit_code = self._answer(input, *arguments, config=config)
        if exit_code != 0:
            raise cause_of(self.directory, self.answers, arguments[0], errors, exit_code)
        return output

    def answers(self, *arguments: str) -> tuple[bytes, int]:
        """Return what git prints and its exit code, whatever it is. Raises GitFailed when it cannot be started."""
        output, _, exit_code = self._answer(b"", *arguments)
        return output, exit_code

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

    def give_up(self, process: subprocess.Popen[bytes]) -> GitFailed:
        """End a git that waits for what never comes, and ask none again; return why."""
        process.kill()
        self._standing.given_up = "git waits for something that never comes (is a file of .git or a .gitignore a named pipe?)"
        return GitFailed(self._standing.given_up, damage=True)

    def _answer(self, input: bytes, *arguments: str, config: Mapping[str, str] | None = None) -> tuple[bytes, bytes, int]:
        with self.start(*arguments, config=config) as process:
            patience, left = Patience(process.pid), input or None
            try:
                while True:
                    try:
                        output, errors = process.communicate(left, timeout=INTERVAL)
                        return output, errors, process.returncode
                    except subprocess.TimeoutExpired:
                        left = None  # it was taken over by the first call
                        if patience.is_over():
                            raise self.give_up(process) from None
            finally:
                process.kill()


def _program(name: str) -> str:
    """Return the path of git; the name itself where it is not found, so that starting it says why."""
    return shutil.which(name, path=absolute_entries(os.environ.get("PATH", os.defpath))) or os.path.abspath(f"/nonexistent/{name}")


def _not_started(error: OSError) -> GitFailed:
    if error.errno == errno.E2BIG:
        return GitFailed("the repository configures more filters than can be switched off", "git config --list --show-origin", damage=True)
    hint = "let this user have more processes (ulimit -u)" if error.errno == errno.EAGAIN else "install git, or put it on PATH"
    return GitFailed(f"the git command cannot be started ({error.strerror})", hint, damage=True)


def _bare_repository(directory: str) -> str:
    """Return ``directory`` where it is a bare repository of the user's own that lies in no other; else nothing.

    git is told to find none by itself: a folder of a work tree that looks like one would bring its own configuration.
    """
    parts = (os.path.join(directory, name) for name in ("objects", "refs", "HEAD"))
    if not all(map(os.path.lexists, parts)) or os.path.basename(directory) == ".git":
        return ""
    above = directory
    while (parent := os.path.dirname(above)) != above:
        above = parent
        if os.path.lexists(os.path.join(above, ".git")):
            return ""
    return directory if os.stat(directory).st_uid == os.geteuid() else ""
