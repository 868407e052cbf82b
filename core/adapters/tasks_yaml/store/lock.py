"""Writers of one file take turns: a run, and an ``add`` or ``done`` typed meanwhile."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PAUSE = 0.01
_PATIENCE = 200


@contextmanager
def write_lock(path: str, sleep: Callable[[float], None]) -> Iterator[bool]:
    """Hold the lock of the directory of ``path``; yields False when another writer has kept it for two seconds.

    The system frees it when its holder dies. Where directories cannot be locked there is no turn to wait for.
    """
    try:
        descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield True
        return
    try:
        yield _take(descriptor, sleep)
    finally:
        os.close(descriptor)


def _take(descriptor: int, sleep: Callable[[float], None]) -> bool:
    for _ in range(_PATIENCE):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(_PAUSE)
        except OSError:
            return True
        else:
            return True
    return False
