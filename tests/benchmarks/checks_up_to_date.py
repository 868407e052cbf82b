"""What a run costs whose checks are all up to date: ten of them, each about 300 of 3,000 Python files; and that one change runs one check.

    python tests/benchmarks/checks_up_to_date.py [FILES]

Wall seconds, the best and the middle of eleven rounds in which every command is measured once, and the least processor seconds; ratios
are those of wall seconds, medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))
from history_since import edit, git, grow

ORCHESTRATOR = str(Path(sys.executable).with_name("orchestrator"))
RUN = [ORCHESTRATOR, "run"]
COMMANDS = {
    "run, ten checks up to date": RUN,
    "list": [ORCHESTRATOR, "list"],
    "git status": ["git", "status", "--porcelain"],
    "python -c pass": [sys.executable, "-c", "pass"],
}
CHECKS = 10
ROUNDS = 11


def backlog() -> str:
    """Return ten checks; each is about five of the fifty packages."""
    packages = 50 // CHECKS
    entries = []
    for number in range(CHECKS):
        sources = [f"package_{package}/**/*.py" for package in range(number * packages, (number + 1) * packages)]
        fields = {"id": f"check-{number}", "description": "d", "command": f"echo {number} >> ran", "check": True, "sources": sources}
        entries.append(fields)
    return json.dumps(entries, indent=1)


def seconds(root: Path, command: list[str]) -> tuple[float, float]:
    """Return wall and processor seconds of a command, with the compiled modules that an installed tool has."""
    left_out = ("ORCHESTRATOR_", "GITHUB_", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout + done.stderr
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("files", type=int, nargs="?", default=3000)
    told = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "project"
        grow(root, told.files, 2)
        (root / ".gitignore").write_text(".orchestrator/\nlogs/\nran\n")
        (root / "tasks.yml").write_text(backlog())
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "checks")
        first, _ = seconds(root, RUN)
        assert sorted((root / "ran").read_text().split()) == [str(number) for number in range(CHECKS)], "every check ran once"
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
        for _ in range(ROUNDS):
            for name, command in COMMANDS.items():
                taken[name].append(seconds(root, command))
        assert len((root / "ran").read_text().split()) == CHECKS, "no check ran again"
        (root / "ran").unlink()
        edit(root, range(7, 8))
        one, _ = seconds(root, RUN)
        ran = (root / "ran").read_text().split()
    run = [wall for wall, _ in taken["run, ten checks up to date"]]
    print(f"{'':28}   best  middle  processor  the run beside it")
    for name, times in taken.items():
        walls = [wall for wall, _ in times]
        ratio = median(mine / theirs for mine, theirs in zip(run, walls, strict=True))
        print(f"{name:28}  {min(walls):.3f}   {median(walls):.3f}      {min(cpu for _, cpu in times):.3f}  {ratio:.2f} ×")
    print(f"{'first run, ten checks run':28}  {first:.3f}")
    print(f"{'run, one source changed':28}  {one:.3f}  checks that ran: {len(ran)}")


if __name__ == "__main__":
    main()
