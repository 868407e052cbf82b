"""Where the time of a run goes: 2,000 × ``true``, two at a time, with a stop watch around each step of the loop.

    python tests/benchmarks/where_time_goes.py [tasks]

Wall time in our one thread, in microseconds a task; a step's figure is without that of the steps inside it. The stop
watches themselves cost about 1 µs a step.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.adapters.event_log import EventLog
from core.adapters.log_files.file import FileLog
from core.adapters.log_files.store import FileLogStore
from core.adapters.processes.launcher import ProcessLauncher
from core.adapters.processes.watch import Watch
from core.adapters.state_db import SqliteJournal
from core.adapters.tasks_yaml.store.task_file import YamlTaskFile
from core.cli import main as orchestrator
from core.orchestrator import Orchestrator
from core.planner import Planner
from core.terminal.plain_view import PlainView

#: What is watched, and what it is called. Of one name several add up.
_STEPS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("inside posix_spawn, until the child is a program of its own", os, ("posix_spawn",)),
    ("the rest of starting a process", ProcessLauncher, ("start",)),
    ("waiting for an end", Watch, ("wait",)),
    ("reaping, looking for what it left", ProcessLauncher, ("wait", "survivors")),
    ("journal: commits", SqliteJournal, ("transaction", "begin_attempt", "end_attempt", "record", "_run")),
    ("log files", FileLogStore, ("open",)),
    ("log files", FileLog, ("note", "trim", "end", "close", "_end_header")),
    ("events into logs/run-….jsonl", EventLog, ("__call__", "flush")),
    ("lines on the screen", PlainView, ("__call__",)),
    ("planner", Planner, ("next", "mark")),
    ("tasks.yml, written and looked at", YamlTaskFile, ("write", "poll")),
    ("everything else in the loop", Orchestrator, ("_step",)),
)


class Watches:
    """Seconds by name, each without those of the names inside."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside = [0.0]

    def watch(self, name: str, owner: Any, method: str) -> None:
        """Put a stop watch around a function."""
        original: Callable[..., Any] = getattr(owner, method)
        self.seconds.setdefault(name, 0.0)

        def timed(*values: Any, **named: Any) -> Any:
            self._inside.append(0.0)
            begun = time.perf_counter()
            try:
                return original(*values, **named)
            finally:
                taken = time.perf_counter() - begun
                self.seconds[name] += taken - self._inside.pop()
                self._inside[-1] += taken

        setattr(owner, method, timed)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    watches = Watches()
    for name, owner, methods in _STEPS:
        for method in methods:
            watches.watch(name, owner, method)
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "tasks.yml").write_text("".join(f"- id: t{n}\n  description: nothing\n  command: 'true'\n" for n in range(count)))
        os.chdir(scratch)
        begun = time.perf_counter()
        orchestrator(["run", "-j2", "--no-reflect", "--quiet"])
        whole = time.perf_counter() - begun
        os.chdir("/")
    loop = sum(watches.seconds.values())
    for name, seconds in watches.seconds.items():
        print(f"{seconds / count * 1e6:6.0f}  {name}")
    print(f"{loop / count * 1e6:6.0f}  µs a task in the loop; {whole - loop:.2f} s once, before and after it")


if __name__ == "__main__":
    main()
