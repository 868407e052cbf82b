"""Looks host names up within a deadline: the system's own look-up knows none, and cannot be stopped."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

#: What the socket module needs to connect: address family, and the address itself.
Place = tuple[int, tuple[Any, ...]]
#: Host, port and seconds → places. Raises OSError.
LookUp = Callable[[str, int, float], Sequence[Place]]

_MOST_AT_ONCE = 8


class NameLookup:
    """Looks names up in threads of their own; one that is given up ends by itself, and until then it counts."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(_MOST_AT_ONCE)

    def __call__(self, host: str, port: int, seconds: float) -> Sequence[Place]:
        """Return where ``host`` is. Raises OSError: unknown, not known within ``seconds``, or too many look-ups without an end."""
        if not self._free.acquire(blocking=False):
            raise OSError("too many names are still being looked up")
        told: queue.SimpleQueue[Sequence[Place] | OSError] = queue.SimpleQueue()
        try:
            threading.Thread(target=self._look_up, args=(host, port, told), name="name look-up", daemon=True).start()
        except RuntimeError as error:  # the system lets us have no more threads
            self._free.release()
            raise OSError(str(error)) from error
        try:
            found = told.get(timeout=seconds)
        except queue.Empty as error:
            raise TimeoutError(f"its address was not found within {seconds:.3g} s") from error
        if isinstance(found, OSError):
            raise found
        return found

    def _look_up(self, host: str, port: int, told: queue.SimpleQueue[Sequence[Place] | OSError]) -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            told.put([(int(family), address) for family, _, _, _, address in answers])
        except OSError as error:
            told.put(error)
        except ValueError as error:  # what the codec for names does not take
            told.put(OSError(str(error)))
        finally:
            self._free.release()
