"""Eight tasks of half a second written first, then a chain of four seconds, two slots: who starts the chain in time?

    python tests/benchmarks/run_critical_path.py [rounds]

No priorities are given and nothing has run before. Four seconds is the least that is possible.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.benchmarks.figures import write_figures
from tests.benchmarks.peers import install, measure, peers

_LOOSE = [f"loose{number}" for number in range(8)]
_CHAIN = [f"chain{number}" for number in range(4)]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    needs: dict[str, list[str]] = {task: [] for task in _LOOSE}
    needs |= {task: [_CHAIN[number - 1]] if number else [] for number, task in enumerate(_CHAIN)}
    commands = {**dict.fromkeys(_LOOSE, "sleep 0.5"), **dict.fromkeys(_CHAIN, "sleep 1")}
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        contestants = [peer for peer in peers(install(Path(scratch, "venv"))) if "," not in peer.name]
        walls: dict[str, list[float]] = {peer.name: [] for peer in contestants}
        for number in range(rounds):
            for peer in contestants:
                root = Path(scratch, f"round-{number}", peer.name)
                walls[peer.name].append(measure(peer, root, needs, commands, 2).wall)

    rows = [f"| {name} | {median(taken):.2f} | {min(taken):.2f} |" for name, taken in walls.items()]
    table = "\n".join(["| tool | median s | least s |", "|---|---:|---:|", *rows])
    print(table)
    write_figures("critical-path", table, command=f"python tests/benchmarks/run_critical_path.py {rounds}", load=load)


if __name__ == "__main__":
    main()
