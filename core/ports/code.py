"""The code, its history, and what was accepted of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.domain.quality.finding import Accepted, PluginFindings
from core.domain.quality.history import ChangeSet, CommitWindow, History, RepositoryFacts
from core.domain.quality.metric import Block, FileMeasure, Metric


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

    def measure_sources(self, sources: Sequence[bytes]) -> tuple[FileMeasure, ...]:
        """Return the measure of each file's bytes, in their order."""

    def measure_blobs(self, ids: Iterable[str], read: Callable[[Sequence[str]], Iterable[tuple[str, bytes]]]) -> Mapping[str, FileMeasure]:
        """Return the measure of each git blob, through the same cache as files: what was measured once is never read again.

        ``ids`` are git's object ids in hex. ``read`` is called with the ids that are not known yet, once and not at all
        when there are none, and yields ``(id, bytes)`` in any order; it is consumed lazily, so it may stream. An id that it does not
        yield has no entry. What ``read`` raises passes through.
        """

    def advise(self, path: str, block: Block | None = None, *, metric: Metric, threshold: float) -> str:
        """Say in a few sentences what to extract from a block to bring a metric to its threshold, and what is left then, with lines.

        Only what is proven to keep the behaviour is suggested; beside that, and about a file (no ``block``), facts. ``block`` is found
        by name, the nearest line deciding between namesakes. Empty when there is nothing to say, or nothing there.
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


class Worktrees(Protocol):
    """Work trees beside the user's own. Nothing of the user's repository is written to."""

    def create_detached(self, directory: str, window: CommitWindow) -> None:
        """Make ``directory`` (absent or empty) a clean work tree of the window's newest commit.

        Its own repository borrows our objects; to it the window's commits are one straight line and have no
        past. Raises StorageError when that is not possible.
        """


class Repository(Protocol):
    """The git repository around the project, only ever read. A revision's base, and a file of a commit, are looked up once."""

    def selecting(self, include: Sequence[str], exclude: Sequence[str]) -> Repository:
        """Return the same repository with globs of other files; what was looked up is known to it."""

    def facts(self) -> RepositoryFacts:
        """Return small facts; never raises."""

    def changed_since(self, revision: str) -> ChangeSet:
        """Return the Python files that differ between ``revision`` and the work tree, untracked-not-ignored ones included.

        Compared with the merge base of ``revision`` and HEAD; with ``revision`` itself where the two have no history in common
        (``note`` says so). Before the first commit HEAD has no files. Raises UsageError with what to fetch when ``revision`` is
        not here, or when a shallow clone cannot tell the merge base for certain, and when there is no work tree; StorageError
        when git's objects cannot be read.
        """

    def base_of(self, revision: str) -> str:
        """Return the id of the commit that ``changed_since`` compares with; empty before the first commit. Raises as it does."""

    def contents_since(self, commit: str) -> Mapping[str, tuple[bytes | None, bytes | None]]:
        """Return both versions of each file that differs between ``commit``, an id, and the work tree, by path.

        None where there is no such file, or its bytes cannot be read. A file that was renamed has its old bytes under its new path.
        Raises StorageError when git's objects cannot be read.
        """

    def file_at(self, commit: str, path: str) -> bytes | None:
        """Return the bytes of a file as ``commit``, an id, has it; None where it has none.

        ``path`` is relative to the project. Raises StorageError for what is no regular file, is too large or cannot be read.
        """


class MetricHistory(Protocol):
    """How metrics moved over git history. Never touches the user's work tree, index or HEAD."""

    def revisions(self, count: int) -> History:
        """Return up to ``count`` first-parent revisions ending at HEAD, and the churn of ``CHURN_FACTOR`` times as many.

        Never raises for a repository's shape. A version of a file that cannot be measured has ``FileMeasure.problem``.
        """


class BaselineFile(Protocol):
    """The findings that were accepted, in a file that is committed."""

    def read(self) -> tuple[Accepted, ...] | None:
        """Return the entries, None where there is no file. Raises InvalidFile with every mistake, StorageError."""

    def write(self, accepted: Sequence[Accepted]) -> None:
        """Save the entries, in this order, atomically. Raises StorageError; the old file is intact then."""
