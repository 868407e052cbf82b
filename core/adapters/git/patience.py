"""Telling a git that works from one that waits for what never comes, as it does before a named pipe in place of a file."""

from __future__ import annotations

import os

#: Seconds between two looks, and looks without any sign of life after which git is given up.
INTERVAL = 0.5
_LOOKS = 4


class Patience:
    """Patience with one process. ``is_over`` is asked every INTERVAL seconds while nothing comes from it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._used = -1
        self._idle = 0

    def renew(self) -> None:
        """Something came."""
        self._idle = 0

    def is_over(self) -> bool:
        """Look at the process: whether it has slept through all of the last looks without using any processor time.

        A disk that is slow or a machine that is busy shows: who waits for them does not sleep.
        """
        used = _processor_time_of_sleepers(self._pid)
        self._idle = self._idle + 1 if used is not None and used == self._used else 0
        self._used = -1 if used is None else used
        return self._idle >= _LOOKS


def _processor_time_of_sleepers(pid: int) -> int | None:
    """Return the ticks that a process has used; None where one of its threads is not asleep, or nobody knows."""
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
