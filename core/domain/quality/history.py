"""What git holds: commits and what each did to which file, the numbers along them, and what changed since one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha1, sha256

from core.domain.quality.metric import FileMeasure

#: Churn looks this many times as far back as trends do: counting commits costs little, measuring what was in them a lot.
CHURN_FACTOR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """What one commit did to the content or the place of one regular file."""

    #: POSIX path relative to the project; the path before, when the commit removed the file.
    path: str
    #: Path before the commit; differs from ``path`` after a rename, empty when the commit added the file.
    old_path: str
    #: Git blob id of the content; empty when the commit removed the file.
    blob: str
    #: Git blob id before the commit; empty when the commit added the file.
    old_blob: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit, compared with its first parent."""

    id: str
    #: Unix time of the commit in seconds.
    at: float
    touches: tuple[Touch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitWindow:
    """The newest first-parent commits, oldest first, or why there are none."""

    commits: tuple[Commit, ...] = ()
    #: The project's place below the repository's root, with a slash at its end; empty when they are the same.
    prefix: str = ""
    #: Why the window is missing or cut short, and what to type; empty when whole.
    gap: str = ""
    #: Path in the work tree → path at the newest commit, for files that were moved since; a copied file did not move.
    moved: Mapping[str, str] = field(default_factory=dict)

    def newest(self, count: int) -> CommitWindow:
        """Return the window of the newest ``count`` commits (1 or more)."""
        return self if len(self.commits) <= count else replace(self, commits=self.commits[-count:], gap="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One commit of the history looked at."""

    id: str
    #: Unix time of the commit in seconds.
    at: float
    #: Measures of the Python files this commit added, changed or renamed, by path.
    changed: Mapping[str, FileMeasure]
    #: Paths this commit removed; the old path of a rename is not among them.
    removed: tuple[str, ...] = ()
    #: New path → old path, for files this commit renamed.
    renamed: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The revisions looked at, oldest first, or why there are none."""

    revisions: tuple[Revision, ...] = ()
    #: Measures that files had before the first revision, by their path then; only files that a revision touches.
    before: Mapping[str, FileMeasure] = field(default_factory=dict)
    #: How many of the commits looked at before the first revision touched a file, by its path then.
    earlier_churn: Mapping[str, int] = field(default_factory=dict)
    #: Why the history is missing or cut short ("shallow clone: run git fetch --unshallow"); empty when whole.
    gap: str = ""
    #: Path in the work tree → path at the last revision, for files that were moved since and are not committed.
    moved: Mapping[str, str] = field(default_factory=dict)


def assemble(
    window: CommitWindow,
    count: int,
    measure: Callable[[str, str, str], FileMeasure],
    measure_before: Callable[[str, str], FileMeasure],
) -> History:
    """Return the history of the newest ``count`` commits of a window; of those before them only the churn.

    ``measure(commit, path, blob)`` measures after a commit, ``measure_before(path, blob)`` before the first of those ``count``.
    """
    earlier, window = window.commits[:-count], window.newest(count)
    before: dict[str, FileMeasure] = {}
    touched: set[str] = set()
    revisions = []
    for commit in window.commits:
        # All old paths first: a commit may swap two files.
        before.update(
            (touch.old_path, measure_before(touch.old_path, touch.old_blob))
            for touch in commit.touches
            if touch.old_path and touch.old_path not in touched
        )
        touched.difference_update(touch.old_path for touch in commit.touches)
        touched.update(touch.path for touch in commit.touches if touch.blob)
        revisions.append(_revision(commit, measure))
    return History(revisions=tuple(revisions), before=before, earlier_churn=_churn(earlier), gap=window.gap, moved=window.moved)


def _churn(commits: Iterable[Commit]) -> dict[str, int]:
    """Return how many of the commits touched each file that is there after the last of them, under whatever names it had."""
    churn: dict[str, int] = {}
    for commit in commits:
        # All old paths first: a commit may swap two files.
        counts = [(touch.path, churn.pop(touch.old_path, 0) + 1) for touch in commit.touches]
        churn.update((path, count) for (path, count), touch in zip(counts, commit.touches, strict=True) if touch.blob)
    return churn


def _revision(commit: Commit, measure: Callable[[str, str, str], FileMeasure]) -> Revision:
    renamed = {touch.path: touch.old_path for touch in commit.touches if touch.blob and touch.old_path not in {"", touch.path}}
    return Revision(
        id=commit.id,
        at=commit.at,
        changed={touch.path: measure(commit.id, touch.path, touch.blob) for touch in commit.touches if touch.blob},
        removed=tuple(touch.path for touch in commit.touches if not touch.blob),
        renamed=renamed or None,
    )


def blob_digest(content: bytes, *, sha256_objects: bool = False) -> bytes:
    """Return git's object id of a blob with this content: 20 bytes, or 32 in a repository whose objects are named by SHA-256."""
    digest = (sha256 if sha256_objects else sha1)(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """One file of the work tree whose content or place is not that of the base revision."""

    #: POSIX path relative to the project.
    path: str
    #: Its path at the base revision; differs from ``path`` after a rename, empty for a new file.
    old_path: str
    #: Its bytes at the base revision; None for a new file.
    base: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """Everything that changed since a base revision, committed or not."""

    #: Id of the commit that was compared with; empty before the first one.
    base: str
    #: Sorted by path; deleted files are not among them.
    changes: tuple[ChangedFile, ...]
    #: Paths at the base revision of files that are gone, sorted; the old path of a rename is not among them.
    deleted: tuple[str, ...] = ()
    #: Bytes at the base revision of the deleted files, by path; without those that this clone has not.
    deleted_bases: Mapping[str, bytes] = field(default_factory=dict)
    #: What a person should know about the base ("it has no history in common with HEAD"); empty when nothing.
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFacts:
    """Small facts about the git repository around the project."""

    #: Absolute path of the work tree; empty without one (no git, bare).
    root: str = ""
    #: The project's place below ``root`` with a slash at its end; empty when they are the same.
    prefix: str = ""
    #: Commit id; empty before the first commit.
    head: str = ""
    #: Short name; empty when HEAD is detached.
    branch: str = ""
    shallow: bool = False
    bare: bool = False
    #: Why there are no facts ("not a git repository"); empty when there are.
    problem: str = ""
