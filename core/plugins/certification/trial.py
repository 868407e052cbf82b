"""The plugin's own tests, inside the sandbox with exactly the permissions it asks for – and which of these it used."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.domain.plugin import Manifest, Permissions, covers_path
from core.errors import PluginRefused
from core.plugins.certification.stage import Stage, Verdict, judged
from core.plugins.sandbox.chamber_start import open_chamber
from core.plugins.sandbox.layers import Layers, Tier

#: A folder of files that the tests find as their repository.
_FIXTURE = "tests/repository"


def trial_stages(
    manifest: Manifest, copy: Path, layers: Layers, environment: Mapping[str, str], requirements: Path | None
) -> tuple[Stage, Stage]:
    """Run the tests of the private ``copy``; return the stages ``tests`` and ``permissions used``."""
    if layers.tier is Tier.NONE:
        skipped = ("plugins are off: this machine has no sandbox that would hold",)
        return tuple(Stage(name=name, verdict=Verdict.FAILED, notes=skipped) for name in ("tests", "permissions used"))  # type: ignore[return-value]
    if not list((copy / "tests").glob("test_*.py")):
        return judged("tests", ("it has no tests/test_*.py",)), judged("permissions used", ())
    with tempfile.TemporaryDirectory(prefix="orchestrator-trial-") as place:
        root = Path(os.path.realpath(place)) / "repository"
        shutil.copytree(copy / _FIXTURE, root) if (copy / _FIXTURE).is_dir() else root.mkdir()
        try:
            return _run(manifest, copy, root, layers, environment, requirements)
        except PluginRefused as error:
            return judged("tests", error.reasons), judged("permissions used", ())


def _run(
    manifest: Manifest, copy: Path, root: Path, layers: Layers, environment: Mapping[str, str], requirements: Path | None
) -> tuple[Stage, Stage]:
    with open_chamber(
        manifest.id,
        "core.plugins.sandbox.inside.trial",
        copy,
        manifest.permissions,
        root,
        layers=layers,
        tier=layers.tier,
        environment=environment,
        requirements=requirements,
        observe=True,
    ) as session:
        request = {"kind": "task", "name": manifest.id, "config": {"folder": str(copy)}, "input": {}}
        problem = session.send(request, manifest.permissions.time)
        message, problem, _ = ({}, problem, False) if problem else session.receive(manifest.permissions.time)
        log = session.log()
        asked = tuple(session.proxy.asked) if session.proxy else ()
    result = message.get("result") or {}
    data = result.get("data", {}) if isinstance(result, dict) else {}
    tests = _tests_stage(problem or str(message.get("error", "")), data, log, layers.tier)
    return tests, _used_stage(manifest.permissions, _tried(message, root, asked))


def _tests_stage(problem: str, data: Mapping[str, Any], log: str, tier: Tier) -> Stage:
    """Judge what the tests came to: ``data`` has the ``count`` of those that ran and the names of those that ``failed``."""
    complaints = [problem] if problem else []
    complaints += [f"failed: {name}" for name in data.get("failed", ())]
    if not data.get("count"):
        complaints.append("no test ran")
    if not complaints:
        return Stage(name="tests", verdict=Verdict.PASSED, notes=(f"{data['count']} tests in the {tier} sandbox",))
    tail = [line for line in log.splitlines() if line.strip()][-12:]
    return judged("tests", (*complaints, *tail))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """What the tests tried to touch."""

    #: ``read`` or ``write``, and a path relative to the repository; what lies outside of it is left out.
    files: tuple[tuple[str, str], ...]
    programs: frozenset[str]
    #: Addresses, and whether the network proxy allowed them.
    addresses: tuple[tuple[str, bool], ...]


def _tried(message: Mapping[str, Any], root: Path, asked: tuple[tuple[str, bool], ...]) -> _Tried:
    observed = [str(item).partition(" ") for item in message.get("observed") or ()]
    return _Tried(
        files=tuple((verb, os.path.relpath(path, root)) for verb, _, path in observed if path.startswith(f"{root}/")),
        programs=frozenset(os.path.basename(path) for verb, _, path in observed if verb == "exec"),
        addresses=asked,
    )


def _used_stage(granted: Permissions, tried: _Tried) -> Stage:
    """Compare what the tests tried with what the manifest asks for."""
    warnings = [f"asked for, not used by its tests: {item}" for item in _unused(granted, tried)]
    warnings += [f"tried and denied: {item}" for item in sorted(_denied(granted, tried))]
    return judged("permissions used", (), tuple(warnings))


def _unused(granted: Permissions, tried: _Tried) -> list[str]:
    files = (("read", granted.read), ("write", granted.write))
    unused = [f"{verb} {item}" for verb, items in files for item in items if not _touched(item, verb, tried.files)]
    unused += [f"exec {name}" for name in granted.exec if name not in tried.programs]
    if not any(allowed for _, allowed in tried.addresses):
        unused += [f"net {item}" for item in granted.net]
    return unused


def _denied(granted: Permissions, tried: _Tried) -> set[str]:
    denied = {f"{verb} {path}" for verb, path in tried.files if not _allowed(granted, verb, path)}
    denied |= {f"exec {name}" for name in tried.programs.difference(granted.exec)}
    return denied | {f"net {address}" for address, allowed in tried.addresses if not allowed}


def _touched(pattern: str, verb: str, files: tuple[tuple[str, str], ...]) -> bool:
    return any(done == verb and _matches(pattern, path) for done, path in files)


def _allowed(granted: Permissions, verb: str, path: str) -> bool:
    patterns = granted.write if verb == "write" else (*granted.read, *granted.write)
    return any(_matches(pattern, path) for pattern in patterns)


def _matches(pattern: str, path: str) -> bool:
    import fnmatch

    return covers_path(pattern, path) or fnmatch.fnmatchcase(path, pattern.replace("**/", "*"))
