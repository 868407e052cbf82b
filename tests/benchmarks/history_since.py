"""What `audit --since` costs beyond start-up: 5 files changed among 3,000.

    python tests/benchmarks/history_since.py [FILES] [CHANGED]

Prints seconds (wall, best of five) for: a checkout as git left it; one whose file times are all new, as in a
container image; a shallow clone that has the base commit only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from core.adapters.git import Git, GitRepository

SOURCE = Path(os.__file__).with_name("textwrap.py").read_bytes()


def git(root: Path, *arguments: str) -> None:
    who = {f"GIT_{role}_{what}": "bench@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments], cwd=root, env={**os.environ, **who}, check=True, capture_output=True
    )


def grow(root: Path, files: int, changed: int) -> None:
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    for number in range(files):
        place = root / f"package_{number % 50}" / f"module_{number}.py"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(SOURCE + b"\nNUMBER = %d\n" % number)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")
    git(root, "branch", "base")
    edit(root, range(changed // 2))
    git(root, "commit", "-q", "-a", "-m", "change")


def edit(root: Path, numbers: range) -> None:
    for number in numbers:
        with (root / f"package_{number % 50}" / f"module_{number}.py").open("ab") as file:
            file.write(b"CHANGED = True\n")


def best(root: Path, revision: str, changed: int) -> float:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        found = GitRepository(Git(str(root))).changed_since(revision)
        times.append(time.perf_counter() - began)
        assert len(found.changes) == changed, found
    return min(times)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("files", type=int, nargs="?", default=3000)
    options.add_argument("changed", type=int, nargs="?", default=5)
    told = options.parse_args()
    files, changed = told.files, told.changed
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "project"
        grow(root, files, changed)
        subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{root}", str(Path(place) / "shallow")], check=True)
        edit(root, range(changed // 2, changed))
        print(f"as git left it        {best(root, 'base', changed):.3f} s")
        for path in root.rglob("*.py"):
            os.utime(path, (1, 1))
        print(f"all times new         {best(root, 'base', changed):.3f} s")
        shallow = Path(place) / "shallow"
        git(shallow, "fetch", "-q", "--depth=1", "origin", "base:refs/remotes/origin/base")
        edit(shallow, range(changed // 2, changed))
        print(f"shallow, base fetched {best(shallow, 'origin/base', changed):.3f} s")


if __name__ == "__main__":
    main()
