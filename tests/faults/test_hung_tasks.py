"""Row 7: tasks that will not end, all at once: TERM, five seconds, KILL, and nothing of them is left."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from tests.faults.invariants import look
from tests.faults.laboratory import RUN, Laboratory

_DEAF = "trap '' TERM INT HUP; echo $$ >> pids; while :; do sleep 0.1; done"
_STOPPED = "echo $$ >> pids; kill -STOP $$"
_CLOSED = "echo $$ >> pids; exec 0<&- 1>&- 2>&-; trap '' TERM; while :; do sleep 0.1; done"
#: Never the same process for long: each forks the next one and ends.
_HOPPING = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    if os.fork():
        os._exit(0)
    time.sleep(0.001)
"""
#: A bomb that stops at a few hundred, each of which hides in a session of its own.
_BOMB = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(8):
    if os.fork() == 0:
        os.setsid()
while True:
    time.sleep(1)
"""
_DEAF_PYTHON = f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1000)  # of {os.getpid()}"
#: Two forks, a session of its own, no environment, no directory, no stdio.
_DAEMON = f"""
import os, sys, time
if os.fork():
    time.sleep(1000)
os.setsid()
if os.fork():
    os._exit(0)
os.closerange(0, 256)
os.chdir("/")
os.execve({sys.executable!r}, ["hidden", "-ISc", {_DEAF_PYTHON!r}], {{}})
"""


def test_whatever_hangs_is_ended_by_its_timeout_and_leaves_nothing(laboratory: Laboratory) -> None:
    for name, text in (("hopping", _HOPPING), ("bomb", _BOMB), ("daemon", _DAEMON)):
        (laboratory.root / f"{name}.py").write_text(text)
    commands = {"deaf": _DEAF, "stopped": _STOPPED, "closed": _CLOSED}
    commands |= {name: f"{sys.executable} -IS {name}.py" for name in ("hopping", "bomb", "daemon")}
    # What hops away at once has ended by itself; that is no timeout, but nothing of it may be left either.
    commands["gone"] = f"{sys.executable} -IS hopping.py"
    laboratory.write_tasks(*({"id": task, "command": command, "timeout": 1} for task, command in commands.items()))
    laboratory.before = laboratory.tasks_file.read_text()
    tool = laboratory.fork(*RUN, "-j7")
    code = tool.wait()

    assert code == 1, tool.output()
    assert laboratory.violations(resting=True) == []
    assert _hidden() == []
    endings = {row["task_id"]: row["ending"] for row in _attempts(laboratory)}
    assert {endings[task] for task in ("deaf", "stopped", "closed", "bomb", "daemon")} == {"timed_out"}


def _attempts(laboratory: Laboratory) -> list[dict[str, object]]:
    return look(laboratory.root).state.attempts


def _hidden() -> list[int]:
    """Return the processes in the disguise of ``_DAEMON``."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            if Path(f"/proc/{name}/cmdline").read_bytes().startswith(b"hidden\0-ISc\0" + _DEAF_PYTHON.encode()):
                found.append(int(name))
    return found
