"""A Protocol for every outside thing. The docstring is the contract; ``tests/contract`` holds twin and adapter to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from core.domain.accepted import Accepted
from core.domain.attempt import Attempt, RunRecord, Transition
from core.domain.change import ChangeSet, RepositoryFacts
from core.domain.edit import Edit, Snapshot
from core.domain.history import CommitWindow, History, Revision
from core.domain.metric import Block, FileMeasure
from core.domain.outcome import Outcome
from core.domain.plugin_findings import PluginFindings
from core.domain.project_facts import ProjectSigns
from core.domain.status import Status
from core.events import Event


class Clock(Protocol):
    """Time. Everything that decides by time asks here."""

    def now(self) -> float:
        """Return Unix time in seconds; may jump."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never goes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The edits are in the file, and the file is what it was before plus the edits."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class HandEdited:
    """Somebody saved the file since we last read it; nothing of ours is lost or decided.

    ``snapshot`` is their text, as it is on the disk; the next ``write`` applies onto it.
    """

    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Not now: somebody is in the middle of a save, or their text is invalid. Nothing was written; try again later."""

    #: Why, one line a problem.
    problems: tuple[str, ...]


class TaskFile(Protocol):
    """``tasks.yml``: it belongs to the person who edits it; only the bytes of an edit ever change."""

    def read(self) -> Snapshot:
        """Read and validate the file; later ``poll`` and ``write`` compare with this text.

        Raises InvalidFile with every problem at once, StorageError when it cannot be read.
        """

    def poll(self) -> Snapshot | None:
        """Return the new text if somebody saved the file since we last read or wrote it, else None.

        Costs one ``stat`` when nothing happened. A save that is still under way (empty, truncated, still
        changing) or that is invalid counts as not yet happened; ``problems`` tells. Never raises InvalidFile.
        """

    def problems(self) -> tuple[str, ...]:
        """Return why the present content is not taken over, one line a problem; empty when it is."""

    def write(self, edits: Sequence[Edit]) -> Written | HandEdited | Busy:
        """Apply ``edits`` to the text last returned and save it atomically, or report a hand edit and change nothing.

        Raises EditRefused when an edit cannot be made without guessing (nothing is written), StorageError
        when the disk refuses (the old file is intact).
        """

    def close(self) -> None:
        """Release what is held; a save by hand that came after the last write is left as it is."""


class Journal(Protocol):
    """The durable record. A method that returned survives ``kill -9``; power loss may cost the last 100 ms."""

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything recorded inside durable at once or not at all. Does not nest."""

    def begin_run(self, run: RunRecord) -> None: ...

    def end_run(self, run_id: str, ended: float, exit_code: int) -> None: ...

    def dead_runs(self) -> tuple[RunRecord, ...]:
        """Return runs without an end, oldest first. Call under the run lock: then all of them are dead."""

    def open_attempts(self) -> tuple[Attempt, ...]:
        """Return attempts without an outcome, oldest first."""

    def begin_attempt(self, attempt: Attempt) -> None: ...

    def end_attempt(self, attempt: Attempt) -> None:
        """Record ``attempt.outcome`` for the attempt with the same run, task and number."""

    def record(self, run_id: str, task_id: str, before: Status, after: Status, at: float, reason: str) -> int:
        """Record a transition that ``tasks.yml`` does not show yet; return its seq (increasing)."""

    def unwritten(self) -> tuple[Transition, ...]:
        """Return transitions that ``tasks.yml`` does not show yet, in order."""

    def mark_written(self, up_to: int) -> None:
        """``tasks.yml`` now shows every transition with ``seq <= up_to``."""

    def attempt_counts(self) -> Mapping[str, int]:
        """Return the number of attempts ever made, by task id."""

    def durations(self) -> Mapping[str, float]:
        """Return the mean seconds of the last five succeeded attempts, by task id; absent where there is none."""

    def verified(self) -> frozenset[str]:
        """Return the ids whose last attempt succeeded and was verified."""

    def attempts(self, task_id: str | None = None, limit: int = 100) -> tuple[Attempt, ...]:
        """Return attempts, newest first."""

    def transitions(self, task_id: str, limit: int = 100) -> tuple[Transition, ...]:
        """Return a task's transitions, newest first."""

    def runs(self, limit: int = 100) -> tuple[RunRecord, ...]:
        """Return runs, newest first."""

    def load_state(self, key: str) -> Any:
        """Return the JSON value saved under ``key``, or None."""

    def save_state(self, key: str, value: Any) -> None: ...

    def close(self) -> None: ...


