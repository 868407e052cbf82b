"""What git history holds: commits, what each did to which file, and the numbers measured along it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.domain.quality.metric import FileMeasure


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
    #: Why the history is missing or cut short ("shallow clone: run git fetch --unshallow"); empty when whole.
    gap: str = ""


def assemble(
    window: CommitWindow, measure: Callable[[str, str, str], FileMeasure], measure_before: Callable[[str, str], FileMeasure]
) -> History:
    """Return the history of a window: ``measure(commit, path, blob)`` after a commit, ``measure_before(path, blob)`` before the first."""
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
    return History(revisions=tuple(revisions), before=before, gap=window.gap)


def _revision(commit: Commit, measure: Callable[[str, str, str], FileMeasure]) -> Revision:
    renamed = {touch.path: touch.old_path for touch in commit.touches if touch.blob and touch.old_path not in {"", touch.path}}
    return Revision(
        id=commit.id,
        at=commit.at,
        changed={touch.path: measure(commit.id, touch.path, touch.blob) for touch in commit.touches if touch.blob},
        removed=tuple(touch.path for touch in commit.touches if not touch.blob),
        renamed=renamed or None,
    )
