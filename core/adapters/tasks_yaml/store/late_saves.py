"""Versions that our writes replaced, held open for a while: an editor that had one open may yet write into it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from core.adapters.tasks_yaml.store.disk import read_descriptor, storage_errors
from core.adapters.tasks_yaml.store.version import Version

#: Seconds that a replaced version is looked at.
_HOLD = 2.0
#: Seconds between two readings that must be equal for a save to count as finished.
_PAUSE = 0.02


@dataclass(slots=True)
class ReplacedVersion:
    """A version that is no longer at the path."""

    descriptor: int
    version: Version
    modified: int
    size: int
    until: float = 0.0

    def changed(self) -> bool:
        status = os.fstat(self.descriptor)
        return (status.st_mtime_ns, status.st_size) != (self.modified, self.size)

    def accept(self, version: Version) -> None:
        """What was written into it has been taken care of; more may come."""
        status = os.fstat(self.descriptor)
        self.version, self.modified, self.size = version, status.st_mtime_ns, status.st_size

    def close(self) -> None:
        os.close(self.descriptor)


class LateSaves:
    """Finds what was written into replaced versions."""

    def __init__(self, shown: str, sleep: Callable[[float], None], monotonic: Callable[[], float]) -> None:
        self._shown = shown
        self._sleep = sleep
        self._monotonic = monotonic
        self._held: list[ReplacedVersion] = []

    def hold(self, replaced: ReplacedVersion | None) -> None:
        if replaced is not None:
            replaced.until = self._monotonic() + _HOLD
            self._held.append(replaced)

    def find(self) -> tuple[ReplacedVersion, Version] | None:
        """Return a late save that is finished, with the version to ``accept`` it by; forget versions whose time is up.

        Raises InvalidFile, StorageError.
        """
        with storage_errors(self._shown):
            for replaced in tuple(self._held):
                if replaced.changed():
                    version = self._finished(replaced)
                    if version is not None and version != replaced.version:
                        replaced.until = self._monotonic() + _HOLD
                        return replaced, version
                elif self._monotonic() >= replaced.until:
                    self._held.remove(replaced)
                    replaced.close()
        return None

    def _finished(self, replaced: ReplacedVersion) -> Version | None:
        """Return what it holds now if nobody is just writing, else None."""
        before = read_descriptor(replaced.descriptor, self._shown).data
        self._sleep(_PAUSE)
        after = read_descriptor(replaced.descriptor, self._shown).data
        return Version(after) if before == after else None

    def close(self) -> None:
        for replaced in self._held:
            replaced.close()
        self._held = []
