"""How one file goes back to what it was before a change, given that somebody may have edited it since. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

#: git's mode of a symbolic link.
LINK = "120000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file in one state."""

    #: Of git: 100644, 100755 (executable) or 120000 (a link).
    mode: str
    #: Id of its content; a link's content is its target.
    blob: str


class Undo(Enum):
    """What is to be done with a file."""

    #: Nothing: it is as it was before the change, or its change was undone by somebody.
    NOTHING = auto()
    #: Give it the content and mode of before; where it was not there before, remove it.
    RESTORE = auto()
    #: Take the change out of what it has now, and keep what was edited since.
    MERGE = auto()
    #: Leave it: nobody can tell what is wanted.
    LEAVE = auto()


def undo_of(before: Entry | None, after: Entry | None, now: Entry | None) -> Undo:
    """Decide. ``before`` and ``after`` are the file on both sides of the change, ``now`` as it is; None: there is none."""
    if now == before:
        return Undo.NOTHING
    if now == after:
        return Undo.RESTORE
    if before is None or after is None or now is None or LINK in (before.mode, after.mode, now.mode):
        return Undo.LEAVE
    return Undo.MERGE


def mode_of(before: Entry, after: Entry, now: Entry) -> str:
    """Return the mode of a merged file: a person's change of it since counts, else it is that of before."""
    return before.mode if now.mode == after.mode else now.mode
