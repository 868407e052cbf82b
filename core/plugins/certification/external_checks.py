"""Third-party checks of a plugin, offline: ruff's security rules, bandit, guarddog, and pins against an archive of known flaws (OSV)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from core.domain.untrusted.git_reading import absolute_entries
from core.errors import StorageError
from core.files.reading import MIB, open_regular
from core.files.temporary import temporary_directory
from core.plugins.host.install import DAMAGED
from core.plugins.host.requirements import Pin
from core.plugins.rules.stages import Stage, Verdict, judged
from core.schema.json_reader import parse_json

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
    for rule, matches in sorted(found["results"].items()):
        for item in matches if isinstance(matches, list) else [matches] if matches else []:
            where, message = (item["location"], item["message"]) if isinstance(item, dict) else ("", str(item))
            warnings.append(f"{where}: {rule} {message}")
    return [], warnings


def _inside(filename: str) -> str:
    return str(filename).rpartition("/subject/")[2].removeprefix("./")


_LARGEST_ENTRY = 8 * MIB
#: All of them; those of PyPI were a tenth of it in 2026.
_LARGEST = 2048 * MIB


def flaws_stage(pins: tuple[Pin, ...], archive: Path | None) -> Stage:
    """Look every pin up in the archive; each flaw that affects a pinned version fails."""
    name = "known flaws"
    if not pins:
        return judged(name, ())
    if archive is None:
        return Stage(name=name, verdict=Verdict.SKIPPED, notes=("no OSV archive was given: --osv all.zip",))
    wanted = {_normal(pin.name): pin for pin in pins}
    failures, warnings = [], []
    try:
        with os.fdopen(open_regular(archive, str(archive)), "rb") as file, zipfile.ZipFile(file) as opened:
            for entry in _entries(opened):
                for pin, affected in _about(entry, wanted):
                    hit = _affects(affected, pin.version)
                    note = f"{pin.name} {pin.version}: {entry.get('id', '?')} {entry.get('summary', '')}".strip()
                    if hit:
                        failures.append(note)
                    elif hit is None:
                        warnings.append(f"{note} (its ranges could not be compared)")
            year, month, day, *_ = max((info.date_time for info in opened.infolist()), default=(1980, 1, 1, 0, 0, 0))
    except (*DAMAGED, StorageError) as error:
        return Stage(name=name, verdict=Verdict.FAILED, notes=(f"{archive}: not a readable OSV archive: {error}",))
    stage = judged(name, tuple(sorted(set(failures))), tuple(sorted(set(warnings))))
    return Stage(name=name, verdict=stage.verdict, notes=(*stage.notes, f"data of {year}-{month:02}-{day:02}"))


def _entries(archive: zipfile.ZipFile) -> Iterator[dict[str, Any]]:
    left = _LARGEST
    for info in archive.infolist():
        if not info.filename.endswith(".json") or info.file_size > _LARGEST_ENTRY:
            continue
        left -= info.file_size
        if left < 0:
            raise ValueError(f"it unpacks to more than {_LARGEST} bytes")
        try:
            entry = parse_json(archive.read(info))
        except ValueError:
            continue
        if isinstance(entry, dict) and "withdrawn" not in entry:
            yield entry


def _about(entry: dict[str, Any], wanted: dict[str, Pin]) -> Iterator[tuple[Pin, dict[str, Any]]]:
    for affected in _maps(entry.get("affected")):
        package = affected.get("package")
        if isinstance(package, dict) and package.get("ecosystem") == "PyPI":
            pin = wanted.get(_normal(_text(package.get("name"))))
            if pin:
                yield pin, affected


def _affects(affected: dict[str, Any], version: str) -> bool | None:
    """Return whether a version is affected; None when its ranges cannot be compared here."""
    versions = affected.get("versions")
    if isinstance(versions, list) and version in versions:
        return True
    ranges = [item for item in _maps(affected.get("ranges")) if item.get("type") == "ECOSYSTEM"]
    if not ranges or versions:
        return False
    number = _release(version)
    if number is None:
        return None
    return any(_within(number, item.get("events")) for item in ranges)


def _within(number: tuple[int, ...], events: Any) -> bool:
    affected = False
    for event in _maps(events):
        start, end, last = (_release(_text(event.get(key))) for key in ("introduced", "fixed", "last_affected"))
        if start is not None and number >= start:
            affected = True
        if (end is not None and number >= end) or (last is not None and number > last):
            affected = False
    return affected


def _release(version: str) -> tuple[int, ...] | None:
    match = re.fullmatch(r"v?(?:0!)?([0-9]{1,18}(?:\.[0-9]{1,18})*)(?:\.post[0-9]+)?", version)
    if match is None:
        return None
    numbers = [int(part) for part in match[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _maps(value: Any) -> list[dict[str, Any]]:
    """Return the maps in what should be a list of them."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
