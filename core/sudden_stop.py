"""A stop signal to a command that has no loop to heed it: the process ends at once, and nothing that it made for the time being is left.

An exception raised by a signal handler may come out in a finalizer, a rollback or a ``with`` on its way out, and be lost or do harm
there. So the handler raises nothing. What must not be left half done is done first (``held``), children are killed, temporary
directories removed (``removed_with_us``), and the process ends with 128 + the number of the signal. Everything durable survives that: it
survives ``kill -9``.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds within which killed children have gone, but for a machine in trouble.
_DYING = 1.0


class SuddenStop:
    """The handler of stop signals. While it is installed the process has one, and ``held`` and ``removed_with_us`` find it there."""

    def __init__(self) -> None:
        self._holders: set[object] = set()
        self._clearing: dict[object, Callable[[], object]] = {}
        self._received = 0
        self._ending = False
        self._pid = os.getpid()

    def __call__(self, number: int, frame: FrameType | None = None) -> None:
        del frame
        if os.getpid() != self._pid:  # a fork that goes on with our memory: what there is to put away is not its own
            os._exit(128 + number)
        self._received = self._received or number
        self._end_unless_held()

    def hold(self, holder: object) -> None:
        self._holders.add(holder)

    def let_go(self, holder: object) -> None:
        self._holders.discard(holder)
        if self._received:
            self._end_unless_held()

    def clear_with(self, key: object, clear: Callable[[], object]) -> None:
        self._clearing[key] = clear

    def keep(self, key: object) -> None:
        self._clearing.pop(key, None)

    def _end_unless_held(self) -> None:
        # A second signal may come while the first one is being answered.
        if self._holders or self._ending:
            return
        self._ending = True
        try:
            _kill_children()
            for clear in reversed(list(self._clearing.values())):
                with suppress(OSError):
                    clear()
            _tell(f"stopped by {signal.Signals(self._received).name}\n")
        finally:
            os._exit(128 + self._received)


@contextmanager
def sudden_stops(before: set[signal.Signals | int] | None = None) -> Iterator[None]:
    """Let stop signals end the process while this lasts; ``before`` is the signal mask to give back, default: the present one.

    A SIGHUP that is ignored (``nohup``) stays so. Outside of the main thread Python allows no handlers: there nothing changes.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    handler: SuddenStop = SuddenStop()
    replaced: dict[signal.Signals, signal._HANDLER] = {}
    with suppress(ValueError):
        for number in STOPS:
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                replaced[number] = signal.signal(number, handler)
        # Where it is ignored the kernel forgets how our children ended.
        replaced[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # Whatever was blocked by who started us would be blocked in all that we start.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        for number, previous in replaced.items():
            # None stands for a handler that was not set from Python, which cannot be set again.
            signal.signal(number, signal.SIG_DFL if previous is None else previous)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask if before is None else before)


@contextmanager
def held() -> Iterator[None]:
    """Let a stop signal wait for the end of what is done inside: milliseconds, and no process is started there."""
    handler = signal.getsignal(signal.SIGTERM)
    if not isinstance(handler, SuddenStop):
        yield
        return
    holder = object()
    handler.hold(holder)
    try:
        yield
    finally:
        handler.let_go(holder)


@contextmanager
def removed_with_us(make: Callable[[], str], remove: Callable[[str], object]) -> Iterator[str]:
    """Make a temporary directory; have it removed if a stop signal ends the process inside. Otherwise removing it is the caller's."""
    handler = signal.getsignal(signal.SIGTERM)
    if not isinstance(handler, SuddenStop):
        yield make()
        return
    key = object()
    with held():
        path = make()
        handler.clear_with(key, lambda: remove(path))
    try:
        yield path
    finally:
        handler.keep(key)


def _kill_children() -> None:
    """KILL what this process started, a leader with its group, and wait until it is gone."""
    children = _children()
    for pid in children:
        with suppress(OSError):
            if os.getpgid(pid) == pid:
                os.killpg(pid, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + _DYING
    while any(_lives(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.001)


def _children() -> list[int]:
    """Return the children of all our threads; none where the kernel does not list them: there they notice that their pipes end."""
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    return found


def _lives(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False


def _tell(text: str) -> None:
    """Write to stderr unless that would have to wait for somebody to read."""
    with suppress(OSError):
        poll = select.poll()
        poll.register(2, select.POLLOUT)
        if any(event & select.POLLOUT for _, event in poll.poll(0)):
            os.write(2, text.encode())
