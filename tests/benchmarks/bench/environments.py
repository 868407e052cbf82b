"""Other people's tools, each in an environment of its own, kept between measurements outside the repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.bench.meter import Usage


def cache() -> Path:
    """Where environments and sources stay."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root, "orchestrator-bench")


def program(package: str, name: str = "") -> Path | None:
    """Install a package from the index if it is not there yet; return one of its programs, or None when it cannot be had."""
    place = cache() / "peers" / package
    found = place / "bin" / (name or package)
    if not found.exists():
        print(f"installing {package} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        subprocess.run([sys.executable, "-m", "pip", "--python", place, "install", "--quiet", package], check=False)
    return found if found.exists() else None


def version(command: list[str | Path]) -> str:
    """What a program says of its version: the last word of its first line that has a digit."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    words = [
        word for line in (done.stdout + done.stderr).splitlines()[:3] for word in line.split() if word[:1].isdigit() or word[1:2].isdigit()
    ]
    return words[0].strip(",") if words else "?"


def source(package: str) -> Path | None:
    """Unpack the source distribution of a package and return its folder, or None when it cannot be had."""
    place = cache() / "sources" / package
    if not place.exists():
        print(f"fetching the source of {package} ...", file=sys.stderr)
        parcel = cache() / "parcels" / package
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", parcel, package]
        if subprocess.run(fetch, check=False).returncode != 0:
            return None
        (archive,) = parcel.iterdir()
        place.mkdir(parents=True)
        subprocess.run(["tar", "-xf", archive, "-C", place, "--no-same-owner"], check=True)
    return next(place.iterdir())


def describe(usage: Usage, limit: float, said: str) -> str:
    """Why a command has no figure."""
    return f"not finished in {limit:.0f} s" if usage.code == 124 else f"exit {usage.code}: {said}"
