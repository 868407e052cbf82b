"""A process tree: everything alive that bears one mark."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from core.adapters.processes.mark import Mark, Marker

#: Seconds after which one ``kill`` gives up; what still lives then is stuck in the kernel, or outruns us.
_PATIENCE = 0.25
#: Rounds of stopping before killing starts; more than one is needed only for what forks for ever.
_STOP_ROUNDS = 8


class Tree:
    """The living processes that bear ``mark``; looked up anew at each call, this process never among them."""

    def __init__(self, marker: Marker, mark: Mark, *, trust_limit: bool = True) -> None:
        self._marker = marker
        self._mark = mark
        self._trust_limit = trust_limit

    def members(self) -> list[int]:
        own = os.getpid()
        pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
        return [pid for pid in pids if self._bears(pid) and pid != own and is_alive(pid)]

    def send(self, number: int) -> int:
        """Send a signal once to every member; return how many it reached. KILL is ``kill``."""
        if number == signal.SIGKILL:
            return self.kill()
        return sum(self._signal(pid, number) for pid in self.members())

    def kill(self) -> int:
        """KILL until there is no member, at most a quarter of a second; return how many there were."""
        seen: set[int] = set()
        deadline = time.monotonic() + _PATIENCE
        rounds = 0
        while (members := self.members()) and time.monotonic() < deadline:
            rounds += 1
            if not seen.issuperset(members) and rounds <= _STOP_ROUNDS:
                # What is stopped cannot fork away while its relatives are being killed.
                self._strike(members, signal.SIGSTOP)
            else:
                self._strike(members, signal.SIGKILL)
                time.sleep(0.0005)
            seen.update(members)
        return len(seen)

    def _strike(self, pids: list[int], number: int) -> None:
        """Send a signal to ``pids`` and their groups; a group is hit as one, whatever it is just forking."""
        groups = {_group(pid) for pid in pids} - {0, os.getpgid(0)}
        for group in groups:
            with contextlib.suppress(OSError):
                os.killpg(group, number)
        for pid in pids:
            self._signal(pid, number)

    def _signal(self, pid: int, number: int) -> bool:
        try:
            process = os.pidfd_open(pid)
        except OSError:
            return False
        try:
            # Looked at again under the descriptor: the number may have been given to somebody else meanwhile.
            if not self._bears(pid):
                return False
            signal.pidfd_send_signal(process, number)
        except OSError:
            return False
        finally:
            os.close(process)
        return True

    def _bears(self, pid: int) -> bool:
        return self._marker.bears(pid, self._mark, trust_limit=self._trust_limit)


def is_alive(pid: int) -> bool:
    """Tell whether ``pid`` exists and is more than a zombie."""
    return _stat(pid)[:1] not in ([], [b"Z"], [b"X"])


def children() -> list[int]:
    """Return this process's children, zombies included; the orphans of our trees are among them."""
    own = os.getpid()
    try:
        with open(f"/proc/self/task/{own}/children", "rb") as file:
            return [int(pid) for pid in file.read().split()]
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        parent = b"%d" % own
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and _stat(int(name))[1:2] == [parent]]


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
