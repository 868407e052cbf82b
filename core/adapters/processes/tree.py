"""A process tree: everything alive that has one mark."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

from core.adapters.processes.mark import Mark, Marker

#: Seconds after which ``kill`` gives up; what still lives then is stuck in the kernel, or outruns us.
_PATIENCE = 0.25
#: The same where nobody will look again.
LAST_PATIENCE = 5.0
#: Looks in a row that find nothing before a tree counts as gone: one may miss what is just handing over to a child.
_LOOKS = 3


class Tree:
    """The living processes that have ``mark``; looked up anew at each call, this process never among them."""

    def __init__(self, marker: Marker, mark: Mark, *, trust_limit: bool = True) -> None:
        self._marker = marker
        self._mark = mark
        self._trust_limit = trust_limit

    def members(self) -> list[int]:
        return [pid for pid in self._candidates() if is_alive(pid)]

    def send(self, number: int) -> int:
        """Send a signal once to every member; return how many it reached. KILL is ``kill``."""
        if number == signal.SIGKILL:
            return self.kill()
        return sum(self._signal(pid, number) for pid in self.members())

    def kill(self, patience: float = _PATIENCE) -> int:
        """KILL until there is no member, at most ``patience`` seconds; return how many there were."""
        seen = set(self.members())
        deadline = time.monotonic() + patience
        looks = 0
        while looks < _LOOKS and time.monotonic() < deadline:
            killed = [pid for pid in self._candidates() if self._kill(pid)]
            seen.update(killed)
            looks = 0 if killed else looks + 1
            if killed:
                time.sleep(0.0002)
        return len(seen)

    def contains(self, pid: int) -> bool:
        return self._marker.has_mark(pid, self._mark, trust_limit=self._trust_limit)

    def _candidates(self) -> Iterator[int]:
        """Yield everything that has the mark, dead or alive: our children first, as what flees by forking becomes one."""
        own = os.getpid()
        near = children()
        yield from (pid for pid in near if self.contains(pid))
        known = {own, *near}
        yield from (pid for pid in _all() if pid not in known and self.contains(pid))

    def _kill(self, pid: int) -> bool:
        """KILL a process and its group, which is hit as one, whatever it is just forking; tell whether it was alive."""
        group = _group(pid)
        if group not in (0, 1, os.getpgid(0)):
            _reached(os.killpg, group, signal.SIGKILL)
        return is_alive(pid) and self._signal(pid, signal.SIGKILL)

    def _signal(self, pid: int, number: int) -> bool:
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        except OSError:  # before Linux 5.3, or in a container that refuses the call
            return self.contains(pid) and _reached(os.kill, pid, number)
        try:
            # Looked at again under the descriptor: the number may have been given to somebody else meanwhile.
            return self.contains(pid) and _reached(signal.pidfd_send_signal, process, number)
        finally:
            os.close(process)


def _reached(send: Callable[[int, int], None], target: int, number: int) -> bool:
    try:
        send(target, number)
    except OSError:
        return False
    return True


def is_alive(pid: int) -> bool:
    """Tell whether ``pid`` exists and is more than a zombie."""
    return _stat(pid)[:1] not in ([], [b"Z"], [b"X"])


def children() -> list[int]:
    """Return this process's children, zombies included; the orphans of our trees are among them."""
    own = os.getpid()
    try:
        with open(f"/proc/self/task/{own}/children", "rb", buffering=0) as file:
            return [int(pid) for pid in file.read().split()]
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        parent = b"%d" % own
        return [pid for pid in _all() if _stat(pid)[1:2] == [parent]]


def _all() -> list[int]:
    """Return every process there is; none where there is no ``/proc``."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _stat(pid: int) -> list[bytes]:
    """Return the fields of ``/proc/<pid>/stat`` from the state on; empty when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0
