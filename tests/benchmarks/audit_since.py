"""What the installed `audit --since` and `audit --check` cost above start-up: 5 files changed among 3,000.

    python tests/benchmarks/audit_since.py [FILES] [CHANGED]

Prints seconds (wall, best of seven), start-up being `orchestrator config show --json` in the same repository.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from history_since import edit, grow

ORCHESTRATOR = Path(sys.executable).with_name("orchestrator")


def best(root: Path, *arguments: str, code: int = 0) -> float:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORCHESTRATOR_", "GITHUB_"))}
    times = []
    for _ in range(7):
        began = time.perf_counter()
        done = subprocess.run([ORCHESTRATOR, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False)
        times.append(time.perf_counter() - began)
        assert done.returncode == code, done.stdout + done.stderr
    return min(times)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("files", type=int, nargs="?", default=3000)
    options.add_argument("changed", type=int, nargs="?", default=5)
    told = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "project"
        grow(root, told.files, told.changed)
        edit(root, range(told.changed // 2, told.changed))
        start = best(root, "config", "show", "--json")
        print(f"start-up                       {start:.3f} s")
        since = best(root, "audit", "--since", "base")
        print(f"audit --since, nothing cached  {since:.3f} s, {since - start:.3f} s above start-up")
        (root / "tasks.yml").write_text("[]\n")
        subprocess.run([ORCHESTRATOR, "audit", "--append", "--fail-on", "never"], cwd=root, check=True, capture_output=True)
        identity = re.findall(r"refactor-[0-9a-f]+", (root / "tasks.yml").read_text())[0]
        check = best(root, "audit", "--check", identity, code=1)
        print(f"audit --check                  {check:.3f} s, {check - start:.3f} s above start-up")
        warm = best(root, "audit", "--fail-on", "never")
        print(f"audit, all known               {warm:.3f} s, {warm - start:.3f} s above start-up")


if __name__ == "__main__":
    main()
