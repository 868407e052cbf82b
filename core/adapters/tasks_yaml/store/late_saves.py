"""Finds what an editor wrote into a version of the file after a write of ours had replaced it.

An editor that opened the file before the replacement writes into the old inode, where nobody would see it. So replaced versions are kept
open for a while and looked at.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from core.adapters.tasks_yaml.store.content import Version, read_descriptor, storage_errors

#: Seconds that a replaced version is kept open.
_KEEP_OPEN = 2.0
#: Seconds between two readings that must be equal for a save to count as finished.
_PAUSE = 0.02


@dataclass(slots=True)
class ReplacedVersion:
    """A version that is no longer at the path, by its open descriptor."""

    descriptor: int
    version: Version
    modified: int
    size: int
    #: When it is to be closed (monotonic seconds).
    until: float = 0.0

    def changed(self) -> bool:
        status = os.fstat(self.descriptor)
        return (status.st_mtime_ns, status.st_size) != (self.modified, self.size)

    def accept(self, version: Version) -> None:
        """Note that ``version``, which was written into it, has been restored; another save may follow."""
        status = os.fstat(self.descriptor)
        self.version, self.modified, self.size = version, status.st_mtime_ns, status.st_size

    def close(self) -> None:
        os.close(self.descriptor)


class LateSaves:
    """The replaced versions that are kept open."""

    def __init__(self, shown: str, sleep: Callable[[float], None], monotonic: Callable[[], float]) -> None:
        self._shown = shown
        self._sleep = sleep
        self._monotonic = monotonic
        self._open: list[ReplacedVersion] = []

    def add(self, replaced: ReplacedVersion | None) -> None:
        if replaced is not None:
            replaced.until = self._monotonic() + _KEEP_OPEN
            self._open.append(replaced)

    def find(self) -> tuple[ReplacedVersion, Version] | None:
        """Return a late save that is finished, with the version to ``accept`` it by; close versions whose time is up.

        Raises InvalidFile, StorageError.
        """
        with storage_errors(self._shown):
            for replaced in tuple(self._open):
                if replaced.changed():
                    version = self._finished(replaced)
                    if version is not None and version != replaced.version:
                        replaced.until = self._monotonic() + _KEEP_OPEN
                        return replaced, version
                elif self._monotonic() >= replaced.until:
                    self._open.remove(replaced)
                    replaced.close()
        return None

    def close(self) -> None:
        for replaced in self._open:
            replaced.close()
        self._open = []

    def _finished(self, replaced: ReplacedVersion) -> Version | None:
        """Return what it holds, None while somebody is writing into it."""
        before = read_descriptor(replaced.descriptor, self._shown).data
        self._sleep(_PAUSE)
        after = read_descriptor(replaced.descriptor, self._shown).data
        return Version(after) if before == after else None
