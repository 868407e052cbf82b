"""What a task costs that does nothing, beside ninja with a log a task and the least that Python can do: fan-out, layers, chain.

    python tests/benchmarks/run_cost_per_task.py [tasks] [rounds]

Every round runs every contestant on every shape once, so that all of them meet the same load; ratios are taken within a round and
the table shows their medians. Wall time and the CPU time of the command with everything that it started, at ``-j2``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from tests.benchmarks.bench.backlogs import SHAPES
from tests.benchmarks.figures import write_figures
from tests.benchmarks.peers import Measure, Needs, Peer, install, measure, no_ops, peers

_JOBS = 2
_OURS, _NINJA, _BARE = "orchestrator", "ninja, with log", "bare Python loop"


def main() -> None:
    count, rounds = ([int(word) for word in sys.argv[1:]] + [2000, 5][len(sys.argv) - 1 :])[:2]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        contestants = [*(peer for peer in peers(install(Path(scratch, "venv"))) if peer.name in (_OURS, _NINJA)), _bare_loop()]
        figures: dict[tuple[str, str], list[Measure]] = {}
        for number in range(rounds):
            for shape, make in SHAPES.items():
                needs = make(count)
                for peer in contestants:
                    root = Path(scratch, f"round-{number}", shape, peer.name)
                    figures.setdefault((shape, peer.name), []).append(measure(peer, root, needs, no_ops(needs), _JOBS))
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
    head = (
        "| shape | ours, wall s | CPU s | bare loop, wall s | CPU s | ninja with logs, wall s | CPU s | ours ÷ ninja, wall | CPU "
        "| bare ÷ ninja, wall | CPU | ours ÷ bare, wall | CPU |"
    )
    table = "\n".join([head, "|---|" + "---:|" * 12, *(_row(shape, figures) for shape in SHAPES)])
    print(table)
    write_figures("cost-per-task", table, command=f"python tests/benchmarks/run_cost_per_task.py {count} {rounds}", load=load)


def _row(shape: str, figures: Mapping[tuple[str, str], list[Measure]]) -> str:
    cells = [f"{value:.2f}" for name in (_OURS, _BARE, _NINJA) for value in _medians(figures[shape, name])]
    pairs = ((_OURS, _NINJA), (_BARE, _NINJA), (_OURS, _BARE))
    cells += [f"{value:.2f}" for one, other in pairs for value in _ratios(figures[shape, one], figures[shape, other])]
    return f"| {shape} | {' | '.join(cells)} |"


def _medians(figures: list[Measure]) -> tuple[float, float]:
    return median(one.wall for one in figures), median(one.cpu for one in figures)


def _ratios(ones: list[Measure], others: list[Measure]) -> tuple[float, float]:
    pairs = list(zip(ones, others, strict=True))
    return median(one.wall / other.wall for one, other in pairs), median(one.cpu / other.cpu for one, other in pairs)


def _bare_loop() -> Peer:
    def write(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
        del commands
        (root / "backlog.json").write_text(json.dumps(needs))

    script = str(Path(__file__).with_name("bare_loop.py"))
    command = [sys.executable, "-S", "-E", script, "backlog.json"]
    return Peer(name=_BARE, keeps_log=True, state="journal", write=write, command=lambda _root, jobs: [*command, str(jobs)])


if __name__ == "__main__":
    main()
