"""Pinned requirements against an offline archive of OSV (the zip that osv.dev publishes for PyPI)."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.plugins.certification.stage import Stage, Verdict, judged
from core.plugins.requirements import Pin

_LARGEST_ENTRY = 8 * 1024 * 1024


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
        with zipfile.ZipFile(archive) as opened:
            for entry in _entries(opened):
                for pin, affected in _about(entry, wanted):
                    hit = _affects(affected, pin.version)
                    note = f"{pin.name} {pin.version}: {entry.get('id', '?')} {entry.get('summary', '')}".strip()
                    if hit:
                        failures.append(note)
                    elif hit is None:
                        warnings.append(f"{note} (its ranges could not be compared)")
            date = max((info.date_time for info in opened.infolist()), default=(1980, 1, 1, 0, 0, 0))
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        return Stage(name=name, verdict=Verdict.FAILED, notes=(f"{archive}: not a readable OSV archive: {error}",))
    stage = judged(name, tuple(sorted(set(failures))), tuple(sorted(set(warnings))))
    return Stage(name=name, verdict=stage.verdict, notes=(*stage.notes, f"data of {datetime(*date, tzinfo=UTC):%Y-%m-%d}"))


def _entries(archive: zipfile.ZipFile) -> Iterator[dict[str, Any]]:
    for info in archive.infolist():
        if not info.filename.endswith(".json") or info.file_size > _LARGEST_ENTRY:
            continue
        try:
            entry = json.loads(archive.read(info))
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and "withdrawn" not in entry:
            yield entry


def _about(entry: dict[str, Any], wanted: dict[str, Pin]) -> Iterator[tuple[Pin, dict[str, Any]]]:
    for affected in entry.get("affected", ()):
        package = affected.get("package", {})
        pin = wanted.get(_normal(str(package.get("name", ""))))
        if pin and package.get("ecosystem") == "PyPI":
            yield pin, affected


def _affects(affected: dict[str, Any], version: str) -> bool | None:
    """Return whether a version is affected; None when its ranges cannot be compared here."""
    if version in affected.get("versions", ()):
        return True
    ranges = [item for item in affected.get("ranges", ()) if item.get("type") == "ECOSYSTEM"]
    if not ranges or affected.get("versions"):
        return False
    number = _release(version)
    if number is None:
        return None
    return any(_within(number, item.get("events", ())) for item in ranges)


def _within(number: tuple[int, ...], events: Any) -> bool:
    affected = False
    for event in events:
        start, end, last = (_release(event.get(key, "")) for key in ("introduced", "fixed", "last_affected"))
        if start is not None and number >= start:
            affected = True
        if (end is not None and number >= end) or (last is not None and number > last):
            affected = False
    return affected


def _release(version: str) -> tuple[int, ...] | None:
    match = re.fullmatch(r"v?(?:0!)?(\d+(?:\.\d+)*)(?:\.post\d+)?", version)
    if match is None:
        return None
    numbers = [int(part) for part in match[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
