"""When the tasks file is to be written and looked at during a run, in monotonic seconds."""

from __future__ import annotations

#: Seconds between looks at the file.
_LOOK = 0.25
#: Seconds by which the file may trail the journal, and the share of a run that writing it may take.
_WRITE_DELAY = 0.25
_WRITE_SHARE = 0.05


class SyncPace:
    """Writes follow each other after 250 ms, those of a large file later; looks every 250 ms."""

    def __init__(self) -> None:
        self._next_write = self._next_look = 0.0

    def next_due(self, *, unwritten: bool) -> float:
        """Return when something is due; ``unwritten`` says whether there is something to write."""
        return min(self._next_look, self._next_write) if unwritten else self._next_look

    def write_is_due(self, now: float) -> bool:
        return now >= self._next_write

    def look_is_due(self, now: float) -> bool:
        return now >= self._next_look

    def looked(self, now: float) -> None:
        self._next_look = now + _LOOK

    def wrote(self, begun: float, ended: float) -> None:
        self._next_write = ended + max(_WRITE_DELAY, (ended - begun) / _WRITE_SHARE)
