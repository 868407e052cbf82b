"""Puts a table of figures between its markers in ``docs/benchmarks.md``, with where and when they were measured."""

from __future__ import annotations

import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def write_figures(name: str, table: str, *, command: str, load: float | None = None) -> None:
    """Replace what stands between ``<!-- figures:NAME -->`` and ``<!-- /figures -->``.

    ``load`` is the load average from before the measurement; without it, that of now. With ``FIGURES=print`` in the
    environment nothing is written.
    """
    text = PAGE.read_text() if PAGE.exists() else ""
    pattern = re.compile(rf"(<!-- figures:{re.escape(name)} -->\n).*?(<!-- /figures -->)", re.DOTALL)
    if os.environ.get("FIGURES") == "print" or not pattern.search(text):
        print(f"({PAGE.name} left as it is)", file=sys.stderr)
        return
    block = f"{table.strip()}\n\n{_circumstances(load)}: `{command}`\n"
    PAGE.write_text(pattern.sub(lambda found: found[1] + block + found[2], text))


def _circumstances(load: float | None) -> str:
    moment = datetime.now(UTC).strftime("%Y-%m-%d")
    system = f"{os.cpu_count()} cores, Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    return f"Measured {moment} on {system}, load average {os.getloadavg()[0] if load is None else load:.1f}"
