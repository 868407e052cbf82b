"""Processes on this machine, their log files, and the signals sent to us.

Launcher and LogStore are the private protocol of the local runner (``core.executor``): they agree on file descriptors, which no runner
elsewhere could fulfil. The loop and its other runners know only ``core.ports.attempts``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from core.domain.runs.attempt import Attempt
from core.domain.runs.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One process to start."""

    #: A string goes through a shell unless it has no shell syntax; a tuple is an argv.
    command: str | tuple[str, ...]
    #: Absolute directory to start in.
    cwd: str
    #: Variables added to the tool's own environment.
    env: Mapping[str, str]
    #: File descriptor that receives stdout and stderr.
    output: int
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """A started process has ended (its descendants may live on)."""

    handle: int
    #: Exit code, or None when a signal ended it.
    exit_code: int | None
    signal: int | None
    cpu: float
    #: Bytes; 0 when it stayed below the tool's own, which the system counts as part of every child's.
    peak_memory: int


class Launcher(Protocol):
    """Starts processes, watches them, and can reach every descendant of theirs, daemonised ones included."""

    def start(self, launch: Launch) -> int:
        """Start it in its own session, stdin from /dev/null; return a handle.

        Raises CommandNotStarted when the system refuses.
        """

    def wait(self, timeout: float | None) -> tuple[Exit, ...]:
        """Return the processes that ended, waiting at most ``timeout`` seconds for the first one.

        Returns early and empty on ``wake``. With nothing running it still waits.
        """

    @property
    def suspended(self) -> float:
        """Seconds for which this process has been suspended so far: by a person's Ctrl-Z, or frozen with the whole container."""

    def wake(self) -> None:
        """Make the present or next ``wait`` return at once; safe from a signal handler."""

    def signal(self, handle: int, number: int) -> int:
        """Send a signal to every living process of the handle's tree; return how many there were."""

    def survivors(self, handle: int) -> int:
        """Return how many processes of the handle's tree are alive."""

    def forget(self, handle: int) -> None:
        """The tree is gone, or nobody cares any more."""

    def kill_remaining(self, run_id: str) -> int:
        """KILL every process that a dead run left behind; return how many there were."""

    def notices(self) -> tuple[str, ...]:
        """Return what was done to this process since it was last asked, by its tasks or others, a sentence each.

        A stop that is no person's Ctrl-Z (it was ended within about a second), a tracer, a guardian that was killed.
        """

    def close(self) -> None: ...


class CommandNotStarted(Exception):
    """The system refused to start a command: not found, not executable, no such directory. An outcome, not an error of ours."""

    def __init__(self, reason: Reason, exit_code: int) -> None:
        super().__init__(str(reason))
        self.reason = reason
        #: 127 not found, 126 found but not executable, as shells report it.
        self.exit_code = exit_code


class StopSignals(Protocol):
    """SIGINT, SIGTERM and SIGHUP sent to the tool."""

    def received(self) -> int | None:
        """Return the first signal number received, or None."""

    def count(self) -> int:
        """Return how many were received; two mean: now."""


class Log(Protocol):
    """The log file of one attempt."""

    @property
    def path(self) -> str:
        """Path relative to the repository."""

    @property
    def output(self) -> int:
        """File descriptor for a child's stdout and stderr."""

    def note(self, text: str) -> None:
        """Append a line of ours: header, section, footer."""

    def trim(self) -> int:
        """Keep the file under its limit by leaving out its middle; return the bytes left out so far."""

    def end(self, footer: Callable[[int], str]) -> str:
        """Append the last lines, made of the number of bytes left out, close it and return its digest as ``close`` does."""

    def close(self) -> str:
        """Close it and return the SHA-256 of its bytes; nothing where they cannot be read."""


class LogReader(Protocol):
    """Reads logs by the paths that attempts have."""

    def tail(self, path: str, lines: int) -> tuple[str, ...]:
        """Return the last lines of the task's own output (not our header and footer), control characters escaped."""


class LogStore(LogReader, Protocol):
    """``logs/`` for one run: one file an attempt."""

    def open(self, attempt: Attempt) -> Log:
        """Create the log of an attempt. Raises StorageError."""

    def check_writable(self) -> None:
        """Raise StorageError, with what to type, where ``open`` would; nothing is left behind but the directory."""

    def prune(self) -> int:
        """Remove the oldest logs of attempts beyond the limit, none of them of this run, and as many event logs of runs as are beyond it.

        Returns how many files were removed.
        """
