"""100,000 tasks: reading, checking and planning them, the first start and the last, and where time and memory go.

    python tests/benchmarks/run_large.py [tasks]

Every task has a comment, a description, a command, up to three dependencies, a priority and a cost. The upper table is one
process that does one step after the other, memory as it stands after each; the lower one is whole commands.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.domain.runs.budget import Budget
from core.domain.tasks.task import Status
from core.planner import Planner
from tests.benchmarks.figures import write_figures
from tests.benchmarks.peers import ORCHESTRATOR, layered

#: The first one makes the state directory, in which the parsed form is remembered.
_COMMANDS = ("done t0", "validate", "status", "list", "why t1", "plan")


def backlog(count: int) -> str:
    return "".join(
        f"# {task}\n- id: {task}\n  description: Do the thing that {task} stands for\n  command: make {task}\n"
        f"  dependencies: [{', '.join(above)}]\n  priority: {number % 5}\n  cost: 1.5\n\n"
        for number, (task, above) in enumerate(layered(count, 1000).items())
    )


def main() -> None:
    if "--steps" in sys.argv:
        steps(Path(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "tasks.yml")
        path.write_text(backlog(count))
        size = path.stat().st_size / 1e6
        stepped = subprocess.run([sys.executable, __file__, "--steps", path], check=True, capture_output=True, text=True).stdout
        commands = [_whole(words, Path(scratch)) for words in _COMMANDS]
    head = f"{count:,} tasks in {size:.1f} MB.\n\n| step | seconds | memory after it, MB |\n|---|---:|---:|\n"
    table = head + stepped + "\n| command | wall, s | CPU, s | peak memory, MB |\n|---|---:|---:|---:|\n" + "\n".join(commands)
    print(table)
    write_figures("large", table, command=f"python tests/benchmarks/run_large.py {count}", load=load)


def steps(path: Path) -> None:
    """Print a row for each step of reading and planning."""
    from core.adapters.tasks_yaml import YamlTaskFile

    state = path.parent / "state"
    state.mkdir()
    _row("start Python, import", lambda: None)
    text = _row("read the bytes", path.read_bytes)
    file = YamlTaskFile(path, path.parent, state)
    tasks = _row("parse, check every entry and the graph", file.read).tasks
    _row("remember the parsed form", file.close)
    again = YamlTaskFile(path, path.parent, state)
    _row("read it again, remembered", again.read)
    planner = _row("plan: priorities, paths, the queue", lambda: Planner(tasks))
    first = _row("the first start", lambda: planner.next(Budget()))
    last = _row("every further start, to the last", lambda: _to_the_end(planner, first))
    _row("explain all that is open", lambda: len(tuple(Planner(tasks).explain_open())))
    print(f"first to start: {first.task.id}, last: {last.task.id}, {len(text):,} bytes", file=sys.stderr)


def _to_the_end(planner: Planner, decision: Any) -> Any:
    last = decision
    while decision is not None:
        last = decision
        planner.mark(decision.task.id, Status.IN_PROGRESS)
        planner.mark(decision.task.id, Status.DONE)
        decision = planner.next(Budget())
    return last


def _row(name: str, action: Callable[[], Any]) -> Any:
    begun = time.perf_counter()
    result = action()
    taken = time.perf_counter() - begun
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    print(f"| {name} | {taken:.3f} | {pages * 4096 / 1e6:.0f} |")
    return result


def _whole(words: str, root: Path) -> str:
    begun = time.perf_counter()
    process = subprocess.Popen([ORCHESTRATOR, *words.split()], cwd=root, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return f"| `orchestrator {words}` | {wall:.2f} | {usage.ru_utime + usage.ru_stime:.2f} | {usage.ru_maxrss / 1000:.0f} |"


if __name__ == "__main__":
    main()
