"""The finer measurements beside this one: each is a script of its own, and prints what it found."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A file of ``tests/benchmarks``, its place on the page, and its arguments for each scale."""

    figures: str
    file: str
    quick: tuple[str, ...] = ()
    full: tuple[str, ...] = ()


#: Small distributions with tests, classes inside functions and ``except*``; radon needs seconds for each.
_SMALL = ("anyio==4.9.0", "attrs==24.3.0", "click==8.1.8", "httpx==0.28.1", "networkx==3.6.1", "trio==0.31.0")
#: These print text; it is put on the page as it is.
PRINTING = (
    Script(figures="start-up", file="start_up.py"),
    Script(figures="launch-floor", file="launch_floor.py", quick=("100",), full=("300",)),
    Script(figures="where-time-goes", file="where_time_goes.py"),
    Script(figures="tasks-file", file="tasks_file.py", quick=("100", "1000", "10000")),
    Script(figures="view-cost", file="view_cost.py"),
    Script(figures="equal-to-radon", file="meter_against_radon.py", quick=("--equality", *_SMALL), full=("--equality",)),
    Script(figures="history-since", file="history_since.py"),
    Script(figures="audit-since", file="audit_since.py"),
    Script(figures="checks-up-to-date", file="checks_up_to_date.py"),
    Script(figures="plugin-call", file="plugin_call_cost.py", quick=("20",), full=("60",)),
)

#: These put their table on the page themselves; too long for the quick scale.
WRITING = (
    Script(figures="cost-per-task", file="run_cost_per_task.py"),
    Script(figures="throughput", file="run_throughput.py"),
    Script(figures="throughput-layers", file="run_throughput.py", full=("--layers",)),
    Script(figures="kill-storm", file="run_kill_storm.py", full=("300",)),
    Script(figures="hand-edits", file="run_hand_edits.py"),
    Script(figures="critical-path", file="run_critical_path.py"),
    Script(figures="large", file="run_large.py"),
)


def measure(scale: str) -> dict:
    """Run the printing scripts; return what each said and the command that says it."""
    found = {}
    for script in PRINTING:
        words = [f"tests/benchmarks/{script.file}", *(script.full if scale == "full" else script.quick)]
        print(f"{' '.join(words)}", file=sys.stderr)
        done = subprocess.run([sys.executable, *words], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=False)
        said = done.stdout.strip() + (f"\nexit {done.returncode}" if done.returncode else "")
        found[script.figures] = {"said": said, "command": f"python {' '.join(words)}"}
    if scale == "full":
        for script in WRITING:
            subprocess.run([sys.executable, f"tests/benchmarks/{script.file}", *script.full], cwd=REPOSITORY, check=False)
    return found
