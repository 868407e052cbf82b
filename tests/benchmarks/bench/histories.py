"""The history of this repository's own metrics, by our reader of git's objects and by wily, over more and more revisions."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.bench import environments
from tests.benchmarks.bench.meter import Meter
from tests.benchmarks.bench.rounds import Contestant, compete
from tests.benchmarks.bench.scale import Scale
from tests.benchmarks.history_against_wily import OWN

REPOSITORY = Path(__file__).parents[3]


def measure(meter: Meter, scratch: Path, scale: Scale) -> dict:
    """Return everything about histories, as JSON holds it."""
    wily = environments.program("wily")
    there = int(subprocess.check_output(["git", "-C", REPOSITORY, "rev-list", "--count", "HEAD"], text=True))
    series: list[dict] = []
    for wanted in scale.revisions:
        count = min(wanted, there - 1)
        if series and count <= series[-1]["revisions"]:
            break
        field = _field(count, wily, series)
        series.append({"revisions": count, **compete(f"{count} revisions", field, meter, scratch, rounds=1, limit=scale.audit_limit * 2)})
    versions = {"wily": environments.version([wily, "--version"])} if wily else {}
    return {"versions": versions, "head": _head(), "series": series}


def _field(count: int, wily: Path | None, series: list[dict]) -> list[Contestant]:
    own = ["env", f"PYTHONPATH={REPOSITORY}", sys.executable, "-c", OWN, "clone", "state", str(count)]
    field = [
        Contestant(name="own reader, nothing known", prepare=_clone, command=own),
        Contestant(name="own reader, second look", prepare=functools.partial(_known, own, back=0), command=own),
        Contestant(name="own reader, one new commit", prepare=functools.partial(_known, own, back=1), command=own),
    ]
    if wily is None:
        return field
    build = [str(wily), "-p", "clone", "-c", "cache", "build", "-n", str(count)]
    expected = _before(series, "wily build") * count / series[-1]["revisions"] * 0.7 if series else 0.0
    field.append(Contestant(name="wily build", prepare=_clone, command=build, expected=expected))
    return field


def _before(series: list[dict], name: str) -> float:
    samples = series[-1]["records"][name]["samples"]
    return samples[0][0] if samples else 1e6


def _clone(root: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", "--no-local", REPOSITORY, root / "clone"], check=True)
    (root / "state").mkdir()


def _known(own: list[str], root: Path, *, back: int) -> None:
    """Read the history up to ``back`` commits ago; then the new ones come."""
    _clone(root)
    subprocess.run(["git", "-C", root / "clone", "reset", "--quiet", "--hard", f"HEAD~{back}"], check=True)
    subprocess.run(own, cwd=root, check=True, capture_output=True)
    subprocess.run(["git", "-C", root / "clone", "reset", "--quiet", "--hard", "origin/HEAD"], check=True)


def _head() -> str:
    return subprocess.check_output(["git", "-C", REPOSITORY, "rev-parse", "--short", "HEAD"], text=True).strip()
