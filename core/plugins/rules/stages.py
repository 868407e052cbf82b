"""The stages of a certification and what each found; what a plugin's tests tried, compared with what it asks for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.domain.plugins.plugin import Permissions, covers_address, covers_path
from core.domain.untrusted.globs import matches


class Verdict(StrEnum):
    """How a stage, or the whole, ended."""

    PASSED = "passed"
    #: Something a person should look at; the sandbox holds either way.
    WARNED = "warned"
    FAILED = "failed"
    #: A tool was not there.
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One examination."""

    name: str
    verdict: Verdict
    #: One line each.
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "verdict": str(self.verdict), "notes": list(self.notes)}


def judged(name: str, failures: tuple[str, ...], warnings: tuple[str, ...] = ()) -> Stage:
    """Return a stage that failed, warned or passed."""
    verdict = Verdict.FAILED if failures else Verdict.WARNED if warnings else Verdict.PASSED
    return Stage(name=name, verdict=verdict, notes=(*failures, *warnings))


_ON_FILES = {"read": "read", "list": "read", "write": "write", "change": "write"}
#: Verbs of what one process alone cannot do.
_NEEDING_PROCESSES = ("start", "signal")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Attempt:
    """One thing that the tests tried."""

    verb: str
    #: A path (relative to the repository where it lies in it), a program, an address, or words.
    what: str
    #: Whether the sandbox allowed it; None where its rules for files and addresses say nothing.
    allowed: bool | None


def attempts(observed: Any, asked: Iterable[tuple[str, bool]], root: str) -> tuple[Attempt, ...]:
    """Return what the sandbox ``observed`` and which addresses the network proxy was ``asked`` for; ``root`` is the repository."""
    found = {Attempt(verb="connect", what=address, allowed=allowed) for address, allowed in asked}
    for item in observed if isinstance(observed, list) else ():
        match item:
            case [str(verb), str(what), (bool() | None) as allowed]:
                found.add(Attempt(verb=verb, what=_shown(what, root) if verb in _ON_FILES else what, allowed=allowed))
    return tuple(sorted(found, key=lambda attempt: (attempt.verb, attempt.what)))


def used_stage(granted: Permissions, tried: tuple[Attempt, ...]) -> Stage:
    """Warn of what is asked for and never used, and of what was tried and denied."""
    warnings = [f"asked for, not used by its tests: {item}" for item in _unused(granted, tried)]
    denied = {_described(attempt) for attempt in tried if not _is_allowed(granted, attempt)}
    return judged("permissions used", (), (*warnings, *(f"tried and denied: {item}" for item in sorted(denied))))


def _shown(path: str, root: str) -> str:
    return posixpath.relpath(path, root) if path == root or path.startswith(f"{root}/") else path


def _described(attempt: Attempt) -> str:
    return f"{'net' if attempt.verb == 'connect' else attempt.verb} {attempt.what}"


def _is_allowed(granted: Permissions, attempt: Attempt) -> bool:
    verb, what = attempt.verb, attempt.what
    if attempt.allowed is not None:
        return attempt.allowed or _is_granted(granted, verb, what)
    if verb == "connect":
        return any(covers_address(pattern, what) for pattern in granted.net)
    if verb == "exec":
        return posixpath.basename(what) in granted.exec
    return verb in _NEEDING_PROCESSES and granted.pids > 1


def _is_granted(granted: Permissions, verb: str, path: str) -> bool:
    """Return whether a pattern allows a file that was not there when the sandbox was set up."""
    readable = (*granted.read, *granted.write)
    if verb == "list":
        return any(f"{path}/".startswith(_fixed_part(pattern)) for pattern in readable)
    patterns = {"read": readable, "write": granted.write}.get(verb, ())
    return any(_matches(pattern, path) for pattern in patterns)


def _fixed_part(pattern: str) -> str:
    """Return the folder that a glob looks in, with the slash at its end; empty for the repository."""
    return re.split(r"[^/]*[*?[]", pattern, maxsplit=1)[0] if re.search(r"[*?[]", pattern) else f"{pattern}/"


def _unused(granted: Permissions, tried: tuple[Attempt, ...]) -> list[str]:
    addresses = [item.what for item in tried if item.verb == "connect" and _is_allowed(granted, item)]
    programs = {posixpath.basename(item.what) for item in tried if item.verb == "exec"}
    used = {
        "read": lambda item: _touched(item, "read", tried),
        "write": lambda item: _touched(item, "write", tried),
        "exec": lambda item: item in programs,
        "net": lambda item: any(covers_address(item, address) for address in addresses),
    }
    asked = (("read", granted.read), ("write", granted.write), ("exec", granted.exec), ("net", granted.net))
    return [f"{verb} {item}" for verb, items in asked for item in items if not used[verb](item)]


def _touched(pattern: str, verb: str, tried: tuple[Attempt, ...]) -> bool:
    return any(_ON_FILES.get(item.verb) == verb and _matches(pattern, item.what) for item in tried)


def _matches(pattern: str, path: str) -> bool:
    return covers_path(pattern, path) or (
        posixpath.isabs(pattern) == posixpath.isabs(path) and matches(path.removeprefix("/"), f"./{pattern.removeprefix('/')}")
    )
