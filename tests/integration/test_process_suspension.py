"""For how long the tool was suspended, as the launcher counts it: the deadlines of tasks move by that."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

from core.adapters.processes import ProcessLauncher
from tests.run_ids import own_run_id
from tests.waiting import TIMEOUT, until

#: Waits in small steps, as a run does, until it knows that it was suspended.
_DRIVER = """
import os, sys
sys.path[:0] = {path!r}
from pathlib import Path
from core.adapters.processes import ProcessLauncher
from core.ports.processes import Launch

with ProcessLauncher() as launcher:
    if {starts!r}:
        log = os.open("log", os.O_WRONLY | os.O_CREAT)
        launcher.start(Launch(command="sleep 60", cwd=os.getcwd(), env={{}}, output=log, run_id={run!r}))
    Path("up").write_text(str(os.getpid()))
    while not launcher.suspended:
        launcher.wait(0.05)
    Path("suspended.new").write_text(repr(launcher.suspended))
    os.replace("suspended.new", "suspended")
"""


def _driver(*, starts: bool) -> tuple[str, str, str]:
    return sys.executable, "-c", _DRIVER.format(path=sys.path, starts=starts, run=own_run_id("suspended"))


def _hold(tool: int, number: int) -> float:
    """Suspend it for a while; return for how many seconds at least."""
    os.kill(tool, number)
    until(lambda: Path(f"/proc/{tool}/stat").read_text().rpartition(")")[2].split()[0] == "T", what="it stops")
    began = time.monotonic()
    time.sleep(2.0)
    held = time.monotonic() - began
    os.kill(tool, signal.SIGCONT)
    return held


def test_a_process_that_was_frozen_counts_how_long(tmp_path: Path) -> None:
    # Before the first process there is no guardian to let it go on, as there is none that could where a whole container is frozen.
    with subprocess.Popen(_driver(starts=False), cwd=tmp_path) as driver:
        until((tmp_path / "up").exists)
        held = _hold(driver.pid, signal.SIGSTOP)
        driver.wait(TIMEOUT)
    # The wait that was under way had 0.05 s to go at most.
    assert float((tmp_path / "suspended").read_text()) >= held - 0.05


def test_a_persons_suspension_is_counted_to_the_end(tmp_path: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        # A shell of its own between: the kernel stops nobody whose group has no parent to let it go on.
        job = 'set -m; "$@" & wait $!; while kill -0 $! 2>/dev/null; do wait; done'
        os.execv("/bin/bash", ["bash", "-c", job, "-", *_driver(starts=True)])
    try:
        until((tmp_path / "up").exists)
        held = _hold(int((tmp_path / "up").read_text()), signal.SIGTSTP)
        until((tmp_path / "suspended").exists)
    finally:
        os.close(terminal)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert float((tmp_path / "suspended").read_text()) >= held


def test_a_wait_that_is_just_long_is_no_suspension() -> None:
    with ProcessLauncher() as launcher:
        launcher.wait(0.2)
        launcher.wait(0)
        launcher.wait(-1)
        assert launcher.suspended == 0
