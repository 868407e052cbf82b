"""Telling a git that works from one that is blocked for ever, as it is on a named pipe in place of a file."""

from __future__ import annotations

import os

#: Seconds between two checks, and checks without progress after which git is given up.
INTERVAL = 0.5
_CHECKS = 4


class StallDetector:
    """Watches one process. ``is_stalled`` is called every INTERVAL seconds while there is no output."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._used = -1
        self._idle = 0

    def reset(self) -> None:
        """Note that there was output."""
        self._idle = 0

    def is_stalled(self) -> bool:
        """Return whether the process slept at each of the last checks and used no processor time between them.

        A process that waits for a slow disk or a busy machine is not asleep.
        """
        used = _ticks_of_sleeper(self._pid)
        self._idle = self._idle + 1 if used is not None and used == self._used else 0
        self._used = -1 if used is None else used
        return self._idle >= _CHECKS


def _ticks_of_sleeper(pid: int) -> int | None:
    """Return the clock ticks that a process has used; None where one of its threads is awake, or it is not known."""
    used = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            if fields[0] != b"S":
                return None
            used += int(fields[11]) + int(fields[12])
    except (OSError, IndexError, ValueError):
        return None
    return used
