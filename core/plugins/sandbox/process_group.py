"""A plugin's processes: counted and killed as a whole. Inside the sandbox nobody can leave the group."""

from __future__ import annotations

import contextlib
import os
import signal


def tasks_in_group(group: int) -> int:
    """Return how many threads the living processes of a process group have together."""
    count = 0
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stream:
                fields = stream.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in (b"Z", b"X"):
            count += int(fields[17])
    return count


def kill_group(group: int) -> None:
    """KILL every process of a group; none left is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
