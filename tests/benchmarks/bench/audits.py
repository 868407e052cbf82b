"""Public packages through every auditor: nothing known, nothing changed, one file changed; and more and more files."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.benchmarks.bench import environments
from tests.benchmarks.bench.auditors import Auditor, gather
from tests.benchmarks.bench.meter import Meter
from tests.benchmarks.bench.rounds import Contestant, compete
from tests.benchmarks.bench.scale import Scale

#: Without its own housekeeping, which git would start beside what is measured.
_GIT = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "gc.auto=0", "-c", "maintenance.auto=false"]


def measure(meter: Meter, scratch: Path, scale: Scale) -> dict:
    """Return everything about audits, as JSON holds it."""
    auditors = gather()
    packages: list[dict] = []
    for package, rounds in scale.packages:
        source = environments.source(package)
        if source:
            packages.append(_package(source, auditors, meter, scratch, rounds, scale, packages))
    return {
        "auditors": {one.name: {"gives": one.gives, "lacks": one.lacks, "version": one.version} for one in auditors},
        "start-up": compete(
            "one line of code", [_contestant(one, _one_line, forget=True) for one in auditors], meter, scratch, rounds=3, limit=60
        ),
        "packages": packages,
        "growth": _growth(auditors, meter, scratch, scale),
    }


def _one_line(root: Path) -> None:
    (root / "module.py").write_text("X = 1\n")
    _commit(root)


def _package(source: Path, auditors: list[Auditor], meter: Meter, scratch: Path, rounds: int, scale: Scale, smaller: list[dict]) -> dict:
    size = _lines(source.rglob("*.py"))
    figures = {"package": source.name, "files": sum(1 for _ in source.rglob("*.py")), "lines": size}
    copy = functools.partial(_checkout, source)
    expected = _expected(smaller, size)
    field = [_contestant(one, copy, forget=True, expected=expected.get(one.name, 0.0)) for one in auditors]
    figures["cold"] = compete(f"{source.name}, cold", field, meter, scratch, rounds=rounds, limit=scale.audit_limit)
    knowing = [one for one in auditors if one.remembers]
    for state, before in (("warm", None), ("one file changed", _touch)):
        field = [_contestant(one, functools.partial(_warmed, one, copy, meter), before=before) for one in knowing]
        figures[state] = compete(f"{source.name}, {state}", field, meter, scratch, rounds=max(3, rounds), limit=scale.audit_limit)
    return figures


def _expected(smaller: list[dict], size: int) -> dict[str, float]:
    """Seconds that each will take at least, judged by the package before."""
    if not smaller:
        return {}
    last = smaller[-1]
    records = last["cold"]["records"]
    return {
        name: min(sample[0] for sample in record["samples"]) * size / last["lines"] * 0.6 if record["samples"] else 1e6
        for name, record in records.items()
    }


def _contestant(
    auditor: Auditor,
    prepare: Callable[[Path], None],
    *,
    forget: bool = False,
    before: Callable[[Path], None] | None = None,
    expected: float = 0.0,
) -> Contestant:
    return Contestant(
        name=auditor.name,
        prepare=prepare,
        command=auditor.command,
        fine=auditor.fine,
        keep=True,
        before=auditor.forget if forget else before,
        expected=expected,
    )


def _growth(auditors: list[Auditor], meter: Meter, scratch: Path, scale: Scale) -> list[dict]:
    """More and more files of the largest package, spread over it evenly."""
    source = environments.source(scale.packages[-1][0])
    if source is None:
        return []
    everything = sorted(path for path in source.rglob("*.py") if path.stat().st_size)
    series: list[dict] = []
    for count in scale.files:
        chosen = everything[:: max(1, len(everything) // count)][:count]
        size = _lines(chosen)
        expected = _expected(series, size)
        copy = functools.partial(_some, source, chosen)
        field = [_contestant(one, copy, forget=True, expected=expected.get(one.name, 0.0)) for one in auditors]
        cold = compete(f"{len(chosen)} files, cold", field, meter, scratch, rounds=1, limit=scale.audit_limit)
        field = [_contestant(one, functools.partial(_warmed, one, copy, meter)) for one in auditors if one.remembers]
        warm = compete(f"{len(chosen)} files, warm", field, meter, scratch, rounds=2, limit=scale.audit_limit)
        series.append({"files": len(chosen), "lines": size, "cold": cold, "warm": warm})
    return series


def _warmed(auditor: Auditor, copy: Callable[[Path], None], meter: Meter, root: Path) -> None:
    copy(root)
    meter(auditor.command, root, 600)


def _touch(root: Path) -> None:
    """Change the file in the middle, each time differently."""
    files = sorted(path for path in root.rglob("*.py") if path.stat().st_size > 2_000)
    with files[len(files) // 2].open("a") as file:
        file.write("CHANGED = True\n")


def _checkout(source: Path, root: Path) -> None:
    shutil.copytree(source, root, dirs_exist_ok=True, symlinks=True)
    _commit(root)


def _some(source: Path, chosen: Iterable[Path], root: Path) -> None:
    for path in chosen:
        place = root / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    _commit(root)


def _commit(root: Path) -> None:
    """A repository, as people have it; the first commit holds everything. Tests are measured, since the others measure them, too."""
    (root / "config.yaml").write_text("audit: {exclude: []}\n")
    for words in (["init", "--quiet"], ["add", "--all", "--force"], ["commit", "--quiet", "--message", "all"]):
        subprocess.run([*_GIT, *words], cwd=root, check=True)


def _lines(paths: Iterable[Path]) -> int:
    return sum(path.read_bytes().count(b"\n") for path in paths)
