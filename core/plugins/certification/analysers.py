"""Third-party analysers, run offline over a plugin: ruff's security rules, bandit, guarddog."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.domain.untrusted.git_reading import absolute_entries
from core.files.temporary import temporary_directory
from core.plugins.rules.stage import Stage, Verdict, judged

_LONGEST = 300


def ruff_stage(folder: Path, environment: Mapping[str, str]) -> Stage:
    """Run ruff's security rules (S), ignoring every configuration file."""
    options = ["check", "--isolated", "--select", "S", "--ignore", "S101", "--no-cache", "--exit-zero", "--output-format", "json", "."]
    return _run("ruff", _tool("ruff", environment), options, folder, environment, _ruff_notes)


def bandit_stage(folder: Path, environment: Mapping[str, str]) -> Stage:
    """Run bandit; what it holds for severe fails, the rest warns."""
    return _run("bandit", _tool("bandit", environment), ["-r", ".", "-f", "json", "-q", "--exit-zero"], folder, environment, _bandit_notes)


def guarddog_stage(folder: Path, environment: Mapping[str, str]) -> Stage:
    """Run guarddog, which lives in an environment of its own: GUARDDOG names its program, else the PATH is searched."""
    program = environment.get("GUARDDOG") or _on_path("guarddog", environment)
    options = ["pypi", "scan", ".", "--output-format", "json"]
    return _run("guarddog", [program] if program else None, options, folder, environment, _guarddog_notes)


def _tool(name: str, environment: Mapping[str, str]) -> list[str] | None:
    beside = Path(sys.executable).parent / name
    found = str(beside) if os.access(beside, os.X_OK) else _on_path(name, environment)
    return [found] if found else None


def _on_path(name: str, environment: Mapping[str, str]) -> str | None:
    """Return a program by its absolute folder: a relative one would be looked for in the plugin that is examined."""
    return shutil.which(name, path=absolute_entries(environment.get("PATH", os.defpath)))


def _run(
    name: str,
    command: list[str] | None,
    options: list[str],
    folder: Path,
    environment: Mapping[str, str],
    read: Callable[[Any], tuple[list[str], list[str]]],
) -> Stage:
    if command is None:
        return Stage(name=name, verdict=Verdict.SKIPPED, notes=(f"{name} is not installed",))
    with temporary_directory("orchestrator-certify-") as home:
        # A copy without the plugin's own settings files: what is examined must not choose its examiners' rules.
        subject = Path(home) / "subject"
        shutil.copytree(folder, subject, ignore=shutil.ignore_patterns("*.toml", "*.cfg", "*.ini", ".*", "signature.json"))
        known = {key: environment[key] for key in ("PATH", "LANG") if key in environment}
        try:
            done = subprocess.run(
                [*command, *options],
                cwd=subject,
                env={**known, "HOME": home},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_LONGEST,
                check=False,
            )
            failures, warnings = read(json.loads(done.stdout))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, subprocess.TimeoutExpired) as error:
            return Stage(name=name, verdict=Verdict.SKIPPED, notes=(f"{name} did not give a readable answer: {error}",))
    return judged(name, tuple(failures), tuple(warnings))


def _ruff_notes(found: Any) -> tuple[list[str], list[str]]:
    return [], [f"{_inside(item['filename'])}:{item['location']['row']}: {item['code']} {item['message']}" for item in found]


def _bandit_notes(found: Any) -> tuple[list[str], list[str]]:
    failures: list[str] = []
    warnings: list[str] = []
    for item in found["results"]:
        note = f"{_inside(item['filename'])}:{item['line_number']}: {item['test_id']} {item['issue_text']}"
        (failures if item["issue_severity"] == "HIGH" else warnings).append(note)
    return failures, warnings


def _guarddog_notes(found: Any) -> tuple[list[str], list[str]]:
    warnings = []
    for rule, told in sorted(found["results"].items()):
        for item in told if isinstance(told, list) else [told] if told else []:
            where, message = (item["location"], item["message"]) if isinstance(item, dict) else ("", str(item))
            warnings.append(f"{where}: {rule} {message}")
    return [], warnings


def _inside(filename: str) -> str:
    return str(filename).rpartition("/subject/")[2].removeprefix("./")
