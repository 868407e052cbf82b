"""A task must not take the tool over as a debugger could: the kernel refuses that to everybody but root, and who got in is seen."""

from __future__ import annotations

import ctypes

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4


class NoTracing:
    """Until ``close`` no process of this user may attach to this one, or read its memory and environment; no core file is written of it."""

    def __init__(self) -> None:
        self._before = _prctl(_PR_GET_DUMPABLE, 0)
        _prctl(_PR_SET_DUMPABLE, 0)

    def close(self) -> None:
        # 2 ("root only") can only be set by the system.
        _prctl(_PR_SET_DUMPABLE, 1 if self._before == 1 else 0)


def tracer() -> int:
    """Return the process that traces this one; 0 when there is none or nobody knows."""
    try:
        with open("/proc/self/status", "rb") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(b"TracerPid:")), 0)
    except OSError:
        return 0


def _prctl(option: int, value: int) -> int:
    return int(ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0))
