"""Starts one command, waits for it and all that it left behind, and prints what they cost, as JSON.

Run as ``python -I -S launch.py WISH``; WISH is JSON, its ``cpu`` the whole seconds of CPU time after which a process is killed.
A program of its own, and a small one: through ``exec`` a process inherits the peak memory of the process it was forked from, and that
of a test runner would be taken for the tool's.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress

_PR_SET_CHILD_SUBREAPER = 36
#: Keep a command that allocates or writes for ever from harming the machine; far above what the judge allows.
_LIMITS = ((resource.RLIMIT_AS, 8 << 30), (resource.RLIMIT_FSIZE, 1 << 30), (resource.RLIMIT_CORE, 0))


def main() -> None:
    wish = json.loads(sys.argv[1])
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    pid = os.fork()
    if not pid:
        _become(wish)
    deadline = _Deadline(pid)
    signal.signal(signal.SIGALRM, deadline.end)
    signal.setitimer(signal.ITIMER_REAL, wish["seconds"], 0.2)
    _, status, usage = os.wait4(pid, 0)
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss
    with suppress(ChildProcessError):
        while True:
            _, _, usage = os.wait4(-1, 0)
            cpu, peak = cpu + usage.ru_utime + usage.ru_stime, max(peak, usage.ru_maxrss)
    # Python ends with the default of every signal: the alarm would kill it.
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(json.dumps({"status": status, "cpu": cpu, "peak": peak * 1024, "ended": not deadline.lost}))


def _become(wish: dict[str, object]) -> None:
    try:
        os.setsid()
        for kind, most in ((resource.RLIMIT_CPU, wish["cpu"]), *_LIMITS):
            resource.setrlimit(kind, (most, most))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in ((1, wish["stdout"]), (2, wish["stderr"])):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.chdir(wish["directory"])
        os.execve(wish["command"][0], wish["command"], wish["environment"])
    finally:
        os._exit(127)


class _Deadline:
    """Kills everything that is left when the time is over, again and again until nothing is."""

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self.lost = False

    def end(self, *_: object) -> None:
        self.lost = True
        for pid in [*_descendants(os.getpid()), self._leader]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    waiting = [pid]
    while waiting:
        at = waiting.pop()
        with suppress(OSError), open(f"/proc/{at}/task/{at}/children") as file:
            children = [int(word) for word in file.read().split()]
            found += children
            waiting += children
    return found[::-1]


main()
