"""Duplicated code as the audit finds it, beside jscpd and pylint's R0801: places found by each, shared places, time.

    python tests/benchmarks/duplicates_against_others.py --jscpd COMMAND --pylint COMMAND PACKAGE==VERSION …
    python tests/benchmarks/duplicates_against_others.py --read 20 PACKAGE==VERSION …      # our places with their code, drawn at random

All look for six lines and more: jscpd with 50 tokens, pylint without imports, docstrings and signatures. A place is a file and a span of
lines. Of those of the others it is told how many have six lines of code when imports, docstrings and signatures do not count; one of
these is shared if half of its lines lie in one of ours. Distributions come from the package index by pip.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
import shlex
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from core.adapters.radon import RadonMeter
from core.adapters.radon.function_counts import code_lines
from core.adapters.radon.statement_windows import counted_lines
from core.domain.quality.audit import AuditedFile
from core.domain.quality.duplication import elsewhere, find_passages

PACKAGES = ("click==8.1.7", "jinja2==3.1.4", "rich==13.9.4")
LINES = 6
_PYLINT = re.compile(r"^==([\w.]+):\[(\d+):(\d+)\]$", re.MULTILINE)


class Place(NamedTuple):
    """A span of lines, 1-based, inclusive."""

    path: str
    line: int
    end_line: int


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("packages", nargs="*", default=PACKAGES)
    options.add_argument("--jscpd", default="", metavar="COMMAND")
    options.add_argument("--pylint", default="", metavar="COMMAND")
    options.add_argument("--read", type=int, default=0, metavar="N", help="print N of our places with their code and no table")
    options.add_argument("--seed", type=int, default=1)
    told = options.parse_args()
    rng = random.Random(told.seed)
    if not told.read:
        print("| package | audit | s | jscpd | code | shared | s | pylint | code | shared | s |\n|---|" + "---:|" * 10)
    for package in told.packages:
        with tempfile.TemporaryDirectory() as folder:
            root = unpacked(package, Path(folder))
            ours, seconds, words = audit(root)
            if told.read:
                show(root, ours, words, rng, told.read)
                continue
            row = [package.replace("==", " "), len(ours), f"{seconds:.1f}"]
            for command, find in ((told.jscpd, jscpd), (told.pylint, pylint)):
                if not command:
                    row += ["–"] * 4
                    continue
                theirs, took = find(shlex.split(command), root)
                code = [place for place in theirs if lines_that_count(root, place) >= LINES]
                row += [len(theirs), len(code), len(shared(code, ours)), f"{took:.1f}"]
            print(f"| {' | '.join(map(str, row))} |")
    return 0


def unpacked(package: str, folder: Path) -> Path:
    """Return the directory of the code of a distribution's wheel."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(folder), package]
    subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder)
    return next(found.parent for found in folder.glob("*/__init__.py"))


def audit(root: Path) -> tuple[list[Place], float, dict[Place, str]]:
    """Return our places, the seconds that they took, and what their finding says."""
    began = time.perf_counter()
    files = [AuditedFile(path=each.path, measure=each.measure) for each in RadonMeter(str(root), metrics=("duplication",)).measure()]
    found = find_passages(files, lambda _: LINES - 1)
    words = {Place(each.path, each.line, each.end_line): f"{each.block}, {each.lines} lines. {elsewhere(each)}" for each in found}
    return list(words), time.perf_counter() - began, words


def jscpd(command: Sequence[str], root: Path) -> tuple[list[Place], float]:
    """Return the places of jscpd and the seconds that they took."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        flags = [
            "--min-lines",
            str(LINES),
            "--min-tokens",
            "50",
            "--format",
            "python",
            "--reporters",
            "json",
            "--silent",
            "--output",
            folder,
        ]
        subprocess.run([*command, *flags, str(root)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took = time.perf_counter() - began
        clones = json.loads(Path(folder, "jscpd-report.json").read_text())["duplicates"]
    sides = [clone[side] for clone in clones for side in ("firstFile", "secondFile")]
    return merged(Place(relative(side["name"], root), side["start"], side["end"]) for side in sides), took


def pylint(command: Sequence[str], root: Path) -> tuple[list[Place], float]:
    """Return the places of pylint and the seconds that they took."""
    began = time.perf_counter()
    similar = [f"--ignore-{what}=yes" for what in ("imports", "docstrings", "signatures", "comments")]
    flags = ["--disable=all", "--enable=duplicate-code", f"--min-similarity-lines={LINES}", *similar]
    done = subprocess.run([*command, *flags, str(root)], capture_output=True, text=True, check=False, cwd=root.parent)
    took = time.perf_counter() - began
    places = []
    for module, first, last in _PYLINT.findall(done.stdout):
        path = root.parent / Path(*module.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        places.append(Place(str(file.relative_to(root)), int(first) + 1, int(last)))
    return merged(places), took


def relative(name: str, root: Path) -> str:
    """Return the path below ``root`` of a file that a report names, perhaps only by its end."""
    ending = [file for file in root.rglob("*.py") if str(file).endswith(name.lstrip("./"))]
    return str(min(ending, key=lambda file: len(str(file))).relative_to(root))


def merged(places: Iterable[Place]) -> list[Place]:
    """Return places by path and line, those that overlap as one."""
    out: list[Place] = []
    for place in sorted(places):
        if out and out[-1].path == place.path and place.line <= out[-1].end_line:
            out[-1] = out[-1]._replace(end_line=max(out[-1].end_line, place.end_line))
        else:
            out.append(place)
    return out


def shared(ones: Iterable[Place], others: Sequence[Place]) -> list[Place]:
    """Return those of which half the lines lie in one of the others."""
    return [one for one in ones if any(2 * overlap(one, other) >= one.end_line - one.line + 1 for other in others)]


def lines_that_count(root: Path, place: Place) -> int:
    """Return the lines of code of a place without imports, docstrings and signatures."""
    text = (root / place.path).read_text()
    counted = counted_lines(ast.parse(text), code_lines(text))
    return counted[min(place.end_line, len(counted) - 1)] - counted[place.line - 1]


def overlap(one: Place, other: Place) -> int:
    """Return the number of lines that two places share."""
    return max(0, min(one.end_line, other.end_line) - max(one.line, other.line) + 1) if one.path == other.path else 0


def show(root: Path, places: Sequence[Place], words: dict[Place, str], rng: random.Random, count: int) -> None:
    """Print some places with their code."""
    for place in rng.sample(places, min(count, len(places))):
        print(f"== {root.name}/{place.path}:{place.line} {words[place]}")
        print("\n".join((root / place.path).read_text().split("\n")[place.line - 1 : min(place.end_line, place.line + 30)]))


if __name__ == "__main__":
    sys.exit(main())
