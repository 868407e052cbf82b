"""What leaders leave behind: the kernel makes it children of this process, which finds it and reaps it when it ends."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Collection

from core.adapters.processes.mark import Marker
from core.adapters.processes.tree import children

_PR_SET_CHILD_SUBREAPER = 36
#: Bytes of a list of children that are read at once; ten thousand children fit.
_LIST = 64 * 1024
#: Looks in a row that find only dead ones before something counts as alive all the same.
_ROUNDS = 50


class Orphans:
    """Adopts the orphans among this process's descendants until ``close``."""

    def __init__(self, marker: Marker) -> None:
        self._marker = marker
        own = os.getpid()
        try:
            # Kept open: a read from the start lists anew, at a tenth of the cost of opening it.
            self._children: int | None = os.open(f"/proc/{own}/task/{own}/children", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self._children = None
        _adopt(True)

    def living(self, leaders: Collection[int]) -> list[int]:
        """Return the living children that descend from ``leaders``, dead or alive; reap the dead ones among them."""
        for _ in range(_ROUNDS):
            found = [pid for pid in self._pids() if pid not in leaders and self._marker.is_marked(pid)]
            living = [pid for pid in found if not reaped(pid)]
            # What just died may have left us a child of its own: look again.
            if living or not found:
                return living
        return found

    def close(self) -> None:
        _adopt(False)
        if self._children is not None:
            os.close(self._children)
            self._children = None

    def _pids(self) -> list[int]:
        if self._children is None:
            return children()
        listed = os.pread(self._children, _LIST, 0)
        return [int(pid) for pid in listed.split()] if len(listed) < _LIST - 16 else children()


def reaped(pid: int) -> bool:
    """Tell whether the child ``pid`` has ended; it is gone then."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def _adopt(wanted: bool) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)
