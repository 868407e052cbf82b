"""What ``--version`` and ``--help`` cost beside ``python -c pass``, interleaved: ``python tests/benchmarks/start_up.py``."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

REPEATS = 60
ORCHESTRATOR = str(Path(sys.executable).parent / "orchestrator")
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "orchestrator --version": [ORCHESTRATOR, "--version"],
    "orchestrator --help": [ORCHESTRATOR, "--help"],
    "python -c 'import typer'": [sys.executable, "-c", "import typer"],
    "orchestrator completion bash": [ORCHESTRATOR, "completion", "bash"],
}


def main() -> None:
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(REPEATS):
        for name, command in COMMANDS.items():
            begin = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            taken[name].append(time.perf_counter() - begin)
    floor = min(taken["python -c pass"])
    for name, times in taken.items():
        print(f"{name:30} min {min(times) * 1000:6.1f} ms  median {median(times) * 1000:6.1f} ms  {min(times) / floor:.2f} × floor")


if __name__ == "__main__":
    main()
