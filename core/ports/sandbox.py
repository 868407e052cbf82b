"""A confined process that answers calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Conversation(Protocol):
    """Calls to one confined process, a JSON object each way. A failure of the process is a sentence, never an exception.

    Used from the thread that opened it; ``kill`` and ``ended`` also from others. After a problem the process and all that it started
    are dead, and every later call fails.
    """

    @property
    def ended(self) -> bool:
        """Whether the process is known to have ended."""

    def send(self, message: Mapping[str, Any], seconds: float) -> str:
        """Send one message within ``seconds``; return why that was not possible, or an empty string."""

    def receive(self, seconds: float) -> tuple[dict[str, Any], str, bool]:
        """Wait ``seconds`` for one answer; return it, or else the problem, and whether the time was over."""

    def watch(self) -> str:
        """Check its processes, files and memory between two calls; return why it was killed, or an empty string."""

    def log(self) -> str:
        """Return what it has written to stdout and stderr since the last call."""

    def kill(self) -> None:
        """Kill it and all that it started; who waits for its answer gets a problem."""
