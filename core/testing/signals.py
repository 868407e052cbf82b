"""In-memory twin of the port ``StopSignals``."""

from __future__ import annotations

import signal


class ScriptedSignals:
    """Has received what it was told to: ``send`` is what ``kill`` does to the real one."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = list(numbers)

    def send(self, number: int = signal.SIGTERM) -> None:
        self._numbers.append(number)

    def received(self) -> int | None:
        return self._numbers[0] if self._numbers else None

    def count(self) -> int:
        return len(self._numbers)
