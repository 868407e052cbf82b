"""The Launcher for Linux: posix_spawn, pidfds in one poll, orphans adopted, a guardian against our own death."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import resource
import select
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from core.adapters.processes import spawn
from core.adapters.processes.guardian import Guardian
from core.adapters.processes.mark import ATTEMPT_VARIABLE, RUN_VARIABLE, Mark, Marker, of_run, of_tree
from core.adapters.processes.tree import Tree, children
from core.ports import CommandNotStarted, Exit, Launch

_PR_SET_CHILD_SUBREAPER = 36
#: Seconds between looks for orphans that ended while their leader runs on.
_REAP = 1.0
#: Looks for orphans in a row that find only dead ones before something counts as alive all the same.
_ROUNDS = 50
#: The longest single poll; a wait may be any number of them.
_HOUR = 3600.0
#: The kernel's counts of pages are exact to a few percent.
_FLOOR_NOISE = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leader:
    """The process that ``start`` started."""

    handle: int
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What all launches of a run have in common."""

    mark: Mark
    environment: Mapping[bytes, bytes]
    #: What ``ORCHESTRATOR_ATTEMPT`` says already when this run is itself a task of another.
    outer: bytes


class ProcessLauncher:
    """Real processes. For one thread; ``wake`` may be called from anywhere."""

    def __init__(self, inherited: Mapping[str, str] | None = None) -> None:
        self._inherited = _encoded(os.environ if inherited is None else inherited)
        self._marker = Marker()
        self._guardian = Guardian()
        self._runs: dict[str, _Run] = {}
        self._marks: dict[int, Mark] = {}
        #: Living leaders by the descriptor that tells of their end.
        self._leaders: dict[int, _Leader] = {}
        self._started = 0
        self._reaped_at = 0.0
        self._wake_reader, self._wake_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self._wake_reader, select.POLLIN)
        spawn.keep_descriptors()
        _adopt_orphans(True)

    @property
    def wake_fd(self) -> int:
        """A descriptor that wakes ``wait`` when written to; made for ``signal.set_wakeup_fd``."""
        return self._wake_writer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def start(self, launch: Launch) -> int:
        run = self._runs.get(launch.run_id) or self._begin(launch.run_id)
        handle = self._started + 1
        mark = of_tree(run.mark, handle)
        variables = {**run.environment, **_encoded(launch.env), b"PWD": os.fsencode(launch.cwd), ATTEMPT_VARIABLE: run.outer + mark.word}
        with self._marker.wearing(mark):
            pid = spawn.start(launch.command, launch.cwd, variables, launch.output)
        self._started = handle
        self._watch(_Leader(handle=handle, pid=pid))
        self._marks[handle] = mark
        return handle

    def wait(self, timeout: float | None) -> tuple[Exit, ...]:
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            left = min(deadline - time.monotonic(), _REAP if self._leaders else _HOUR)
            ready = self._poll.poll(max(0.0, left * 1000))
            self._reap_orphans_at_times()
            exits = tuple(exit_ for descriptor, _ in ready if (exit_ := self._ended(descriptor)) is not None)
            if exits or time.monotonic() >= deadline or any(descriptor == self._wake_reader for descriptor, _ in ready):
                return exits

    def wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_writer, b"\0")

    def signal(self, handle: int, number: int) -> int:
        return self._tree(handle).send(number)

    def survivors(self, handle: int) -> int:
        if any(leader.handle == handle for leader in self._leaders.values()):
            return len(self._tree(handle).members())
        # The topmost survivors of a dead leader are our children: without such there is none.
        orphans = self._orphans()
        if not orphans:
            return 0
        tree = self._tree(handle)
        topmost = sum(tree.bears(pid) for pid in orphans)
        return max(topmost, len(tree.members())) if topmost else 0

    def forget(self, handle: int) -> None:
        self._marks.pop(handle, None)

    def sweep(self, run_id: str) -> int:
        return Tree(self._marker, of_run(run_id), trust_limit=False).kill()

    def close(self) -> None:
        """Kill what still runs, and let go of everything."""
        if self._wake_reader < 0:
            return
        for run in self._runs.values():
            Tree(self._marker, run.mark).kill()
        self._reap_leaders()
        self._orphans()
        self._guardian.dismiss()
        os.close(self._wake_reader)
        os.close(self._wake_writer)
        self._wake_reader = -1
        _adopt_orphans(False)

    # -- inside --------------------------------------------------------------------------------------------------

    def _begin(self, run_id: str) -> _Run:
        outer = self._inherited.get(ATTEMPT_VARIABLE, b"")
        variables = {**self._inherited, RUN_VARIABLE: os.fsencode(run_id)}
        run = _Run(mark=of_run(run_id), environment=variables, outer=outer + b" " if outer else b"")
        self._guardian.watch(run_id)
        self._runs[run_id] = run
        return run

    def _watch(self, leader: _Leader) -> None:
        try:
            descriptor = os.pidfd_open(leader.pid)
        except OSError as problem:
            os.kill(leader.pid, signal.SIGKILL)
            os.waitpid(leader.pid, 0)
            raise CommandNotStarted(f"cannot watch the process: {problem.strerror}", 126) from problem
        self._leaders[descriptor] = leader
        self._poll.register(descriptor, select.POLLIN)

    def _ended(self, descriptor: int) -> Exit | None:
        """Reap the leader behind ``descriptor``; None for what is no leader, or one that was forgotten."""
        leader = self._leaders.pop(descriptor, None)
        if leader is None:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_reader, 4096)
            return None
        self._poll.unregister(descriptor)
        os.close(descriptor)
        _, status, usage = os.wait4(leader.pid, 0)
        if leader.handle not in self._marks:
            return None
        code = os.waitstatus_to_exitcode(status)
        return Exit(
            handle=leader.handle,
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            cpu=usage.ru_utime + usage.ru_stime,
            peak_memory=_peak(usage.ru_maxrss),
        )

    def _tree(self, handle: int) -> Tree:
        return Tree(self._marker, self._marks[handle])

    def _orphans(self) -> list[int]:
        """Return the living children that are descendants of leaders; reap the dead ones among them."""
        own = {leader.pid for leader in self._leaders.values()} | {self._guardian.pid}
        for _ in range(_ROUNDS):
            found = [pid for pid in children() if pid not in own and self._marker.is_marked(pid)]
            living = [pid for pid in found if not _reaped(pid)]
            # What just died may have left us a child of its own: look again.
            if living or not found:
                return living
        return found

    def _reap_orphans_at_times(self) -> None:
        now = time.monotonic()
        if self._leaders and now - self._reaped_at >= _REAP:
            self._reaped_at = now
            self._orphans()

    def _reap_leaders(self) -> None:
        """Reap what was just killed; what the kernel does not let die within a second is left to it."""
        deadline = time.monotonic() + 1.0
        for descriptor, leader in self._leaders.items():
            while not _reaped(leader.pid) and time.monotonic() < deadline:
                time.sleep(0.001)
            os.close(descriptor)
        self._leaders.clear()


def _encoded(variables: Mapping[str, str]) -> dict[bytes, bytes]:
    return {os.fsencode(name): os.fsencode(value) for name, value in variables.items()}


def _peak(kilobytes: int) -> int:
    """Return a child's peak memory in bytes; 0 when it cannot be told, because the system counts our own peak as part of it."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * 1024 if kilobytes > own * _FLOOR_NOISE else 0


def _reaped(pid: int) -> bool:
    """Tell whether the child ``pid`` has ended; it is gone then."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def _adopt_orphans(wanted: bool) -> None:
    """Make the orphans of our descendants our children, instead of the system's."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)
