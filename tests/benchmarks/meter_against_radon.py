"""The meter against radon's commands over whole source distributions: differences, CPU and wall time.

    python tests/benchmarks/meter_against_radon.py                      # the standard library and six distributions
    python tests/benchmarks/meter_against_radon.py FOLDER … PACKAGE==VERSION …
    python tests/benchmarks/meter_against_radon.py --equality …         # differences only, as a table; exit 1 with any
    python tests/benchmarks/meter_against_radon.py --speed …            # CPU and wall time only

Distributions come from the package index by pip and are unpacked in a temporary directory. Compared is what radon sees: it gets a copy
whose files are UTF-8 without a mark, ``except*`` as ``except`` where it counts complexity, and classes inside functions are left out of
ours. Each line of figures is a fresh process with all its children, start-up included. Radon needs minutes for the standard library.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from core.adapters.radon import RadonMeter
from core.domain.quality.metric import BlockKind, FileMeasure, complexity_rank, maintainability_rank

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tests.radon_judge import beyond_radon, rewrite_for_radon, seen_by_radon  # noqa: E402

RADON = (sys.executable, "-W", "ignore", "-m", "radon")
DISTRIBUTIONS = ("stdlib", "django==5.2.19", "mypy==2.4.1", "networkx==3.6.1", "sqlalchemy==2.1.9", "sympy==1.14.0", "twisted==26.10.0")
MEASURE = """
import sys
from core.adapters.radon import RadonMeter
root, jobs, cache = sys.argv[1:]
meter = RadonMeter(root, jobs=int(jobs), cache=cache or None, key=b"a secret")
print(len(meter.measure()), "files")
"""


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("sources", nargs="*", default=DISTRIBUTIONS, help="folders, distributions of the package index, or stdlib")
    options.add_argument("--equality", action="store_true", help="nothing but the comparison, as a table")
    options.add_argument("--speed", action="store_true", help="cc and mi only, nothing compared")
    told = options.parse_args()
    every: list[Equality] = []
    if not told.speed:
        print(f"{'distribution':22} {'files':>6} {'recoded':>7} {'blocks':>8} {'beyond':>6}   cc  mi raw hal  differences")
    for name in told.sources:
        with tempfile.TemporaryDirectory() as place:
            folder = unpacked(name, Path(place))
            if not told.speed:
                every.append(compare(name, folder, Path(place)))
            if not told.equality:
                print(f"\n{name}: {count_lines(folder):,} lines", flush=True)
                against(folder)
    if len(every) > 1:
        total(every).show()
    return int(any(sum(each.differences.values()) for each in every))


@dataclasses.dataclass(frozen=True)
class Equality:
    """What came of comparing one distribution."""

    name: str
    files: int
    #: Files that radon's command cannot read as they are.
    recoded: int
    #: Classes included.
    blocks: int
    #: Blocks that radon does not see.
    beyond: int
    #: Files on which we differ, by radon's command.
    differences: dict[str, int]

    def show(self) -> None:
        words = f"{self.name:22} {self.files:>6,} {self.recoded:>7} {self.blocks:>8,} {self.beyond:>6,}"
        counts = " ".join(f"{count:>3}" for count in self.differences.values())
        print(f"{words}  {counts}  {sum(self.differences.values())}", flush=True)


def total(every: Sequence[Equality]) -> Equality:
    """Return the sums over all distributions."""
    sums = {field: sum(getattr(each, field) for each in every) for field in ("files", "recoded", "blocks", "beyond")}
    return Equality(
        name="all", **sums, differences={judge: sum(each.differences[judge] for each in every) for judge in every[0].differences}
    )


def unpacked(name: str, place: Path) -> Path:
    if Path(name).is_dir():
        return Path(name)
    target = place / name
    if name == "stdlib":
        shutil.copytree(sysconfig.get_path("stdlib"), target, ignore=shutil.ignore_patterns("site-packages", "__pycache__"))
        return target
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(place / "archives"), name]
    subprocess.run(command, check=True)
    archive = max((place / "archives").iterdir(), key=os.path.getmtime)
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    return target


def count_lines(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("*.py") if path.is_file())


def spent(command: list[str], folder: Path) -> tuple[float, float, bytes]:
    """Return the CPU and wall seconds of a command with its children, and what it printed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    output = subprocess.run(command, cwd=folder, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}).stdout
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall, output


