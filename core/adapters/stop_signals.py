"""The port ``StopSignals`` on the signals of the system."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

_Handler = Callable[[int, FrameType | None], object] | int | None
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SystemStopSignals:
    """Counts SIGINT, SIGTERM and SIGHUP while it is entered, and restores what was there before.

    ``wake_fd`` is written to by Python's own C handler the moment a signal arrives, so that a wait on the other
    end returns even if the signal came just before it: Launcher adapters have one to give.

    SIGHUP stays ignored where it is (``nohup``). Outside the main thread Python allows no handlers: then nothing
    is ever received, and who owns the main thread decides.
    """

    def __init__(self, wake_fd: int = -1) -> None:
        self._wake_fd = wake_fd
        self._received: list[int] = []
        self._handlers: dict[signal.Signals, _Handler] = {}
        self._previous_fd = -1

    def received(self) -> int | None:
        return self._received[0] if self._received else None

    def count(self) -> int:
        return len(self._received)

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        self._previous_fd = signal.set_wakeup_fd(self._wake_fd, warn_on_full_buffer=False)
        for number in _STOPS:
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._handlers[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._handlers:
            return
        for number, handler in self._handlers.items():
            # None stands for a handler that was not set from Python, which cannot be set again.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._handlers.clear()
        signal.set_wakeup_fd(self._previous_fd)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._received.append(number)
