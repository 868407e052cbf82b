"""States of the work tree that can be compared and gone back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What became of a change that was to be undone. Paths are relative to the project, POSIX."""

    #: Files that are as they were, but for what a person edited meanwhile.
    restored: tuple[str, ...] = ()
    #: Files that still have the change.
    left: tuple[str, ...] = ()
    #: Why they have it, a clause: ``edited meanwhile``, ``hidden from git by the change``.
    why_left: str = ""
    #: The commits that HEAD got with the change, and still has, as git names a range; empty for none.
    commits: str = ""


class Snapshots(Protocol):
    """Snapshots of the files of the work tree, but for what git ignores and for the tool's own files.

    The user's index, HEAD, branches and configuration are never touched. Methods raise StorageError.
    """

    def take(self, subject: str, before: str = "") -> str:
        """Return the id of the state as it is now; ``before`` is the id of the state that came before it, ``subject`` a line about it.

        Files that cannot be read, and very large ones, are not part of it.
        """

    def changed(self, before: str, after: str) -> tuple[str, ...]:
        """Return the files that differ between two states, sorted, but for those that ``restore`` never touches."""

    def contents(self, snapshot: str, paths: Sequence[str]) -> Mapping[str, bytes]:
        """Return the content of regular files in a state, by path; a path without one is left out."""

    def restore(self, before: str, after: str) -> Rollback:
        """Undo what changed from ``before`` to ``after``, and nothing else: what was edited since ``after`` is kept.

        A file that was edited since gets its old content with those edits in it; where the two do not go together it is left as it is.
        The tasks file is never touched.
        """

    def shows(self, before: str, after: str) -> str:
        """Return the command that shows a person what changed between two states; empty where nothing can.

        Without ``after``: what has changed since ``before``.
        """
