"""A plugin's requirements file: pinned and hashed, nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME, _VERSION = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", r"[A-Za-z0-9.!+_-]+"
#: What markers of PEP 508 are written with; never an option of pip's.
_MARKER = r"(?:(?!--)[A-Za-z0-9_.'\"<>=!~ ()-])+?"
_PIN = re.compile(rf"(?P<name>{_NAME})==(?P<version>{_VERSION})(?:\s*;\s*(?P<marker>{_MARKER}))?\s*", re.ASCII)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One pinned requirement."""

    name: str
    version: str
    hashes: tuple[str, ...]
    #: 1-based line in the file.
    line: int
    #: On which machines it is needed (PEP 508); empty: on all.
    marker: str = ""

    @property
    def text(self) -> str:
        """The one way to write it, in which nothing but this is said."""
        marker = f" ; {self.marker}" if self.marker else ""
        return f"{self.name}=={self.version}{marker} {' '.join(self.hashes)}\n"


def read_pins(text: str, file: str) -> tuple[tuple[Pin, ...], tuple[str, ...]]:
    """Return the pins of a requirements file, and what is wrong with it: anything but ``name==version --hash=sha256:…``."""
    pins, problems = [], []
    for number, line in _logical_lines(text):
        words = line.split("--hash=")
        match = _PIN.fullmatch(words[0].strip())
        hashes = tuple(f"--hash={word.strip()}" for word in words[1:])
        if match is None:
            problems.append(f"{file}:{number}: not a pin: write name==version --hash=sha256:…")
        elif not hashes or not all(_HASH.fullmatch(item) for item in hashes):
            problems.append(f"{file}:{number}: {match['name']} has no sha256 hash: add --hash=sha256:…")
        else:
            pins.append(Pin(name=match["name"], version=match["version"], hashes=hashes, line=number, marker=match["marker"] or ""))
    return tuple(pins), tuple(problems)


def _logical_lines(text: str) -> list[tuple[int, str]]:
    lines: list[tuple[int, str]] = []
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        start = start if pending else number
        pending += " " + line.removesuffix("\\")
        if not line.endswith("\\"):
            if pending.strip():
                lines.append((start, pending.strip()))
            pending = ""
    if pending.strip():
        lines.append((start, pending.strip()))
    return lines
