"""In-memory twin of the port ``Clock``."""

from __future__ import annotations


class VirtualClock:
    """Time that passes only when told to. 2026-11-21 02:55:07 UTC unless said otherwise."""

    def __init__(self, start: float = 1795229707.0) -> None:
        self._start = start
        self._elapsed = 0.0

    def now(self) -> float:
        return self._start + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` (never negative) pass."""
        if seconds < 0:
            raise ValueError("time does not go back; jump() moves the wall clock")
        self._elapsed += seconds

    def jump(self, seconds: float) -> None:
        """Move the wall clock alone, as an administrator or a time server does."""
        self._start += seconds
