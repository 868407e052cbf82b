"""Backlogs of tasks that do nothing, in three shapes and many sizes, through every runner."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.bench.meter import Meter
from tests.benchmarks.bench.rounds import Contestant, compete
from tests.benchmarks.bench.runners import READS_BACK, floor, gather, knows
from tests.benchmarks.bench.scale import Scale
from tests.benchmarks.peers import Needs, Peer, independent, layered, no_ops

JOBS = 2


def chain(count: int) -> Needs:
    """Each task needs the one before."""
    return {f"t{number}": [f"t{number - 1}"] if number else [] for number in range(count)}


SHAPES = {"fan-out": independent, "chain": chain, "layered": layered}


def measure(meter: Meter, scratch: Path, scale: Scale) -> dict:
    """Return everything about backlogs, as JSON holds it."""
    contestants, versions = gather(scratch)
    least = floor(scratch)
    if least:
        contestants.insert(0, least)
    growth = _growth(contestants, meter, scratch, scale)
    shapes = {}
    for shape, count, rounds in scale.shapes:
        expected = {name: _likely(growth, name, count) for name in growth[-1]["records"]}
        shapes[shape] = {"tasks": count, **_compete(contestants, shape, count, meter, scratch, rounds, scale.limit, expected)}
    return {"versions": versions, "growth": growth, "shapes": shapes, "again": _again(contestants, meter, scratch, scale)}


def _growth(contestants: list[Peer], meter: Meter, scratch: Path, scale: Scale) -> list[dict]:
    series: list[dict] = []
    for count, rounds in scale.growth:
        expected = {peer.name: _likely(series, peer.name, count) for peer in contestants} if series else {}
        series.append({"tasks": count, **_compete(contestants, "fan-out", count, meter, scratch, rounds, scale.limit, expected)})
    return series


def _likely(series: list[dict], name: str, count: int) -> float:
    """Seconds that ``count`` tasks will take at least, judged by what was measured so far."""
    records = [(step["tasks"], step["records"].get(name, {"samples": [], "reason": ""})) for step in series]
    if any(record["reason"] and tasks <= count for tasks, record in records):
        return 1e6
    costs = [min(sample[0] for sample in record["samples"]) / tasks for tasks, record in records if record["samples"]]
    return costs[-1] * count * 0.6 if costs else 0.0


def _compete(contestants: list[Peer], shape: str, count: int, meter: Meter, scratch: Path, rounds: int, limit: float, expected) -> dict:
    needs = SHAPES[shape](count)
    field = [
        Contestant(
            name=peer.name,
            prepare=lambda root, peer=peer: peer.write(root, needs, no_ops(needs)),
            command=peer.command(scratch, JOBS),
            expected=expected.get(peer.name, 0.0),
        )
        for peer in contestants
        if knows(peer, needs)
    ]
    return compete(f"{count} tasks, {shape}", field, meter, scratch, rounds=rounds, limit=limit)


def _again(contestants: list[Peer], meter: Meter, scratch: Path, scale: Scale) -> dict:
    """Everything is done: the same command once more."""
    count, rounds = scale.again
    needs = independent(count)

    def work_off(root: Path, peer: Peer) -> None:
        peer.write(root, needs, no_ops(needs))
        meter(peer.command(root, JOBS), root, scale.limit)

    field = [
        Contestant(
            name=peer.name,
            prepare=lambda root, peer=peer: work_off(root, peer),
            command=peer.command(scratch, JOBS),
            keep=True,
            expected=slow,
        )
        for peer in contestants
        if peer.name in READS_BACK
        for slow in [1e6 if peer.name.startswith(("luigi", "snakemake")) and count > scale.slow_tools else 0.0]
    ]
    return {"tasks": count, **compete(f"{count} tasks, all done", field, meter, scratch, rounds=rounds, limit=scale.limit)}
