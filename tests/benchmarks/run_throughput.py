"""What a task costs here and elsewhere when it does nothing: 2,000 × ``true``, two at a time.

    python tests/benchmarks/run_throughput.py [tasks] [rounds] [--layers]

Every round runs every contestant once, so that all of them meet the same load; ratios are taken within a round and the
table shows their medians. The word ``true`` is what a person would type: tools that go through a shell have it for
nothing there, and the orchestrator starts the program.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.benchmarks.figures import write_figures
from tests.benchmarks.peers import Measure, independent, install, layered, measure, no_ops, peers

_JOBS = 2


def main() -> None:
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    count, rounds = (*numbers, 2000, 7)[:2] if len(numbers) != 1 else (numbers[0], 7)
    layers = "--layers" in sys.argv
    needs = layered(count) if layers else independent(count)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        contestants = peers(install(Path(scratch, "venv")))
        figures: dict[str, list[Measure]] = {peer.name: [] for peer in contestants}
        for number in range(rounds):
            for peer in contestants:
                # Nothing is removed before the end: ext4 makes files slowly for minutes where many were removed.
                root = Path(scratch, f"round-{number}", peer.name)
                figures[peer.name].append(measure(peer, root, needs, no_ops(needs), _JOBS))
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
    ours = figures["orchestrator"]
    rows = []
    for peer in contestants:
        theirs = figures[peer.name]
        walls, cpus = [one.wall for one in theirs], [one.cpu for one in theirs]
        wall_ratio = median(mine.wall / other.wall for mine, other in zip(ours, theirs, strict=True))
        cpu_ratio = median(mine.cpu / other.cpu for mine, other in zip(ours, theirs, strict=True))
        rows.append(
            f"| {peer.name} | {'yes' if peer.keeps_log else 'no'} | {peer.state} | {median(walls):.2f} | {min(walls):.2f} "
            f"| {median(cpus):.2f} | {wall_ratio:.2f} | {cpu_ratio:.2f} |"
        )
    head = "| tool | log a task | state a task | wall, median s | least s | CPU, median s | our wall ÷ its | our CPU ÷ its |"
    table = "\n".join([head, "|---|---|---|---:|---:|---:|---:|---:|", *rows])
    print(table)
    shape = " --layers" if layers else ""
    name = "throughput-layers" if layers else "throughput"
    write_figures(name, table, command=f"python tests/benchmarks/run_throughput.py {count} {rounds}{shape}", load=load)


if __name__ == "__main__":
    main()
