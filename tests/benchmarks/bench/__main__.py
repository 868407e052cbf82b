"""Measure side by side with other tools and write ``docs/benchmarks.md`` and its plots.

    python -m tests.benchmarks.bench [--scale quick|full|tiny] [--only backlogs|audits|histories|scripts] [--render]

What was measured is kept as JSON below the user's cache; ``--render`` writes the page from it without measuring. With
``FIGURES=print`` in the environment the page and the plots are left alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.bench import audit_page, audits, backlog_page, backlogs, environments, histories, scripts
from tests.benchmarks.bench.figures_of import table
from tests.benchmarks.bench.meter import Meter
from tests.benchmarks.bench.scale import SCALES
from tests.benchmarks.bench.targets import targets
from tests.benchmarks.figures import PAGE, write_figures

SECTIONS = ("backlogs", "audits", "histories", "scripts")

#: Place on the page: section, and what makes its text.
PARTS: dict[str, tuple[str, Callable[[dict], str]]] = {
    "fan-out": ("backlogs", backlog_page.fan_out),
    "growth": ("backlogs", backlog_page.growth),
    "shapes": ("backlogs", backlog_page.shapes),
    "again": ("backlogs", backlog_page.again),
    "audits": ("audits", audit_page.audits),
    "audit-growth": ("audits", audit_page.growth),
    "histories": ("histories", audit_page.histories),
}

PLOTS = {"backlogs": backlog_page.plots, "audits": audit_page.plots, "histories": audit_page.history_plot}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--scale", choices=SCALES, default="quick")
    options.add_argument("--only", choices=SECTIONS, action="append")
    options.add_argument("--render", action="store_true")
    told = options.parse_args()
    kept = environments.cache() / f"figures-{told.scale}.json"
    for section in () if told.render else told.only or SECTIONS:
        measured = _measured(section, told.scale)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({**_kept(kept), section: measured}))
    _write(_kept(kept), told.scale)
    print(f"figures: {kept}", file=sys.stderr)


def _kept(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def _measured(section: str, scale: str) -> dict:
    begun, load = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        ways = {"backlogs": backlogs.measure, "audits": audits.measure, "histories": histories.measure}
        found = scripts.measure(scale) if section == "scripts" else ways[section](Meter(place), place, SCALES[scale])
    return {**found, "load at the start": load, "seconds": round(time.monotonic() - begun)}


def _write(results: dict, scale: str) -> None:
    words = "make bench" if scale == "quick" else f'make bench ARGS="--scale {scale}"'
    texts = {name: (section, make) for name, (section, make) in PARTS.items() if section in results}
    for name, (section, make) in texts.items():
        _block(name, make(results[section]), words, results[section]["load at the start"])
    for name, one in results.get("scripts", {}).items():
        if isinstance(one, dict):
            _block(name, f"```text\n{one['said']}\n```", one["command"], results["scripts"]["load at the start"])
    _block("targets", targets(results), words, None)
    _block("versions", _versions(results), words, None)
    for section, draw in PLOTS.items():
        for name, picture in draw(results[section]).items() if section in results else ():
            _picture(name, picture)


def _block(name: str, text: str, command: str, load: float | None) -> None:
    print(f"\n## {name}\n\n{text}")
    write_figures(name, text, command=command, load=load)


def _picture(name: str, picture: str) -> None:
    if os.environ.get("FIGURES") != "print":
        place = PAGE.with_name("images")
        place.mkdir(exist_ok=True)
        (place / f"{name}.svg").write_text(picture)


def _versions(results: dict) -> str:
    versions = {**results.get("backlogs", {}).get("versions", {}), **results.get("histories", {}).get("versions", {})}
    versions |= {
        name.split(",")[0]: one["version"]
        for name, one in results.get("audits", {}).get("auditors", {}).items()
        if not name.startswith("orch")
    }
    return table(["tool", "version"], [[name, version] for name, version in versions.items()])


if __name__ == "__main__":
    main()
