"""The requirements of a plugin: pinned, hashed, and installed into a directory of their own that only this set uses."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import PluginRefused
from core.files.temporary import temporary_directory


def requirements_folder(cache: Path, content: bytes) -> Path:
    """Return where a set of requirements is installed for this interpreter; it may not exist yet."""
    tag = f"{sys.implementation.cache_tag}-{hashlib.sha256(content).hexdigest()[:32]}"
    return cache / "requirements" / tag


def installed_requirements(cache: Path, copy: Path, file: str, plugin: str) -> Path | None:
    """Return the directory of the requirements of a verified copy, None when it has none.

    Raises PluginRefused when they are not installed.
    """
    if not file:
        return None
    folder = requirements_folder(cache, (copy / file).read_bytes())
    if not folder.is_dir():
        raise PluginRefused([f"the requirements of {plugin} are not installed"], hint=f"orchestrator plugins trust {plugin}")
    return folder


def install_requirements(cache: Path, content: bytes, file: str, environment: Mapping[str, str]) -> Path:
    """Install pinned and hashed requirements with pip, wheels only, and return their directory. Nothing of them is run.

    Raises PluginRefused when the file is not all pins, or pip cannot install exactly these.
    """
    pins, problems = read_pins(content.decode("utf-8", "replace"), file)
    if problems:
        raise PluginRefused(problems)
    final = requirements_folder(cache, content)
    if final.is_dir():
        return final
    final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with temporary_directory(".new-", final.parent) as building:
        pinned, target = Path(building, "requirements.txt"), Path(building, "site")
        # Never the file itself: pip would read it by rules of its own (encodings, variables, continued comments).
        pinned.write_text("".join(pin.text for pin in pins), encoding="ascii")
        target.mkdir()
        if pins:
            _pip(["--requirement", str(pinned), "--target", str(target)], {**environment, "TMPDIR": building}, building)
        os.rename(target, final)
    return final


def _pip(arguments: list[str], environment: Mapping[str, str], folder: str) -> None:
    options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-I", "-m", "pip", "install", *options, *arguments]
    done = subprocess.run(command, env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()[-1:] or ["pip failed"]
        raise PluginRefused(errors[:3], hint="pip must be able to reach its index, or set PIP_FIND_LINKS to a directory of wheels")


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
