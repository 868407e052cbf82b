"""Checks that a built wheel holds what an installation needs beside the modules."""

from __future__ import annotations

import sys
import zipfile

NEEDED = (
    "core/cli/help.txt",
    "core/py.typed",
    "core/__main__.py",
    "core/adapters/wily/requirements.txt",
    "core/reports/audit/page/page.html",
    "core/reports/audit/page/script.js",
)


def missing(wheel: str) -> list[str]:
    """Return the needed files that the wheel at a path lacks."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    lacking = [name for name in NEEDED if name not in names]
    if not any(name.endswith("entry_points.txt") for name in names):
        lacking.append("entry_points.txt")
    return lacking


if __name__ == "__main__":
    lacking = missing(sys.argv[1])
    print("\n".join(f"missing in {sys.argv[1]}: {name}" for name in lacking) or f"{sys.argv[1]}: complete")
    sys.exit(1 if lacking else 0)