def against(folder: Path) -> None:
    """Print what radon and we spend on complexity and maintainability; radon once, we three times."""
    cc, mi = (spent([*RADON, metric, "-j", "."], folder) for metric in ("cc", "mi"))
    radon = cc[0] + mi[0], cc[1] + mi[1]
    print(f"  radon cc + mi             {radon[0]:8.2f} s CPU  {radon[1]:8.2f} s wall")
    with tempfile.TemporaryDirectory() as state:
        cache = f"{state}/m.db"

        def ours(title: str, jobs: int, database: str = "", forget: Callable[[], None] = lambda: None) -> tuple[float, float]:
            runs = []
            for _ in range(3):
                forget()
                runs.append(spent([sys.executable, "-c", MEASURE, str(folder), str(jobs), database], folder)[:2])
            cpu, wall = (min(figures) for figures in zip(*runs, strict=True))
            print(f"  {title:<25} {cpu:8.2f} s CPU  {wall:8.2f} s wall   1/{radon[0] / cpu:.1f} CPU, 1/{radon[1] / wall:.1f} wall")
            return cpu, wall

        ours("ours, one process", 1)
        ours("ours, two processes", 2)
        ours("ours, two, cold cache", 2, cache, lambda: [path.unlink() for path in Path(state).iterdir()] and None)
        ours("ours, warm", 2, cache)
        warm_share(folder, cache)


def warm_share(folder: Path, cache: str) -> None:
    """Print the CPU share of a warm measurement against a cold one, both without start-up."""

    def once(database: str | None) -> float:
        began = time.process_time()
        meter = RadonMeter(str(folder), jobs=1, cache=database, key=b"a secret")
        meter.measure()
        return time.process_time() - began

    cold, warm = min(once(None) for _ in range(2)), min(once(cache) for _ in range(5))
    print(f"  measure() itself          {cold:8.3f} s CPU cold, {warm:.3f} s warm: {warm / cold:.1%}")


def compare(name: str, folder: Path, place: Path) -> Equality:
    """Compare with each of radon's commands; print a line, and each file on which we differ."""
    ours = {measured.path: measured.measure for measured in RadonMeter(str(folder)).measure(list(radon_files(folder)))}
    differing: dict[str, list[str]] = {}
    recoded = 0
    for arguments, agrees in JUDGES:
        copy = Path(shutil.copytree(folder, place / "for radon", symlinks=True, ignore=unlike_python))
        changed = rewrite_for_radon(copy, except_star=arguments[0] == "cc")
        recoded = changed if arguments[0] == "mi" else recoded
        theirs = json.loads(spent([*RADON, *arguments, "-j", "."], copy)[2])
        shutil.rmtree(copy)
        paths = ours if arguments[0] == "cc" else theirs
        differing[arguments[0]] = [path for path in paths if not agrees(theirs.get(path, []), ours[path])]
    blocks = sum(len(seen_by_radon(measure.blocks)) for measure in ours.values())
    beyond = sum(len(beyond_radon(measure.blocks)) for measure in ours.values())
    found = Equality(name, len(ours), recoded, blocks, beyond, {command: len(paths) for command, paths in differing.items()})
    found.show()
    for command, paths in differing.items():
        print(*(f"  {command}: {path}" for path in paths[:20]), sep="\n", end="\n" * bool(paths), flush=True)
    return found


def unlike_python(at: str, names: list[str]) -> set[str]:
    return {name for name in names if not name.endswith(".py") and not os.path.isdir(os.path.join(at, name))}


def radon_files(folder: Path) -> Iterator[str]:
    """Yield what radon looks at: hidden directories and files are not."""
    for directory, names, files in os.walk(folder):
        names[:] = [name for name in names if not name.startswith(".")]
        for name in files:
            if name.endswith(".py") and not name.startswith("."):
                yield os.path.relpath(os.path.join(directory, name), folder)


def same_complexity(theirs: object, measure: FileMeasure) -> bool:
    if isinstance(theirs, dict):
        return bool(measure.problem) and not measure.blocks
    found = [
        (
            block.line,
            block.column,
            block.name.split(".")[-1],
            "function" if block.kind is BlockKind.CLOSURE else block.kind.value,
            block.complexity,
            complexity_rank(block.complexity),
        )
        for block in seen_by_radon(measure.blocks)
    ]
    keys = ("lineno", "col_offset", "name", "type", "complexity", "rank")
    wanted = [tuple(block[key].split(".")[-1] if key == "name" else block[key] for key in keys) for block in theirs]
    return sorted(found) == sorted(wanted)


def same_maintainability(theirs: dict, measure: FileMeasure) -> bool:
    if "error" in theirs:
        return bool(measure.problem)
    index = measure.maintainability
    return (measure.problem, index, maintainability_rank(index)) == ("", theirs["mi"], theirs["rank"])


def same_raw(theirs: dict, measure: FileMeasure) -> bool:
    if "error" in theirs:
        return bool(measure.problem) and measure.raw is None
    return measure.raw is not None and dataclasses.asdict(measure.raw) == theirs


def same_halstead(theirs: dict, measure: FileMeasure) -> bool:
    if "error" in theirs:
        return bool(measure.problem) and measure.halstead is None
    return measure.halstead is not None and list(dataclasses.astuple(measure.halstead)) == list(theirs["total"].values())


JUDGES = (
    (["cc", "--show-closures"], same_complexity),
    (["mi", "-s"], same_maintainability),
    (["raw"], same_raw),
    (["hal"], same_halstead),
)

if __name__ == "__main__":
    sys.exit(main())
