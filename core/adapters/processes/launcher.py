"""The Launcher for Linux: posix_spawn, pidfds in one poll, orphans adopted, a guardian against our own death."""

from __future__ import annotations

import math
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from core.adapters.processes import spawn
from core.adapters.processes.guardian import Guardian
from core.adapters.processes.job_control import JobControl
from core.adapters.processes.mark import ATTEMPT_VARIABLE, RUN_VARIABLE, Mark, Marker, of_run, of_tree
from core.adapters.processes.no_tracing import NoTracing, tracer
from core.adapters.processes.orphans import Orphans, reaped
from core.adapters.processes.tree import LAST_PATIENCE, Tree
from core.adapters.processes.watch import Watch
from core.errors import UsageError
from core.ports.processes import Exit, Launch

#: Seconds between looks for orphans that ended while their leader runs on.
_REAP = 1.0
#: The longest single poll; a wait may be any number of them.
_HOUR = 3600.0
#: Seconds of oversleeping that a loaded machine does not explain, nor a task that stops us: the guardian lets us go on before that.
_FROZEN = 1.5
#: The kernel's counts of pages are exact to a few percent.
_FLOOR_NOISE = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What all launches of a run have in common."""

    mark: Mark
    #: What ``ORCHESTRATOR_ATTEMPT`` says already when this run is itself a task of another.
    outer: str


class ProcessLauncher:
    """Real processes. For one thread; ``wake`` may be called from anywhere."""

    def __init__(self, inherited: Mapping[str, str] | None = None) -> None:
        """``inherited`` is the environment that every process starts from; default: the tool's own.

        Raises UsageError on a system that is not Linux.
        """
        if sys.platform != "linux":
            raise UsageError("tasks can only be run on Linux", hint="plan, list, status and audit work here")
        self._inherited = dict(os.environ if inherited is None else inherited)
        self._marker = Marker()
        self._guardian = Guardian()
        self._job_control = JobControl(self._guardian.tell)
        self._no_tracing = NoTracing()
        self._tracer = 0
        self._notices: list[str] = []
        self._runs: dict[str, _Run] = {}
        self._marks: dict[int, Mark] = {}
        #: Pids of the processes started and not yet reaped, with their handles.
        self._leaders: dict[int, int] = {}
        self._started = 0
        self._reaped_at = 0.0
        #: Our own peak memory in kilobytes, when it was last asked for; it only grows.
        self._own_peak = 0
        self._watch = Watch()
        #: Seconds for which this process did not run, though it had nothing to wait for any more.
        self._frozen = 0.0
        self._closed = False
        spawn.keep_descriptors()
        self._orphans = Orphans(self._marker)

    @property
    def wake_fd(self) -> int:
        """A descriptor that wakes ``wait`` when written to; made for ``signal.set_wakeup_fd``."""
        return self._watch.wake_fd

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def start(self, launch: Launch) -> int:
        run = self._runs.get(launch.run_id) or self._begin(launch.run_id)
        handle = self._started + 1
        mark = of_tree(run.mark, handle)
        marks = {RUN_VARIABLE: launch.run_id, ATTEMPT_VARIABLE: run.outer + mark.word}
        with self._marker.mark_children(mark):
            pid = spawn.start(launch, self._inherited, marks)
        self._started = handle
        self._marks[handle] = mark
        self._leaders[pid] = handle
        self._watch.add(pid)
        return handle

    def wait(self, timeout: float | None) -> tuple[Exit, ...]:
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            began, known = time.monotonic(), self._job_control.suspended
            asked = max(0.0, min(deadline - began, _REAP if self._leaders else _HOUR))
            ended, woken = self._watch.wait(asked)
            overslept = time.monotonic() - began - asked - (self._job_control.suspended - known)
            self._frozen += overslept if overslept > _FROZEN else 0.0
            self._look_around_at_times()
            exits = tuple(exit_ for pid in ended if (exit_ := self._reap(pid)) is not None)
            if exits or woken or time.monotonic() >= deadline:
                return exits

    @property
    def suspended(self) -> float:
        return self._job_control.suspended + self._frozen

    def wake(self) -> None:
        self._watch.wake()

    def signal(self, handle: int, number: int) -> int:
        return self._tree(handle).send(number) or self._signal_group(handle, number)

    def survivors(self, handle: int) -> int:
        if handle in self._leaders.values():
            return len(self._tree(handle).members()) or self._signal_group(handle, 0)
        # The topmost survivors of a dead leader are our children: without such there is none.
        orphans = self._orphans.living(self._leaders)
        if not orphans:
            return 0
        tree = self._tree(handle)
        topmost = sum(tree.contains(pid) for pid in orphans)
        return max(topmost, len(tree.members())) if topmost else 0

    def forget(self, handle: int) -> None:
        self._marks.pop(handle, None)

    def kill_remaining(self, run_id: str) -> int:
        return Tree(self._marker, of_run(run_id), trust_limit=False).kill(LAST_PATIENCE)

    def notices(self) -> tuple[str, ...]:
        if stops := self._job_control.take_foreign_stops():
            times = "" if stops == 1 else f" {stops} times"
            self._notices.append(f"this process was stopped{times} (SIGSTOP or the like), and its guardian let it go on")
        notices, self._notices = self._notices, []
        return tuple(notices)

    def close(self) -> None:
        """Kill what still runs, and let go of everything."""
        if self._closed:
            return
        self._closed = True
        for run in self._runs.values():
            Tree(self._marker, run.mark).kill(LAST_PATIENCE)
        for handle in self._leaders.values():
            self._signal_group(handle, signal.SIGKILL)
        self._reap_leaders()
        self._orphans.living(())
        self._job_control.close()
        self._guardian.dismiss()
        self._no_tracing.close()
        self._watch.close()
        self._orphans.close()

    # -- inside --------------------------------------------------------------------------------------------------

    def _begin(self, run_id: str) -> _Run:
        outer = self._inherited.get(ATTEMPT_VARIABLE, "")
        run = _Run(mark=of_run(run_id), outer=outer + " " if outer else "")
        if not self._runs:
            self._job_control.open()
        self._guardian.watch(run_id)
        self._runs[run_id] = run
        return run

    def _reap(self, pid: int) -> Exit | None:
        """Reap a leader that ended; None for one that was forgotten."""
        _, status, usage = os.wait4(pid, 0)
        handle = self._leaders.pop(pid)
        if handle not in self._marks:
            return None
        code = os.waitstatus_to_exitcode(status)
        return Exit(
            handle=handle,
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            cpu=usage.ru_utime + usage.ru_stime,
            peak_memory=self._peak(usage.ru_maxrss),
        )

    def _peak(self, kilobytes: int) -> int:
        """Return a child's peak memory in bytes; 0 when it cannot be told, because the system counts our own peak as part of it."""
        if kilobytes > self._own_peak * _FLOOR_NOISE:
            self._own_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return kilobytes * 1024 if kilobytes > self._own_peak * _FLOOR_NOISE else 0

    def _signal_group(self, handle: int, number: int) -> int:
        """Signal the group of a leader that was not reaped yet, whose number nobody else can have; return 1 if it lives.

        Without ``/proc`` this is all that can be reached of a tree; elsewhere the tree has been, and a dead leader is all there is.
        """
        leader = next((pid for pid, known in self._leaders.items() if known == handle), None)
        if leader is None or _has_ended(leader):
            return 0
        os.killpg(leader, number)
        return 1

    def _tree(self, handle: int) -> Tree:
        return Tree(self._marker, self._marks[handle])

    def _look_around_at_times(self) -> None:
        now = time.monotonic()
        if self._leaders and now - self._reaped_at >= _REAP:
            self._reaped_at = now
            self._orphans.living(self._leaders)
            if problem := self._guardian.look_after():
                self._notices.append(problem)
            self._note_tracer()

    def _note_tracer(self) -> None:
        """Say once of each who watches this process as a debugger does, and whether that is a task."""
        found = tracer()
        if found and found != self._tracer:
            whose = next((run_id for run_id, run in self._runs.items() if self._marker.has_mark(found, run.mark)), "")
            self._notices.append(f"process {found}{', started by a task,' if whose else ''} traces this one and can change what it does")
        self._tracer = found

    def _reap_leaders(self) -> None:
        """Reap what was just killed; what the kernel does not let die within a second is left to it."""
        deadline = time.monotonic() + 1.0
        for pid in self._leaders:
            while not reaped(pid) and time.monotonic() < deadline:
                time.sleep(0.001)
        self._leaders.clear()


def _has_ended(child: int) -> bool:
    """Tell whether a child is dead, without reaping it; one that somebody else has reaped is."""
    try:
        return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True