class RunLock(Protocol):
    """At most one live run a repository."""

    def acquire(self, run_id: str) -> None:
        """Take the lock; a dead holder's is broken silently. Raises LockHeld naming a live holder's pid."""

    def release(self) -> None: ...

    def holder(self) -> int | None:
        """Return the pid of a live holder, or None."""


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

        Raises CommandNotStarted with one sentence for a person when the system refuses.
        """

    def wait(self, timeout: float | None) -> tuple[Exit, ...]:
        """Return the processes that ended, waiting at most ``timeout`` seconds for the first one.

        Returns early and empty on ``wake``. With nothing running it still waits.
        """

    def wake(self) -> None:
        """Make the present or next ``wait`` return at once; safe from a signal handler."""

    def signal(self, handle: int, number: int) -> int:
        """Send a signal to every living process of the handle's tree; return how many there were."""

    def survivors(self, handle: int) -> int:
        """Return how many processes of the handle's tree are alive."""

    def forget(self, handle: int) -> None:
        """The tree is gone, or nobody cares any more."""

    def sweep(self, run_id: str) -> int:
        """KILL every process that a dead run left behind; return how many there were."""

    def close(self) -> None: ...


class CommandNotStarted(Exception):
    """The system refused to start a command: not found, not executable, no such directory. An outcome, not an error of ours."""

    def __init__(self, reason: str, exit_code: int) -> None:
        super().__init__(reason)
        self.reason = reason
        #: 127 not found, 126 found but not executable, as shells report it.
        self.exit_code = exit_code


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

    def close(self) -> str:
        """Close it and return the SHA-256 of its bytes."""


class LogStore(Protocol):
    """``logs/``: one file an attempt, the oldest removed beyond the limit."""

    def open(self, attempt: Attempt) -> Log: ...

    def tail(self, path: str, lines: int) -> tuple[str, ...]:
        """Return the last lines of the task's own output (not our header and footer), control characters escaped."""

    def prune(self) -> int:
        """Remove what retention no longer keeps; return how many files."""


class EventSink(Protocol):
    """Receives every event of a run, in order. Must not raise for reasons of its own."""

    def __call__(self, event: Event) -> None: ...


class Listeners(EventSink, Protocol):
    """Programs that are told what happens. They start with the first event; telling them never waits for one."""

    def problems(self) -> tuple[str, ...]:
        """Return what went wrong since this was last asked, a sentence each."""

    def close(self, hurried: Callable[[], bool] = ...) -> None:
        """Give them some seconds to take what they were told, few once ``hurried``; then nothing of them is left."""


class StopSignals(Protocol):
    """SIGINT, SIGTERM and SIGHUP sent to the tool."""

    def received(self) -> int | None:
        """Return the first signal number received, or None."""

    def count(self) -> int:
        """Return how many were received; two mean: now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One file's measure and where it lies."""

    #: POSIX path relative to the repository.
    path: str
    measure: FileMeasure


class CodeMeter(Protocol):
    """Measures Python files; the numbers equal radon's own. Never raises for what a file contains: ``FileMeasure.problem`` tells."""

    def measure(self, paths: Sequence[str] | None = None) -> tuple[Measured, ...]:
        """Return the measures of ``paths`` (relative files or directories), sorted by path.

        Default, and what a directory stands for: every file that ``audit.include/exclude`` selects. A file named
        outright is measured even where they leave it out; one that is gone has no entry.
        """

    def measure_source(self, source: bytes) -> FileMeasure:
        """Return the measure of one file's bytes."""

    def measure_blobs(self, ids: Iterable[str], read: Callable[[Sequence[str]], Iterable[tuple[str, bytes]]]) -> Mapping[str, FileMeasure]:
        """Return the measure of each git blob, through the same cache as files: what was measured once is never read again.

        ``ids`` are git's object ids in hex. ``read`` is called with the ids that are not known yet, once and not at all
        when there are none, and yields ``(id, bytes)`` in any order; it is consumed lazily, so it may stream. An id that it does not
        yield has no entry. What ``read`` raises passes through.
        """

    def advise(self, path: str, block: Block | None = None) -> str:
        """Say in a sentence or two where the complexity of a block (default: the file) sits and what to extract, with lines.

        ``block`` is found by name, the nearest line deciding between namesakes. Empty when there is nothing to say, or nothing there.
        """


