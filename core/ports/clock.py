"""Time."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Time. Everything that decides by time asks here."""

    def now(self) -> float:
        """Return Unix time in seconds; may jump."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never goes back."""
