"""The files of public repositories at past dates as the installed audit measures them, and which were fixed in the next six months."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.domain.quality.finding import Finding
from core.domain.quality.metric import Metric

ORCHESTRATOR = Path(sys.executable).with_name("orchestrator")
#: Length of the list that is judged.
LISTED = 20
#: Less than this at a date, and it is withheld: fix commits after it, years of history before it, files to rank.
FEWEST_FIXES, FEWEST_YEARS, FEWEST_FILES = 20, 1.0, 3 * LISTED
#: A commit that touches more Python files than this repairs no bug in each of them.
LARGEST_FIX = 20
WINDOWS = (50, 200, 1000)
_YEAR = 365.25 * 86_400
_FIX = re.compile(r"fix(\([^)]*\))?!?:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    at: float
    subject: str
    #: Path of each Python file that it touched, after it.
    touched: tuple[str, ...]
    #: New path to old path.
    renamed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file at a date, and what became of it."""

    path: str
    lines: int
    complexity: int
    worst: int
    maintainability: float
    churn: int
    #: First-parent commits that touched it, of the last N that touched any Python file, by N.
    touched: Mapping[str, int]
    findings: tuple[Finding, ...]
    fixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    repository: str
    date: str
    fixes: int
    #: Why it does not count; empty where it does.
    withheld: str
    files: tuple[File, ...]


def git(repository: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(repository), *words], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


def commits(repository: Path, *which: str) -> list[Commit]:
    """Return the commits that touch Python files, oldest first."""
    log = git(repository, "log", "--reverse", "-M", "--name-status", "--format=%x00%ct %s", *which, "HEAD", "--", "*.py")
    return [_commit(text) for text in log.split("\0")[1:]]


def _commit(text: str) -> Commit:
    head, *lines = text.splitlines()
    at, _, subject = head.partition(" ")
    rows = [line.split("\t") for line in lines if line]
    touched = tuple(row[-1] for row in rows if row[0][0] in "AMR")
    return Commit(at=float(at), subject=subject, touched=touched, renamed={row[2]: row[1] for row in rows if row[0][0] == "R"})


def is_fix(commit: Commit) -> bool:
    return bool(_FIX.match(commit.subject)) and len(commit.touched) <= LARGEST_FIX


def fixed_paths(present: Sequence[str], later: Sequence[Commit]) -> tuple[set[str], int]:
    """Return which of the paths that were ``present`` a fix among the later commits touched, and how many fixes did."""
    then = {path: path for path in present}
    fixed: set[str] = set()
    fixes = 0
    for commit in later:
        for new, old in commit.renamed.items():
            if old in then:
                then[new] = then.pop(old)
        hit = {then[path] for path in commit.touched if path in then} if is_fix(commit) else set()
        fixed |= hit
        fixes += bool(hit)
    return fixed, fixes


def dates(first: float, last: float) -> Iterator[tuple[float, float]]:
    """Yield the half years that lie between two times, begin and end."""
    years = range(datetime.fromtimestamp(first, UTC).year, datetime.fromtimestamp(last, UTC).year + 1)
    begins = [datetime(year, month, 1, tzinfo=UTC).timestamp() for year in years for month in (1, 7)]
    for begin, end in itertools.pairwise(begins):
        if first < begin and end <= last:
            yield begin, end


def samples(name: str, bare: Path, place: Path) -> Iterator[Sample]:
    tree = place / name.replace("/", "+")
    subprocess.run(["git", "clone", "-q", "--shared", "--no-checkout", str(bare), str(tree)], check=True)
    git(tree, "sparse-checkout", "set", "--no-cone", "*.py")
    everything, mainline = commits(bare, "--no-merges"), commits(bare, "--first-parent", "-m")
    first, last = everything[0].at, float(git(bare, "log", "-1", "--format=%ct", "HEAD"))
    for begin, end in dates(first, last):
        later = [commit for commit in everything if begin < commit.at <= end]
        if not any(map(is_fix, later)):
            continue
        yield _sample(name, tree, [commit for commit in mainline if commit.at <= begin], later, begin, (begin - first) / _YEAR)


def _sample(name: str, tree: Path, past: list[Commit], later: list[Commit], begin: float, years: float) -> Sample:
    revision = git(tree, "rev-list", "-1", "--first-parent", f"--before={int(begin)}", "origin/HEAD").strip()
    git(tree, "checkout", "-q", "--force", "--detach", revision)
    report = audit(tree)
    fixed, fixes = fixed_paths([file["path"] for file in report["files"]], later)
    findings: dict[str, list[dict[str, Any]]] = {}
    for fields in report["findings"]:
        findings.setdefault(fields["path"], []).append(fields)
    touched = {window: Counter(path for commit in past[-window:] for path in commit.touched) for window in WINDOWS}
    files = tuple(
        File(
            path=file["path"],
            lines=file["lines"],
            complexity=file["complexity"],
            worst=file["worst"],
            maintainability=100.0 if file["maintainability"] is None else file["maintainability"],
            churn=file["churn"],
            touched={str(window): counts[file["path"]] for window, counts in touched.items()},
            findings=tuple(finding(fields, file) for fields in findings.get(file["path"], ())),
            fixed=file["path"] in fixed,
        )
        for file in report["files"]
        if file["lines"]
    )
    date = datetime.fromtimestamp(begin, UTC).date().isoformat()
    return Sample(repository=name, date=date, fixes=fixes, withheld=withheld(fixes, years, len(files)), files=files)


def withheld(fixes: int, years: float, files: int) -> str:
    reasons = {
        f"{fixes} fix commits": fixes < FEWEST_FIXES,
        f"{years:.1f} years of history": years < FEWEST_YEARS,
        f"{files} files": files < FEWEST_FILES,
    }
    return ", ".join(reason for reason, short in reasons.items() if short)


def audit(tree: Path) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORCHESTRATOR_", "GIT_"))}
    done = subprocess.run(
        [ORCHESTRATOR, "audit", "--json", "--fail-on", "never"], cwd=tree, env=environment, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{tree}: {done.stderr.decode()}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def finding(fields: Mapping[str, Any], file: Mapping[str, Any]) -> Finding:
    known = {field.name for field in dataclasses.fields(Finding)}
    told = {name: value for name, value in fields.items() if name in known}
    exact = {"metric": Metric(fields["metric"]), "trend": tuple(fields["trend"]), "file_complexity": file["complexity"]}
    return Finding(**(told | exact))


def stored(keep: Path) -> list[Sample]:
    """Return what an earlier call measured."""
    return [Sample(**(sample | {"files": tuple(map(_stored_file, sample["files"]))})) for sample in json.loads(keep.read_text())]


def _stored_file(file: Mapping[str, Any]) -> File:
    return File(**(file | {"findings": tuple(finding(fields, file) for fields in file["findings"])}))


def gathered(directory: Path, names: Sequence[str]) -> list[Sample]:
    found: list[Sample] = []
    with tempfile.TemporaryDirectory() as place:
        for name in names:
            bare = directory / name.replace("/", "+")
            bare = bare / "repo" if (bare / "repo").is_dir() else bare
            found += samples(name, bare, Path(place))
            print(f"{name}: {len(found)} dates so far", file=sys.stderr)
    return found
