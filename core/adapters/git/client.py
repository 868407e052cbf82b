"""The one place that starts ``git``: no hooks, no filters, no network, and no program that a repository's configuration names."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from core.adapters.git.failure import GitFailed, cause_of
from core.adapters.git.stall import INTERVAL, StallDetector
from core.domain.untrusted.git_reading import absolute_entries, reading_environment, reading_options
from core.files.reading import repository_above

_STALLED = "git waits for something that never comes (is a file of .git or a .gitignore a named pipe?)"


class _Health:
    """Whether git still answers in one directory."""

    __slots__ = ("stalled",)

    def __init__(self) -> None:
        self.stalled = False


@cache
def _health(_directory: str) -> _Health:
    """Return what all clients of a directory share: after one stall git is not started there again."""
    return _Health()


class Git:
    """Starts git in one directory; ``variables`` name a repository of ours, ``GIT_DIR`` and so on, in place of the one around it.

    ``apart``: in a process group of its own, so that Ctrl-C at a terminal does not end it: what it does is to be finished.
    """

    def __init__(self, directory: str, *, executable: str = "git", variables: Mapping[str, str] | None = None, apart: bool = False) -> None:
        self.directory = os.path.abspath(directory)
        self.executable = executable
        self._variables = dict(variables or {})
        self._group = 0 if apart else None
        self._health = _health(self.directory)

    def start(
        self,
        *arguments: str,
        config: Mapping[str, str] | None = None,
        literal: bool = False,
        errors: int = subprocess.PIPE,
        input: int = subprocess.PIPE,
    ) -> subprocess.Popen[bytes]:
        """Start git with pipes; ``errors`` and ``input`` may be descriptors of files.

        ``config`` overrides settings. With ``literal`` paths are names of files, not patterns. Raises GitFailed when git cannot be started.
        """
        if self._health.stalled:
            raise GitFailed(_STALLED, damage=True)
        environment = reading_environment(os.environ, config)
        if self._variables:
            environment |= self._variables
        elif bare := _bare_repository(self.directory):
            environment["GIT_DIR"] = bare
        if literal:
            environment["GIT_LITERAL_PATHSPECS"] = "1"
        command = [_program(self.executable), *reading_options(), "-C", self.directory, *arguments]
        try:
            return subprocess.Popen(command, stdin=input, stdout=subprocess.PIPE, stderr=errors, env=environment, process_group=self._group)
        except OSError as error:
            raise _not_started(error) from error

    def run(self, *arguments: str, input: bytes = b"", config: Mapping[str, str] | None = None, literal: bool = False) -> bytes:
        """Return git's output. Raises GitFailed when it ends with anything but 0, or stalls."""
        with _as_file(input) as source:
            output, errors, exit_code = self._communicate(self.start(*arguments, config=config, literal=literal, input=source))
        if exit_code != 0:
            raise cause_of(self.directory, self.ask, arguments[0], errors, exit_code)
        return output

    def ask(self, *arguments: str) -> tuple[bytes, int]:
        """Return git's output and its exit code, whatever it is. Raises GitFailed when git cannot be started, or stalls."""
        output, _, exit_code = self._communicate(self.start(*arguments))
        return output, exit_code

    def text(self, *arguments: str) -> str:
        """Return git's output; empty when git ends with 1, which stands for "there is none"."""
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
        """Kill a stalled git, start none in this directory again, and return the error to raise."""
        process.kill()
        self._health.stalled = True
        return GitFailed(_STALLED, damage=True)

    def _communicate(self, started: subprocess.Popen[bytes]) -> tuple[bytes, bytes, int]:
        with started as process:
            stall = StallDetector(process.pid)
            try:
                while True:
                    try:
                        output, errors = process.communicate(timeout=INTERVAL)
                        return output, errors, process.returncode
                    except subprocess.TimeoutExpired:
                        if stall.is_stalled():
                            raise self.give_up(process) from None
            finally:
                process.kill()


@contextmanager
def _as_file(content: bytes) -> Iterator[int]:
    """Return a descriptor to read ``content`` from; a pipe where there is none.

    A pipe would have to be filled while git works: one that works for long would be taken for one that waits.
    """
    if not content:
        yield subprocess.PIPE
        return
    with os.fdopen(os.memfd_create("input"), "w+b") if hasattr(os, "memfd_create") else tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        yield file.fileno()


def _program(name: str) -> str:
    """Return the path of git; one that does not exist where git is not found, so that starting it gives the error."""
    return shutil.which(name, path=absolute_entries(os.environ.get("PATH", os.defpath))) or os.path.abspath(f"/nonexistent/{name}")


def _not_started(error: OSError) -> GitFailed:
    if error.errno == errno.E2BIG:
        return GitFailed("the repository configures more filters than can be switched off", "git config --list --show-origin", damage=True)
    hint = "let this user have more processes (ulimit -u)" if error.errno == errno.EAGAIN else "install git, or put it on PATH"
    return GitFailed(f"the git command cannot be started ({error.strerror})", hint, damage=True)


def _bare_repository(directory: str) -> str:
    """Return ``directory`` where it is a bare repository of this user's that lies in no other repository; else an empty string.

    git must not discover one by itself: a folder of a work tree that looks like one would bring its own configuration.
    """
    parts = (os.path.join(directory, name) for name in ("objects", "refs", "HEAD"))
    if not all(map(os.path.lexists, parts)) or os.path.basename(directory) == ".git":
        return ""
    if repository_above(os.path.dirname(directory)):
        return ""
    return directory if os.stat(directory).st_uid == os.geteuid() else ""
