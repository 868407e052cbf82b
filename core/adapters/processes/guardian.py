"""What outlives the tool's own ``kill -9`` and ends what it left running; and what lets it go on when a task has stopped it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
import weakref
from functools import partial

from core.adapters.processes.mark import Marker, of_run
from core.adapters.processes.tree import LAST_PATIENCE, Tree

#: Seconds between TERM and KILL: nobody is left who could grant more.
_GRACE = 1.0
#: Seconds within which a guardian is ready, which takes some hundredths.
_READY = 1.0


class Guardian:
    """Started by the first ``watch``: a small process that looks twice a second and sleeps in between."""

    def __init__(self) -> None:
        self._pipe: int | None = None
        self._runs: list[str] = []
        self.pid: int | None = None

    def watch(self, run_id: str) -> None:
        """See to it that nothing of ``run_id`` outlives this process by more than a moment.

        Where no process can be started there is no guardian; the next run's ``sweep`` does its work then.
        """
        self._runs.append(run_id)
        if self._pipe is None:
            with contextlib.suppress(OSError):
                self._start()
        self.tell(f"guard {run_id}")

    def look_after(self) -> str:
        """Let it go on if it was stopped, start another one if it is dead; return a sentence then, otherwise nothing."""
        if self.pid is None:
            return ""
        try:
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG) is None:
                os.kill(self.pid, signal.SIGCONT)
                return ""
        except ChildProcessError:
            pass  # whoever started us ignores SIGCHLD, so the kernel kept nothing
        self.let_go()
        runs, self._runs = self._runs, []
        for run_id in runs:
            self.watch(run_id)
        return "the guardian of this process was killed; another one was started"

    def dismiss(self) -> None:
        """There is nothing left to guard."""
        self.tell("bye")
        pid = self.pid
        self.let_go()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def tell(self, line: str) -> None:
        if self._pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._pipe, os.fsencode(line) + b"\n")

    def let_go(self) -> None:
        """Close our end without a word, in a process that is not the one to guard."""
        if self._pipe is not None:
            os.close(self._pipe)
        self._pipe = self.pid = None

    def _start(self) -> None:
        reader, self._pipe = os.pipe2(os.O_CLOEXEC)
        # A worker forked off this process must not keep the pipe open when we die.
        os.register_at_fork(after_in_child=partial(_let_go, weakref.ref(self)))
        package = os.path.dirname(os.path.abspath(sys.modules["core"].__file__ or "."))
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guardian_loop.py")
        words = (sys.executable, "-I", "-S", script, os.path.dirname(package), str(os.getpid()))
        ready, started = os.pipe2(os.O_CLOEXEC)
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, reader)
            stack.callback(os.close, ready)
            try:
                self.pid = os.posix_spawn(
                    sys.executable,
                    words,
                    os.environ,
                    file_actions=(
                        (os.POSIX_SPAWN_DUP2, reader, 0),
                        (os.POSIX_SPAWN_DUP2, started, 1),
                        (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0),
                    ),
                    setsid=True,
                    setsigmask=(),
                    setsigdef=(signal.SIGPIPE,),
                )
            finally:
                os.close(started)
            poll = select.poll()
            poll.register(ready, select.POLLIN)
            poll.poll(_READY * 1000)  # it closes its end: from then on nobody can stop it for good


def _let_go(guardian: weakref.ref[Guardian]) -> None:
    known = guardian()
    if known is not None:
        known.let_go()


def end_what_is_left(run_ids: list[str]) -> None:
    """End everything that has the marks of ``run_ids``: TERM, a second, KILL."""
    marker = Marker()
    trees = [Tree(marker, of_run(run_id), trust_limit=False) for run_id in run_ids]
    for tree in trees:
        tree.send(signal.SIGTERM)
        tree.send(signal.SIGCONT)
    deadline = time.monotonic() + _GRACE
    while time.monotonic() < deadline and any(tree.members() for tree in trees):
        time.sleep(0.02)
    for tree in trees:
        tree.kill(LAST_PATIENCE)