class PluginAuditors(Protocol):
    """The plugins of a repository that find trouble in it."""

    def audit(self, files: Sequence[str], only: str = "") -> PluginFindings:
        """Ask each of them once (or the one called ``only``), told which ``files`` are audited. Never raises: ``notes`` say what failed."""


class CommitLog(Protocol):
    """The newest commits of a git repository. Never touches the user's work tree, index, HEAD or ``.git``, nor the network."""

    def window(self, count: int) -> CommitWindow:
        """Return up to ``count`` first-parent commits ending at HEAD and what each did to Python files.

        Never raises for a repository's shape: ``CommitWindow.gap`` says what is missing and what to type.
        """

    def lend(self, directory: str, window: CommitWindow) -> None:
        """Make ``directory`` (absent or empty) a clean work tree of the window's newest commit.

        Its own repository borrows our objects; to it the window's commits are one straight line and have no
        past. Raises StorageError when that is not possible.
        """


class Repository(Protocol):
    """The git repository around the project, only ever read."""

    def facts(self) -> RepositoryFacts:
        """Return small facts; never raises."""

    def changed_since(self, revision: str) -> ChangeSet:
        """Return the Python files that differ between ``revision`` and the work tree, untracked-not-ignored ones included.

        Compared with the merge base of ``revision`` and HEAD where there is one in this clone, else with
        ``revision`` itself (``note`` says so). Raises UsageError with what to fetch when ``revision`` is not
        here, or when there is no work tree; StorageError when git's objects cannot be read.
        """


class BaselineFile(Protocol):
    """The findings that were accepted, in a file that is committed."""

    def read(self) -> tuple[Accepted, ...] | None:
        """Return the entries, None where there is no file. Raises InvalidFile with every mistake, StorageError."""

    def write(self, accepted: Sequence[Accepted]) -> None:
        """Save the entries, in this order, atomically. Raises StorageError; the old file is intact then."""


class MetricHistory(Protocol):
    """How metrics moved over git history. Never touches the user's work tree, index or HEAD."""

    def revisions(self, count: int) -> History:
        """Return up to ``count`` first-parent revisions ending at HEAD. Never raises for a repository's shape.

        A version of a file that cannot be measured has ``FileMeasure.problem``.
        """


class ProjectFolder(Protocol):
    """The repository that ``init`` looks at and writes the first files into. Paths are relative to it."""

    def look(self, files: Sequence[str], programs: Sequence[str]) -> ProjectSigns:
        """Return what lies in it, with the texts of ``files`` and how each of ``programs`` is started.

        Bounded in depth, number and size; what cannot be read counts as absent. Raises StorageError when there is no such directory.
        """

    def existing(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Return those of ``paths`` at which something lies already, dangling links included."""

    def create(self, files: Mapping[str, str]) -> None:
        """Write every file, or none; never over an existing one. Raises StorageError."""

    def put(self, files: Mapping[str, str]) -> None:
        """Write files that are ours, with their directories, over older ones. Raises StorageError."""


__all__ = [
    "BaselineFile",
    "Busy",
    "Clock",
    "CodeMeter",
    "CommandNotStarted",
    "CommitLog",
    "EventSink",
    "Exit",
    "HandEdited",
    "History",
    "Journal",
    "Launch",
    "Launcher",
    "Listeners",
    "Log",
    "LogStore",
    "Measured",
    "MetricHistory",
    "Outcome",
    "PluginAuditors",
    "ProjectFolder",
    "Repository",
    "Revision",
    "RunLock",
    "StopSignals",
    "TaskFile",
    "Written",
]
