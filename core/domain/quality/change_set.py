"""What is different between a base revision and the work tree."""

from __future__ import annotations

from dataclasses import dataclass


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
    #: What a person should know about the base ("no merge base in this shallow clone: …"); empty when nothing.
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
