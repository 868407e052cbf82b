"""The port ``StopSignals`` on the signals of the system."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from core.sudden_stop import STOPS

_Handler = Callable[[int, FrameType | None], object] | int | None


class SystemStopSignals:
    """Counts SIGINT, SIGTERM and SIGHUP while it is entered, and restores what was there before.

    SIGHUP stays ignored where it is (``nohup``); an ignored SIGCHLD has its default meanwhile, as the kernel would otherwise forget how
    children ended. Outside the main thread Python allows no handlers: then nothing is ever received, and who owns the main thread decides.
    """

    def __init__(self, wake_fd: int = -1) -> None:
        """``wake_fd``: as for ``waking``, from the beginning to the end."""
        self._wake_fd = wake_fd
        self._previous_fd = -1
        self._received: list[int] = []
        self._handlers: dict[signal.Signals, _Handler] = {}

    def received(self) -> int | None:
        return self._received[0] if self._received else None

    def count(self) -> int:
        return len(self._received)

    @contextmanager
    def waking(self, wake_fd: int) -> Iterator[None]:
        """Have Python's own C handler write to ``wake_fd`` the moment a signal arrives.

        So a wait on the other end returns even if the signal came just before it: Launcher adapters have one to give.
        """
        if not self._handlers:
            yield
            return
        previous = signal.set_wakeup_fd(wake_fd, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous)

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in STOPS:
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._handlers[number] = signal.signal(number, self._receive)
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            self._handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._previous_fd = signal.set_wakeup_fd(self._wake_fd, warn_on_full_buffer=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None) -> None:
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
