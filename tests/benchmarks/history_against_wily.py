"""CPU time of the history of N revisions: `wily build` against our two readers, on one repository.

    python tests/benchmarks/history_against_wily.py REPOSITORY WILY_PYTHON [REVISIONS]

WILY_PYTHON is a Python that has wily. Every figure is a fresh process with all its children, start-up included;
the repository is cloned, never used. `history_of_releases.py` builds a repository to measure on.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OWN = """
import sys
from core.adapters.git import BlobHistory, Git, GitLog
from core.adapters.radon import RadonMeter
from core.domain.quality.trend import file_trends
root, state, revisions = sys.argv[1:]
git, meter = Git(root), RadonMeter(root, cache=state + "/measures.db", key=b"a secret")
history = BlobHistory(git, GitLog(git), meter).revisions(int(revisions))
meter.close()
print(len(history.revisions), "revisions,", len(file_trends(history)), "files with a trend", history.gap)
"""

WILY = """
import sys
from core.adapters.git import Git, GitLog, GitWorktrees
from core.adapters.wily import WilyHistory
from core.domain.quality.trend import file_trends
root, state, revisions, python = sys.argv[1:]
git = Git(root)
history = WilyHistory(GitLog(git), GitWorktrees(git), state + "/wily", python=python).revisions(int(revisions))
print(len(history.revisions), "revisions,", len(file_trends(history)), "files with a trend", history.gap)
"""


def timed(what: str, command: list[str], place: Path) -> float:
    """Run it, print CPU seconds, wall seconds and its last line; return CPU seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(place)}
    done = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    said = (done.stdout.strip().splitlines() or [""])[-1]
    print(f"{what:<44}{cpu:8.2f} CPU s {time.perf_counter() - began:8.2f} s   {said if 'revisions' in said else ''}", flush=True)
    return cpu


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("repository", type=Path)
    options.add_argument("wily_python")
    options.add_argument("revisions", nargs="?", default="200")
    told = options.parse_args()
    python = os.path.abspath(told.wily_python)
    with tempfile.TemporaryDirectory() as place:
        root, state = Path(place) / "clone", Path(place) / "state"
        state.mkdir()
        git("clone", "-q", str(told.repository), str(root))
        git("-C", str(root), "reset", "-q", "--hard", "HEAD~1")
        own = [sys.executable, "-c", OWN, str(root), str(state), told.revisions]
        cold = timed("own reader, nothing known", own, state)
        timed("own reader, second look", own, state)
        git("-C", str(root), "pull", "-q")
        timed("own reader, one new commit", own, state)
        wily = [sys.executable, "-c", WILY, str(root), str(state), told.revisions, python]
        adapter = timed("wily, as we run it (complexity, index)", wily, state)
        timed("wily, as we run it, second look", wily, state)
        by_hand = [python, "-m", "wily", "-p", str(root), "-c", f"{state}/by-hand", "build", "-n", told.revisions]
        typed = timed("wily build, as typed (four operators)", by_hand, state)
        print(f"own reader / wily build: 1/{typed / cold:.1f}; / wily as we run it: 1/{adapter / cold:.1f}")


if __name__ == "__main__":
    main()
