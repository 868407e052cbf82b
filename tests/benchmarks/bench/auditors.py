"""The tools that measure code, what each of them gives, and how it is called."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path

from tests.benchmarks.bench import environments
from tests.benchmarks.peers import ORCHESTRATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor:
    """One tool on the code below its working directory."""

    name: str
    command: list[str]
    #: What it measures, and what a user of the others would miss.
    gives: str
    lacks: str
    version: str
    #: Where it keeps what it knows, below the working directory; "": it keeps nothing.
    remembers: str = ""
    fine: tuple[int, ...] = (0,)

    def forget(self, root: Path) -> None:
        """Make the next look a first one."""
        if self.remembers:
            shutil.rmtree(root / self.remembers, ignore_errors=True)


_COUNTS = "cyclomatic, maintainability, raw counts and Halstead"


def gather() -> list[Auditor]:
    """Return those that can be had."""
    return [one for one in (_orchestrator(), _radon(), _xenon(), _lizard(), _pylint(), _complexipy(), _ruff()) if one]


def _orchestrator() -> Auditor:
    command = [str(ORCHESTRATOR), "audit", "--fail-on", "never", "--no-history", "--top", "20"]
    return Auditor(
        name="orchestrator audit",
        command=command,
        gives=f"{_COUNTS}, churn; findings, gate, baseline",
        lacks="cognitive complexity, if not asked for",
        version=environments.version([ORCHESTRATOR, "--version"]),
        remembers=".orchestrator",
    )


def _radon() -> Auditor:
    radon = Path(sys.executable).with_name("radon")
    return Auditor(
        name="radon cc + radon mi",
        command=["sh", "-c", f'"{radon}" cc -s . && "{radon}" mi -s .'],
        gives="cyclomatic, maintainability",
        lacks="cache, processes, gate, findings over time",
        version=installed_version("radon"),
    )


def _xenon() -> Auditor | None:
    path = environments.program("xenon")
    return path and Auditor(
        name="xenon",
        command=[str(path), "--max-absolute", "F", "."],
        gives="cyclomatic; gate by rank",
        lacks="cache, processes, maintainability, baseline, places in a report",
        version=environments.version([path, "--version"]),
        fine=(0, 1),
    )


def _lizard() -> Auditor | None:
    path = environments.program("lizard")
    return path and Auditor(
        name="lizard",
        command=[str(path), "-l", "python", "."],
        gives="cyclomatic, lines, tokens, parameters; other languages too; gate by number",
        lacks="cache, maintainability, Halstead, baseline",
        version=environments.version([path, "--version"]),
        fine=(0, 1),
    )


def _pylint() -> Auditor | None:
    path = environments.program("pylint")
    words = [
        "--rcfile=/dev/null",
        "--load-plugins=pylint.extensions.mccabe",
        "--disable=all",
        "--enable=too-complex",
        "--recursive=y",
        "-sn",
    ]
    return path and Auditor(
        name="pylint, complexity only",
        command=[str(path), *words, "--exit-zero", "."],
        gives="cyclomatic over a threshold",
        lacks="cache, maintainability, raw counts, baseline",
        version=environments.version([path, "--version"]),
    )


def _complexipy() -> Auditor | None:
    path = environments.program("complexipy")
    return path and Auditor(
        name="complexipy (Rust)",
        command=[str(path), "--isolated", "."],
        gives="cognitive; gate, snapshot",
        lacks="cyclomatic, maintainability, raw counts, Halstead, churn",
        version=environments.version([path, "--version"]),
        remembers=".complexipy_cache",
        fine=(0, 1),
    )


def _ruff() -> Auditor | None:
    path = environments.program("ruff")
    return path and Auditor(
        name="ruff C901 (Rust)",
        command=[str(path), "check", "--isolated", "--no-respect-gitignore", "--select", "C901", "--exit-zero", "--quiet", "."],
        gives="cyclomatic over a threshold",
        lacks="maintainability, raw counts, Halstead, baseline, numbers below the threshold",
        version=environments.version([path, "--version"]),
        remembers=".ruff_cache",
    )
