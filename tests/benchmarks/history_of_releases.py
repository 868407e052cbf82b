"""Build a repository with the real code of a package's releases, one to three files a commit.

    python tests/benchmarks/history_of_releases.py DESTINATION WHEELS PACKAGE

WHEELS is a directory that ``pip download --no-deps --only-binary :all: -d WHEELS PACKAGE==VERSION`` filled, a file a
release. Vendored packages are left out: they would be most of the code and none of the history.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import zipfile
from pathlib import Path

DAY = 86_400


def release(wheel: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", wheel.name.split("-")[1])]


def content(wheel: Path, package: str) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(f"{package}/") and not name.endswith("/")]
        return {name: archive.read(name) for name in names if "/packages/" not in name and "/_vendor/" not in name}


def differing(old: dict[str, bytes], new: dict[str, bytes]) -> list[str]:
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def portions(names: list[str], *, whole: bool) -> list[list[str]]:
    """Cut a release into commits of one, two, three, one … files."""
    if whole:
        return [names]
    parts, rest = [], names
    while rest:
        size = 1 + len(parts) % 3
        parts.append(rest[:size])
        rest = rest[size:]
    return parts


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("destination", type=Path)
    options.add_argument("wheels", type=Path)
    options.add_argument("package")
    told = options.parse_args()
    root: Path = told.destination
    root.mkdir(parents=True)
    now = 1_400_000_000

    def git(*arguments: str) -> None:
        who = {f"GIT_{role}_{what}": "bench@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        when = {f"GIT_{role}_DATE": f"@{now} +0000" for role in ("AUTHOR", "COMMITTER")}
        subprocess.run(["git", *arguments], cwd=root, env={**os.environ, **who, **when}, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    old: dict[str, bytes] = {}
    for wheel in sorted(told.wheels.glob(f"{told.package}-*.whl"), key=release):
        new = content(wheel, told.package)
        for names in portions(differing(old, new), whole=not old):
            for name in names:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(new[name]) if name in new else (root / name).unlink()
            now += DAY
            git("add", "-A")
            git("commit", "-q", "-m", wheel.name)
        old = new


if __name__ == "__main__":
    main()
