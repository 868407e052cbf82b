"""An audit with all metrics of functions and files, beside the tools that measure one or two of them: CPU seconds.

    python tests/benchmarks/audit_all_metrics.py [PACKAGE==VERSION …] [--rounds N]

Source distributions come from the package index and are committed to a new git repository each; tests are measured too, as the others do.
The contestants take turns; of each the least CPU (user and system, with everything it started) counts. *Warm* is the same audit again, and
is taken above what an audit of one line costs. The other tools are installed in environments of their own below the user's cache.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.bench import environments
from tests.benchmarks.bench.figures_of import table
from tests.benchmarks.figures import write_figures

PACKAGES = ("pytest==9.2.0", "twisted==26.10.0", "django==5.2.19")

OURS, WARM, RADON, OTHERS = "cold", "warm", "radon cc + mi", ("complexipy", "ruff C901", "lizard")
_HERE = Path(sys.executable).parent
_AUDIT = [str(_HERE / "orchestrator"), "audit", "--metrics", "all", "--fail-on", "never", "--no-history", "--quiet"]


@dataclass(slots=True)
class Contestant:
    """A command, and the least CPU seconds that it took."""

    commands: Sequence[Sequence[str]]
    #: What it knows from before, below the repository; removed before each round.
    forget: str = ""
    seconds: list[float] = field(default_factory=list)

    def run(self, root: Path) -> None:
        if self.forget:
            shutil.rmtree(root / self.forget, ignore_errors=True)
        self.seconds.append(sum(cpu(command, root) for command in self.commands))


def cpu(command: Sequence[str], root: Path) -> float:
    """Return the CPU seconds of a command with its children. Raises SystemExit where it did not do the work."""
    hidden = ("ORCHESTRATOR_", "GIT_", "PYTHON", "CI")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command}: exit {done.returncode}: {done.stderr.decode()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def contestants() -> dict[str, Contestant]:
    radon, ruff = str(_HERE / "radon"), str(_HERE / "ruff")
    lizard, complexipy = (environments.program(name) for name in ("lizard", "complexipy"))
    check = [ruff, "check", "--isolated", "--no-respect-gitignore", "--select", "C901", "--exit-zero", "--quiet", "."]
    return {
        OURS: Contestant([_AUDIT], forget=".orchestrator"),
        WARM: Contestant([_AUDIT]),
        RADON: Contestant([[radon, "cc", "-s", "."], [radon, "mi", "-s", "."]]),
        "complexipy": Contestant([[str(complexipy), "--isolated", "."]], forget=".complexipy_cache"),
        "ruff C901": Contestant([check], forget=".ruff_cache"),
        "lizard": Contestant([[str(lizard), "-l", "python", "."]]),
    }


def repository(root: Path, fill: Callable[[Path], object]) -> Path:
    """Make a git repository whose tests are audited too."""
    fill(root)
    (root / "config.yaml").write_text("audit: {exclude: []}\n")
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "gc.auto=0", "-c", "maintenance.auto=false")
    for words in (("init", "--quiet"), ("add", "--all", "--force"), ("commit", "--quiet", "--message", "all")):
        subprocess.run(["git", *who, *words], cwd=root, check=True)
    return root


def one_line(root: Path) -> None:
    root.mkdir()
    (root / "module.py").write_text("X = 1\n")


def measured(root: Path, rounds: int) -> dict[str, float]:
    every = contestants()
    cpu(_AUDIT, root)
    time.sleep(3)  # files that changed just now are read again
    for number in range(rounds):
        for name in sorted(every, reverse=bool(number % 2)):
            if name == WARM:
                cpu(_AUDIT, root)
            every[name].run(root)
    return {name: min(one.seconds) for name, one in every.items()}


def row(package: str, root: Path, found: dict[str, float], start: float) -> list[str]:
    lines = sum(path.read_bytes().count(b"\n") for path in root.rglob("*.py") if path.is_file())
    together = sum(found[name] for name in OTHERS)
    warm = max(0.0, found[WARM] - start) / (found[OURS] - start)
    return [
        package,
        f"{lines:,}",
        *(f"{found[name]:.2f}" for name in (OURS, RADON, *OTHERS)),
        f"1/{found[RADON] / found[OURS]:.1f}",
        f"{found[OURS] / together:.2f} ×",
        f"{found[WARM]:.2f}",
        f"{warm:.1%}",
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("packages", nargs="*", default=PACKAGES)
    options.add_argument("--rounds", type=int, default=3)
    told = options.parse_args()
    head = ["CPU seconds", "lines", "ours", RADON, *OTHERS, "to radon", "to the three together", "warm", "warm to cold, above start-up"]
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        small = repository(Path(scratch, "small"), one_line)
        start = min(cpu(_AUDIT, small) for _ in range(3 + told.rounds))
        for package in told.packages:
            source = environments.source(package)
            if source is None:
                raise SystemExit(f"{package} cannot be had")
            root = repository(Path(scratch, package), lambda place, source=source: shutil.copytree(source, place, symlinks=True))
            rows.append(row(package, root, measured(root, told.rounds), start))
            print(*rows[-1], sep="  ", flush=True)
    said = f"{table(head, rows)}\n\nAn audit of one line: {start:.2f} s."
    print(said)
    write_figures("all-metrics", said, command="python tests/benchmarks/audit_all_metrics.py")


if __name__ == "__main__":
    main()
