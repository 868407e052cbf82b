"""What outlives the tool's own ``kill -9``: a shell that waits for our end and then ends what we left running."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

from core.adapters.processes.mark import Marker, of_run
from core.adapters.processes.tree import Tree

#: Reads one run id a line. ``bye`` ends it; the end of the pipe without it means that the tool is dead.
_WAIT = """
while read -r run; do
  [ "$run" = bye ] && exit
  runs="$runs $run"
done
exec "$@" $runs
"""
_SWEEP = "import sys; sys.path.insert(0, sys.argv.pop(1)); from core.adapters.processes.guardian import main; main(sys.argv[1:])"
#: Seconds between TERM and KILL: nobody is left who could grant more.
_GRACE = 1.0


class Guardian:
    """Started by the first ``watch``; costs a fork of ``sh`` and sleeps until the pipe ends."""

    def __init__(self) -> None:
        self._pipe: int | None = None
        self.pid: int | None = None

    def watch(self, run_id: str) -> None:
        """See to it that nothing of ``run_id`` outlives this process by more than a moment."""
        if self._pipe is None:
            self._start()
        self._tell(run_id)

    def dismiss(self) -> None:
        """There is nothing left to guard."""
        if self._pipe is None or self.pid is None:
            return
        self._tell("bye")
        os.close(self._pipe)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        self._pipe = self.pid = None

    def _start(self) -> None:
        reader, self._pipe = os.pipe2(os.O_CLOEXEC)
        package = os.path.dirname(os.path.abspath(sys.modules["core"].__file__ or "."))
        words = ("sh", "-c", _WAIT, "sh", sys.executable, "-I", "-S", "-c", _SWEEP, os.path.dirname(package))
        try:
            self.pid = os.posix_spawn(
                "/bin/sh",
                words,
                os.environ,
                file_actions=(
                    (os.POSIX_SPAWN_DUP2, reader, 0),
                    (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0),
                ),
                setsid=True,
            )
        finally:
            os.close(reader)

    def _tell(self, line: str) -> None:
        assert self._pipe is not None
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, os.fsencode(line) + b"\n")


def main(run_ids: list[str]) -> None:
    """End everything that bears the marks of ``run_ids``: TERM, a second, KILL."""
    marker = Marker()
    trees = [Tree(marker, of_run(run_id), trust_limit=False) for run_id in run_ids]
    for tree in trees:
        tree.send(signal.SIGTERM)
        tree.send(signal.SIGCONT)
    deadline = time.monotonic() + _GRACE
    while time.monotonic() < deadline and any(tree.members() for tree in trees):
        time.sleep(0.02)
    for tree in trees:
        while tree.kill():
            pass
