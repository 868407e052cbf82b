"""What the seals of the cache cost: a warm `audit` of this version beside one of another, in turns, on one repository.

    python tests/benchmarks/audit_sealed_cache.py REPOSITORY --before SOURCES [--after SOURCES] [--rounds N]

REPOSITORY is copied twice, one copy for each, and must hold Python files; SOURCES is a directory with a ``core`` in it, such as
``git archive REVISION core | tar x -C SOURCES`` makes; without ``--after`` it is this one. Prints CPU seconds (user and system, with
everything the command started, start-up included) and the ratio: the median of the ratios within a round, and least against least.
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
from pathlib import Path
from statistics import median

HERE = Path(__file__).parents[2]
_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from core.cli import main; sys.exit(main())"


def cpu(sources: Path, root: Path, home: Path) -> float:
    """Return the CPU seconds of one audit."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-P", "-c", _START, str(sources), "audit", "--no-history", "--fail-on", "never", "--quiet"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def prepare(repository: Path, place: Path) -> Path:
    """Return a copy that git knows, so that both audits do all that an audit does."""
    root = place / "project"
    shutil.copytree(repository, root, symlinks=True, ignore=shutil.ignore_patterns(".git", ".orchestrator"))
    for command in (("init", "-q"), ("add", "-A")):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("repository", type=Path)
    options.add_argument("--before", type=Path, required=True)
    options.add_argument("--after", type=Path, default=HERE)
    options.add_argument("--rounds", type=int, default=15)
    told = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        contestants = {}
        for name, sources in (("before", told.before), ("after", told.after)):
            place = Path(scratch, name)
            place.mkdir()
            contestants[name] = (sources.resolve(), prepare(told.repository, place), place)
        time.sleep(3)  # files that changed just now are read again
        for contestant in contestants.values():
            cpu(*contestant)
        seconds: dict[str, list[float]] = {name: [] for name in contestants}
        for number in range(told.rounds):
            for name in sorted(contestants, reverse=bool(number % 2)):
                seconds[name].append(cpu(*contestants[name]))
    ratios = [after / before for before, after in zip(seconds["before"], seconds["after"], strict=True)]
    for name, found in seconds.items():
        print(f"{name:7} {median(found):.3f} s CPU, at least {min(found):.3f} s")
    print(f"ratio   {median(ratios):.3f} ×, least against least {min(seconds['after']) / min(seconds['before']):.3f} ×")


if __name__ == "__main__":
    main()
