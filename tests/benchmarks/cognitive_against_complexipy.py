"""Our cognitive complexity beside complexipy's own, function by function, over whole source distributions.

    python tests/benchmarks/cognitive_against_complexipy.py [FOLDER … PACKAGE==VERSION …]

Distributions come from the package index by pip. Functions of complexity 0 are no findings and not compared. Exits with 1 when one differs.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from complexipy import file_complexity
from meter_against_radon import unpacked

from core.adapters.radon.file_measure import measure_source

DISTRIBUTIONS = ("click==8.1.8", "django==5.2.19", "flask==3.1.0", "jinja2==3.1.5", "networkx==3.6.1", "requests==2.32.3")


def main(names: tuple[str, ...]) -> int:
    wrong = 0
    print("| source | files | functions | different | not compared |\n|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as place:
        for name in names:
            files = functions = different = unread = 0
            for path in sorted(unpacked(name, Path(place)).rglob("*.py")):
                try:
                    theirs = file_complexity(str(path), no_ignore=True).functions
                    measure = measure_source(path.read_bytes(), cognitive=True)
                except (ValueError, OSError):
                    unread += 1
                    continue
                if measure.problem:
                    unread += 1
                    continue
                expected = Counter((each.name.replace("::", "."), each.complexity) for each in theirs if each.complexity)
                ours = Counter((block.name, block.cognitive) for block in measure.blocks if block.cognitive)
                files, functions = files + 1, functions + sum(expected.values())
                different += sum(((expected - ours) + (ours - expected)).values())
            print(f"| {name} | {files:,} | {functions:,} | {different} | {unread} |", flush=True)
            wrong += different
    return min(1, wrong)


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or DISTRIBUTIONS))
