"""Advice followed mechanically over public packages: do their tests still pass?

    python tests/benchmarks/advice_applied.py                     # the packages below, thresholds 10 and 5, three random rounds
    python tests/benchmarks/advice_applied.py --rounds 10 PACKAGE==VERSION …

Source distributions come from the package index by pip, and are tested by their own suites in an environment of their own. A test that
fails before anything is changed does not count. Three trials:

- every finding: all advice on all functions over the threshold, followed at once;
- one by one: each finding's advice alone, up to each of its suggestions (``--alone``);
- random rounds: in every function one change that is proven, whatever it is worth.

What breaks is looked for by halves, and named.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from core.adapters.radon.advice import suggestions  # noqa: E402
from core.adapters.radon.advice.suggestion import Suggestion  # noqa: E402
from core.adapters.radon.file_measure import measure_source  # noqa: E402
from core.domain.quality.metric import BlockKind  # noqa: E402
from tests.apply_advice import applied, some_proven  # noqa: E402

#: Package → what its tests need beside it, and arguments for pytest.
PACKAGES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "click==8.3.1": ((), ()),
    "jinja2==3.1.6": (("trio",), ()),
    # Two of its tests measure time.
    "sqlparse==0.5.4": ((), ("-k", "not large_tuple_list and not very_large_token_list")),
}
_TIMEOUT = 600
_UNTESTED = "pytest itself"
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Followed:
    """Suggestions about one function."""

    path: Path
    name: str
    line: int
    end_line: int
    suggestions: Sequence[Suggestion]


@dataclass(slots=True)
class Package:
    """An unpacked package, its sources as they came, and an environment for its tests."""

    folder: Path
    python: Path
    arguments: Sequence[str]
    sources: dict[Path, str] = field(default_factory=dict)
    #: Tests that fail as it came.
    failing: frozenset[str] = frozenset()

    def broken_by(self, followed: Iterable[Followed]) -> frozenset[str]:
        """Return the tests that fail once suggestions are followed, and did not before."""
        by_path: dict[Path, list[Followed]] = {}
        for one in followed:
            by_path.setdefault(one.path, []).append(one)
        try:
            for path, some in by_path.items():
                changed = applied(self.sources[path], [(one.name, one.line, one.suggestions) for one in some])
                path.write_text(changed, encoding="utf-8")
            return self.test() - self.failing
        finally:
            for path in by_path:
                path.write_text(self.sources[path], encoding="utf-8")

    def test(self) -> frozenset[str]:
        """Return the tests that fail."""
        command = [self.python, "-m", "pytest", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-o", "filterwarnings=", *self.arguments]
        paths = os.pathsep.join(str(path) for path in (self.folder / "src", self.folder) if path.is_dir())
        environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=_TIMEOUT)
        if done.returncode not in (0, 1):
            return frozenset({f"{_UNTESTED}: {done.stdout[-300:]}{done.stderr[-300:]}"})
        return frozenset(_FAILED.findall(done.stdout))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("packages", nargs="*", default=list(PACKAGES))
    options.add_argument("--rounds", type=int, default=3, help="random rounds")
    options.add_argument("--alone", action="store_true", help="follow each finding's advice alone, too: a run of the tests for each")
    told = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for name in told.packages:
            package = unpacked(name, Path(place))
            print(f"\n{name}: {len(package.sources)} files, {len(package.failing)} tests fail as it came", flush=True)
            for threshold in (10, 5):
                every_finding(package, threshold, alone=told.alone and threshold == 10)
            for number in range(told.rounds):
                random_round(package, number)


def unpacked(name: str, place: Path) -> Package:
    needs, arguments = PACKAGES.get(name, ((), ()))
    target = place / name
    pip = ["-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([sys.executable, *pip, "download", "--no-deps", "--no-binary", ":all:", "-d", str(target), name], check=True)
    (archive,) = target.iterdir()
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    (folder,) = (path for path in target.iterdir() if path.is_dir())
    venv.create(target / "environment", with_pip=True)
    python = target / "environment" / "bin" / "python"
    subprocess.run([python, *pip, "install", name, "pytest", *needs], check=True)
    package = Package(folder, python, arguments)
    code = folder / "src" if (folder / "src").is_dir() else folder / re.split("[=<>]", name)[0].replace("-", "_")
    shutil.rmtree(folder / "build", ignore_errors=True)
    for path in sorted(code.rglob("*.py")):
        package.sources[path] = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    package.failing = package.test()
    if any(name.startswith(_UNTESTED) for name in package.failing):
        raise SystemExit(f"the tests of {name} do not run: {package.failing}")
    return package


def every_finding(package: Package, threshold: int, *, alone: bool) -> None:
    """Follow the advice on everything over a threshold, and print how much there is and what it breaks."""
    findings = 0
    advised: list[Followed] = []
    for path, source in package.sources.items():
        for block in measure_source(source.encode()).blocks:
            if block.kind is BlockKind.CLASS or block.complexity <= threshold:
                continue
            findings += 1
            if found := suggestions(source, block, threshold=threshold):
                advised.append(Followed(path, block.name, block.line, block.end_line, found))
    reaching = sum(reaches(one, threshold) for one in advised)
    rounds = list(apart(advised))
    count = sum(len(one.suggestions) for one in advised)
    broken = [one for some in rounds for one in breaking(package, some)]
    share = f"{len(advised) / findings:.0%}" if findings else "–"
    print(
        f"  over {threshold}: {findings} findings, {len(advised)} with advice ({share}), {reaching} reach the threshold with it, "
        f"{count} suggestions followed in {len(rounds)} runs, {len(broken)} break tests",
        flush=True,
    )
    show(broken)
    if alone:
        steps = [
            Followed(one.path, one.name, one.line, one.end_line, one.suggestions[: end + 1])
            for one in advised
            for end in range(len(one.suggestions))
        ]
        bad = [one for one in steps if package.broken_by([one])]
        print(f"  over {threshold}, one by one: {len(steps)} runs, {len(bad)} break tests", flush=True)
        show(bad)


def random_round(package: Package, number: int) -> None:
    """Make one change that is proven in every function that has one."""
    random = Random(number)
    changes = []
    for path, source in package.sources.items():
        ends = {(block.name, block.line): block.end_line for block in measure_source(source.encode()).blocks}
        proven = some_proven(source, random, 1)
        changes.extend(Followed(path, name, line, ends[name, line], [one]) for name, line, one in proven if (name, line) in ends)
    random.shuffle(changes)
    followed = next(apart(changes), [])
    broken = list(breaking(package, followed))
    print(f"  random round {number}: {len(followed)} changes, {len(broken)} break tests", flush=True)
    show(broken)


def reaches(followed: Followed, threshold: int) -> bool:
    last = followed.suggestions[-1]
    return last.here <= threshold and all((one.there or 0) <= threshold for one in followed.suggestions)


def apart(followed: Sequence[Followed]) -> Iterator[list[Followed]]:
    """Yield suggestions in rounds: in none of them are there functions inside one another."""
    waiting = list(followed)
    while waiting:
        now: list[Followed] = []
        later: list[Followed] = []
        for one in waiting:
            meets = any(one.path == other.path and one.line <= other.end_line and other.line <= one.end_line for other in now)
            (later if meets else now).append(one)
        yield now
        waiting = later


def breaking(package: Package, followed: Sequence[Followed]) -> Iterator[Followed]:
    """Yield those of the suggestions that break tests, by halves."""
    if not followed or not package.broken_by(followed):
        return
    if len(followed) == 1:
        yield followed[0]
        return
    middle = len(followed) // 2
    halves = [*breaking(package, followed[:middle]), *breaking(package, followed[middle:])]
    yield from halves or followed[:1]


def show(broken: Iterable[Followed]) -> None:
    for one in broken:
        print(
            f"    {one.path.name}: {one.name}",
            *(f"lines {s.line}–{s.end_line}: {s.kind} {s.handover}" for s in one.suggestions),
            sep="\n      ",
        )


if __name__ == "__main__":
    main()
