"""A file descriptor for output that takes what fits, and never makes the writer wait for the reader."""

from __future__ import annotations

import fcntl
import os
import select
import stat
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

#: Bytes at a time to a terminal that cannot be opened anew: it takes at least these when it says that it takes any.
_TERMINAL_BYTES = 128


class Descriptor:
    """Writes to a descriptor that others may share, and leaves their flags alone.

    O_NONBLOCK belongs to the open file, not to the descriptor: setting it on an inherited stdout changes it for the shell and for every
    other process that has it. So a pipe or a terminal is opened anew for us alone, and a socket is asked for each write. Where that is
    refused (a terminal of another user), at most as much is written at a time as the system promises to take when it is ready.
    """

    def __init__(self, number: int) -> None:
        """``number`` stays open for as long as this is used. Raises OSError when it is not open."""
        #: Bytes that are written at once, and only when the descriptor is ready; None: any number, at any time.
        self._at_most: int | None = None
        self._write: Callable[[memoryview], int] = partial(os.write, number)
        kind = os.fstat(number).st_mode
        if stat.S_ISSOCK(kind):
            import socket

            connection = socket.socket(fileno=os.dup(number))
            weakref.finalize(self, connection.close)
            self._write = partial(_send, connection)
        elif stat.S_ISFIFO(kind) or os.isatty(number):
            own = _opened_anew(number)
            if own is None:
                self._at_most = select.PIPE_BUF if stat.S_ISFIFO(kind) else _TERMINAL_BYTES
            else:
                weakref.finalize(self, os.close, own)
                self._write = partial(os.write, own)
        self._poll = select.poll()
        self._poll.register(number, select.POLLOUT)

    def write(self, content: memoryview) -> int:
        """Return how many bytes at the beginning of ``content`` were taken, 0 when none can be now. Raises OSError."""
        try:
            if self._at_most is None:
                return self._write(content)
            return self._write(content[: self._at_most]) if self.wait(0.0) else 0
        except BlockingIOError:
            return 0

    def wait(self, seconds: float | None) -> bool:
        """Wait until it takes something or has an error to report, at most ``seconds``; return whether it does."""
        return bool(self._poll.poll(None if seconds is None else max(0.0, seconds * 1000)))


def _opened_anew(number: int) -> int | None:
    """Return a non-blocking descriptor of the same pipe or terminal with flags of its own; None where the system gives none."""
    with suppress(OSError):
        if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
            return os.open(f"/proc/self/fd/{number}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    return None


def _send(connection: socket.socket, content: memoryview) -> int:
    import socket

    return connection.send(content, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
