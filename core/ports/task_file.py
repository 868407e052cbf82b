"""The user's tasks file, and the folder that ``init`` writes into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.domain.settings.project_facts import ProjectSigns
from core.domain.tasks.entry import Edit, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The edits are in the file, and the file is what it was before plus the edits."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class HandEdited:
    """Somebody else saved the file since it was last read; nothing was written.

    ``snapshot`` is their text; the next ``write`` applies its edits to it.
    """

    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Somebody is in the middle of a save, or their text is invalid. Nothing was written; try again later."""

    #: Why, one line a problem.
    problems: tuple[str, ...]


class TaskFile(Protocol):
    """``tasks.yml``: it belongs to the user; a write changes only the bytes of its edits."""

    def read(self) -> Snapshot:
        """Read and validate the file; later ``poll`` and ``write`` compare with this text.

        Raises InvalidFile with every problem at once, StorageError when it cannot be read.
        """

    def poll(self) -> Snapshot | None:
        """Return the new text if somebody saved the file since we last read or wrote it, else None.

        Costs one ``stat`` when nothing happened. A save that is still under way (empty, truncated, still
        changing) or that is invalid counts as not yet happened; ``problems`` says so. Never raises InvalidFile.
        """

    def problems(self) -> tuple[str, ...]:
        """Return why the present content is not taken over, one line a problem; empty when it is."""

    def write(self, edits: Sequence[Edit]) -> Written | HandEdited | Busy:
        """Apply ``edits`` to the text last returned and save it atomically, or report a hand edit and change nothing.

        Raises EditRefused when an edit cannot be made without guessing (nothing is written), StorageError
        when the disk refuses (the old file is intact).
        """

    def check_writable(self) -> None:
        """Raise StorageError, with what to type, where ``write`` would be refused; nothing is changed, and nothing need have been read."""

    def close(self) -> None:
        """Release files that are held open; a save of somebody else after the last write is left as it is."""


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
