"""A limit on the memory of a process that measures sources: a short text can stand for a syntax tree of gigabytes."""

from __future__ import annotations

import resource
from contextlib import suppress

_MIB = 1024 * 1024
#: Bytes that a measuring process may occupy, and what it may add to what it was forked with however much that was.
MOST = 224 * _MIB
_LEAST = 64 * _MIB


def limit_memory() -> None:
    """Let this process grow to MOST bytes; what asks for more gets a MemoryError. Without /proc there is no limit."""
    with suppress(OSError, ValueError):
        with open("/proc/self/statm", "rb") as file:
            _, resident, _, _, _, data, _ = map(int, file.read().split())
        page = resource.getpagesize()
        most = data * page + max(_LEAST, MOST - resident * page)
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def memory_is_short() -> bool:
    """Tell a MemoryError for want of memory from the one by which Python's parser says that a text is nested too deeply."""
    limited = resource.getrlimit(resource.RLIMIT_DATA)[0] != resource.RLIM_INFINITY
    return limited and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > MOST * 3 // 4
