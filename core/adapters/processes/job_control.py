"""Who stopped this process: a person with Ctrl-Z, whose stop the guardian is told of beforehand, or somebody else."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

#: What a terminal stops a process by.
_SUSPENDING = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


class JobControl:
    """Hears of stops while it is open. ``tell`` speaks to the guardian.

    Where there is no terminal nobody can have job control: there every stop is somebody else's. Outside of the main thread Python allows
    no handlers: then nothing is ever heard, and no stop counts as a person's.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        #: Seconds for which persons have suspended this process.
        self.suspended = 0.0
        self._continued = 0
        self._opened: list[signal.Signals] = []
        self._by_person = False

    def open(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (*_SUSPENDING, signal.SIGCONT):
            # What is ignored, or answered by somebody else already, stays so.
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._heard_continue if number is signal.SIGCONT else self._suspend)
                self._opened.append(number)

    def close(self) -> None:
        for number in self._opened:
            signal.signal(number, signal.SIG_DFL)
        self._opened.clear()

    def take_foreign_stops(self) -> int:
        """Return how often this process has been stopped by somebody else since it was last asked."""
        count, self._continued = self._continued, 0
        return count

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        """Stop as the system would have, so that the shell sees what it expects."""
        del frame
        # Kept here, too: SIGCONT is answered before we go on.
        by_person = self._by_person = _has_terminal()
        if by_person:
            self._tell("suspending")
        signal.signal(number, signal.SIG_DFL)
        stopped = time.monotonic()
        signal.raise_signal(number)
        # From here on somebody has let us go on.
        signal.signal(number, self._suspend)
        if by_person:
            self.suspended += time.monotonic() - stopped
            self._tell("resumed")

    def _heard_continue(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._by_person:
            self._by_person = False
        else:
            self._continued += 1


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
